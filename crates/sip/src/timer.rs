//! One table of everything that shall happen later. Owns deadlines and their order; knows nothing of what is due.

use std::{collections::BTreeMap, time::Duration};

/// Names one timer that is set: its deadline, and a number that keeps equal deadlines in the order they were set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    deadline: Duration,
    sequence: u64,
}

/// Timers in the order of their deadlines.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    queue: BTreeMap<TimerKey, T>,
    sequence: u64,
}

impl<T> Timers<T> {
    pub(crate) fn new() -> Self {
        Self { queue: BTreeMap::new(), sequence: 0 }
    }

    /// Sets a timer; whoever may want to stop it keeps the key.
    pub(crate) fn set(&mut self, deadline: Duration, due: T) -> TimerKey {
        self.sequence += 1;
        let key = TimerKey { deadline, sequence: self.sequence };
        self.queue.insert(key, due);
        key
    }

    /// Stops a timer. One that has already gone off is no longer in the table, so stopping it again is harmless.
    pub(crate) fn stop(&mut self, key: &mut Option<TimerKey>) {
        if let Some(key) = key.take() {
            self.queue.remove(&key);
        }
    }

    /// Takes the first timer whose deadline has come.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<T> {
        let first = self.queue.first_entry()?;
        (first.key().deadline <= now).then(|| first.remove())
    }

    /// The first deadline.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.queue.first_key_value().map(|(key, _)| key.deadline)
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_go_off_by_deadline_then_by_order_of_setting() {
        let mut timers = Timers::new();
        timers.set(Duration::from_secs(2), 'c');
        timers.set(Duration::from_secs(1), 'a');
        timers.set(Duration::from_secs(1), 'b');
        assert_eq!(timers.next(), Some(Duration::from_secs(1)));
        assert_eq!(timers.take_due(Duration::from_millis(999)), None);
        let due: String = std::iter::from_fn(|| timers.take_due(Duration::from_secs(2))).collect();
        assert_eq!(due, "abc");
    }

    #[test]
    fn a_stopped_timer_is_gone_and_may_be_stopped_again() {
        let mut timers = Timers::new();
        let mut key = Some(timers.set(Duration::from_secs(1), ()));
        let mut same = key;
        timers.stop(&mut key);
        timers.stop(&mut same);
        assert_eq!((timers.len(), timers.next(), key), (0, None, None));
    }
}
