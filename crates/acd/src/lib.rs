//! Who takes what next, and the reason: agents, queues, waiting work. Reached only by envelopes, on one node too.
//!
//! It never knows a leg, a phone's dialog or a prompt, and reads no clock. `Acd::new` from reports is its only start:
//! at boot, at takeover, after a panic.

mod boundary;

pub use boundary::*;
