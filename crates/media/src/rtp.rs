//! RTP headers (RFC 3550 section 5.1) and what a receiver keeps of a source: sequence numbers, loss, jitter.
//!
//! Knows neither codecs nor addresses.

use std::{ops::Range, time::Duration};

/// The fixed part of a header.
pub const HEADER_BYTES: usize = 12;
/// Samples of G.711 in a second, and ticks of its RTP clock.
pub const CLOCK_HZ: u32 = 8_000;

/// Payload types 72 to 76 would read as RTCP packets 200 to 204 on a shared port (RFC 5761 section 4).
const RTCP_LOOKALIKE: Range<u8> = 72..77;

/// A packet's fields, and where in the datagram its payload lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Start of a talk spurt, for sound.
    pub marker: bool,
    /// What the session description said this number means.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// Counts samples.
    pub timestamp: u32,
    /// Names the source.
    pub ssrc: u32,
    /// The payload, without header, extension and padding.
    pub payload: Range<usize>,
}

/// Reads a datagram; `None` when it is not RTP or lies about its own length.
pub fn parse(datagram: &[u8]) -> Option<Packet> {
    let (&[flags, kind, s1, s2, t1, t2, t3, t4, r1, r2, r3, r4], _) = datagram.split_first_chunk::<HEADER_BYTES>()?;
    if flags >> 6 != 2 || RTCP_LOOKALIKE.contains(&(kind & 0x7F)) {
        return None;
    }
    let mut start = HEADER_BYTES + 4 * usize::from(flags & 0x0F);
    if flags & 0x10 != 0 {
        let words = datagram.get(start + 2..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    let mut end = datagram.len();
    if flags & 0x20 != 0 {
        let padding = usize::from(*datagram.last()?);
        if padding == 0 {
            return None;
        }
        end = end.checked_sub(padding)?;
    }
    (start <= end).then_some(Packet {
        marker: kind & 0x80 != 0,
        payload_type: kind & 0x7F,
        sequence: u16::from_be_bytes([s1, s2]),
        timestamp: u32::from_be_bytes([t1, t2, t3, t4]),
        ssrc: u32::from_be_bytes([r1, r2, r3, r4]),
        payload: start..end,
    })
}

/// Writes a header without contributing sources, extension or padding.
pub fn write_header(
    header: &mut [u8; HEADER_BYTES],
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
) {
    header[0] = 0x80;
    header[1] = (u8::from(marker) << 7) | payload_type;
    header[2..4].copy_from_slice(&sequence.to_be_bytes());
    header[4..8].copy_from_slice(&timestamp.to_be_bytes());
    header[8..12].copy_from_slice(&ssrc.to_be_bytes());
}

/// Moments of the RTP clock in a duration.
pub fn samples_in(duration: Duration) -> u64 {
    (duration.as_micros() as u64) * u64::from(CLOCK_HZ) / 1_000_000
}

/// What became of a packet by its sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Not seen before; the number goes on counting beyond 16 bits.
    New {
        /// The number.
        extended: u64,
    },
    /// The source began anew: another SSRC, or a jump that went on. What was known of it does not hold.
    Restarted {
        /// The number it begins with.
        extended: u64,
    },
    /// Seen already.
    Duplicate,
    /// Older than the window that tells duplicates, or the first packet of a jump.
    Late,
}

/// A jump forward beyond this is a restart, not loss (RFC 3550 appendix A.1, MAX_DROPOUT).
const DROPOUT_PACKETS: u16 = 3_000;
/// Packets back that duplicates are known for: 1.3 s of 20 ms packets.
const WINDOW_PACKETS: u16 = 64;

/// The receiver's book on one stream of packets.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    source: Option<Source>,
    /// Of sources before the present one.
    lost_before: u64,
    jitter_us_max: u32,
}

#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    first: u64,
    highest: u64,
    /// Bit n: `highest - n` has come.
    seen: u64,
    unique: u64,
    /// The number that would make a jump a restart.
    restart: Option<u16>,
    transit: Option<i64>,
    /// Sixteen times the interarrival jitter in clock ticks (RFC 3550 appendix A.8).
    jitter16: i64,
}

