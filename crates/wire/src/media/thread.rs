//! A media thread: waits for packets, orders and the clock, and lets its engine act on them.

use super::{
    Order, PlaneConfig,
    counters::{Counters, add},
    poll::{Poll, Ready, raise_priority},
    ports::Ports,
    socket::{Batch, Pair, descriptor},
};
use crate::recording::Feed;
use crossbeam_channel::Receiver;
use media::{Engine, Event, RecordingKey, Sink, StreamId, TICK, Tap};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Ticks made up for after a standstill; beyond a second nobody waits for the sound that is missing.
const MADE_UP_TICKS_MAX: u64 = 50;
/// Ports tried when binding fails, before a stream is refused: others on the machine may hold a few.
const BIND_TRIES_MAX: usize = 64;

pub(super) struct Worker<F> {
    engine: Engine,
    edge: Edge<F>,
    batch: Batch,
    started: Instant,
}

/// What the engine acts on: sockets, the recordings' feed, and the exchange's ear.
struct Edge<F> {
    poll: Poll,
    ports: Ports,
    address: IpAddr,
    described: IpAddr,
    legs: Vec<Option<Leg>>,
    free: Vec<usize>,
    slots: BTreeMap<StreamId, usize>,
    feed: Option<Feed>,
    events: F,
    counters: Arc<Counters>,
}

struct Leg {
    stream: StreamId,
    port: u16,
    pair: Pair,
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
            ports,
            address: config.address,
            described: config.described_address.unwrap_or(config.address),
            legs: Vec::new(),
            free: Vec::new(),
            slots: BTreeMap::new(),
            feed,
            events,
            counters,
        };
        Worker { engine: Engine::new(engine), edge, batch: Batch::new(), started: Instant::now() }
    }

    /// Runs until told to stop.
    pub fn run(mut self, orders: &Receiver<Order>, woken: &AtomicBool) {
        raise_priority();
        self.started = Instant::now();
        if let Err(error) = self.edge.poll.start_timer(TICK) {
            tracing::error!(%error, "media thread has no clock");
            return;
        }
        let mut due = Duration::ZERO;
        loop {
            let count = self.edge.poll.wait();
            let now = self.started.elapsed();
            for place in 0..count {
                match self.edge.poll.ready(place) {
                    Ready::Socket(slot) => self.read(now, slot),
                    Ready::Ticks(ticks) => due = self.tick(due, ticks),
                    Ready::Wake => {
                        // Cleared before looking, so that an order sent meanwhile wakes again.
                        woken.store(false, Ordering::Release);
                        if self.obey(now, orders) == Flow::Stop {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Reads a socket empty.
    fn read(&mut self, now: Duration, slot: usize) {
        loop {
            // A slot may have been closed by an order of the same round.
            let Some(Some(leg)) = self.edge.legs.get(slot) else { return };
            let stream = leg.stream;
            let count = self.batch.receive(descriptor(&leg.pair));
            add(&self.edge.counters.received_packets, count as u64);
            for place in 0..count {
                if let Some((source, datagram)) = self.batch.datagram(place) {
                    self.engine.packet(now, stream, source, datagram, &mut self.edge);
                }
            }
            if count < self.batch.capacity() {
                return;
            }
        }
    }

    /// Does the ticks that are due; returns when the last of them was.
    fn tick(&mut self, last: Duration, ticks: u64) -> Duration {
        let due = last + TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        let made_up = ticks.min(MADE_UP_TICKS_MAX);
        add(&self.edge.counters.skipped_ticks, ticks - made_up);
        for left in (0..made_up).rev() {
            let now = self.started.elapsed();
            self.edge.counters.book_tick(now.saturating_sub(due - TICK * left as u32));
            self.engine.tick(now, &mut self.edge);
        }
        if let Some(feed) = &mut self.edge.feed {
            feed.tick();
        }
        due
    }

    fn obey(&mut self, now: Duration, orders: &Receiver<Order>) -> Flow {
        for order in orders.try_iter() {
            match order {
                Order::Do(command) => self.engine.handle(now, command, &mut self.edge),
                Order::Play(library) => self.engine.set_library(library),
                Order::Stop => return Flow::Stop,
            }
        }
        self.edge.counters.streams.store(self.engine.stream_count() as u64, Ordering::Relaxed);
        Flow::Continue
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

impl<F> Edge<F> {
    fn bind(&mut self) -> Option<(u16, Pair)> {
        for _ in 0..BIND_TRIES_MAX {
            let port = self.ports.take()?;
            match Pair::bind(self.address, port) {
                Ok(pair) => return Some((port, pair)),
                Err(_) => self.ports.give_back(port),
            }
        }
        None
    }
}

impl<F: Fn(Event)> Sink for Edge<F> {
    fn open(&mut self, stream: StreamId) -> Option<SocketAddr> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.legs.push(None);
            self.legs.len() - 1
        });
        let bound = self.bind().filter(|(_, pair)| self.poll.watch(descriptor(pair), slot).is_ok());
        let Some((port, pair)) = bound else {
            self.free.push(slot);
            add(&self.counters.port_failures, 1);
            return None;
        };
        self.legs[slot] = Some(Leg { stream, port, pair });
        self.slots.insert(stream, slot);
        Some(SocketAddr::new(self.described, port))
    }

    fn close(&mut self, stream: StreamId) {
        let Some(slot) = self.slots.remove(&stream) else { return };
        if let Some(leg) = self.legs[slot].take() {
            self.ports.give_back(leg.port);
        }
        self.free.push(slot);
    }

    fn send(&mut self, stream: StreamId, to: SocketAddr, packet: &[u8]) {
        let leg = self.slots.get(&stream).and_then(|slot| self.legs[*slot].as_ref());
        match leg.map(|leg| leg.pair.rtp.send_to(packet, to)) {
            Some(Ok(_)) => add(&self.counters.sent_packets, 1),
            Some(Err(_)) | None => add(&self.counters.send_errors, 1),
        }
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
