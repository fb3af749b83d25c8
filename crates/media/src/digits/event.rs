//! Telephone events (RFC 4733): one press is one SSRC and timestamp, whatever of its packets is lost, doubled or late.

use super::{code, key};
use std::{collections::VecDeque, time::Duration};

/// Length of an event payload.
pub const EVENT_BYTES: usize = 4;

/// Without an update for so long the end was lost: an update comes at least every 50 ms in practice.
const LOST_END: Duration = Duration::from_millis(200);
/// A press that filled the 16-bit duration goes on under a new timestamp (RFC 4733 section 2.5.1.3).
const SEGMENT_SAMPLES: u16 = 0xFF00;

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub key: char,
    /// How long, as far as heard.
    pub ms: u32,
}

/// Hears presses in event packets.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Never,
    Pressed {
        ssrc: u32,
        timestamp: u32,
        code: u8,
        samples: u16,
        heard_at: Duration,
    },
    Released {
        ssrc: u32,
        timestamp: u32,
    },
}

impl Receiver {
    /// Takes an event packet. At most one press becomes known by it: its own at the end, or the one before whose end
    /// was lost.
    pub fn take(&mut self, now: Duration, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<Press> {
        let &[event, flags, d1, d2, ..] = payload else { return None };
        key(event)?;
        let (ended, samples) = (flags & 0x80 != 0, u16::from_be_bytes([d1, d2]));
        let before = match self.state {
            State::Released { ssrc: of, timestamp: at } | State::Pressed { ssrc: of, timestamp: at, .. }
                if of == ssrc && (timestamp.wrapping_sub(at) as i32) < 0 =>
            {
                return None;
            }
            State::Released { ssrc: of, timestamp: at } if of == ssrc && at == timestamp => return None,
            State::Never | State::Released { .. } => None,
            State::Pressed { ssrc: of, timestamp: at, samples: known, .. } if of == ssrc && at == timestamp => {
                return self.update(now, ssrc, timestamp, event, samples.max(known), ended);
            }
            State::Pressed { samples: known, code: held, .. } if known >= SEGMENT_SAMPLES && held == event => None,
            State::Pressed { code, samples, .. } => Some(press(code, samples)),
        };
        let own = self.update(now, ssrc, timestamp, event, samples, ended);
        // Two in one packet: the lost end's press goes first, this packet's repeats will tell the other.
        if before.is_some() && own.is_some() {
            self.state = State::Pressed { ssrc, timestamp, code: event, samples, heard_at: now };
        }
        before.or(own)
    }

    /// Looks whether a press ended unheard.
    pub fn tick(&mut self, now: Duration) -> Option<Press> {
        let State::Pressed { ssrc, timestamp, code, samples, heard_at } = self.state else { return None };
        if now < heard_at + LOST_END {
            return None;
        }
        self.state = State::Released { ssrc, timestamp };
        Some(press(code, samples))
    }

    fn update(
        &mut self,
        now: Duration,
        ssrc: u32,
        timestamp: u32,
        code: u8,
        samples: u16,
        ended: bool,
    ) -> Option<Press> {
        if ended {
            self.state = State::Released { ssrc, timestamp };
            return Some(press(code, samples));
        }
        self.state = State::Pressed { ssrc, timestamp, code, samples, heard_at: now };
        None
    }
}

fn press(code: u8, samples: u16) -> Press {
    Press { key: key(code).unwrap_or('?'), ms: u32::from(samples) / 8 }
}

/// Ticks a key is held: 100 ms.
const HELD_TICKS: u8 = 5;
/// The end is sent three times in all (RFC 4733 section 2.5.1.4).
const END_TICKS: u8 = 3;
/// Ticks between the end of one key and the start of the next: 60 ms, two of which repeat the end.
const PAUSE_TICKS: u8 = 3;
/// Keys that may wait to be sent; a card number with its prefix is shorter.
const QUEUE_KEYS_MAX: usize = 64;
/// Samples of a tick.
const TICK_SAMPLES: u16 = 160;
/// Power of the event in -dBm0; the value of common phones.
const VOLUME: u8 = 10;

/// Presses keys towards the far end, tick by tick.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    waiting: VecDeque<char>,
    pressed: Option<(char, u8)>,
}

/// What this tick sends of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The key that is held, or was.
    pub key: char,
    /// Ticks since the press began; its first packet takes a new timestamp and the marker.
    pub tick: u8,
    /// The payload to send; `None` in the pause.
    pub payload: Option<[u8; EVENT_BYTES]>,
    /// Sound is on: what to send as tones when the far end takes no events.
    pub sounding: bool,
}

impl Sender {
    /// Queues keys; what is none, or beyond the limit, is dropped.
    pub fn press(&mut self, keys: impl Iterator<Item = char>) {
        let room = QUEUE_KEYS_MAX - self.waiting.len().min(QUEUE_KEYS_MAX);
        self.waiting.extend(keys.filter(|key| code(*key).is_some()).take(room));
    }

    /// Whether keys are being sent, so that other sound has to wait.
    pub fn is_busy(&self) -> bool {
        self.pressed.is_some() || !self.waiting.is_empty()
    }

