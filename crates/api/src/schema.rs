#![allow(missing_docs, reason = "named in full; the types they mirror carry the documentation")]
#![allow(dead_code, reason = "never made: they only give their shape to the OpenAPI document")]
//! Shapes of types that belong to inner crates, which know nothing of OpenAPI. A test holds each against the JSON of the
//! type it mirrors. Times are Unix milliseconds.

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Agent,
    Supervisor,
    Quality,
    Admin,
    Auditor,
    Integrator,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    LongestIdle,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "to", content = "id", rename_all = "snake_case")]
pub enum Destination {
    Flow(String),
    Queue(String),
    Extension(String),
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum AgentRequest {
    /// Begin work at this extension, in these queues (all allowed ones when empty).
    LogIn { extension: String, queues: Vec<String>, ready: bool },
    /// End work; while talking or in wrap-up it becomes the pending state.
    LogOut,
    /// Take work.
    Ready,
    /// Take none.
    NotReady { reason: String },
    /// End wrap-up now.
    FinishWrapUp,
    /// Give up the pending state.
    WithdrawPending,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
    Internal,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    Caller,
    Agent,
    System,
    Crash,
    Lost,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndState {
    RingTimeout,
    AgentUnreachable,
    Refused,
    TransferTalk,
    WaitingHangUp,
    OutboundTalk,
    InIvr,
    TransferRinging,
    AgentAnswered,
    Dialled,
    NothingDialled,
    Failed,
    QueueAbandoned,
    DialAbandoned,
    ExtensionCall,
    VoiceMessage,
    TransferredBack,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    Answered,
    NoAnswer,
    Declined,
    Unreachable,
    Withdrawn,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueExit {
    Answered,
    Abandoned,
    TimedOut,
    Key,
    Refused,
    Ended,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingPurpose {
    /// Caller left, agent right.
    Conversation,
    /// One channel.
    Message,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PassedOver {
    NotReady { reason: String },
    Offered,
    Talking,
    WrapUp,
    IdleShorter,
    AlreadyTried,
    Unreachable,
}

#[derive(Serialize, ToSchema)]
pub struct Candidate {
    agent: String,
    idle_ms: Option<u64>,
    /// Null for the chosen one.
    passed_over: Option<PassedOver>,
}

#[derive(Serialize, ToSchema)]
pub struct AssignmentReason {
    queue: String,
    strategy: String,
    place: u32,
    waited_ms: u64,
    /// The chosen one first, then in the rule's order.
    candidates: Vec<Candidate>,
    /// Agents passed over who are not listed, by cause.
    others: BTreeMap<String, u32>,
}

#[derive(Serialize, ToSchema)]
pub struct PathStep {
    node: String,
    at: i64,
    outcome: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct OfferRecord {
    agent: String,
    extension: String,
    offered: i64,
    rang: Option<i64>,
    ended: Option<i64>,
    end: Option<OfferEnd>,
    reason: AssignmentReason,
}

#[derive(Serialize, ToSchema)]
pub struct RecordingEntry {
    recording: String,
    purpose: RecordingPurpose,
    started: i64,
    stopped: Option<i64>,
}

/// A recording with its pieces.
#[derive(Serialize, ToSchema)]
pub struct RecordingInFull {
    #[serde(flatten)]
    entry: RecordingEntry,
    pieces: Vec<crate::recordings::PieceView>,
}

macro_rules! record {
    ($($(#[$doc:meta])* $name:ident: $recording:ty),+) => {$(
        $(#[$doc])*
        #[derive(Serialize, ToSchema)]
        pub struct $name {
            call: String,
            direction: Direction,
            caller: String,
            called: String,
            trunk: Option<String>,
            extension: Option<String>,
            source: String,
            arrived: i64,
            answered: Option<i64>,
            queued: Option<i64>,
            ringing: Option<i64>,
            joined: Option<i64>,
            parted: Option<i64>,
            ended: i64,
            flow: Option<String>,
            flow_version: Option<u32>,
            path: Vec<PathStep>,
            digits: String,
            queue: Option<String>,
            queue_exit: Option<QueueExit>,
            waited_ms: u64,
            offers: Vec<OfferRecord>,
            agent: Option<String>,
            agent_extension: Option<String>,
            talked_ms: u64,
            recordings: Vec<$recording>,
            state: EndState,
            state_number: u8,
            by: EndedBy,
            status: Option<u16>,
            reason: Option<String>,
        }
    )+};
}

record! {
    /// A call that is over.
    Record: RecordingEntry,
    /// A call that is over, with the pieces of its recordings.
    RecordInFull: RecordingInFull
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentStateName {
    LoggedOut,
    Ready,
    NotReady,
    Offered,
    Talking,
    WrapUp,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum PendingState {
    Ready,
    NotReady { reason: String },
    LoggedOut,
}

/// An agent now. Absent fields do not apply.
#[derive(Serialize, ToSchema)]
pub struct AgentLive {
    agent: String,
    name: String,
    state: AgentStateName,
    #[schema(nullable = false)]
    reason: Option<String>,
    #[schema(nullable = false)]
    call: Option<String>,
    #[schema(nullable = false)]
    left_ms: Option<u64>,
    #[schema(nullable = false)]
    extension: Option<String>,
    phone_registered: bool,
    queues: Vec<String>,
    since: i64,
    #[schema(nullable = false)]
    pending: Option<PendingState>,
}

/// A queue now, and its day so far.
#[derive(Serialize, ToSchema)]
pub struct QueueLive {
    queue: String,
    number: String,
    name_zh: String,
    name_en: String,
    waiting: u32,
    #[schema(nullable = false)]
    longest_since: Option<i64>,
    logged_in: u32,
    ready: u32,
    offered: u32,
    talking: u32,
    wrap_up: u32,
    not_ready: u32,
    offered_today: u32,
    answered_today: u32,
    abandoned_today: u32,
    answered_in_20s_today: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Ivr,
    Queued,
    Ringing,
    Talking,
    Message,
    Ending,
}

#[derive(Serialize, ToSchema)]
pub struct OfferedLive {
    agent: String,
    since: i64,
    #[schema(nullable = false)]
    ring_until: Option<i64>,
    reason: AssignmentReason,
}

/// A call now. Absent fields do not apply.
#[derive(Serialize, ToSchema)]
pub struct CallLive {
    call: String,
    direction: Direction,
    caller: String,
    called: String,
    arrived: i64,
    #[schema(nullable = false)]
    answered: Option<i64>,
    phase: Phase,
    #[schema(nullable = false)]
    node: Option<String>,
    #[schema(nullable = false)]
    flow: Option<String>,
    digits: String,
    #[schema(nullable = false)]
    queue: Option<String>,
    #[schema(nullable = false)]
    queued: Option<i64>,
    #[schema(nullable = false)]
    place: Option<u32>,
    #[schema(nullable = false)]
    agent: Option<String>,
    #[schema(nullable = false)]
    extension: Option<String>,
    #[schema(nullable = false)]
    offered: Option<OfferedLive>,
    #[schema(nullable = false)]
    joined: Option<i64>,
    recording: bool,
}

#[derive(Serialize, ToSchema)]
pub struct RefusedLive {
    call: String,
    at: i64,
    caller: String,
    called: String,
    source: String,
    status: u16,
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct Snapshot {
    agents: Vec<AgentLive>,
    queues: Vec<QueueLive>,
    calls: Vec<CallLive>,
    refused: Vec<RefusedLive>,
}

#[derive(Serialize, ToSchema)]
pub struct Changes {
    agents: Vec<AgentLive>,
    queues: Vec<QueueLive>,
    calls: Vec<CallLive>,
    calls_over: Vec<String>,
    refused: Vec<RefusedLive>,
}

/// A message of `/live`.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveMessage {
    /// Forget everything; this is how it stands.
    Reset { cursor: String, now: i64, snapshot: Snapshot },
    /// What happened, and what it changed.
    Facts { cursor: String, now: i64, facts: Vec<FactRecord>, changed: Changes },
    /// Nothing happened.
    Heartbeat { cursor: String, now: i64 },
}

/// A fact; further fields by its type.
#[derive(Serialize, ToSchema)]
pub struct FactRecord {
    /// Counts up by one for each fact of a node.
    seq: u64,
    at: i64,
    #[serde(rename = "type")]
    kind: FactType,
    #[schema(nullable = false)]
    call: Option<String>,
    #[schema(nullable = false)]
    agent: Option<String>,
    #[schema(nullable = false)]
    queue: Option<String>,
    extension: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactType {
    CallOpened,
    CallRefused,
    CallAnswered,
    FlowStarted,
    NodeEntered,
    NodeLeft,
    DigitsCollected,
    Queued,
    Placed,
    QueueLeft,
    AgentOffered,
    AgentRinging,
    OfferEnded,
    Joined,
    Parted,
    LegLost,
    ExtensionRinging,
    ExtensionJoined,
    RecordingStarted,
    RecordingStopped,
    CallEnded,
    AgentChanged,
    ExtensionRegistered,
    ExtensionUnregistered,
    AuthenticationRefused,
    CallFault,
    DispatcherRebuilt,
}
