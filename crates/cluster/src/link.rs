//! One end of a link between two nodes: sends what it is given until the other end has handled it, and hands on what
//! the other end sent, each message once and in order.
//!
//! Both ends greet each other with their epochs first ([`Frame::Hello`]) and again whenever one was restarted. What the
//! other end had not acknowledged before its restart is sent to it again: across a restart of the receiver a message may
//! be handled twice, never not at all. Messages of an older epoch of the sender are ignored.

use crate::Frame;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use vocab::{Envelope, NodeId};

/// Messages kept until they are acknowledged. A dispatcher of the largest site tells 2,048 agents and 1,000 places in
/// one breath; this is room for two such breaths. The other end keeps as many that came out of order.
const WINDOW_MESSAGES_MAX: usize = 8_192;

/// Messages on their way at a time; the acknowledgement of the first lets the next out.
const IN_FLIGHT_MESSAGES_MAX: usize = 256;

/// Messages sent again at once: enough to fill a gap, few enough not to flood a network that is slow rather than lossy.
const RESENT_MESSAGES_MAX: usize = 64;

/// First repetition: well above a round trip within a site, well below the 5 s in which assignments must go on.
const RESEND_MS_MIN: u64 = 100;

/// Longest time between repetitions: an end that was away is found again this soon after it is back.
const RESEND_MS_MAX: u64 = 2_000;

/// A repetition comes up to this part of its time later, by chance.
const SPREAD_PARTS: u64 = 4;

/// What an end wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkOutput<Out, In> {
    /// Give this to the network; it may be lost, repeated or overtaken.
    Send(Frame<Out>),
    /// The next message of the other end.
    Deliver(In),
    /// The other end was restarted; what it knew is gone, so it is to be told anew.
    PeerRestarted {
        /// Its new epoch.
        epoch: u64,
    },
    /// The other end has acknowledged nothing for so long that this message could not be kept. The order is broken by
    /// this; the owner is to start the link with a new epoch, and both sides to report everything.
    Overflow(Out),
}

/// One end of a link.
pub struct Link<Out, In> {
    me: NodeId,
    epoch: u64,
    peer: NodeId,
    /// Not acknowledged; the first `in_flight` of them were sent to the other end as it is now.
    kept: VecDeque<Envelope<Out>>,
    in_flight: usize,
    seq_next: u64,
    /// True when the other end of the known epoch takes our messages.
    peer_open: bool,
    resend: Resend,
    inbound: Inbound<In>,
    /// True when something was handled since the last acknowledgement, or a repetition arrived.
    acknowledge: bool,
    chance: Pcg64Mcg,
    outputs: VecDeque<LinkOutput<Out, In>>,
}

/// What is known of the other end's messages.
enum Inbound<In> {
    /// Nothing was heard of the other end.
    Silent,
    /// Its epoch is known, but not from which message on this end is meant.
    Met { epoch: u64 },
    /// Messages are taken.
    Open {
        epoch: u64,
        /// The last message handed on.
        handled: u64,
        /// Messages that overtook others.
        ahead: BTreeMap<u64, In>,
    },
}

/// The one timer of an end: repeats the greeting, or what was not acknowledged. It rests when there is nothing to send
/// and nothing was heard: then it is the other end that wants something, and says so.
#[derive(Clone, Copy)]
enum Resend {
    Idle,
    At { at: Duration, wait_ms: u64 },
}

impl<In> Inbound<In> {
    fn epoch(&self) -> Option<u64> {
        match self {
            Inbound::Silent => None,
            Inbound::Met { epoch } | Inbound::Open { epoch, .. } => Some(*epoch),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self, Inbound::Open { .. })
    }
}

impl<Out: Clone, In> Link<Out, In> {
    /// An end of this node towards that peer. The epoch must be greater than that of any earlier end of this node. The
    /// seed spreads repetitions, so that many ends do not speak at once after the network was away.
    pub fn new(me: NodeId, epoch: u64, peer: NodeId, seed: u64) -> Self {
        let mut link = Link {
            me,
            epoch,
            peer,
            kept: VecDeque::new(),
            in_flight: 0,
            seq_next: 1,
            peer_open: false,
            resend: Resend::Idle,
            inbound: Inbound::Silent,
            acknowledge: false,
            chance: Pcg64Mcg::seed_from_u64(seed),
            outputs: VecDeque::new(),
        };
        link.greet();
        link
    }

    /// Sends a message, or returns it as [`LinkOutput::Overflow`].
    pub fn send(&mut self, now: Duration, body: Out) {
        if self.kept.len() >= WINDOW_MESSAGES_MAX {
            self.outputs.push_back(LinkOutput::Overflow(body));
            return;
        }
        let message = Envelope { from: self.me.clone(), epoch: self.epoch, seq: self.seq_next, body };
        self.seq_next += 1;
        self.kept.push_back(message);
        self.fill();
        if let Resend::Idle = self.resend {
            self.resend_in(now, RESEND_MS_MIN);
        }
    }

    /// Takes what the network brought. Anything that is not from the other end, or of an older epoch, is ignored.
    pub fn receive(&mut self, now: Duration, frame: Frame<In>) {
        match frame {
            Frame::Message(message) if message.from == self.peer => self.take(now, message),
            Frame::Acknowledge { by, by_epoch, epoch, seq }
                if by == self.peer && self.inbound.epoch() == Some(by_epoch) && epoch == self.epoch =>
            {
                self.acknowledged(now, seq);
            }
            Frame::Hello { from, epoch, to, first, open, answer } if from == self.peer => {
                self.met(epoch);
                if self.inbound.epoch() == Some(epoch) {
                    let first = first_for_me(to, self.epoch, first);
                    self.greeted(now, first, open, answer);
                }
            }
            Frame::Message(_) | Frame::Acknowledge { .. } | Frame::Hello { .. } => {}
        }
    }

