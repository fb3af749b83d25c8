//! From where a stream takes sound and where it sends it: symmetric RTP that learns once and then locks.
//!
//! The described address is trusted at once. Another source is learned only before anything is locked, by five packets
//! in order of one SSRC; it is answered only if it is a NAT's face of the described address (the same host, or the
//! description names a private address). After that, strangers are counted and never answered ("RTP bleed").

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// Packets in order of one source and SSRC that make it the far end.
const PACKETS_TO_LOCK: u8 = 5;
/// For so long after a learned lock the described address may still take its place: a spray that came first loses.
const RECLAIM: Duration = Duration::from_secs(3);

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Of the far end.
    Ours,
    /// Of the far end, and the lock was made by it.
    Locked,
    /// Of a stranger, or of a candidate not yet believed.
    Foreign,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Latch {
    described: Option<SocketAddr>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Open,
    Learning { source: SocketAddr, ssrc: u32, sequence: u16, packets: u8 },
    Locked { source: SocketAddr, learned: Option<Duration> },
}

impl Latch {
    /// Learns for a far end that described this address.
    pub fn new(described: Option<SocketAddr>) -> Self {
        Latch { described, state: State::Open }
    }

    /// A new description: the same address keeps the lock, another one learns anew, none (hold) changes nothing.
    pub fn describe(&mut self, described: Option<SocketAddr>) {
        if described.is_some() && described != self.described {
            *self = Latch::new(described);
        }
    }

    /// Where to send: the locked source if it may be answered, else the described address.
    pub fn destination(&self) -> Option<SocketAddr> {
        match self.state {
            State::Locked { source, .. } if self.answerable(source) => Some(source),
            State::Locked { .. } | State::Learning { .. } | State::Open => self.described,
        }
    }

    /// The one address that sound comes from and goes to, once nothing but a new description can change it.
    pub fn settled(&self, now: Duration) -> Option<SocketAddr> {
        match self.state {
            State::Locked { source, learned } if learned.is_none_or(|at| now >= at + RECLAIM) => {
                self.answerable(source).then_some(source)
            }
            State::Locked { .. } | State::Learning { .. } | State::Open => None,
        }
    }

    /// Judges a packet by where it came from.
    pub fn judge(&mut self, now: Duration, from: SocketAddr, ssrc: u32, sequence: u16) -> Verdict {
        match &mut self.state {
            State::Locked { source, .. } if *source == from => return Verdict::Ours,
            State::Locked { learned: Some(at), .. } if Some(from) == self.described && now < *at + RECLAIM => {}
            State::Locked { .. } => return Verdict::Foreign,
            State::Open | State::Learning { .. } if Some(from) == self.described => {}
            State::Learning { source, ssrc: known, sequence: last, packets } if *source == from && *known == ssrc => {
                *packets = if sequence == last.wrapping_add(1) { *packets + 1 } else { 1 };
                *last = sequence;
                if *packets < PACKETS_TO_LOCK {
                    return Verdict::Foreign;
                }
                self.state = State::Locked { source: from, learned: Some(now) };
                return Verdict::Locked;
            }
            State::Open | State::Learning { .. } => {
                self.state = State::Learning { source: from, ssrc, sequence, packets: 1 };
                return Verdict::Foreign;
            }
        }
        self.state = State::Locked { source: from, learned: None };
        Verdict::Locked
    }

    fn answerable(&self, source: SocketAddr) -> bool {
        self.described.is_none_or(|described| described.ip() == source.ip() || is_private(described.ip()))
    }
}

