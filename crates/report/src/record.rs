//! The call detail record: what is left of a call. One per call offered, refused ones included.

use serde::{Deserialize, Serialize};
use vocab::{
    AgentId, AssignmentReason, CallId, Digits, Direction, EndState, EndedBy, ExtensionId, FlowId, NodeName, OfferEnd,
    PhoneNumber, QueueExit, QueueId, RecordingId, RecordingPurpose, SourceAddress, Timestamp, TrunkId,
};

/// One call, whole. Times are wall times; durations were measured on the monotonic clock where a fact carried them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The call; idempotency key of the table.
    pub call: CallId,
    /// Inbound, outbound, internal.
    pub direction: Direction,
    /// Caller's number.
    pub caller: PhoneNumber,
    /// Number called.
    pub called: PhoneNumber,
    /// The trunk it came by.
    pub trunk: Option<TrunkId>,
    /// The extension that called, for calls from inside.
    pub extension: Option<ExtensionId>,
    /// Where the INVITE came from.
    pub source: SourceAddress,
    /// When it arrived.
    pub arrived: Timestamp,
    /// When the caller's leg was up.
    pub answered: Option<Timestamp>,
    /// When it was first queued.
    pub queued: Option<Timestamp>,
    /// When the first phone rang for it.
    pub ringing: Option<Timestamp>,
    /// When the first conversation began.
    pub joined: Option<Timestamp>,
    /// When the last conversation ended.
    pub parted: Option<Timestamp>,
    /// When it was over.
    pub ended: Timestamp,
    /// The flow that ran.
    pub flow: Option<FlowId>,
    /// Its revision.
    pub flow_version: Option<u32>,
    /// The nodes it went through, in order (at most [`PATH_STEPS_MAX`]).
    pub path: Vec<PathStep>,
    /// All keys, in order.
    pub digits: Digits,
    /// The queue it last waited in.
    pub queue: Option<QueueId>,
    /// How it left that queue.
    pub queue_exit: Option<QueueExit>,
    /// Waiting time of all queues, milliseconds.
    pub waited_ms: u64,
    /// Every agent asked, in order, with the reason of each choice (at most [`OFFERS_MAX`]).
    pub offers: Vec<OfferRecord>,
    /// The agent who talked (the last, if several).
    pub agent: Option<AgentId>,
    /// The extension that talked.
    pub agent_extension: Option<ExtensionId>,
    /// Conversation time of all agents, milliseconds.
    pub talked_ms: u64,
    /// Recordings of the call.
    pub recordings: Vec<RecordingEntry>,
    /// Final state (requirement DB-13).
    pub state: EndState,
    /// Its number, 1 to 17.
    pub state_number: u8,
    /// Who hung up.
    pub by: EndedBy,
    /// SIP status of a refused call.
    pub status: Option<u16>,
    /// Reason of a refused or failed call; `caller_lost` or `phone_lost` (that of an agent or a called extension) when a far
    /// end died in it.
    pub reason: Option<String>,
}

/// More nodes than this are counted in the last step's outcome, not kept.
pub const PATH_STEPS_MAX: usize = 200;
/// More offers than this are not kept.
pub const OFFERS_MAX: usize = 100;

/// A node on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// The node.
    pub node: NodeName,
    /// When entered.
    pub at: Timestamp,
    /// By which outcome it was left; none when the call ended in it.
    pub outcome: Option<String>,
}

/// An agent asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRecord {
    /// Who.
    pub agent: AgentId,
    /// Where.
    pub extension: ExtensionId,
    /// When chosen.
    pub offered: Timestamp,
    /// When the phone rang.
    pub rang: Option<Timestamp>,
    /// When the offer was over.
    pub ended: Option<Timestamp>,
    /// How.
    pub end: Option<OfferEnd>,
    /// Why this agent.
    pub reason: AssignmentReason,
}

/// A recording of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingEntry {
    /// The recording.
    pub recording: RecordingId,
    /// What for.
    pub purpose: RecordingPurpose,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none if the process died in it.
    pub stopped: Option<Timestamp>,
}
