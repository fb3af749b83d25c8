//! What screens are shown live. The JSON of these types is the contract of `/api/v1/live`.

use crate::Phase;
use serde::Serialize;
use vocab::{
    AgentId, AssignmentReason, CallId, Digits, Direction, ExtensionId, FlowId, NodeName, PendingState, PhoneNumber,
    QueueId, RecordingId, SourceAddress, Timestamp,
};

/// An agent now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgentLive {
    /// The agent.
    pub agent: AgentId,
    /// Name from the configuration; the number when it has none.
    pub name: String,
    /// `logged_out`, `ready`, `not_ready`, `offered`, `talking`, `wrap_up`.
    pub state: &'static str,
    /// Why not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The call offered, talked in or wrapped up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// Wrap-up left at the moment the picture was made, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// Where logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<ExtensionId>,
    /// Whether that extension has a phone.
    pub phone_registered: bool,
    /// Queues served now; those the agent may serve when logged out.
    pub queues: Vec<QueueId>,
    /// In this state since.
    pub since: Timestamp,
    /// What follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingState>,
}

/// A queue now, and its day so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueLive {
    /// The queue.
    pub queue: QueueId,
    /// Its number.
    pub number: PhoneNumber,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Calls waiting.
    pub waiting: u32,
    /// Since when the longest waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_since: Option<Timestamp>,
    /// Agents at work in it.
    pub logged_in: u32,
    /// Of these ready.
    pub ready: u32,
    /// Of these being rung.
    pub offered: u32,
    /// Of these talking.
    pub talking: u32,
    /// Of these in wrap-up.
    pub wrap_up: u32,
    /// Of these taking no work.
    pub not_ready: u32,
    /// Calls that came in today.
    pub offered_today: u32,
    /// Of these joined with an agent.
    pub answered_today: u32,
    /// Of these given up by the caller.
    pub abandoned_today: u32,
    /// Of the answered ones, those that waited at most 20 s.
    pub answered_in_20s_today: u32,
}

/// A call now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallLive {
    /// The call.
    pub call: CallId,
    /// Which way.
    pub direction: Direction,
    /// Caller's number.
    pub caller: PhoneNumber,
    /// Number called.
    pub called: PhoneNumber,
    /// When it arrived.
    pub arrived: Timestamp,
    /// When the caller's leg was up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
    /// What it is doing.
    pub phase: Phase,
    /// The node it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeName>,
    /// The flow it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// Keys so far.
    pub digits: Digits,
    /// The queue it waits or waited in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// Since when it waits, or waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<Timestamp>,
    /// Place in line; none when it does not wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
    /// Who talks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// At which extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<ExtensionId>,
    /// Who is being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<OfferedLive>,
    /// Since when they talk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<Timestamp>,
    /// Whether sound is being recorded.
    pub recording: bool,
    /// The recordings that run.
    #[serde(skip)]
    pub(crate) recordings: Vec<RecordingId>,
}

/// An offer now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfferedLive {
    /// Who is asked.
    pub agent: AgentId,
    /// Since when.
    pub since: Timestamp,
    /// Until when the phone rings, once it rings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_until: Option<Timestamp>,
    /// Why this agent.
    pub reason: Box<AssignmentReason>,
}

/// A call turned away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedLive {
    /// The call.
    pub call: CallId,
    /// When.
    pub at: Timestamp,
    /// Caller's number.
    pub caller: PhoneNumber,
    /// Number called.
    pub called: PhoneNumber,
    /// From where.
    pub source: SourceAddress,
    /// SIP status it was given.
    pub status: u16,
    /// Why.
    pub reason: String,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// All agents, by number.
    pub agents: Vec<AgentLive>,
    /// All queues, by name.
    pub queues: Vec<QueueLive>,
    /// All calls, oldest first.
    pub calls: Vec<CallLive>,
    /// Calls refused lately, newest last.
    pub refused: Vec<RefusedLive>,
}

/// What changed, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    /// Agents.
    pub agents: Vec<AgentLive>,
    /// Queues.
    pub queues: Vec<QueueLive>,
    /// Calls still there.
    pub calls: Vec<CallLive>,
    /// Calls that are over.
    pub calls_over: Vec<CallId>,
    /// Calls refused.
    pub refused: Vec<RefusedLive>,
}