impl Reception {
    /// Books a packet.
    pub fn take(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == ssrc) else {
            return self.restart(ssrc, sequence);
        };
        let ahead = sequence.wrapping_sub(source.highest as u16);
        let behind = 0u16.wrapping_sub(ahead);
        if ahead == 0 {
            return Arrival::Duplicate;
        }
        if ahead < DROPOUT_PACKETS {
            source.highest += u64::from(ahead);
            source.seen = if ahead < 64 { (source.seen << ahead) | 1 } else { 1 };
            source.unique += 1;
            source.restart = None;
            return Arrival::New { extended: source.highest };
        }
        if behind < WINDOW_PACKETS {
            let bit = 1u64 << behind;
            if source.seen & bit != 0 {
                return Arrival::Duplicate;
            }
            source.seen |= bit;
            source.unique += 1;
            let extended = source.highest - u64::from(behind);
            source.first = source.first.min(extended);
            return Arrival::New { extended };
        }
        if source.restart == Some(sequence) {
            return self.restart(ssrc, sequence);
        }
        source.restart = Some(sequence.wrapping_add(1));
        Arrival::Late
    }

    /// Books when a packet of sound came, for jitter. Packets of digits keep one timestamp and are not to be given.
    pub fn time(&mut self, now: Duration, timestamp: u32) {
        let Some(source) = self.source.as_mut() else { return };
        let transit = (samples_in(now) as u32).wrapping_sub(timestamp);
        if let Some(before) = source.transit {
            // The difference is taken on 32 bits, so that a wrap of the timestamp is no jitter.
            let difference = i64::from(transit.wrapping_sub(before as u32) as i32).abs();
            // A second and more is a pause that the sender did not count, not jitter.
            if difference < i64::from(CLOCK_HZ) {
                source.jitter16 += difference - ((source.jitter16 + 8) >> 4);
                let us = ((source.jitter16 >> 4) * 1_000_000 / i64::from(CLOCK_HZ)) as u32;
                self.jitter_us_max = self.jitter_us_max.max(us);
            }
        }
        source.transit = Some(i64::from(transit));
    }

    /// Packets missing by sequence number, over all sources.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.source.as_ref().map_or(0, Source::lost)
    }

    /// The largest interarrival jitter seen.
    pub fn jitter_us_max(&self) -> u32 {
        self.jitter_us_max
    }

    fn restart(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        self.lost_before = self.lost();
        // One turn is added, so that packets reordered before the first have a number too.
        let extended = 0x1_0000 + u64::from(sequence);
        self.source = Some(Source {
            ssrc,
            first: extended,
            highest: extended,
            seen: 1,
            unique: 1,
            restart: None,
            transit: None,
            jitter16: 0,
        });
        Arrival::Restarted { extended }
    }
}

