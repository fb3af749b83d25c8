//! A media thread: waits for packets, orders and the clock, and lets its engine act on them.
//!
//! A panic in the engine costs the thread's streams, not the thread: they are told as closed and a new engine begins.

use super::{
    Order, PlaneConfig,
    counters::{Counters, add},
    poll::{Poll, Ready, raise_priority},
    ports::Ports,
    sockets::{Bound, Sockets},
};
use crate::recording::Feed;
use crossbeam_channel::Receiver;
use media::{Engine, Event, RecordingKey, Sink, Slot, Statistics, StreamId, TICK, Tap};
use std::{
    net::{IpAddr, SocketAddr},
    os::fd::RawFd,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Ticks made up for after a standstill; beyond a second nobody waits for the sound that is missing.
const MADE_UP_TICKS_MAX: u64 = 50;
/// A loaded thread wakes on a grid of this step and serves what came meanwhile at once: a wake-up costs more than a
/// packet. The step divides the tick, so that a talker's packets, 20 ms apart, wait equally long.
const GRID: Duration = Duration::from_millis(2);
/// Steps of a tick.
const STEPS: u64 = (TICK.as_millis() / GRID.as_millis()) as u64;
/// Loaded means four packets for each step of the grid; below, each packet is served as it comes.
const GRID_PACKETS_MIN: u64 = 40;
/// The longest packet of sound on an Ethernet; one that fills the room may have been cut and is dropped.
const DATAGRAM_BYTES_MAX: usize = 1_600;

pub(super) struct Worker<F> {
    engine: Engine,
    /// What a new engine begins with.
    config: media::Config,
    edge: Edge<F>,
    datagram: Box<[u8; DATAGRAM_BYTES_MAX]>,
    started: Instant,
    /// Packets since the last tick, and whether those of the tick before were many.
    packets: u64,
    loaded: bool,
    /// Packets of this round left for the next step.
    early: usize,
    /// When the last tick was due.
    due: Duration,
}

/// What the engine acts on: sockets, the recordings' feed, and the exchange's ear.
struct Edge<F> {
    poll: Poll,
    sockets: Sockets,
    described: IpAddr,
    /// By the engine's slots.
    legs: Vec<Option<Leg>>,
    feed: Option<Feed>,
    events: F,
    counters: Arc<Counters>,
}

struct Leg {
    stream: StreamId,
    bound: Bound,
    /// The step of the grid at which its last packet was served.
    step: u64,
}

impl<F: Fn(Event)> Worker<F> {
    pub fn new(
        config: &PlaneConfig,
        engine: media::Config,
        poll: Poll,
        ports: Ports,
        feed: Option<Feed>,
        events: F,
        counters: Arc<Counters>,
    ) -> Self {
        let edge = Edge {
            poll,
            sockets: Sockets::new(config.address, ports),
            described: config.described_address.unwrap_or(config.address),
            legs: Vec::new(),
            feed,
            events,
            counters,
        };
        Worker {
            engine: Engine::new(engine.clone()),
            config: engine,
            edge,
            datagram: Box::new([0; DATAGRAM_BYTES_MAX]),
            started: Instant::now(),
            packets: 0,
            loaded: false,
            early: 0,
            due: Duration::ZERO,
        }
    }

    /// Runs until told to stop.
    pub fn run(mut self, orders: &Receiver<Order>, woken: &AtomicBool) {
        raise_priority();
        self.started = Instant::now();
        if let Err(error) = self.edge.poll.start_timer(TICK) {
            tracing::error!(%error, "media thread has no clock");
            return;
        }
        loop {
            let count = self.edge.poll.wait();
            match catch_unwind(AssertUnwindSafe(|| self.round(count, orders, woken))) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop) => return,
                Err(_) => self.start_anew(woken),
            }
            if self.loaded && (count < Poll::BATCH || self.early == count) {
                std::thread::sleep(until_next_step(self.started.elapsed()));
            }
        }
    }

    /// Serves what a wait found.
    fn round(&mut self, count: usize, orders: &Receiver<Order>, woken: &AtomicBool) -> Flow {
        let now = self.started.elapsed();
        self.early = 0;
        // The clock first: packets of a whole grid step would make the frames of this tick late.
        if self.edge.poll.is_timer_ready(count) {
            self.tick();
        }
        for place in 0..count {
            match self.edge.poll.ready(place) {
                Ready::Socket(descriptor) => self.read(now, descriptor),
                Ready::Timer => {}
                Ready::Wake => {
                    // Cleared before looking, so that an order sent meanwhile wakes again.
                    woken.store(false, Ordering::Release);
                    if self.obey(now, orders) == Flow::Stop {
                        return Flow::Stop;
                    }
                }
            }
        }
        Flow::Continue
    }

    /// Goes on after a panic with an engine that knows no streams. The exchange ends their calls.
    fn start_anew(&mut self, woken: &AtomicBool) {
        tracing::error!(streams = self.engine.stream_count(), "media engine panicked; its streams are closed");
        self.engine = Engine::new(self.config.clone());
        if let Some(feed) = &mut self.edge.feed {
            feed.end_all();
        }
        for leg in std::mem::take(&mut self.edge.legs).into_iter().flatten() {
            self.edge.sockets.leave(leg.bound, Instant::now());
            (self.edge.events)(Event::Closed { stream: leg.stream, statistics: Statistics::default() });
        }
        self.edge.counters.streams.store(0, Ordering::Relaxed);
        // Orders behind the one that panicked are still in the queue, and their wake-up is used.
        woken.store(true, Ordering::Release);
        self.edge.poll.wake_self();
    }

    /// Takes one datagram from a socket; the next wait tells if it holds more. As a rule it does not, so nothing is read in
    /// vain, and a flood on one port waits behind everybody else's packets.
    fn read(&mut self, now: Duration, descriptor: RawFd) {
        // The leg may have been closed by an order of the same round.
        let Some(slot) = self.edge.sockets.slot_of(descriptor) else {
            self.edge.sockets.spoken_to(descriptor, Instant::now());
            return;
        };
        let Some(Some(leg)) = self.edge.legs.get_mut(slot) else { return };
        let step = step_of(now);
        if self.loaded && is_early(leg.step, step) {
            self.early += 1;
            return;
        }
        leg.step = step;
        let Some((length, source)) = leg.bound.pair.receive(&mut self.datagram[..]) else { return };
        add(&self.edge.counters.received_packets, 1);
        self.packets += 1;
        if length < DATAGRAM_BYTES_MAX {
            self.engine.packet(now, Slot(slot), source, &mut self.datagram[..length], &mut self.edge);
        }
    }

    /// Does the ticks that are due.
    fn tick(&mut self) {
        let ticks = self.edge.poll.take_ticks();
        self.due += TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        let made_up = ticks.min(MADE_UP_TICKS_MAX);
        add(&self.edge.counters.skipped_ticks, ticks - made_up);
        for left in (0..made_up).rev() {
            let now = self.started.elapsed();
            self.edge.counters.book_tick(now.saturating_sub(self.due - TICK * left as u32));
            self.engine.tick(now, &mut self.edge);
        }
        if let Some(feed) = &mut self.edge.feed {
            feed.tick();
        }
        self.loaded = std::mem::take(&mut self.packets) >= GRID_PACKETS_MIN * ticks.max(1);
    }

    fn obey(&mut self, now: Duration, orders: &Receiver<Order>) -> Flow {
        for order in orders.try_iter() {
            match order {
                Order::Do(command) => self.engine.handle(now, command, &mut self.edge),
                Order::Play(library) => {
                    self.config.library = library.clone();
                    self.engine.set_library(library);
                }
                Order::Stop => return Flow::Stop,
            }
        }
        self.edge.counters.streams.store(self.engine.stream_count() as u64, Ordering::Relaxed);
        Flow::Continue
    }
}

