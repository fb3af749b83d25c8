//! One call: its legs, who hears whom, what must be recorded, and how it ended.
//!
//! Speaks the words of CSTA (ECMA-269): connections, bridges, parties. It never sees a SIP message, a packet or an SDP,
//! chooses no agent and interprets no flow; it is told legs' events and others' decisions, and says what legs must do.

mod admission;
mod boundary;
mod machine;

pub use admission::{Admission, Arrival, Destination, Doors, Number, Trunk};
pub use boundary::*;
pub use machine::Call;
