//! IVR documents: their model, their check, and their run.
//!
//! A run is a pure interpreter: it emits [`Effect`]s and is resumed with [`Outcome`]s. It never waits, looks anything up,
//! or knows a leg, a packet or a SIP message.

mod boundary;

pub use boundary::*;

/// Stand-in for the document model until it lands.
#[derive(Debug)]
pub struct Flow;
