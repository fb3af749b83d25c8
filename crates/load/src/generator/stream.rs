//! One leg's sound: 50 packets a second out, loss and spacing of what comes in.

use super::outcome::Sample;
use std::{net::SocketAddr, time::Duration};

/// Twenty milliseconds of PCMU.
pub(super) const PACKET_MS: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;
const HEADER_BYTES: usize = 12;
/// A sequence number further ahead than this is another source of sound, not a loss of ten seconds.
const JUMP_MAX: u16 = 500;
/// Distances beyond this are pauses between two sounds, not spacing.
const PAUSE: Duration = Duration::from_millis(500);

/// A leg's sound.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) remote: SocketAddr,
    pub(super) phone: bool,
    pub(super) open: bool,
    pub(super) due: Duration,
    /// When the leg was answered, for the first sound after it.
    pub(super) answered: Option<Duration>,
    packet: [u8; HEADER_BYTES + SAMPLES],
    sequence: u16,
    timestamp: u32,
    heard: Option<Heard>,
}

/// What was last heard.
#[derive(Clone, Copy, Debug)]
struct Heard {
    source: u32,
    sequence: u16,
    arrived: Duration,
}

/// Totals of all streams.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    pub(super) heard: u64,
    pub(super) lost: u64,
    pub(super) spacing: Sample,
    pub(super) first_sound: Sample,
}

impl Stream {
    pub(super) fn new(
        number: usize,
        phone: bool,
        remote: SocketAddr,
        due: Duration,
        answered: Option<Duration>,
    ) -> Self {
        // Any bytes but silence do: nobody may skip them as comfort noise.
        let mut packet = [0x9f; HEADER_BYTES + SAMPLES];
        packet[0] = 0x80;
        packet[1] = 0;
        let source = number as u32 + 1;
        packet[8..12].copy_from_slice(&source.to_be_bytes());
        Self { remote, phone, open: true, due, answered, packet, sequence: 0, timestamp: 0, heard: None }
    }

    /// The next packet to send.
    pub(super) fn next_packet(&mut self) -> &[u8] {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES as u32);
        self.packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        self.packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        &self.packet
    }

    /// Takes a packet that arrived at this time (since the Unix epoch).
    pub(super) fn hear(&mut self, packet: &[u8], arrived: Duration, totals: &mut Hearing) {
        let [0x80..=0x8f, _, high, low, _, _, _, _, a, b, c, d, ..] = *packet else { return };
        let (sequence, source) = (u16::from_be_bytes([high, low]), u32::from_be_bytes([a, b, c, d]));
        totals.heard += 1;
        if let Some(answered) = self.answered.take() {
            totals.first_sound.add(arrived.saturating_sub(answered));
        }
        if let Some(last) = self.heard.filter(|last| last.source == source) {
            let ahead = sequence.wrapping_sub(last.sequence);
            if ahead == 0 || ahead > u16::MAX / 2 {
                // Late or twice: a late one was counted as lost before.
                totals.lost = totals.lost.saturating_sub(u64::from(ahead != 0));
                return;
            }
            if ahead <= JUMP_MAX {
                totals.lost += u64::from(ahead - 1);
            }
            let gap = arrived.saturating_sub(last.arrived);
            if ahead == 1 && gap < PAUSE {
                totals.spacing.add(gap.abs_diff(PACKET_MS));
            }
        }
        self.heard = Some(Heard { source, sequence, arrived });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(source: u32, sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 0];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&[0; 4]);
        packet.extend_from_slice(&source.to_be_bytes());
        packet
    }

    #[test]
    fn loss_is_what_sequence_numbers_miss_and_a_new_source_begins_anew() {
        let cases: [(&[(u32, u16)], u64); 6] = [
            (&[(1, 1), (1, 2), (1, 3)], 0),
            (&[(1, 1), (1, 4)], 2),
            (&[(1, 65_535), (1, 0), (1, 1)], 0),
            (&[(1, 1), (1, 3), (1, 2), (1, 4)], 0),
            (&[(1, 1), (2, 900), (2, 901)], 0),
            (&[(1, 1), (1, 1)], 0),
        ];
        for (packets, lost) in cases {
            let mut stream = Stream::new(0, false, ([127, 0, 0, 1], 1).into(), Duration::ZERO, None);
            let mut totals = Hearing::default();
            for (index, &(source, sequence)) in packets.iter().enumerate() {
                stream.hear(&packet(source, sequence), PACKET_MS * index as u32, &mut totals);
            }
            assert_eq!(totals.lost, lost, "{packets:?}");
        }
    }

    #[test]
    fn the_first_sound_is_counted_once_from_the_answer() {
        let answered = Duration::from_secs(5);
        let mut stream = Stream::new(0, true, ([127, 0, 0, 1], 1).into(), Duration::ZERO, Some(answered));
        let mut totals = Hearing::default();
        stream.hear(&packet(1, 1), answered + PACKET_MS, &mut totals);
        stream.hear(&packet(1, 2), answered + PACKET_MS * 3, &mut totals);
        assert_eq!((totals.first_sound.count(), totals.first_sound.percentile_ms(50.0)), (1, Some(20.0)));
        assert_eq!(totals.spacing.percentile_ms(100.0), Some(20.0));
    }
}
