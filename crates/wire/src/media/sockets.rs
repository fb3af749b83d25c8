//! The sockets of one media thread. A pair that a leg leaves is kept for another: making, binding, watching and closing
//! sockets costs as much as a second of the leg's sound.

use super::{poll::Poll, ports::Ports, socket::Pair};
use std::{
    collections::VecDeque,
    net::IpAddr,
    os::fd::RawFd,
    time::{Duration, Instant},
};

/// A pair left by a leg rests so long, so that late packets of the ended call find nobody.
const REST: Duration = Duration::from_secs(1);
/// Packets are late so long at the most. A pair that is still spoken to is closed: the next leg must not hear a far end
/// that never learned of its hang-up.
const FAREWELL: Duration = Duration::from_millis(500);
/// Pairs that rest or are ready for the next leg; beyond it they are closed.
const IDLE_MAX: usize = 512;
/// Packets taken off a pair before a leg has it. More than a few are a flood, which the engine keeps out.
const LEFT_OVER_MAX: usize = 16;
/// Ports tried when binding fails, before a stream is refused: others on the machine may hold a few.
const BIND_TRIES_MAX: usize = 64;

/// See the module.
pub(super) struct Sockets {
    address: IpAddr,
    ports: Ports,
    /// The slots of the legs, by the descriptor that the poll tells.
    slots: Vec<Option<usize>>,
    /// The longest quiet one first.
    idle: VecDeque<Idle>,
}

/// A pair and its place among all.
pub(super) struct Bound {
    pub port: u16,
    pub pair: Pair,
}

struct Idle {
    bound: Bound,
    left: Instant,
    quiet_since: Instant,
}

impl Idle {
    /// The pair without what came for the leg before and was not read yet.
    fn emptied(self) -> Bound {
        let _ = (0..LEFT_OVER_MAX).find(|_| self.bound.pair.receive(&mut [0]).is_none());
        self.bound
    }
}

impl Sockets {
    /// None yet, on these ports of this address.
    pub fn new(address: IpAddr, ports: Ports) -> Self {
        Sockets { address, ports, slots: Vec::new(), idle: VecDeque::new() }
    }

    /// A pair for a leg; none when every port is taken.
    pub fn open(&mut self, poll: &Poll, slot: usize, now: Instant) -> Option<Bound> {
        let rested = self.idle.pop_front_if(|idle| now.duration_since(idle.quiet_since) >= REST).map(Idle::emptied);
        let bound = rested
            .or_else(|| self.bind(poll))
            // With hardly any ports one that has not rested is better than none.
            .or_else(|| self.idle.pop_front().map(Idle::emptied))?;
        let descriptor = bound.pair.descriptor() as usize;
        if self.slots.len() <= descriptor {
            self.slots.resize(descriptor + 1, None);
        }
        self.slots[descriptor] = Some(slot);
        Some(bound)
    }

    /// A leg's pair is not needed any more.
    pub fn leave(&mut self, mut bound: Bound, now: Instant) {
        self.slots[bound.pair.descriptor() as usize] = None;
        if self.idle.len() < IDLE_MAX && bound.pair.lock(None) {
            self.idle.push_back(Idle { bound, left: now, quiet_since: now });
        } else {
            self.ports.give_back(bound.port);
        }
    }

    /// The leg whose socket this is.
    pub fn slot_of(&self, descriptor: RawFd) -> Option<usize> {
        self.slots.get(descriptor as usize).copied().flatten()
    }

    /// A packet has come to a socket without a leg. It is taken off.
    pub fn spoken_to(&mut self, descriptor: RawFd, now: Instant) {
        let place = self.idle.iter().position(|idle| idle.bound.pair.descriptor() == descriptor);
        let Some(mut idle) = place.and_then(|place| self.idle.remove(place)) else { return };
        if now.duration_since(idle.left) > FAREWELL {
            self.ports.give_back(idle.bound.port);
            return;
        }
        let _ = idle.bound.pair.receive(&mut [0]);
        idle.quiet_since = now;
        self.idle.push_back(idle);
    }