impl Source {
    fn lost(&self) -> u64 {
        (self.highest - self.first + 1).saturating_sub(self.unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(sequence: u16) -> Vec<u8> {
        let mut packet = vec![0; HEADER_BYTES];
        write_header((&mut packet[..]).try_into().unwrap(), true, 8, sequence, 77, 5);
        packet
    }

    #[test]
    fn a_written_header_reads_back() {
        let packet = [header(513), vec![1, 2, 3]].concat();
        let read = parse(&packet).unwrap();
        assert_eq!((read.marker, read.payload_type, read.sequence), (true, 8, 513));
        assert_eq!((read.timestamp, read.ssrc, read.payload), (77, 5, 12..15));
    }

    #[test]
    fn sources_extension_and_padding_are_not_payload() {
        let mut packet = header(1);
        packet[0] = 0x80 | 0x20 | 0x10 | 2;
        packet.extend([0; 8]);
        packet.extend([0xBE, 0xDE, 0, 1, 9, 9, 9, 9]);
        packet.extend([42, 43, 0, 0, 3]);
        assert_eq!(parse(&packet).unwrap().payload, 28..30);
    }

    #[test]
    fn lies_about_length_and_other_protocols_are_refused() {
        let padded = |padding: u8| {
            let mut packet = header(1);
            packet[0] |= 0x20;
            packet.push(padding);
            packet
        };
        let mut extended = header(1);
        extended[0] |= 0x10;
        extended.extend([0, 0, 0xFF, 0xFF]);
        let mut sources = header(1);
        sources[0] |= 15;
        let mut report = header(1);
        report[1] = 200;
        let mut old = header(1);
        old[0] = 0x40;
        for packet in [padded(0), padded(2), extended, sources, report, old, vec![0x80; 11], vec![]] {
            assert_eq!(parse(&packet), None, "{packet:?}");
        }
    }

    #[test]
    fn wrap_around_counts_on() {
        let mut reception = Reception::default();
        let numbers: Vec<_> = [65_534u16, 65_535, 0, 1].into_iter().map(|n| reception.take(1, n)).collect();
        assert_eq!(numbers[0], Arrival::Restarted { extended: 131_070 });
        assert_eq!(numbers[3], Arrival::New { extended: 131_073 });
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn loss_duplicates_and_disorder_are_told_apart() {
        let mut reception = Reception::default();
        let verdicts: Vec<_> = [10u16, 11, 13, 12, 12, 15].into_iter().map(|n| reception.take(1, n)).collect();
        assert_eq!(verdicts[3], Arrival::New { extended: 0x1_0000 + 12 });
        assert_eq!(verdicts[4], Arrival::Duplicate);
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn one_stray_number_is_late_and_two_in_a_row_are_a_restart() {
        let mut reception = Reception::default();
        reception.take(1, 10);
        assert_eq!(reception.take(1, 30_000), Arrival::Late);
        assert_eq!(reception.take(1, 11), Arrival::New { extended: 0x1_0000 + 11 });
        assert_eq!(reception.take(1, 40_000), Arrival::Late);
        assert!(matches!(reception.take(1, 40_001), Arrival::Restarted { .. }));
        assert!(matches!(reception.take(2, 40_002), Arrival::Restarted { .. }));
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn jitter_is_that_of_the_arrivals() {
        let mut reception = Reception::default();
        for n in 0..200u32 {
            reception.take(1, n as u16);
            let late_ms = u64::from(n % 2) * 10;
            reception
                .time(Duration::from_millis(u64::from(n) * 20 + late_ms), (u32::MAX - 3_000).wrapping_add(n * 160));
        }
        // Every second packet is 10 ms late, so that each difference is 10 ms.
        assert!((9_000..=10_100).contains(&reception.jitter_us_max()), "{}", reception.jitter_us_max());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(datagram in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some(packet) = parse(&datagram) {
                prop_assert!(datagram.get(packet.payload).is_some());
            }
        }

        #[test]
        fn loss_is_what_was_dropped(start in any::<u16>(), kept in proptest::collection::vec(any::<bool>(), 1..2_000)) {
            let mut reception = Reception::default();
            let numbers: Vec<u16> = (0..kept.len()).filter(|n| kept[*n]).map(|n| start.wrapping_add(n as u16)).collect();
            for number in &numbers {
                prop_assert!(!matches!(reception.take(7, *number), Arrival::Duplicate | Arrival::Late));
            }
            let first = kept.iter().position(|kept| *kept);
            let last = kept.iter().rposition(|kept| *kept);
            let expected = first.zip(last).map_or(0, |(first, last)| last - first + 1 - numbers.len());
            prop_assert_eq!(reception.lost(), expected as u64);
        }

        #[test]
        fn each_number_is_new_once_in_any_order_within_the_window(
            start in any::<u16>(),
            order in Just((0..40u16).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let mut reception = Reception::default();
            let fresh = |arrival| matches!(arrival, Arrival::New { .. } | Arrival::Restarted { .. });
            for number in &order {
                prop_assert!(fresh(reception.take(7, start.wrapping_add(*number))));
            }
            for number in &order {
                prop_assert_eq!(reception.take(7, start.wrapping_add(*number)), Arrival::Duplicate);
            }
            prop_assert_eq!(reception.lost(), 0);
        }
    }
}
