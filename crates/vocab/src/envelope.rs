//! The one form in which a message reaches `acd`, `dialer` or `cluster`, on one node and across nodes.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A node of the cluster ("edge-1", "dispatcher").
pub type NodeId = Arc<str>;

/// A message with what is needed to deliver it at least once, in order per sender and epoch, and to drop repetitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<Body> {
    /// Who sent it.
    pub from: NodeId,
    /// The sender's epoch: grows with each of its restarts; an older epoch is ignored (fencing).
    pub epoch: u64,
    /// Counts from 1 within the epoch.
    pub seq: u64,
    /// What it says.
    pub body: Body,
}
