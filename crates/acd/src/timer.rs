//! Every timer of the dispatcher in one enum and one table.

use crate::moment::Moment;
use std::collections::{BTreeMap, BTreeSet};
use vocab::{AgentId, OfferId, QueueId};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The edge did not say in time what became of the offer: it is void.
    Lease(OfferId),
    /// Wrap-up is over.
    WrapUp(AgentId),
    /// A phone that could not be called, though registered, is tried again.
    Unreachable(AgentId),
    /// The agent may be asked again for a call declined or left ringing.
    Retry(AgentId),
    /// The places of the line may be told again.
    Places(QueueId),
}

/// At most one running instance of each timer.
#[derive(Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Moment, Timer)>,
    running: BTreeMap<Timer, Moment>,
}

impl Timers {
    /// Starts the timer, or moves it.
    pub(crate) fn set(&mut self, timer: Timer, at: Moment) {
        self.cancel(&timer);
        self.due.insert((at, timer.clone()));
        self.running.insert(timer, at);
    }

    pub(crate) fn cancel(&mut self, timer: &Timer) {
        if let Some(at) = self.running.remove(timer) {
            self.due.remove(&(at, timer.clone()));
        }
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes the first timer that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Moment) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        let (_, timer) = self.due.pop_first()?;
        self.running.remove(&timer);
        Some(timer)
    }
}