/// An address that means something only inside its own network, so that its sound must come from another one.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let carrier_nat = v4.octets()[0] == 100 && v4.octets()[1] & 0xC0 == 64;
            v4.is_private() || v4.is_link_local() || carrier_nat
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(5);

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn spray(latch: &mut Latch, from: &str, count: u16) -> Verdict {
        (0..count).map(|n| latch.judge(NOW, at(from), 9, n)).last().unwrap()
    }

    #[test]
    fn the_described_address_locks_at_once_and_strangers_stay_out() {
        let mut latch = Latch::new(Some(at("192.0.2.1:4000")));
        assert_eq!(latch.judge(NOW, at("192.0.2.1:4000"), 1, 7), Verdict::Locked);
        assert_eq!(spray(&mut latch, "192.0.2.1:4002", 100), Verdict::Foreign);
        assert_eq!(spray(&mut latch, "203.0.113.9:4000", 100), Verdict::Foreign);
        assert_eq!(latch.judge(NOW, at("192.0.2.1:4000"), 2, 90), Verdict::Ours);
        assert_eq!(latch.destination(), Some(at("192.0.2.1:4000")));
    }

    #[test]
    fn a_phone_behind_nat_is_learned_by_five_packets_in_order() {
        let mut latch = Latch::new(Some(at("10.0.0.7:4000")));
        assert_eq!(spray(&mut latch, "198.51.100.4:62000", 4), Verdict::Foreign);
        assert_eq!(latch.destination(), Some(at("10.0.0.7:4000")));
        assert_eq!(latch.judge(NOW, at("198.51.100.4:62000"), 9, 4), Verdict::Locked);
        assert_eq!(latch.destination(), Some(at("198.51.100.4:62000")));
    }

    #[test]
    fn gaps_other_sources_and_another_ssrc_begin_learning_again() {
        let mut latch = Latch::new(Some(at("10.0.0.7:4000")));
        for sequence in [0, 1, 2, 3, 9, 10, 11, 12] {
            assert_eq!(latch.judge(NOW, at("198.51.100.4:62000"), 9, sequence), Verdict::Foreign);
        }
        assert_eq!(latch.judge(NOW, at("203.0.113.9:1"), 9, 13), Verdict::Foreign);
        assert_eq!(latch.judge(NOW, at("198.51.100.4:62000"), 9, 13), Verdict::Foreign);
        assert_eq!(latch.judge(NOW, at("198.51.100.4:62000"), 8, 14), Verdict::Foreign);
    }

    #[test]
    fn a_spray_before_the_first_packet_gets_nothing_and_loses_to_the_described_address() {
        let mut latch = Latch::new(Some(at("192.0.2.1:4000")));
        assert_eq!(spray(&mut latch, "203.0.113.9:5000", 5), Verdict::Locked);
        assert_eq!(latch.destination(), Some(at("192.0.2.1:4000")), "a public address is not behind NAT");
        assert_eq!(latch.judge(NOW, at("192.0.2.1:4000"), 1, 7), Verdict::Locked);
        assert_eq!(spray(&mut latch, "203.0.113.9:5000", 50), Verdict::Foreign);
    }

    #[test]
    fn after_three_seconds_a_learned_source_is_kept() {
        let mut latch = Latch::new(Some(at("192.0.2.1:4000")));
        spray(&mut latch, "192.0.2.1:4010", 5);
        assert_eq!(latch.destination(), Some(at("192.0.2.1:4010")));
        assert_eq!(latch.judge(NOW + RECLAIM, at("192.0.2.1:4000"), 1, 7), Verdict::Foreign);
    }

    #[test]
    fn a_lock_is_settled_when_only_a_description_can_change_it() {
        let mut latch = Latch::new(Some(at("192.0.2.1:4000")));
        assert_eq!(latch.settled(NOW), None);
        latch.judge(NOW, at("192.0.2.1:4000"), 1, 7);
        assert_eq!(latch.settled(NOW), Some(at("192.0.2.1:4000")));
        latch.describe(Some(at("10.0.0.7:4000")));
        assert_eq!(latch.settled(NOW), None);
        spray(&mut latch, "198.51.100.4:62000", 5);
        assert_eq!(latch.settled(NOW + RECLAIM - Duration::from_millis(1)), None, "the described one may still come");
        assert_eq!(latch.settled(NOW + RECLAIM), Some(at("198.51.100.4:62000")));
    }

    #[test]
    fn a_source_that_is_not_answered_is_never_settled() {
        let mut latch = Latch::new(Some(at("192.0.2.1:4000")));
        spray(&mut latch, "203.0.113.9:5000", 5);
        assert_eq!(latch.settled(NOW + RECLAIM), None);
    }

    #[test]
    fn only_another_described_address_learns_anew() {
        let mut latch = Latch::new(Some(at("192.0.2.1:4000")));
        latch.judge(NOW, at("192.0.2.1:4000"), 1, 7);
        for same in [Some(at("192.0.2.1:4000")), None] {
            latch.describe(same);
            assert_eq!(latch.judge(NOW, at("192.0.2.1:4000"), 1, 8), Verdict::Ours);
        }
        latch.describe(Some(at("192.0.2.2:4000")));
        assert_eq!(latch.judge(NOW, at("192.0.2.1:4000"), 1, 9), Verdict::Foreign);
        assert_eq!(latch.judge(NOW, at("192.0.2.2:4000"), 3, 9), Verdict::Locked);
    }
}
