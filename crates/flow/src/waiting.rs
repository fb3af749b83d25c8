//! A caller's wait in a queue: its terms, its moments and its announcements.

use crate::{PlayNumber, Position, QueueNode, Say, document::queue_max_wait_ms};
use std::{sync::Arc, time::Duration};
use vocab::{QueueExit, QueueId};

/// The music that every site has, for a wait about which the document says nothing.
const MUSIC_DEFAULT: &str = "calm";

/// What a node says about the wait.
pub(crate) struct Terms {
    pub(crate) queue: QueueId,
    pub(crate) priority: i32,
    pub(crate) says: Vec<Say>,
    pub(crate) music: Option<Arc<str>>,
    pub(crate) exit_keys: String,
    position: Option<Position>,
    max_wait_ms: u32,
}

impl Terms {
    pub(crate) fn of(node: &QueueNode) -> Terms {
        Terms {
            queue: node.queue.clone(),
            priority: node.priority,
            says: node.says.clone(),
            music: node.music.clone(),
            exit_keys: node.exit_keys.clone(),
            position: node.position.clone(),
            max_wait_ms: node.max_wait_ms,
        }
    }

    /// The terms of a transfer to a queue.
    pub(crate) fn plain(queue: QueueId) -> Terms {
        Terms {
            queue,
            priority: 0,
            says: Vec::new(),
            music: Some(MUSIC_DEFAULT.into()),
            exit_keys: String::new(),
            position: None,
            max_wait_ms: queue_max_wait_ms(),
        }
    }
}

/// Why the caller leaves the line without an agent.
#[derive(Clone, Copy)]
pub(crate) enum Exit {
    TimedOut,
    Key,
}

impl Exit {
    pub(crate) fn reason(self) -> QueueExit {
        match self {
            Exit::TimedOut => QueueExit::TimedOut,
            Exit::Key => QueueExit::Key,
        }
    }
}

pub(crate) struct Waiting {
    pub(crate) terms: Terms,
    /// The place in line, once told.
    pub(crate) place: Option<u32>,
    /// The announcement under way; music follows it.
    pub(crate) speaking: Option<PlayNumber>,
    /// What plays, announcement or music.
    pub(crate) sounding: Option<PlayNumber>,
    announce_at: Option<Duration>,
    until: Duration,
}

impl Waiting {
    pub(crate) fn new(terms: Terms, now: Duration) -> Waiting {
        let until = now + Duration::from_millis(u64::from(terms.max_wait_ms));
        let announce_at = terms.position.as_ref().map(|position| now + every(position));
        Waiting { terms, place: None, speaking: None, sounding: None, announce_at, until }
    }

    pub(crate) fn next_timeout(&self) -> Duration {
        self.announce_at.map_or(self.until, |at| at.min(self.until))
    }

    /// A moment has come: the exit, if it was the last one, else the next announcement is due.
    pub(crate) fn time_is_up(&mut self, now: Duration) -> Option<Exit> {
        if self.until <= now {
            return Some(Exit::TimedOut);
        }
        self.announce_at = self.terms.position.as_ref().map(|position| now + every(position));
        None
    }

    /// What to say now; nothing while something is being said, or when the place is not known.
    pub(crate) fn announcement(&self) -> Option<Vec<Say>> {
        let position = self.terms.position.as_ref().filter(|_| self.speaking.is_none())?;
        let place = [Say::Number { value: self.place? }];
        Some([position.before.as_slice(), &place, &position.after].concat())
    }
}

/// A zero in an unchecked document must not make a moment that is always due.
fn every(position: &Position) -> Duration {
    Duration::from_millis(u64::from(position.every_ms.max(1)))
}
