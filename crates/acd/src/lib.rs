//! Who takes what next, and the reason: agents, queues, waiting work. Reached only by envelopes, on one node too.
//!
//! It never knows a leg, a phone's dialog or a prompt, and reads no clock. `Acd::new` from reports is its only start:
//! at boot, at takeover, after a panic.
//!
//! How it is driven: [`Acd::handle`] with each report, or [`Acd::handle_timeout`] when [`Acd::next_timeout`] has come,
//! then [`Acd::poll`] until it is empty.
//!
//! Rules that are not obvious from the borders:
//! - The longest-idle agent is the one whose *ready* began first; every end of an offer or a conversation, and of a
//!   call the agent dialled, begins it anew.
//! - An agent who declined a call, or let it ring, is asked again only when no other ready agent is left, and not
//!   before a pause. So a lone agent is rung again, and nobody is rung without end.
//! - An agent whose phone cannot be called is `not_ready("unreachable")`, and ready again by itself when the phone
//!   registers, or after a pause when the registrar believes it never left.
//! - An agent who asks for *not ready* or logs out while being offered a call gets it at once: the offer is withdrawn.

mod agent;
mod boundary;
mod desk;
mod dispatcher;
mod matching;
mod moment;
mod offer;
mod queue;
mod snapshot;
mod timer;

pub use boundary::*;
pub use dispatcher::Acd;
