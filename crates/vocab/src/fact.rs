#![allow(missing_docs, reason = "the variants say what each field is by its type")]
//! What happened, in the past tense. Facts flow outward only: records, boards, links and hooks read them, no machine does.

use crate::{
    AgentId, AgentState, AssignmentReason, CallId, ExtensionId, FlowId, NodeName, PendingState, PhoneNumber, QueueId,
    RecordingId, Timestamp, TrunkId,
};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Where a request came from.
pub type SourceAddress = SocketAddr;
/// Keys as the caller pressed them ("1", "*58001#").
pub type Digits = String;

/// A fact with its time and its place in this node's total order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRecord {
    /// Counts up by one for each fact of this node, across restarts.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// Which way a call went, seen from the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// Between extensions, or from an extension to a queue or flow.
    Internal,
}

/// Who ended a call or an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// The caller hung up.
    Caller,
    /// The agent (or called extension) hung up.
    Agent,
    /// The flow or a rule ended it.
    System,
    /// The process died and found the call open at its restart.
    Crash,
    /// Nobody: a phone in the call, or its network, died.
    Lost,
}

/// The final state of a call: the 17 of requirement DB-13, numbered as integrators know them, plus two the seeds lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndState {
    /// 1: rang an agent until the time-out, nobody answered.
    RingTimeout,
    /// 2: the agent's phone could not be called.
    AgentUnreachable,
    /// 3: refused (blocked, not bound, no right, overload).
    Refused,
    /// 4: ended in the consultation before a transfer was joined.
    TransferTalk,
    /// 5: waiting for the other side to hang up.
    WaitingHangUp,
    /// 6: outbound talk, agent hung up first.
    OutboundTalk,
    /// 7: ended in the IVR, not transferred.
    InIvr,
    /// 8: ended while a transfer was ringing.
    TransferRinging,
    /// 9: answered by an agent.
    AgentAnswered,
    /// 10: dialled out normally.
    Dialled,
    /// 11: off-hook inside, nothing dialled.
    NothingDialled,
    /// 12: the call failed for our own fault, or the process died.
    Failed,
    /// 13: given up in the queue.
    QueueAbandoned,
    /// 14: dial-out given up while ringing.
    DialAbandoned,
    /// 15: extension to extension.
    ExtensionCall,
    /// 16: left a voice message.
    VoiceMessage,
    /// 17: transferred back.
    TransferredBack,
}

impl EndState {
    /// The number of requirement DB-13.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }
}

/// How an offer to an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    /// The agent answered.
    Answered,
    /// Rang until the time-out.
    NoAnswer,
    /// The agent declined, or the phone answered busy.
    Declined,
    /// No phone registered, or it answered nothing.
    Unreachable,
    /// The caller left, or the queue took the offer back.
    Withdrawn,
}

/// How a call left a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueExit {
    /// Joined with an agent.
    Answered,
    /// The caller hung up, or was lost.
    Abandoned,
    /// Waited as long as the flow allows.
    TimedOut,
    /// The caller pressed an exit key.
    Key,
    /// The queue takes nobody: unknown, full or nobody logged in.
    Refused,
    /// The call ended for another reason (crash, shutdown).
    Ended,
}

/// What a recording is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingPurpose {
    /// A conversation: caller left, agent right.
    Conversation,
    /// A message left by the caller: one channel.
    Message,
}

