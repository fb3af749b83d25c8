//! What a call is doing, as its facts tell it. One reading of the facts for the live board and for the record of a crash.

use serde::{Deserialize, Serialize};
use vocab::{Fact, OfferEnd, QueueExit, RecordingPurpose};

/// What a live call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Arrived, or in the nodes of a flow.
    Ivr,
    /// Waiting in a queue.
    Queued,
    /// A phone rings for it.
    Ringing,
    /// In conversation.
    Talking,
    /// The caller leaves a message.
    Message,
    /// The conversation is over, the call not yet.
    Ending,
}

impl Phase {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Ivr => "ivr",
            Phase::Queued => "queued",
            Phase::Ringing => "ringing",
            Phase::Talking => "talking",
            Phase::Message => "message",
            Phase::Ending => "ending",
        }
    }

    /// The phase after a fact about the call.
    pub fn after(self, fact: &Fact) -> Phase {
        match fact {
            Fact::CallOpened { .. } | Fact::FlowStarted { .. } => Phase::Ivr,
            Fact::Queued { .. } => Phase::Queued,
            Fact::AgentRinging { .. } | Fact::ExtensionRinging { .. } => Phase::Ringing,
            Fact::Joined { .. } | Fact::ExtensionJoined { .. } => Phase::Talking,
            Fact::RecordingStarted { purpose: RecordingPurpose::Message, .. } => Phase::Message,
            Fact::OfferEnded { end, .. } => match (self, end) {
                (Phase::Ringing, OfferEnd::NoAnswer | OfferEnd::Declined | OfferEnd::Unreachable) => Phase::Queued,
                (Phase::Ringing, OfferEnd::Withdrawn | OfferEnd::Answered) => self,
                (Phase::Ivr | Phase::Queued | Phase::Talking | Phase::Message | Phase::Ending, _) => self,
            },
            Fact::QueueLeft { exit, .. } => match (self, exit) {
                (Phase::Queued | Phase::Ringing, QueueExit::TimedOut | QueueExit::Key | QueueExit::Refused) => {
                    Phase::Ivr
                }
                (Phase::Queued | Phase::Ringing, QueueExit::Abandoned | QueueExit::Ended) => Phase::Ending,
                (Phase::Queued | Phase::Ringing, QueueExit::Answered) => self,
                (Phase::Ivr | Phase::Talking | Phase::Message | Phase::Ending, _) => self,
            },
            Fact::Parted { .. } | Fact::CallEnded { .. } | Fact::CallRefused { .. } | Fact::CallFault { .. } => {
                Phase::Ending
            }
            Fact::NodeEntered { .. } => match self {
                // The flow goes on after a conversation.
                Phase::Ending => Phase::Ivr,
                Phase::Ivr | Phase::Queued | Phase::Ringing | Phase::Talking | Phase::Message => self,
            },
            Fact::RecordingStopped { .. } => match self {
                Phase::Message => Phase::Ivr,
                Phase::Ivr | Phase::Queued | Phase::Ringing | Phase::Talking | Phase::Ending => self,
            },
            Fact::CallAnswered { .. }
            | Fact::NodeLeft { .. }
            | Fact::DigitsCollected { .. }
            | Fact::Placed { .. }
            | Fact::AgentOffered { .. }
            | Fact::LegLost { .. }
            | Fact::RecordingStarted { purpose: RecordingPurpose::Conversation, .. }
            | Fact::AgentChanged { .. }
            | Fact::ExtensionRegistered { .. }
            | Fact::ExtensionUnregistered { .. }
            | Fact::AuthenticationRefused { .. }
            | Fact::DispatcherRebuilt { .. } => self,
        }
    }
}
