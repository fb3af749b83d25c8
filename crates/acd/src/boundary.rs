#![allow(missing_docs, reason = "fields of reports and decisions are named in full")]
//! What edges and desks tell the dispatcher ([`Report`]) and what it decides ([`Decision`]). Both cross as
//! [`vocab::Envelope`] bodies, so they carry ages, never monotonic times.

use serde::{Deserialize, Serialize};
use vocab::{
    Age, AgentId, AgentState, AssignmentReason, CallId, ExtensionId, NotReadyReason, OfferEnd, OfferId, PendingState,
    QueueExit, QueueId, Timestamp,
};

/// Version of the bodies below; a node that reads a newer one refuses it.
pub const BODY_VERSION: u32 = 1;

/// How waiting work and free agents are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The agent that has been ready longest.
    LongestIdle,
}

impl Strategy {
    /// The name as it stands in a reason.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::LongestIdle => "longest_idle",
        }
    }
}

/// A queue's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRules {
    /// Its name.
    pub queue: QueueId,
    /// Who takes the next call.
    pub strategy: Strategy,
    /// How long an agent's phone rings before the next agent is asked, milliseconds (45,000 where a site says nothing).
    pub ring_ms: u64,
    /// Wrap-up after each conversation, milliseconds; 0 for none.
    pub wrap_up_ms: u64,
    /// More waiting calls than this are refused.
    pub waiting_max: u32,
    /// An agent who lets a call ring becomes not ready ("no_answer") instead of ready at the end of the line.
    pub no_answer_leaves: bool,
}

/// An agent's place at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRules {
    /// The agent.
    pub agent: AgentId,
    /// Queues the agent may serve.
    pub queues: Vec<QueueId>,
}

/// Everything the dispatcher knows beforehand; a new revision replaces it whole.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Config {
    /// Grows with every change.
    pub revision: u64,
    /// All queues.
    pub queues: Vec<QueueRules>,
    /// All agents.
    pub agents: Vec<AgentRules>,
}

/// What an agent or supervisor asks of an agent's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum AgentRequest {
    /// Begin work at this extension, in these queues (all allowed ones when empty).
    LogIn { extension: ExtensionId, queues: Vec<QueueId>, ready: bool },
    /// End work; while talking or in wrap-up it becomes the pending state.
    LogOut,
    /// Take work; while talking or in wrap-up it becomes the pending state.
    Ready,
    /// Take none; while talking or in wrap-up it becomes the pending state.
    NotReady { reason: NotReadyReason },
    /// End wrap-up now; the pending state, or ready, follows.
    FinishWrapUp,
    /// Give up the pending state.
    WithdrawPending,
}

/// Why a request about an agent was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentRefusal {
    /// No such agent in the configuration.
    UnknownAgent,
    /// A queue is unknown or not the agent's.
    QueueNotAllowed,
    /// Log in first.
    NotLoggedIn,
    /// Already logged in, at another extension.
    LoggedInElsewhere,
    /// Another agent is logged in at that extension.
    ExtensionTaken,
    /// No wrap-up to finish.
    NoWrapUp,
    /// Nothing pending to withdraw.
    NothingPending,
}

/// An agent as last confirmed: what a rebuilt dispatcher starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentReport {
    /// The agent.
    pub agent: AgentId,
    /// Where logged in; none when logged out.
    pub extension: Option<ExtensionId>,
    /// Queues chosen at log-in.
    pub queues: Vec<QueueId>,
    /// The state.
    pub state: AgentState,
    /// How long in it.
    pub age: Age,
    /// What follows.
    pub pending: Option<PendingState>,
}

/// A waiting call as its edge knows it. Its place in line is `(enqueued, call)` within `priority`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The call.
    pub call: CallId,
    /// Where it waits.
    pub queue: QueueId,
    /// When it was queued, stamped once by its edge.
    pub enqueued: Timestamp,
    /// How long ago that was, by the edge's monotonic clock.
    pub waited: Age,
    /// Higher goes first.
    pub priority: i32,
    /// Agents who let it ring or declined it.
    pub tried: Vec<AgentId>,
}

/// An offer as its edge knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferReport {
    /// The offer, with the epoch that made it.
    pub offer: OfferId,
    /// The work item.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
}

/// What the dispatcher is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// Everything this node knows, in answer to [`Decision::ReportAll`].
    All {
        agents: Vec<AgentReport>,
        waiting: Vec<Waiting>,
        offers: Vec<OfferReport>,
        unreachable: Vec<ExtensionId>,
        busy: Vec<ExtensionId>,
    },
    /// An agent or supervisor asks for a state; answered by [`Decision::AgentAnswer`] with the same number.
    Agent { agent: AgentId, request: AgentRequest, number: u64 },
    /// A phone registered (true) or its registration ended (false).
    Reachable { extension: ExtensionId, reachable: bool },
    /// An extension is in a conversation the dispatcher did not arrange (true), or no longer.
    Busy { extension: ExtensionId, busy: bool },
    /// A call waits.
    Enqueue(Waiting),
    /// A call no longer waits (the caller left, the flow moved on). An offer for it is void.
    Dequeue { call: CallId, exit: QueueExit },
    /// The edge took the offer and is calling the agent's phone. Without it the offer runs out after its lease.
    Reserved { offer: OfferId },
    /// The offer is over; `Answered` means the two talk.
    OfferEnded { offer: OfferId, call: CallId, agent: AgentId, end: OfferEnd },
    /// The agent's part in the conversation is over.
    Parted { call: CallId, agent: AgentId },
    /// A conversation goes on, and came from this queue, whose wrap-up will count; without it the longest of the
    /// agent's queues does. An edge says so before `All`: the agent's last confirmed state may be older than the answer.
    Conversation { call: CallId, agent: AgentId, queue: QueueId },
    /// A new configuration.
    Configuration(Config),
}

/// What the dispatcher decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// A dispatcher of a new epoch asks for [`Report::All`].
    ReportAll,
    /// Ring this agent for this call. The edge confirms with `Reserved` or `OfferEnded` before `lease_ms` is over.
    Offer {
        offer: OfferId,
        call: CallId,
        agent: AgentId,
        extension: ExtensionId,
        ring_ms: u64,
        lease_ms: u64,
        reason: Box<AssignmentReason>,
    },
    /// Stop ringing; answered by `OfferEnded`.
    Withdraw { offer: OfferId },
    /// The call's place in line, 1 is next; sent when it changes.
    Placed { call: CallId, queue: QueueId, place: u32 },
    /// The queue takes no more, does not exist, or nobody is logged in who could answer: one of `unknown_queue`, `full`, `nobody`.
    QueueRefused { call: CallId, queue: QueueId, why: String },
    /// An agent's state changed.
    AgentIs(AgentReport),
    /// Answer to [`Report::Agent`].
    AgentAnswer { number: u64, refusal: Option<AgentRefusal> },
}