    /// To be called when the moment of [`Link::next_timeout`] has come; harmless at any other time.
    pub fn handle_timeout(&mut self, now: Duration) {
        let Resend::At { at, wait_ms } = self.resend else { return };
        if at > now {
            return;
        }
        if !self.is_settled() {
            self.greet();
        }
        let again = self.kept.iter().take(self.in_flight.min(RESENT_MESSAGES_MAX)).cloned();
        self.outputs.extend(again.map(|message| LinkOutput::Send(Frame::Message(message))));
        if self.is_settled() && self.kept.is_empty() {
            self.resend = Resend::Idle;
        } else {
            self.resend_in(now, (wait_ms * 2).min(RESEND_MS_MAX));
        }
    }

    /// What to do next, in order. One acknowledgement stands for all messages delivered before it.
    pub fn poll(&mut self) -> Option<LinkOutput<Out, In>> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        match &self.inbound {
            Inbound::Open { epoch, handled, .. } if self.acknowledge => {
                self.acknowledge = false;
                let by = self.me.clone();
                let frame = Frame::Acknowledge { by, by_epoch: self.epoch, epoch: *epoch, seq: *handled };
                Some(LinkOutput::Send(frame))
            }
            _ => None,
        }
    }

    /// When [`Link::handle_timeout`] wants to be called, as monotonic time since the process started; so is every `now`.
    pub fn next_timeout(&self) -> Option<Duration> {
        match self.resend {
            Resend::Idle => None,
            Resend::At { at, .. } => Some(at),
        }
    }

    /// How many messages the other end has not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.kept.len()
    }

    /// Notes the epoch of the other end, if it is new.
    fn met(&mut self, epoch: u64) {
        match self.inbound.epoch() {
            Some(known) if known >= epoch => return,
            Some(_) => self.outputs.push_back(LinkOutput::PeerRestarted { epoch }),
            None => {}
        }
        self.acknowledge = false;
        self.peer_open = false;
        self.in_flight = 0;
        self.inbound = Inbound::Met { epoch };
    }

    /// Takes a greeting of the other end's known epoch; `first` when it was meant for this end as it is now.
    fn greeted(&mut self, now: Duration, first: Option<u64>, open: bool, answer: bool) {
        let before = (self.inbound.is_open(), self.peer_open);
        if let (Some(first), Inbound::Met { epoch }) = (first, &self.inbound) {
            self.inbound = Inbound::Open { epoch: *epoch, handled: first.saturating_sub(1), ahead: BTreeMap::new() };
        }
        self.peer_open |= open && first.is_some();
        if answer || !before.0 && self.inbound.is_open() {
            self.greet();
        }
        if before != (self.inbound.is_open(), self.peer_open) {
            self.resend_in(now, RESEND_MS_MIN);
            self.fill();
        }
    }

    /// True when both ends take each other's messages.
    fn is_settled(&self) -> bool {
        self.inbound.is_open() && self.peer_open
    }

    fn greet(&mut self) {
        let first = self.kept.front().map_or(self.seq_next, |message| message.seq);
        self.outputs.push_back(LinkOutput::Send(Frame::Hello {
            from: self.me.clone(),
            epoch: self.epoch,
            to: self.inbound.epoch(),
            first,
            open: self.inbound.is_open(),
            answer: !self.is_settled(),
        }));
    }

    /// Sends what may be on its way and is not.
    fn fill(&mut self) {
        if !self.peer_open {
            return;
        }
        let in_flight = self.kept.len().min(IN_FLIGHT_MESSAGES_MAX);
        let more = self.kept.range(self.in_flight.min(in_flight)..in_flight).cloned();
        self.outputs.extend(more.map(|message| LinkOutput::Send(Frame::Message(message))));
        self.in_flight = in_flight;
    }

    fn take(&mut self, now: Duration, message: Envelope<In>) {
        let Inbound::Open { epoch, handled, ahead } = &mut self.inbound else {
            // It speaks to the end that was here before a restart: it has not heard the greeting.
            if let Resend::Idle = self.resend {
                self.greet();
                self.resend_in(now, RESEND_MS_MIN);
            }
            return;
        };
        if message.epoch != *epoch {
            return;
        }
        // A repetition means that the acknowledgement was lost.
        self.acknowledge = true;
        let window = *handled + 1..=*handled + WINDOW_MESSAGES_MAX as u64;
        if window.contains(&message.seq) {
            ahead.insert(message.seq, message.body);
        }
        while let Some(body) = ahead.remove(&(*handled + 1)) {
            *handled += 1;
            self.outputs.push_back(LinkOutput::Deliver(body));
        }
    }

    fn acknowledged(&mut self, now: Duration, seq: u64) {
        let before = self.kept.len();
        while self.kept.front().is_some_and(|message| message.seq <= seq) {
            self.kept.pop_front();
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        if self.kept.len() == before {
            return;
        }
        self.fill();
        self.resend = Resend::Idle;
        if !self.kept.is_empty() || !self.is_settled() {
            self.resend_in(now, RESEND_MS_MIN);
        }
    }

    fn resend_in(&mut self, now: Duration, wait_ms: u64) {
        let spread_ms = self.chance.next_u64() % (wait_ms / SPREAD_PARTS);
        self.resend = Resend::At { at: now + Duration::from_millis(wait_ms + spread_ms), wait_ms };
    }
}

/// The number of the first message, if the greeting was meant for this end of this epoch.
fn first_for_me(to: Option<u64>, me: u64, first: u64) -> Option<u64> {
    (to == Some(me)).then_some(first)
}
