//! The jitter buffer of a leg whose sound is decoded: recorded, or listened to for tones.
//!
//! A ring of µ-law samples laid out by RTP timestamp: loss, disorder, duplicates and any packet length fall out of the
//! layout, and a pause of the sender (DTX) is silence, not loss. One frame is read each tick; how far reading stays
//! behind arriving adapts to what the slowest twentieth of the packets needs.

use crate::{
    FRAME_SAMPLES,
    g711::{PCMU_SILENCE, pcmu_to_linear},
};

/// 512 ms: the longest delay (200 ms), the longest packet (120 ms) and some disorder on top.
const RING_SAMPLES: usize = 4_096;
/// Delay at the start of a source: one frame of waiting, one of jitter.
const START_SAMPLES: i64 = 2 * FRAME_SAMPLES as i64;
/// Longest delay that is built up on purpose (200 ms); beyond it a talker is too far away to talk with.
const DELAY_SAMPLES_MAX: i64 = 1_600;
/// Slack above which the delay shrinks by a frame: two frames, so that growing and shrinking do not alternate.
const SLACK_SAMPLES: i64 = 2 * FRAME_SAMPLES as i64;
/// Packets between two decisions: 2 s of 20 ms packets.
const WINDOW_PACKETS: u32 = 100;
/// Five packets in a hundred may come late: their margins are kept, the largest of them decides.
const SLOWEST_PACKETS: usize = 5;
/// So many late packets in a row are a longer way, not jitter: start anew at once.
const LATE_PACKETS_MAX: u32 = 3;
/// A frame with no sample louder than this (about -40 dBm0) may be skipped to shorten the delay.
const QUIET_LINEAR_MAX: i16 = 300;

/// What became of a packet's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It will be heard.
    Kept,
    /// Its moment has passed.
    Late,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    ring: Box<[u8; RING_SAMPLES]>,
    place: Option<Place>,
    margins: Margins,
}

/// Positions count samples of the source, extended beyond 32 bits.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Next sample to read.
    play: i64,
    /// Highest sample that came, as position and as timestamp.
    newest: i64,
    newest_timestamp: u32,
    late_in_row: u32,
    /// Frames to wait (positive) or to skip when quiet (negative).
    correction: i64,
}

/// How long before its moment each packet of a window came, in samples.
#[derive(Clone, Copy, Debug)]
struct Margins {
    packets: u32,
    slowest: [i64; SLOWEST_PACKETS],
    fastest: i64,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        JitterBuffer { ring: Box::new([PCMU_SILENCE; RING_SAMPLES]), place: None, margins: Margins::new() }
    }
}

impl JitterBuffer {
    /// Forgets the source; the next packet starts anew.
    pub fn restart(&mut self) {
        self.place = None;
    }

    /// Lays a packet's µ-law samples where its timestamp says.
    pub fn put(&mut self, timestamp: u32, samples: &[u8]) -> Placed {
        let samples = &samples[..samples.len().min(RING_SAMPLES / 4)];
        let length = samples.len() as i64;
        let Some(mut place) = self.place else { return self.start(timestamp, samples) };
        let position = place.newest + i64::from(timestamp.wrapping_sub(place.newest_timestamp) as i32);
        let margin = position - place.play;
        // Far outside the ring on either side: the source jumped.
        if margin + length > RING_SAMPLES as i64 || margin < -(RING_SAMPLES as i64) {
            return self.start(timestamp, samples);
        }
        if let Some(correction) = self.margins.take(margin) {
            place.correction = correction;
        }
        if margin + length <= 0 {
            place.late_in_row += 1;
            if place.late_in_row >= LATE_PACKETS_MAX {
                return self.start(timestamp, samples);
            }
            self.place = Some(place);
            return Placed::Late;
        }
        place.late_in_row = 0;
        if position > place.newest {
            place.newest = position;
            place.newest_timestamp = timestamp;
        }
        self.place = Some(place);
        let passed = (-margin).max(0);
        self.write(position + passed, &samples[passed as usize..]);
        Placed::Kept
    }

    /// Reads the frame of this tick; what did not come is silence.
    pub fn take(&mut self, frame: &mut [u8; FRAME_SAMPLES]) {
        let Some(place) = self.place.as_mut() else {
            frame.fill(PCMU_SILENCE);
            return;
        };
        if place.correction > 0 {
            place.correction -= 1;
            place.play -= FRAME_SAMPLES as i64;
        }
        let from = place.play;
        place.play += FRAME_SAMPLES as i64;
        self.read(from, frame);
        let Some(place) = self.place.as_mut() else { return };
        if place.correction < 0 && frame.iter().all(|byte| pcmu_to_linear(*byte).abs() <= QUIET_LINEAR_MAX) {
            place.correction += 1;
            let from = place.play;
            place.play += FRAME_SAMPLES as i64;
            self.read(from, frame);
        }
    }

