//! One agent as the dispatcher sees it: at work or not, and doing what. It knows no queue's line and no other agent.

use crate::{AgentReport, moment::Moment};
use std::sync::Arc;
use vocab::{AgentId, AgentState, CallId, ExtensionId, NotReadyReason, OfferId, PassedOver, PendingState, QueueId};

/// The reason set for an agent whose phone cannot be called.
const REASON_UNREACHABLE: &str = "unreachable";
/// The reason set for an agent who let a call ring, where the queue's rules say so.
pub(crate) const REASON_NO_ANSWER: &str = "no_answer";
/// The reason set at log-in when the agent did not ask to be ready.
pub(crate) const REASON_LOGGED_IN: &str = "logged_in";

pub(crate) struct Agent {
    /// Queues the agent may serve, sorted; some may not exist.
    pub(crate) allowed: Vec<QueueId>,
    pub(crate) presence: Presence,
}

pub(crate) enum Presence {
    /// Nothing heard since this dispatcher started; a report from an edge is believed.
    Unheard,
    /// Not at work.
    Away,
    AtWork(AtWork),
}

pub(crate) struct AtWork {
    pub(crate) extension: ExtensionId,
    /// True when the agent serves all allowed queues, those of a later configuration included.
    pub(crate) all_queues: bool,
    /// The queues served, sorted: chosen, allowed and existing.
    pub(crate) queues: Vec<QueueId>,
    pub(crate) state: State,
    pub(crate) since: Moment,
    pub(crate) pending: Option<PendingState>,
}

/// What an agent at work is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    NotReady {
        reason: NotReadyReason,
    },
    /// Wants work, but the phone cannot be called; shown as not ready.
    Unreachable,
    Offered {
        call: CallId,
        offer: OfferId,
    },
    Talking {
        call: CallId,
        /// Whose wrap-up follows; none when a rebuilt dispatcher was not told.
        queue: Option<QueueId>,
    },
    WrapUp {
        call: CallId,
        until: Moment,
    },
}

impl State {
    pub(crate) fn not_ready(reason: impl Into<Arc<str>>) -> State {
        let reason = reason.into();
        if &*reason == REASON_UNREACHABLE { State::Unreachable } else { State::NotReady { reason } }
    }

    /// The state as it is told to others at `now`.
    fn told(&self, now: Moment) -> AgentState {
        match self {
            State::Ready => AgentState::Ready,
            State::NotReady { reason } => AgentState::NotReady { reason: reason.clone() },
            State::Unreachable => AgentState::NotReady { reason: REASON_UNREACHABLE.into() },
            State::Offered { call, .. } => AgentState::Offered { call: *call },
            State::Talking { call, .. } => AgentState::Talking { call: *call },
            State::WrapUp { call, until } => AgentState::WrapUp { call: *call, left_ms: now.ms_until(*until) },
        }
    }
}

impl AtWork {
    /// Why the agent may not be offered a call; none for a free one. A busy phone talks to somebody not from a queue.
    pub(crate) fn unfree(&self, busy: bool) -> Option<PassedOver> {
        match &self.state {
            State::Ready => busy.then_some(PassedOver::Talking),
            State::NotReady { reason } => Some(PassedOver::NotReady { reason: reason.to_string() }),
            State::Unreachable => Some(PassedOver::Unreachable),
            State::Offered { .. } => Some(PassedOver::Offered),
            State::Talking { .. } => Some(PassedOver::Talking),
            State::WrapUp { .. } => Some(PassedOver::WrapUp),
        }
    }
}

impl Agent {
    pub(crate) fn at_work(&self) -> Option<&AtWork> {
        match &self.presence {
            Presence::AtWork(work) => Some(work),
            Presence::Unheard | Presence::Away => None,
        }
    }

    pub(crate) fn at_work_mut(&mut self) -> Option<&mut AtWork> {
        match &mut self.presence {
            Presence::AtWork(work) => Some(work),
            Presence::Unheard | Presence::Away => None,
        }
    }

    pub(crate) fn report(&self, agent: &AgentId, now: Moment) -> AgentReport {
        match self.at_work() {
            None => AgentReport {
                agent: agent.clone(),
                extension: None,
                queues: Vec::new(),
                state: AgentState::LoggedOut,
                age: vocab::Age(0),
                pending: None,
            },
            Some(work) => AgentReport {
                agent: agent.clone(),
                extension: Some(work.extension.clone()),
                queues: work.queues.clone(),
                state: work.state.told(now),
                age: now.age_of(work.since),
                pending: work.pending.clone(),
            },
        }
    }
}
