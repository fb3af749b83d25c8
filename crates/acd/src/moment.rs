//! Time inside the dispatcher: whole milliseconds since the process started, negative for what happened before.
//!
//! Whole milliseconds because ages cross the border as such, and a rebuilt dispatcher must order agents exactly as the
//! old one did; negative because an agent may have been idle for longer than this process lives.

use std::time::Duration;
use vocab::{Age, Now};

/// No timer runs for longer than a day: a nonsensical configuration must not overflow the clock of whoever waits for it.
const TIMER_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) fn of(now: Now) -> Moment {
        Moment(i64::try_from(now.mono.as_millis()).unwrap_or(i64::MAX))
    }

    /// The moment `age` before this one.
    pub(crate) fn before(self, age: Age) -> Moment {
        Moment(self.0.saturating_sub(i64::try_from(age.0).unwrap_or(i64::MAX)))
    }

    /// The moment `ms` after this one, at most a day.
    pub(crate) fn after(self, ms: u64) -> Moment {
        let ms = i64::try_from(ms.min(TIMER_MS_MAX)).unwrap_or(i64::MAX);
        Moment(self.0.saturating_add(ms))
    }

    /// How old something from `then` is at this moment.
    pub(crate) fn age_of(self, then: Moment) -> Age {
        Age(u64::try_from(self.0.saturating_sub(then.0)).unwrap_or(0))
    }

    /// Milliseconds from this moment to a later one.
    pub(crate) fn ms_until(self, later: Moment) -> u64 {
        later.age_of(self).0
    }

    pub(crate) fn mono(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }
}
