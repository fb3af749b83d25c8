//! Why a work item went to an agent: stored with every offer, shown on screens, checked by replay.

use crate::{AgentId, QueueId};
use serde::{Deserialize, Serialize};

/// The decision with everything it rested on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentReason {
    /// The queue whose rule decided.
    pub queue: QueueId,
    /// The rule's name ("longest_idle").
    pub strategy: String,
    /// Place in line of the work item when it was taken, 1 is first.
    pub place: u32,
    /// How long the work item had waited, in milliseconds.
    pub waited_ms: u64,
    /// Every agent of the queue that was looked at, the chosen one first, then in the rule's order.
    pub candidates: Vec<Candidate>,
}

/// One agent as the rule saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The agent.
    pub agent: AgentId,
    /// How long ready, in milliseconds; none when not ready.
    pub idle_ms: Option<u64>,
    /// Why passed over; none for the chosen one.
    pub passed_over: Option<PassedOver>,
}

/// Why an agent was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PassedOver {
    /// Took no work, for this reason.
    NotReady {
        /// The reason.
        reason: String,
    },
    /// Already reserved for another work item.
    Offered,
    /// In conversation.
    Talking,
    /// In wrap-up.
    WrapUp,
    /// Ready, but another was idle longer.
    IdleShorter,
    /// Let this very call ring before, or declined it.
    AlreadyTried,
    /// The extension has no phone registered.
    Unreachable,
}