/// What happened. Every variant about a call carries its `call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// A call arrived and was taken on; written before any response above 100.
    CallOpened {
        call: CallId,
        direction: Direction,
        caller: PhoneNumber,
        called: PhoneNumber,
        trunk: Option<TrunkId>,
        extension: Option<ExtensionId>,
        source: SourceAddress,
    },
    /// A call was turned away with this SIP status; the whole of its record.
    CallRefused {
        call: CallId,
        caller: PhoneNumber,
        called: PhoneNumber,
        source: SourceAddress,
        status: u16,
        /// One of `number_unbound`, `extension_unknown`, `overload`, `draining`, `media`, `unreachable`.
        reason: String,
    },
    /// The caller's leg is up (our 200 was acknowledged).
    CallAnswered { call: CallId },
    /// A flow began for the call.
    FlowStarted { call: CallId, flow: FlowId, version: u32 },
    /// The flow entered a node.
    NodeEntered { call: CallId, node: NodeName },
    /// The flow left a node by a named outcome.
    NodeLeft { call: CallId, node: NodeName, outcome: String },
    /// The caller's keys as a node took them.
    DigitsCollected { call: CallId, node: NodeName, digits: Digits },
    /// The call is in line; its place is ordered by (`enqueued`, call).
    Queued { call: CallId, queue: QueueId, enqueued: Timestamp },
    /// The place in line changed.
    Placed { call: CallId, queue: QueueId, place: u32 },
    /// The call left the line.
    QueueLeft { call: CallId, queue: QueueId, exit: QueueExit, waited_ms: u64 },
    /// An agent was chosen, and why.
    AgentOffered { call: CallId, agent: AgentId, extension: ExtensionId, reason: Box<AssignmentReason> },
    /// The agent's phone rings (it said so).
    AgentRinging { call: CallId, agent: AgentId },
    /// The offer is over.
    OfferEnded { call: CallId, agent: AgentId, end: OfferEnd },
    /// Caller and agent hear each other.
    Joined { call: CallId, agent: AgentId, extension: ExtensionId },
    /// The agent's part in the conversation is over.
    Parted { call: CallId, agent: AgentId },
    /// A far end that was connected is dead: it neither speaks nor answers. None is the caller.
    LegLost { call: CallId, extension: Option<ExtensionId> },
    /// An extension is being called directly (no queue).
    ExtensionRinging { call: CallId, extension: ExtensionId },
    /// Caller and called extension hear each other.
    ExtensionJoined { call: CallId, extension: ExtensionId },
    /// Sound is being recorded.
    RecordingStarted { call: CallId, recording: RecordingId, purpose: RecordingPurpose },
    /// A recording is over.
    RecordingStopped { call: CallId, recording: RecordingId },
    /// The call is over.
    CallEnded { call: CallId, state: EndState, by: EndedBy },
    /// An agent's state changed.
    AgentChanged {
        agent: AgentId,
        extension: Option<ExtensionId>,
        queues: Vec<QueueId>,
        #[serde(flatten)]
        state: AgentState,
        pending: Option<PendingState>,
    },
    /// A phone registered for the first time, or from another place.
    ExtensionRegistered { extension: ExtensionId, contact: String, user_agent: String },
    /// A phone's registration ended or ran out.
    ExtensionUnregistered { extension: ExtensionId },
    /// A wrong password, or an unknown account (told apart here, never on the wire).
    AuthenticationRefused { account: String, source: SourceAddress, reason: String },
    /// A machine of this call panicked; the call is ended, the process goes on.
    CallFault { call: CallId, message: String },
    /// The dispatcher was rebuilt from reports.
    DispatcherRebuilt { epoch: u64, waiting: u32, agents: u32 },
}

impl Fact {
    /// The call the fact is about, if it is about one.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Fact::CallOpened { call, .. }
            | Fact::CallRefused { call, .. }
            | Fact::CallAnswered { call }
            | Fact::FlowStarted { call, .. }
            | Fact::NodeEntered { call, .. }
            | Fact::NodeLeft { call, .. }
            | Fact::DigitsCollected { call, .. }
            | Fact::Queued { call, .. }
            | Fact::Placed { call, .. }
            | Fact::QueueLeft { call, .. }
            | Fact::AgentOffered { call, .. }
            | Fact::AgentRinging { call, .. }
            | Fact::OfferEnded { call, .. }
            | Fact::Joined { call, .. }
            | Fact::Parted { call, .. }
            | Fact::LegLost { call, .. }
            | Fact::ExtensionRinging { call, .. }
            | Fact::ExtensionJoined { call, .. }
            | Fact::RecordingStarted { call, .. }
            | Fact::RecordingStopped { call, .. }
            | Fact::CallEnded { call, .. }
            | Fact::CallFault { call, .. } => Some(*call),
            Fact::AgentChanged { .. }
            | Fact::ExtensionRegistered { .. }
            | Fact::ExtensionUnregistered { .. }
            | Fact::AuthenticationRefused { .. }
            | Fact::DispatcherRebuilt { .. } => None,
        }
    }
}
