//! Time as a value. No clock is read here; the edge reads it and hands it in.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Wall-clock time in milliseconds since the Unix epoch, UTC. Shown to people in the site's zone; never used for timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds from `earlier` to `self`; 0 when the wall clock went backwards in between.
    pub fn since_ms(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.0 - earlier.0).unwrap_or(0)
    }
}

/// The moment an input is handled: monotonic time since the process started (for timers) and wall time (for records).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since the process started; never goes backwards, never leaves the process.
    pub mono: Duration,
    /// Wall time; may jump.
    pub wall: Timestamp,
}

/// How long ago something happened, in milliseconds: the only form in which a monotonic time may cross to another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Age(pub u64);

impl Age {
    /// The age at `now` of something that happened at `then` (both monotonic, same process).
    pub fn between(then: Duration, now: Duration) -> Age {
        Age(u64::try_from(now.saturating_sub(then).as_millis()).unwrap_or(u64::MAX))
    }

    /// The monotonic moment of this process that lies this age before `now`; zero when older than the process.
    pub fn before(self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(self.0))
    }
}
