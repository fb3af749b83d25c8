//! Why a work item went to an agent: stored with every offer, shown on screens, checked by replay.

use crate::{AgentId, QueueId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The agents looked at first: the chosen one, then in the rule's order.
    pub candidates: Vec<Candidate>,
    /// How many more agents at work in the queue were passed over, by [`PassedOver::word`]. With the candidates these
    /// are all.
    #[serde(default)]
    pub others: BTreeMap<String, u32>,
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

impl PassedOver {
    /// The cause in one word, as it is serialised.
    pub fn word(&self) -> &'static str {
        match self {
            PassedOver::NotReady { .. } => "not_ready",
            PassedOver::Offered => "offered",
            PassedOver::Talking => "talking",
            PassedOver::WrapUp => "wrap_up",
            PassedOver::IdleShorter => "idle_shorter",
            PassedOver::AlreadyTried => "already_tried",
            PassedOver::Unreachable => "unreachable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_cause_is_the_one_it_is_serialised_with() {
        use PassedOver::*;
        let not_ready = NotReady { reason: "lunch".into() };
        for cause in [not_ready, Offered, Talking, WrapUp, IdleShorter, AlreadyTried, Unreachable] {
            assert_eq!(serde_json::to_value(&cause).unwrap()["why"], cause.word());
        }
    }

    #[test]
    fn a_reason_written_before_others_were_counted_is_read() {
        let text = r#"{"queue":"sales","strategy":"longest_idle","place":1,"waited_ms":5,"candidates":[]}"#;
        assert!(serde_json::from_str::<AssignmentReason>(text).unwrap().others.is_empty());
    }
}
