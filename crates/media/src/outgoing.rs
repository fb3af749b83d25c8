//! The one stream of packets a far end receives from us: a single SSRC with sequence numbers and timestamps that go on
//! whether a prompt, music, keys or a bridged talker are its source, so that no phone's jitter buffer has to start anew.

use crate::{
    FRAME_SAMPLES,
    rtp::{HEADER_BYTES, samples_in, write_header},
};
use rand_core::Rng;
use std::time::Duration;

/// See the module.
#[derive(Clone, Debug)]
pub struct Outgoing {
    ssrc: u32,
    /// Of the newest packet.
    sequence: u16,
    timestamp: u32,
    /// When that timestamp was sent; nothing was before the first packet.
    sent_at: Option<Duration>,
    source: Source,
    sent_packets: u64,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// Whatever comes next begins a talk spurt.
    None,
    /// Our frames, one each tick.
    Own,
    /// A bridged talker's packets: what to add to their numbers, and the first that counts.
    Relay { ssrc: u32, first: u64, sequence: u16, timestamp: u32 },
}

impl Outgoing {
    /// A stream with random numbers (RFC 3550 section 5.1).
    pub fn new(random: &mut impl Rng) -> Self {
        Outgoing {
            ssrc: random.next_u32(),
            sequence: random.next_u32() as u16,
            timestamp: random.next_u32(),
            sent_at: None,
            source: Source::None,
            sent_packets: 0,
        }
    }

    /// What was sent ended, or was interrupted.
    pub fn pause(&mut self) {
        self.source = Source::None;
    }

    /// Packets numbered so far.
    pub fn sent_packets(&self) -> u64 {
        self.sent_packets
    }

    /// Writes the header of our next frame.
    pub fn own(&mut self, now: Duration, payload_type: u8, header: &mut [u8; HEADER_BYTES]) {
        let goes_on = matches!(self.source, Source::Own);
        let timestamp =
            if goes_on { self.timestamp.wrapping_add(FRAME_SAMPLES as u32) } else { self.next_timestamp(now) };
        self.source = Source::Own;
        self.book(now, self.sequence.wrapping_add(1), timestamp);
        write_header(header, !goes_on, payload_type, self.sequence, timestamp, self.ssrc);
    }

    /// Writes the header of a packet of a key: all of one press carry the timestamp of its start (RFC 4733).
    pub fn event(&mut self, now: Duration, first: bool, payload_type: u8, header: &mut [u8; HEADER_BYTES]) {
        let timestamp = if first { self.next_timestamp(now) } else { self.timestamp };
        // The moment of the start is kept, so that sound behind it counts the whole press.
        let since = if first { now } else { self.sent_at.unwrap_or(now) };
        self.source = Source::None;
        self.book(since, self.sequence.wrapping_add(1), timestamp);
        write_header(header, first, payload_type, self.sequence, timestamp, self.ssrc);
    }

    /// Writes the header of a bridged talker's packet, keeping its gaps and disorder. False when the packet is older
    /// than the bridge and has no number left.
    pub fn relayed(&mut self, now: Duration, from: Relayed, payload_type: u8, header: &mut [u8; HEADER_BYTES]) -> bool {
        let (first, sequence_offset, timestamp_offset) = match self.source {
            Source::Relay { ssrc, first, sequence, timestamp } if ssrc == from.ssrc && !from.restarted => {
                (first, sequence, timestamp)
            }
            Source::Relay { .. } | Source::None | Source::Own => {
                let sequence = self.sequence.wrapping_add(1).wrapping_sub(from.extended as u16);
                let timestamp = self.next_timestamp(now).wrapping_sub(from.timestamp);
                self.source = Source::Relay { ssrc: from.ssrc, first: from.extended, sequence, timestamp };
                (from.extended, sequence, timestamp)
            }
        };
        if from.extended < first {
            return false;
        }
        let sequence = (from.extended as u16).wrapping_add(sequence_offset);
        let timestamp = from.timestamp.wrapping_add(timestamp_offset);
        if (sequence.wrapping_sub(self.sequence) as i16) > 0 {
            self.book(now, sequence, timestamp);
        } else {
            self.sent_packets += 1;
        }
        let marker = from.marker || from.extended == first;
        write_header(header, marker, payload_type, sequence, timestamp, self.ssrc);
        true
    }

    fn book(&mut self, at: Duration, sequence: u16, timestamp: u32) {
        self.sequence = sequence;
        self.timestamp = timestamp;
        self.sent_at = Some(at);
        self.sent_packets += 1;
    }

    /// The timestamp of something new: the clock went on while nothing was sent, by a frame at least.
    fn next_timestamp(&self, now: Duration) -> u32 {
        let passed = self.sent_at.map_or(0, |at| samples_in(now.saturating_sub(at)));
        self.timestamp.wrapping_add(passed.max(FRAME_SAMPLES as u64) as u32)
    }
}

/// A bridged talker's packet, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Relayed {
    /// Its source.
    pub ssrc: u32,
    /// Its number, counted beyond 16 bits.
    pub extended: u64,
    /// Its moment.
    pub timestamp: u32,
    /// It begins a talk spurt.
    pub marker: bool,
    /// The numbers before it do not hold any more.
    pub restarted: bool,
}