    fn start(&mut self, timestamp: u32, samples: &[u8]) -> Placed {
        self.ring.fill(PCMU_SILENCE);
        self.margins = Margins::new();
        self.place =
            Some(Place { play: -START_SAMPLES, newest: 0, newest_timestamp: timestamp, late_in_row: 0, correction: 0 });
        self.write(0, samples);
        Placed::Kept
    }

    fn write(&mut self, position: i64, samples: &[u8]) {
        let start = position.rem_euclid(RING_SAMPLES as i64) as usize;
        let (before, after) = samples.split_at(samples.len().min(RING_SAMPLES - start));
        self.ring[start..start + before.len()].copy_from_slice(before);
        self.ring[..after.len()].copy_from_slice(after);
    }

    /// Copies a frame out and leaves silence, so that what never comes is silent in the next turn of the ring.
    fn read(&mut self, position: i64, frame: &mut [u8; FRAME_SAMPLES]) {
        let start = position.rem_euclid(RING_SAMPLES as i64) as usize;
        let before = FRAME_SAMPLES.min(RING_SAMPLES - start);
        let (head, tail) = frame.split_at_mut(before);
        head.copy_from_slice(&self.ring[start..start + before]);
        self.ring[start..start + before].fill(PCMU_SILENCE);
        tail.copy_from_slice(&self.ring[..FRAME_SAMPLES - before]);
        self.ring[..FRAME_SAMPLES - before].fill(PCMU_SILENCE);
    }
}

impl Margins {
    fn new() -> Self {
        Margins { packets: 0, slowest: [i64::MAX; SLOWEST_PACKETS], fastest: i64::MIN }
    }

