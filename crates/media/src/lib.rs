//! From packets to sound, without I/O: SDP text and codec choice, RTP, jitter, G.711, prompts, digits, bridges, recording taps.
//!
//! One `Engine` per media thread holds all legs of the calls given to that thread. It is advanced by packets and 20 ms
//! ticks. It never opens a socket or a file, reads a clock, or knows what a queue, agent or flow is.

mod boundary;

pub use boundary::*;
