//! What a load saw.

use crate::process::Reading;
use std::{collections::BTreeMap, time::Duration};

/// What happened to the calls and their sound.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// INVITEs begun.
    pub offered: usize,
    /// Calls that were answered.
    pub answered: usize,
    /// Calls that reached an agent (without phones: that are up).
    pub joined: usize,
    /// Calls that ended as planned.
    pub completed: usize,
    /// Calls that the server ended before the caller hung up.
    pub ended_by_server: usize,
    /// Agents that the server released while their caller was still there.
    pub agents_released_early: usize,
    /// Refused calls by status.
    pub refused: BTreeMap<u16, usize>,
    /// Calls that went nowhere within the plan's patience.
    pub stuck: usize,
    /// Agents' legs that were not ended by the time all calls were over.
    pub agents_stuck: usize,
    /// Requests and answers we had to send again.
    pub retransmitted: usize,
    /// Messages the server sent again.
    pub repeated: usize,
    /// Caller's INVITE to 200.
    pub setup: Sample,
    /// Caller's INVITE to agent's INVITE.
    pub invite_to_invite: Sample,
    /// Agent's 200 to the first packet it hears.
    pub first_sound: Sample,
    /// Distance of each heard packet from 20 ms after the one before.
    pub spacing: Sample,
    /// How late our own packets left: the machine's share of the spacing.
    pub own_lateness: Sample,
    /// Packets of sound sent.
    pub packets_sent: u64,
    /// Packets of sound heard.
    pub packets_heard: u64,
    /// Packets missing by sequence number.
    pub packets_lost: u64,
    /// Datagrams our own sockets could not hold: then the figures are ours, not the server's.
    pub own_drops: u64,
    /// Most calls joined at once.
    pub joined_max: usize,
    /// First INVITE to last end.
    pub took: Duration,
    /// The server from first INVITE to last end.
    pub whole: Option<Usage>,
    /// The server while all calls of [`super::HangUp::Together`] talked.
    pub steady: Option<Usage>,
}

impl Outcome {
    /// Calls that failed in any way.
    pub fn failed(&self) -> usize {
        self.offered - self.completed
    }
}

/// What the server used between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Between them.
    pub wall: Duration,
    /// CPU time, user and system.
    pub cpu: Duration,
    /// Memory at the first.
    pub resident_before_bytes: u64,
    /// Memory at the second.
    pub resident_after_bytes: u64,
}

impl Usage {
    pub(crate) fn between(before: (Duration, Reading), after: (Duration, Reading)) -> Self {
        Self {
            wall: after.0.saturating_sub(before.0),
            cpu: after.1.cpu.saturating_sub(before.1.cpu),
            resident_before_bytes: before.1.resident_bytes,
            resident_after_bytes: after.1.resident_bytes,
        }
    }
}

/// Measured times, microseconds.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    values: Vec<u32>,
}

impl Sample {
    /// Adds one.
    pub fn add(&mut self, value: Duration) {
        self.values.push(u32::try_from(value.as_micros()).unwrap_or(u32::MAX));
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The value that this many of a hundred do not exceed, milliseconds; none of an empty sample.
    pub fn percentile_ms(&self, percent: f64) -> Option<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable();
        let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).map(|&us| f64::from(us) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values() {
        let mut sample = Sample::default();
        assert_eq!(sample.percentile_ms(50.0), None);
        (1..=100).rev().for_each(|ms| sample.add(Duration::from_millis(ms)));
        for (percent, expected) in [(0.0, 1.0), (1.0, 1.0), (50.0, 50.0), (99.0, 99.0), (100.0, 100.0)] {
            assert_eq!(sample.percentile_ms(percent), Some(expected), "{percent}");
        }
    }
}
