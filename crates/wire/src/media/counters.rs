//! What a media thread counts. Each counter has one writer, so relaxed order is enough.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper edges of the buckets of tick lateness, in µs; the last bucket has none.
pub const LATENESS_US: [u64; 9] = [100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

/// Counters since the start of the plane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaneStatistics {
    /// Streams open now.
    pub streams: u64,
    /// Datagrams that came.
    pub received_packets: u64,
    /// Datagrams handed to the kernel.
    pub sent_packets: u64,
    /// Datagrams it did not take.
    pub send_errors: u64,
    /// Ticks done.
    pub ticks: u64,
    /// Ticks left out because the thread stood still for too long.
    pub skipped_ticks: u64,
    /// Ticks by lateness: at most [`LATENESS_US`] of the same place, the last one beyond.
    pub lateness: [u64; 10],
    /// Lateness of all ticks together.
    pub lateness_us_sum: u64,
    /// The latest tick.
    pub lateness_us_max: u64,
    /// Streams refused because no port was left.
    pub port_failures: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub streams: AtomicU64,
    pub received_packets: AtomicU64,
    pub sent_packets: AtomicU64,
    pub send_errors: AtomicU64,
    pub ticks: AtomicU64,
    pub skipped_ticks: AtomicU64,
    pub lateness: [AtomicU64; 10],
    pub lateness_us_sum: AtomicU64,
    pub lateness_us_max: AtomicU64,
    pub port_failures: AtomicU64,
}

impl Counters {
    pub fn book_tick(&self, late: Duration) {
        let us = late.as_micros() as u64;
        let bucket = LATENESS_US.partition_point(|edge| *edge < us);
        add(&self.ticks, 1);
        add(&self.lateness[bucket], 1);
        add(&self.lateness_us_sum, us);
        self.lateness_us_max.fetch_max(us, Relaxed);
    }

    pub fn add_to(&self, sum: &mut PlaneStatistics) {
        sum.streams += self.streams.load(Relaxed);
        sum.received_packets += self.received_packets.load(Relaxed);
        sum.sent_packets += self.sent_packets.load(Relaxed);
        sum.send_errors += self.send_errors.load(Relaxed);
        sum.ticks += self.ticks.load(Relaxed);
        sum.skipped_ticks += self.skipped_ticks.load(Relaxed);
        sum.port_failures += self.port_failures.load(Relaxed);
        for (sum, bucket) in sum.lateness.iter_mut().zip(&self.lateness) {
            *sum += bucket.load(Relaxed);
        }
        sum.lateness_us_sum += self.lateness_us_sum.load(Relaxed);
        sum.lateness_us_max = sum.lateness_us_max.max(self.lateness_us_max.load(Relaxed));
    }
}

/// A load and a store instead of a locked addition: nobody else writes.
pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(count), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_falls_into_its_bucket() {
        let counters = Counters::default();
        for us in [0, 100, 101, 60_000] {
            counters.book_tick(Duration::from_micros(us));
        }
        let mut sum = PlaneStatistics::default();
        counters.add_to(&mut sum);
        assert_eq!((sum.lateness[0], sum.lateness[1], sum.lateness[9]), (2, 1, 1));
        assert_eq!((sum.ticks, sum.lateness_us_max, sum.lateness_us_sum), (4, 60_000, 60_201));
    }
}