    fn bind(&mut self, poll: &Poll) -> Option<Bound> {
        for _ in 0..BIND_TRIES_MAX {
            let port = self.ports.take()?;
            match Pair::bind(self.address, port).and_then(|pair| poll.watch(pair.descriptor()).map(|()| pair)) {
                Ok(pair) => return Some(Bound { port, pair }),
                Err(_) => self.ports.give_back(port),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::poll::Ready;
    use std::net::UdpSocket;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    /// Sockets on so many pairs of ports that nobody else has. Each test of a process begins to look in a stretch of its
    /// own, below the ports that the kernel gives out.
    fn sockets(test: usize, pairs: u16) -> (Poll, Sockets) {
        let stretches = (20_000..32_000).step_by(40).cycle();
        let range = |first: u16| first..=first + 2 * pairs - 1;
        let free = |first: &u16| range(*first).step_by(2).all(|port| Pair::bind(HERE, port).is_ok());
        let first = stretches.skip(std::process::id() as usize % 100 * 3 + test).find(free).unwrap();
        (Poll::new().unwrap(), Sockets::new(HERE, Ports::new(range(first), 1, 0)))
    }

    #[test]
    fn a_pair_rests_before_the_next_leg_has_it() {
        let (poll, mut sockets) = sockets(0, 20);
        let start = Instant::now();
        let first = sockets.open(&poll, 1, start).unwrap();
        let (port, descriptor) = (first.port, first.pair.descriptor());
        assert_eq!(sockets.slot_of(descriptor), Some(1));
        sockets.leave(first, start);
        assert_eq!(sockets.slot_of(descriptor), None);
        let second = sockets.open(&poll, 2, start + REST / 2).unwrap();
        assert_ne!(second.port, port, "it has not rested");
        let third = sockets.open(&poll, 3, start + REST).unwrap();
        assert_eq!((third.port, third.pair.descriptor()), (port, descriptor));
        assert_eq!(sockets.slot_of(descriptor), Some(3));
    }

    #[test]
    fn a_late_packet_is_nobodys_and_who_goes_on_talking_has_the_pair_closed() {
        let (mut poll, mut sockets) = sockets(1, 20);
        let start = Instant::now();
        let first = sockets.open(&poll, 1, start).unwrap();
        let (port, descriptor) = (first.port, first.pair.descriptor());
        sockets.leave(first, start);
        let talker = UdpSocket::bind((HERE, 0)).unwrap();
        let late = start + FAREWELL / 2;
        talker.send_to(b"late", (HERE, port)).unwrap();
        assert_eq!((poll.wait(), poll.ready(0)), (1, Ready::Socket(descriptor)));
        sockets.spoken_to(descriptor, late);
        assert_ne!(sockets.open(&poll, 2, start + REST).unwrap().port, port, "it rests anew");
        let again = sockets.open(&poll, 3, late + REST).unwrap();
        assert_eq!(again.port, port);
        assert!(again.pair.receive(&mut [0; 10]).is_none(), "the late packet is gone");
        sockets.leave(again, start);
        talker.send_to(b"still there", (HERE, port)).unwrap();
        assert_eq!((poll.wait(), poll.ready(0)), (1, Ready::Socket(descriptor)));
        sockets.spoken_to(descriptor, start + FAREWELL * 2);
        assert!(sockets.idle.is_empty(), "closed");
    }

    #[test]
    fn the_last_port_is_given_again_without_a_rest_and_the_next_leg_hears_its_own_far_end_only() {
        let (poll, mut sockets) = sockets(2, 1);
        let start = Instant::now();
        let mut only = sockets.open(&poll, 1, start).unwrap();
        let port = only.port;
        let talker = || UdpSocket::bind((HERE, 0)).unwrap();
        let (before, after) = (talker(), talker());
        assert!(only.pair.lock(before.local_addr().ok()));
        assert!(sockets.open(&poll, 2, start).is_none());
        before.send_to(b"for the leg before", (HERE, port)).unwrap();
        sockets.leave(only, start);
        let again = sockets.open(&poll, 2, start).unwrap();
        assert_eq!(again.port, port);
        after.send_to(b"hello", (HERE, port)).unwrap();
        assert_eq!(again.pair.receive(&mut [0; 10]), Some((5, after.local_addr().unwrap())));
    }
}
