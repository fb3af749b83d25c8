//! What lets machines live on different nodes. Today: the link that carries envelopes at least once, in order, without
//! repetitions, over a network that loses, delays and repeats. Ownership, leases and takeover join it later.
//!
//! It never looks into a body, and knows no socket, no bus and no machine.

mod link;

pub use link::{Link, LinkOutput};

use serde::{Deserialize, Serialize};
use vocab::{Envelope, NodeId};

/// What crosses between two ends of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame<Body> {
    /// A message.
    Message(Envelope<Body>),
    /// Everything of that sender and epoch up to and including `seq` has been handled.
    Acknowledge {
        /// Who acknowledges.
        by: NodeId,
        /// Its epoch: what an end handled before its restart says nothing about the one after.
        by_epoch: u64,
        /// The epoch of the messages acknowledged.
        epoch: u64,
        /// The last one handled.
        seq: u64,
    },
    /// The two ends agree who talks to whom: without it, an end that was restarted could not know from which message on
    /// it is meant.
    Hello {
        /// Who says so.
        from: NodeId,
        /// The sender's epoch.
        epoch: u64,
        /// The epoch of the other end as the sender knows it.
        to: Option<u64>,
        /// The first message meant for the other end of that epoch.
        first: u64,
        /// True when the sender takes the other end's messages.
        open: bool,
        /// True when the sender waits for this frame from the other end.
        answer: bool,
    },
}
