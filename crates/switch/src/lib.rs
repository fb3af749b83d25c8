//! The exchange: hands each machine's output to the next machine's input. No policy, no SDP, no I/O.
//!
//! One file per neighbour: an arm in a wiring file that starts to decide something has found a policy that belongs to
//! `call`, `flow`, `acd` or `dialer`.

mod boundary;
mod call_wiring;
mod dispatcher;
mod dispatcher_wiring;
mod exchange;
mod flow_wiring;
mod gateway_wiring;
mod legs;
mod media_wiring;
mod phones;
mod sip_wiring;

pub use boundary::*;
pub use dispatcher::Dispatcher;
pub use exchange::{Counts, Switch};
