//! What lets machines live on different nodes. Today: the link that carries envelopes at least once, in order, without
//! repetitions, over a network that loses, delays and repeats. Ownership, leases and takeover join it later.

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
        /// The epoch of the messages acknowledged.
        epoch: u64,
        /// The last one handled.
        seq: u64,
    },
}
