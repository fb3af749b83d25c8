//! The states an agent can be in. Who moves between them, and when, is decided by `acd`.

use crate::CallId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why an agent takes no work: a site's own code ("lunch"), or one the exchange sets ("no_answer").
pub type NotReadyReason = Arc<str>;

/// What an agent is doing now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    /// Not at work.
    LoggedOut,
    /// Waiting for work.
    Ready,
    /// At work, taking none.
    NotReady {
        /// The reason the agent or the exchange gave.
        reason: NotReadyReason,
    },
    /// Work is reserved for the agent and the phone is being rung.
    Offered {
        /// The call offered.
        call: CallId,
    },
    /// In conversation.
    Talking {
        /// The call talked in.
        call: CallId,
    },
    /// Finishing the work of a conversation that ended.
    WrapUp {
        /// The call that ended.
        call: CallId,
        /// Milliseconds of wrap-up still left when the fact was written.
        left_ms: u64,
    },
}

/// The state that follows when the present conversation or wrap-up ends, as asked for by the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum PendingState {
    /// Ready again.
    Ready,
    /// Not ready, with this reason.
    NotReady {
        /// The reason.
        reason: NotReadyReason,
    },
    /// Log out.
    LoggedOut,
}
