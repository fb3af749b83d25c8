//! Slows down and stops the guessing of passwords. Counts by user name and source, whether or not the user exists, so
//! that nothing here tells the two apart; knows neither passwords nor the store.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Failures are forgotten this long after the first of them (requirement: 10 in 10 minutes), and a lock lasts as long.
pub const WINDOW: Duration = Duration::from_secs(600);
/// So many failures of one user name from one source within the window lock it.
pub const FAILURES_MAX: u32 = 10;
/// So many failures of all user names from one source within the window lock the source: one password tried on many
/// users. An office behind one address stays far below, because a log-in that succeeds takes its attempt back.
pub const SOURCE_FAILURES_MAX: u32 = 100;
/// The delay doubles up to this; longer would outlive the patience of browsers and hold connections for nothing.
pub const DELAY_MAX: Duration = Duration::from_secs(30);
/// Memory for counting; beyond it the oldest counts give way, which an attacker pays for with this many attempts.
const COUNTS_MAX: usize = 20_000;
/// A user name is counted by its first characters; longer ones exist nowhere and would only fill memory.
const NAME_CHARACTERS_MAX: usize = 64;

/// What an attempt has to put up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Check the password.
    After {
        /// Not before this is over.
        delay: Duration,
        /// If this attempt fails too, the next one finds the door locked.
        locks: bool,
    },
    /// Not checked at all until the lock ends.
    Locked {
        /// Seconds until then, rounded up.
        retry_after_s: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    UserAt(String, IpAddr),
    Source(IpAddr),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    failures: u32,
    since: Instant,
}

/// Counts of failures.
#[derive(Debug, Default)]
pub struct Throttle {
    counts: Mutex<BTreeMap<Key, Count>>,
}

impl Throttle {
    /// Begins an attempt and counts it as failed until [`Throttle::succeeded`] takes it back, so that attempts made at
    /// the same time slow each other down too.
    pub fn begin(&self, user: &str, source: IpAddr, now: Instant) -> Verdict {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let [user_at, source] = keys(user, source);
        let locked = [(&user_at, FAILURES_MAX), (&source, SOURCE_FAILURES_MAX)]
            .into_iter()
            .filter_map(|(key, failures_max)| lock_left(counts.get(key)?, failures_max, now))
            .max();
        if let Some(left) = locked {
            return Verdict::Locked { retry_after_s: left.as_secs() + u64::from(left.subsec_nanos() > 0) };
        }
        count_failure(&mut counts, source, now);
        let earlier = count_failure(&mut counts, user_at, now);
        make_room(&mut counts, now);
        Verdict::After { delay: delay(earlier), locks: earlier + 1 == FAILURES_MAX }
    }

    /// The attempt was good: forgets the user's failures at this source.
    pub fn succeeded(&self, user: &str, source: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let [user_at, source] = keys(user, source);
        counts.remove(&user_at);
        if let Some(count) = counts.get_mut(&source) {
            count.failures = count.failures.saturating_sub(1);
        }
    }
}

fn keys(user: &str, source: IpAddr) -> [Key; 2] {
    let source = prefix(source);
    [Key::UserAt(user.chars().take(NAME_CHARACTERS_MAX).collect(), source), Key::Source(source)]
}

/// One household of IPv6 has 2^64 addresses; they count as one.
fn prefix(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

fn lock_left(count: &Count, failures_max: u32, now: Instant) -> Option<Duration> {
    let left = (count.since + WINDOW).saturating_duration_since(now);
    (count.failures >= failures_max && !left.is_zero()).then_some(left)
}

/// Returns the failures before this one. The window slides with the failure that fills it, so that a lock is a whole one.
fn count_failure(counts: &mut BTreeMap<Key, Count>, key: Key, now: Instant) -> u32 {
    let failures_max = match key {
        Key::UserAt(..) => FAILURES_MAX,
        Key::Source(_) => SOURCE_FAILURES_MAX,
    };
    let count = counts.entry(key).or_insert(Count { failures: 0, since: now });
    if now >= count.since + WINDOW {
        *count = Count { failures: 0, since: now };
    }
    count.failures += 1;
    if count.failures == failures_max {
        count.since = now;
    }
    count.failures - 1
}

fn make_room(counts: &mut BTreeMap<Key, Count>, now: Instant) {
    if counts.len() <= COUNTS_MAX {
        return;
    }
    counts.retain(|_, count| now < count.since + WINDOW);
    if counts.len() <= COUNTS_MAX {
        return;
    }
    let mut ages: Vec<Instant> = counts.values().map(|count| count.since).collect();
    ages.sort_unstable();
    let younger_than = ages[ages.len() / 2];
    counts.retain(|_, count| count.since > younger_than);
}

/// 0, 1, 2, 4 … seconds.
fn delay(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        _ => Duration::from_secs(1 << (failures - 1).min(5)).min(DELAY_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Verdict = Verdict::After { delay: Duration::ZERO, locks: false };
    const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn the_delay_doubles_and_the_eleventh_attempt_is_locked_for_ten_minutes() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let delays: Vec<u64> = (0..FAILURES_MAX)
            .map(|_| match throttle.begin("lin", SOURCE, now) {
                Verdict::After { delay, .. } => delay.as_secs(),
                Verdict::Locked { .. } => panic!("locked too early"),
            })
            .collect();
        assert_eq!(delays, [0, 1, 2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(throttle.begin("lin", SOURCE, now), Verdict::Locked { retry_after_s: 600 });
        assert_eq!(
            throttle.begin("lin", SOURCE, now + Duration::from_millis(599_001)),
            Verdict::Locked { retry_after_s: 1 }
        );
        assert_eq!(throttle.begin("lin", SOURCE, now + WINDOW), AT_ONCE);
    }

    #[test]
    fn another_user_and_another_source_are_not_slowed_down() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..=FAILURES_MAX {
            throttle.begin("lin", SOURCE, now);
        }
        let elsewhere = IpAddr::from([192, 0, 2, 2]);
        assert_eq!(throttle.begin("wang", SOURCE, now), AT_ONCE);
        assert_eq!(throttle.begin("lin", elsewhere, now), AT_ONCE);
    }

    #[test]
    fn one_password_tried_on_many_users_locks_the_source_and_good_logins_do_not() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for number in 0..1_000 {
            throttle.begin(&format!("agent-{number}"), SOURCE, now);
            throttle.succeeded(&format!("agent-{number}"), SOURCE);
        }
        for number in 0..SOURCE_FAILURES_MAX {
            assert_eq!(throttle.begin(&format!("user-{number}"), SOURCE, now), AT_ONCE);
        }
        assert!(matches!(throttle.begin("one-more", SOURCE, now), Verdict::Locked { .. }));
    }

    #[test]
    fn addresses_of_one_ipv6_household_count_as_one() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for number in 0..FAILURES_MAX {
            throttle.begin("lin", format!("2001:db8::{number:x}").parse().unwrap(), now);
        }
        let verdict = throttle.begin("lin", "2001:db8::ffff".parse().unwrap(), now);
        assert!(matches!(verdict, Verdict::Locked { .. }));
    }

    #[test]
    fn memory_is_bounded_under_made_up_names() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for number in 0..COUNTS_MAX as u32 * 2 {
            let source = IpAddr::from(number.to_be_bytes());
            throttle.begin("x", source, start + Duration::from_micros(u64::from(number)));
        }
        assert!(throttle.counts.lock().unwrap().len() <= COUNTS_MAX);
    }
}
