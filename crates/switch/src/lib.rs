//! The exchange: hands each machine's output to the next machine's input. No policy, no SDP, no I/O.

mod boundary;

pub use boundary::*;