    /// The step of this tick.
    pub fn tick(&mut self) -> Option<Step> {
        let (key, tick) = match self.pressed.take() {
            Some(held) => held,
            None => (self.waiting.pop_front()?, 0),
        };
        if tick + 1 < HELD_TICKS + PAUSE_TICKS {
            self.pressed = Some((key, tick + 1));
        }
        let ended = tick + 1 >= HELD_TICKS;
        let repeats_end = tick + 1 < HELD_TICKS + END_TICKS;
        let samples = TICK_SAMPLES * u16::from((tick + 1).min(HELD_TICKS));
        let [d1, d2] = samples.to_be_bytes();
        let flags = if ended { 0x80 | VOLUME } else { VOLUME };
        let payload = repeats_end.then_some([code(key).unwrap_or(0), flags, d1, d2]);
        Some(Step { key, tick, payload, sounding: tick < HELD_TICKS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    /// The packets of keys as (ms, timestamp, payload), from our own sender.
    fn packets(keys: &str) -> Vec<(u32, u32, [u8; EVENT_BYTES])> {
        let mut sender = Sender::default();
        sender.press(keys.chars());
        let (mut out, mut timestamp, mut ms) = (Vec::new(), 0, 0);
        while let Some(step) = sender.tick() {
            if step.tick == 0 {
                timestamp = 0xFFFF_F000u32.wrapping_add(ms * 8);
            }
            out.extend(step.payload.map(|payload| (ms, timestamp, payload)));
            ms += 20;
        }
        out
    }

    fn hear(packets: &[(u32, u32, [u8; EVENT_BYTES])]) -> Vec<Press> {
        let mut receiver = Receiver::default();
        let mut presses = Vec::new();
        let mut last = 0;
        for (ms, timestamp, payload) in packets {
            for tick in last..=ms / 20 {
                presses.extend(receiver.tick(MS * tick * 20));
            }
            last = ms / 20;
            presses.extend(receiver.take(MS * *ms, 1, *timestamp, payload));
        }
        presses.extend(receiver.tick(MS * (last * 20 + 500)));
        presses
    }

    #[test]
    fn what_is_sent_is_heard_once_with_its_length() {
        let presses = hear(&packets("159*#D"));
        assert_eq!(presses.iter().map(|press| press.key).collect::<String>(), "159*#D");
        assert!(presses.iter().all(|press| press.ms == 100), "{presses:?}");
    }

    #[test]
    fn the_pattern_on_the_wire_is_that_of_the_rfc() {
        let sent = packets("7");
        assert_eq!(sent.len(), 7);
        assert_eq!(sent[0].2, [7, VOLUME, 0, 160]);
        assert!(sent.iter().all(|packet| packet.1 == sent[0].1), "one press, one timestamp");
        assert_eq!(sent.iter().filter(|packet| packet.2 == [7, 0x80 | VOLUME, 3, 32]).count(), 3);
    }

    #[test]
    fn lost_start_and_lost_end_still_make_one_press() {
        let sent = packets("5");
        assert_eq!(hear(&sent[6..]), [Press { key: '5', ms: 100 }], "only the last repeat of the end came");
        assert_eq!(hear(&sent[..3]), [Press { key: '5', ms: 60 }], "no end came");
        assert_eq!(hear(&sent[..1]), [Press { key: '5', ms: 20 }]);
    }

    #[test]
    fn a_next_key_ends_one_whose_end_was_lost() {
        let sent = packets("12");
        let presses = hear(&[&sent[..4], &sent[7..]].concat());
        assert_eq!(presses, [Press { key: '1', ms: 80 }, Press { key: '2', ms: 100 }]);
        let presses = hear(&[&sent[..4], &sent[12..]].concat());
        assert_eq!(presses.len(), 2, "only ends of the second: {presses:?}");
    }

    #[test]
    fn the_same_key_twice_is_two_presses() {
        assert_eq!(hear(&packets("33")).len(), 2);
    }

    #[test]
    fn other_events_and_short_payloads_are_nothing() {
        let mut receiver = Receiver::default();
        for payload in [&[16, 0x80, 0, 160][..], &[1, 0x80, 0], &[]] {
            assert_eq!(receiver.take(MS, 1, 1, payload), None);
        }
    }

    #[test]
    fn a_key_held_for_many_seconds_is_one_press() {
        let long = [(0, 0, [4, 10, 0xFF, 0xF0]), (20, 0xFFF0, [4, 10, 0, 160]), (40, 0xFFF0, [4, 0x8A, 1, 64])];
        assert_eq!(hear(&long).len(), 1);
    }

    #[test]
    fn keys_beyond_the_limit_and_no_keys_are_dropped() {
        let mut sender = Sender::default();
        sender.press("x1".repeat(500).chars());
        assert_eq!(sender.waiting.len(), QUEUE_KEYS_MAX);
    }

    proptest! {
        #[test]
        fn loss_and_duplicates_never_add_or_change_a_press(
            keys in "[0-9*#]{1,12}",
            fates in proptest::collection::vec(0u8..6, 84),
        ) {
            let sent = packets(&keys);
            let mut wire = Vec::new();
            for (packet, fate) in sent.iter().zip(&fates) {
                match fate {
                    0 => {}
                    1 => wire.extend([*packet, *packet]),
                    _ => wire.push(*packet),
                }
            }
            // A press of which any packet came is heard exactly once; none came, none is heard.
            let mut expected = String::new();
            let mut last = None;
            for (_, timestamp, payload) in &wire {
                if last != Some(*timestamp) {
                    expected.push(key(payload[0]).unwrap());
                    last = Some(*timestamp);
                }
            }
            let heard: String = hear(&wire).iter().map(|press| press.key).collect();
            prop_assert_eq!(heard, expected);
        }

        #[test]
        fn any_packets_are_taken_without_panic(
            packets in proptest::collection::vec((any::<u32>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..8)), 0..50),
        ) {
            let mut receiver = Receiver::default();
            for (ssrc, timestamp, payload) in packets {
                receiver.take(MS, ssrc, timestamp, &payload);
            }
        }
    }
}