    /// Books a margin; at the end of a window says how many frames to wait or, negative, to skip.
    fn take(&mut self, margin: i64) -> Option<i64> {
        self.packets += 1;
        self.fastest = self.fastest.max(margin);
        if margin < self.slowest[SLOWEST_PACKETS - 1] {
            self.slowest[SLOWEST_PACKETS - 1] = margin;
            self.slowest.sort_unstable();
        }
        if self.packets < WINDOW_PACKETS {
            return None;
        }
        let (needed, fastest) = (self.slowest[SLOWEST_PACKETS - 1], self.fastest);
        *self = Margins::new();
        let frame = FRAME_SAMPLES as i64;
        if needed < 0 {
            let room = ((DELAY_SAMPLES_MAX - fastest) / frame).max(0);
            return Some(((frame - 1 - needed) / frame).min(room));
        }
        Some(if needed > SLACK_SAMPLES { -1 } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: u32 = FRAME_SAMPLES as u32;

    /// A loud byte that names its packet.
    fn sound(number: u32) -> [u8; FRAME_SAMPLES] {
        [(number % 100) as u8; FRAME_SAMPLES]
    }

    fn heard(buffer: &mut JitterBuffer) -> u8 {
        let mut frame = [0; FRAME_SAMPLES];
        buffer.take(&mut frame);
        assert!(frame.iter().all(|byte| *byte == frame[0]), "a frame of two packets: {frame:?}");
        frame[0]
    }

    #[test]
    fn packets_come_out_in_order_after_the_starting_delay() {
        let mut buffer = JitterBuffer::default();
        let mut out = Vec::new();
        for n in 0..10 {
            buffer.put((u32::MAX - 500).wrapping_add(n * FRAME), &sound(n));
            out.push(heard(&mut buffer));
        }
        assert_eq!(out, [0xFF, 0xFF, 0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_lost_packet_is_silence_and_a_late_one_is_told() {
        let mut buffer = JitterBuffer::default();
        let mut out = Vec::new();
        for n in 0..8 {
            if n != 3 {
                buffer.put(n * FRAME, &sound(n));
            }
            out.push(heard(&mut buffer));
        }
        assert_eq!(out, [0xFF, 0xFF, 0, 1, 2, 0xFF, 4, 5]);
        assert_eq!(buffer.put(3 * FRAME, &sound(3)), Placed::Late);
    }

    #[test]
    fn any_packet_length_fills_frames() {
        for length in [80, 240, 480] {
            let mut buffer = JitterBuffer::default();
            let (mut sent, mut out) = (0, Vec::new());
            for tick in 0..100u32 {
                while sent + length <= (tick + 1) * FRAME {
                    buffer.put(sent, &vec![7; length as usize]);
                    sent += length;
                }
                out.push(heard(&mut buffer));
            }
            let first = out.iter().position(|byte| *byte == 7).unwrap();
            assert!(first <= 5, "{length} samples start at tick {first}");
            assert!(out[first..].iter().all(|byte| *byte == 7), "{length} samples leave gaps: {out:?}");
        }
    }

    #[test]
    fn delay_grows_for_jitter_and_shrinks_in_silence_afterwards() {
        let mut buffer = JitterBuffer::default();
        let mut waiting: Vec<(u32, u32)> = Vec::new();
        let mut late = [0; 3];
        for tick in 0..1_200u32 {
            // Every tenth packet is 120 ms late in the first two thirds; then the way is smooth.
            let delay = if tick % 10 == 0 && tick < 800 { 6 } else { 0 };
            waiting.push((tick + delay, tick));
            waiting.retain(|(due, n)| {
                let is_due = *due <= tick;
                if is_due && buffer.put(n * FRAME, &[0xF0; FRAME_SAMPLES]) == Placed::Late {
                    late[(tick / 400) as usize] += 1;
                }
                !is_due
            });
            heard(&mut buffer);
        }
        assert!(late[0] > 0 && late[1] == 0 && late[2] == 0, "late packets by third: {late:?}");
        let place = buffer.place.unwrap();
        assert!(place.newest - place.play <= 3 * SLACK_SAMPLES, "still {} behind", place.newest - place.play);
    }

    #[test]
    fn a_longer_way_and_a_jump_start_anew() {
        let mut buffer = JitterBuffer::default();
        for n in 0..10 {
            buffer.put(n * FRAME, &sound(n));
            heard(&mut buffer);
        }
        // A pause of 600 ms on the wire that the timestamps do not show.
        for _ in 0..30 {
            heard(&mut buffer);
        }
        let verdicts: Vec<_> = (10..14).map(|n| buffer.put(n * FRAME, &sound(n))).collect();
        assert_eq!(verdicts, [Placed::Kept, Placed::Kept, Placed::Kept, Placed::Kept]);
        heard(&mut buffer);
        heard(&mut buffer);
        assert_eq!(heard(&mut buffer), 10);
    }

    #[test]
    fn a_slightly_longer_way_starts_anew_after_three_late_packets() {
        let mut buffer = JitterBuffer::default();
        for n in 0..10 {
            buffer.put(n * FRAME, &sound(n));
            heard(&mut buffer);
        }
        for _ in 0..10 {
            heard(&mut buffer);
        }
        let verdicts: Vec<_> = (10..13).map(|n| buffer.put(n * FRAME, &sound(n))).collect();
        assert_eq!(verdicts, [Placed::Late, Placed::Late, Placed::Kept]);
    }

    proptest! {
        #[test]
        fn any_timestamps_and_lengths_are_taken_without_panic(
            packets in proptest::collection::vec((any::<u32>(), 0usize..2_000, 0u8..4), 0..200),
        ) {
            let mut buffer = JitterBuffer::default();
            let mut frame = [0; FRAME_SAMPLES];
            for (timestamp, length, ticks) in packets {
                buffer.put(timestamp, &vec![1; length]);
                for _ in 0..ticks {
                    buffer.take(&mut frame);
                }
            }
        }

        #[test]
        fn loss_disorder_and_duplicates_never_move_sound(
            start in any::<u32>(),
            fates in proptest::collection::vec(0u8..10, 20..400),
        ) {
            let mut buffer = JitterBuffer::default();
            let put = |buffer: &mut JitterBuffer, n: u32| buffer.put(start.wrapping_add(n * FRAME), &sound(n));
            let mut held = None;
            put(&mut buffer, 0);
            for (n, fate) in fates.iter().enumerate() {
                let n = n as u32;
                match fate {
                    _ if n == 0 => {}
                    0 => {}
                    1 if held.is_none() => held = Some(n),
                    2 => { put(&mut buffer, n); put(&mut buffer, n); }
                    _ => { put(&mut buffer, n); }
                }
                if let Some(before) = held.filter(|before| *before < n) {
                    put(&mut buffer, before);
                    held = None;
                }
                let out = heard(&mut buffer);
                // Two frames of delay, kept exactly: either the packet of that moment, or silence.
                let expected = n.checked_sub(2).map_or(0xFF, |n| (n % 100) as u8);
                prop_assert!(out == expected || out == 0xFF, "tick {} gave {}", n, out);
            }
        }
    }
}