fn step_of(now: Duration) -> u64 {
    (now.as_nanos() / GRID.as_nanos()) as u64
}

/// A talker whose packets come just when a step begins would have them served now at this one, now at the next, 2 ms apart
/// or together. One that is a step too early is left for the next wait, so that such a talker keeps to the later step.
fn is_early(last: u64, step: u64) -> bool {
    step.wrapping_sub(last) % STEPS == STEPS - 1
}

fn until_next_step(now: Duration) -> Duration {
    let step = GRID.as_nanos() as u64;
    Duration::from_nanos(step - now.as_nanos() as u64 % step)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

impl<F: Fn(Event)> Sink for Edge<F> {
    fn open(&mut self, Slot(slot): Slot, stream: StreamId) -> Option<SocketAddr> {
        let Some(bound) = self.sockets.open(&self.poll, slot, Instant::now()) else {
            add(&self.counters.port_failures, 1);
            return None;
        };
        let port = bound.port;
        if self.legs.len() <= slot {
            self.legs.resize_with(slot + 1, || None);
        }
        self.legs[slot] = Some(Leg { stream, bound, step: 0 });
        Some(SocketAddr::new(self.described, port))
    }

    fn close(&mut self, Slot(slot): Slot) {
        if let Some(leg) = self.legs.get_mut(slot).and_then(Option::take) {
            self.sockets.leave(leg.bound, Instant::now());
        }
    }

    fn lock(&mut self, Slot(slot): Slot, far_end: Option<SocketAddr>) {
        if let Some(Some(leg)) = self.legs.get_mut(slot) {
            leg.bound.pair.lock(far_end);
        }
    }

    fn send(&mut self, Slot(slot): Slot, to: SocketAddr, packet: &[u8]) {
        let leg = self.legs.get(slot).and_then(Option::as_ref);
        let sent = leg.is_some_and(|leg| leg.bound.pair.send(to, packet));
        add(if sent { &self.counters.sent_packets } else { &self.counters.send_errors }, 1);
    }

    fn event(&mut self, event: Event) {
        (self.events)(event);
    }

    fn tap(&mut self, recording: RecordingKey, tap: Tap<'_>) {
        match (&mut self.feed, tap) {
            (Some(feed), tap) => feed.tap(recording, tap),
            (None, Tap::End { ms }) => (self.events)(Event::Recorded { recording, ms, lost_ms: ms }),
            (None, Tap::Begin { .. } | Tap::Block(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At which steps a talker's packets are served that come at these, each tick anew.
    fn served(arrivals: &[u64]) -> Vec<u64> {
        let mut last = 0;
        let at = arrivals.iter().zip(0..).map(|(arrival, tick)| {
            let step = tick * STEPS + arrival;
            last = if is_early(last, step) { step + 1 } else { step };
            last - tick * STEPS
        });
        at.collect()
    }

    #[test]
    fn a_talker_at_the_edge_of_a_step_keeps_to_the_later_one() {
        assert_eq!(served(&[4, 5, 4, 5, 5, 4, 4]), [4, 5, 5, 5, 5, 5, 5]);
        assert_eq!(served(&[3, 4, 4, 5, 5, 6, 6]), [3, 4, 4, 5, 5, 6, 6], "a clock that runs late is followed");
        assert_eq!(served(&[6, 5, 5, 4, 4, 3]), [6, 6, 6, 4, 4, 4], "one that runs early, two steps at a time");
    }
}
