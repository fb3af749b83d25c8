//! What happened within one interval, with what it changed: made once, read by every link.

use report::{CallLive, Changes};
use serde::Serialize;
use std::sync::Arc;
use vocab::{AgentId, CallId, Fact, FactRecord};

/// A fact ready to be sent, with what decides who may see it.
#[derive(Debug)]
pub struct Told {
    /// JSON.
    pub json: String,
    /// The call it is about.
    pub call: Option<CallId>,
    /// The agent it is about.
    pub agent: Option<AgentId>,
}

impl Told {
    /// Writes a fact down.
    pub fn new(record: &FactRecord) -> Told {
        let json = serde_json::to_string(record).expect("a fact has text keys and finite numbers only");
        Told { json, call: record.fact.call(), agent: agent_of(&record.fact).cloned() }
    }
}

/// A call's change of hands within a batch.
#[derive(Debug)]
pub struct Hands {
    /// The call.
    pub call: CallId,
    /// Whose it was before the batch.
    pub before: Owners,
    /// Whose it is after it.
    pub after: Owners,
}

/// The agents to whom a call belongs: who talks, and who is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners([Option<AgentId>; 2]);

impl Owners {
    /// Of a call that may be over.
    pub fn of(call: Option<&CallLive>) -> Owners {
        let Some(call) = call else { return Owners::default() };
        Owners([call.agent.clone(), call.offered.as_ref().map(|offered| offered.agent.clone())])
    }

    /// Whether the agent is one of them.
    pub fn contains(&self, agent: &AgentId) -> bool {
        self.0.iter().flatten().any(|owner| owner == agent)
    }
}

/// Facts of one interval.
#[derive(Debug)]
pub struct Batch {
    /// Counts up by one; the cursor names it.
    pub number: u64,
    /// In order.
    pub facts: Vec<Told>,
    /// What they changed, as it was at the end of the interval.
    pub changes: Changes,
    /// Calls that changed hands, or did not.
    pub hands: Vec<Hands>,
    /// `"facts":[…],"changed":{…}` for those who see everything.
    pub whole: Arc<str>,
}

impl Batch {
    /// Puts a batch together.
    pub fn new(number: u64, facts: Vec<Told>, changes: Changes, hands: Vec<Hands>) -> Batch {
        let whole = body(facts.iter(), &changes).into();
        Batch { number, facts, changes, hands, whole }
    }

    /// Memory it takes, roughly.
    pub fn bytes(&self) -> usize {
        self.whole.len() * 2
    }
}

/// The part of a message that does not depend on when it is sent.
pub fn body<'a>(facts: impl Iterator<Item = &'a Told>, changes: &impl Serialize) -> String {
    let mut text = String::from("\"facts\":[");
    for (index, fact) in facts.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&fact.json);
    }
    text.push_str("],\"changed\":");
    text.push_str(&serde_json::to_string(changes).expect("the board has text keys and finite numbers only"));
    text
}

/// The agent a fact is about.
fn agent_of(fact: &Fact) -> Option<&AgentId> {
    match fact {
        Fact::AgentOffered { agent, .. }
        | Fact::AgentRinging { agent, .. }
        | Fact::OfferEnded { agent, .. }
        | Fact::Joined { agent, .. }
        | Fact::Parted { agent, .. }
        | Fact::AgentChanged { agent, .. } => Some(agent),
        Fact::CallOpened { .. }
        | Fact::CallRefused { .. }
        | Fact::CallAnswered { .. }
        | Fact::FlowStarted { .. }
        | Fact::NodeEntered { .. }
        | Fact::NodeLeft { .. }
        | Fact::DigitsCollected { .. }
        | Fact::Queued { .. }
        | Fact::Placed { .. }
        | Fact::QueueLeft { .. }
        | Fact::LegLost { .. }
        | Fact::ExtensionRinging { .. }
        | Fact::ExtensionJoined { .. }
        | Fact::RecordingStarted { .. }
        | Fact::RecordingStopped { .. }
        | Fact::CallEnded { .. }
        | Fact::ExtensionRegistered { .. }
        | Fact::ExtensionUnregistered { .. }
        | Fact::AuthenticationRefused { .. }
        | Fact::CallFault { .. }
        | Fact::DispatcherRebuilt { .. } => None,
    }
}
