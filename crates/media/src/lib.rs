//! From packets to sound, without I/O: SDP text and codec choice, RTP, jitter, G.711, prompts, digits, bridges, recording taps.
//!
//! One [`Engine`] per media thread holds all legs of the calls given to that thread. It is advanced by packets and 20 ms
//! ticks. It never opens a socket or a file, reads a clock, or knows what a queue, agent or flow is.
//!
//! Read first: `boundary.rs` (what is asked and told), `engine/mod.rs` (the machine), `outgoing.rs` (why a phone hears
//! one unbroken stream while prompts, music and a talker take turns).

mod boundary;
pub mod digits;
mod engine;
pub mod g711;
pub mod jitter;
mod latch;
pub mod numbers;
mod outgoing;
mod player;
pub mod rtp;
pub mod sdp;
pub mod sound;
pub mod wav;

pub use boundary::*;
pub use engine::{Config, Engine, Sink, Slot, Tap};
pub use sound::{Audio, Library};

use std::time::Duration;

/// The heartbeat of playing and recording: packets of 20 ms are what all phones speak.
pub const TICK: Duration = Duration::from_millis(20);
/// Samples of G.711 in a tick.
pub const FRAME_SAMPLES: usize = 160;
