//! The dispatcher: what it holds, how it is driven, and the life of lines. Agents' states are in `desk`, offers in
//! `offer`, the choice in `matching`, start and snapshot in `snapshot`.

use crate::{
    Config, Decision, Report, Waiting,
    agent::{Agent, Presence},
    moment::Moment,
    offer::Offer,
    queue::{PlaceKey, Queue, WaitingCall},
    snapshot::Known,
    timer::{Timer, Timers},
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use vocab::{AgentId, CallId, ExtensionId, Now, OfferId, QueueId};

/// Changes of place within one line are told at most this often: when 1,000 wait, each departure moves 999 of them,
/// and a position is announced every few seconds at most. The first change after a quiet time is told at once.
pub(crate) const PLACES_PERIOD_MS: u64 = 1_000;

/// Extensions remembered as unreachable or busy, each; four times the agents of the largest site. One more is taken
/// for reachable and idle, and its phone will say otherwise.
const EXTENSIONS_MAX: usize = 8_192;

/// Matches waiting calls with agents. See the crate's description for how it is driven.
pub struct Acd {
    pub(crate) epoch: u64,
    pub(crate) revision: u64,
    pub(crate) offers_made: u64,
    /// The time of the input being handled.
    pub(crate) clock: Moment,
    pub(crate) queues: BTreeMap<QueueId, Queue>,
    pub(crate) agents: BTreeMap<AgentId, Agent>,
    /// Who is logged in where.
    pub(crate) extensions: BTreeMap<ExtensionId, AgentId>,
    pub(crate) unreachable: BTreeSet<ExtensionId>,
    pub(crate) busy: BTreeSet<ExtensionId>,
    pub(crate) calls: BTreeMap<CallId, WaitingCall>,
    pub(crate) offers: BTreeMap<OfferId, Offer>,
    pub(crate) timers: Timers,
    pub(crate) changed: Changed,
    pub(crate) decisions: VecDeque<Decision>,
}

/// What the input being handled has changed, to be matched when it is handled whole.
#[derive(Default)]
pub(crate) struct Changed {
    pub(crate) calls: BTreeSet<PlaceKey>,
    pub(crate) agents: BTreeSet<AgentId>,
    pub(crate) lines: BTreeSet<QueueId>,
}

impl Acd {
    /// Takes one report. What follows from it is polled.
    pub fn handle(&mut self, now: Now, report: Report) {
        self.run_timers(now);
        self.take(report);
        self.settle();
    }

    /// To be called when the moment of [`Acd::next_timeout`] has come; harmless at any other time.
    pub fn handle_timeout(&mut self, now: Now) {
        self.run_timers(now);
        self.settle();
    }

    /// The next decision, in order.
    pub fn poll(&mut self) -> Option<Decision> {
        self.decisions.pop_front()
    }

    /// When [`Acd::handle_timeout`] wants to be called: monotonic time since the process started, as in `Now::mono`.
    pub fn next_timeout(&self) -> Option<Duration> {
        self.timers.next().map(Moment::mono)
    }

    /// Takes a report without matching.
    pub(crate) fn take(&mut self, report: Report) {
        match report {
            Report::All { agents, waiting, offers, unreachable, busy } => {
                let known = Known { agents, waiting, offers, unreachable, busy, conversations: Vec::new() };
                for agent in self.adopt(known) {
                    self.tell(&agent);
                }
            }
            Report::Agent { agent, request, number } => {
                let refusal = self.request(&agent, request).err();
                self.decisions.push_back(Decision::AgentAnswer { number, refusal });
            }
            Report::Reachable { extension, reachable } => self.reachability(extension, reachable),
            Report::Busy { extension, busy } => self.busyness(extension, busy),
            Report::Enqueue(waiting) => self.enqueue(waiting),
            Report::Dequeue { call, exit: _ } => self.dequeue(call),
            Report::Reserved { offer } => self.reserved(offer),
            Report::OfferEnded { offer, call, agent, end } => self.offer_ended(offer, call, &agent, end),
            Report::Parted { call, agent } => self.parted(call, &agent),
            Report::Conversation { call, agent, queue } => self.conversation(call, &agent, queue),
            Report::Configuration(config) => {
                if config.revision > self.revision {
                    // Nobody can have heard of an agent before the configuration did.
                    self.configure(config, || Presence::Away);
                }
            }
        }
    }

    fn run_timers(&mut self, now: Now) {
        self.clock = self.clock.max(Moment::of(now));
        while let Some(timer) = self.timers.pop_due(self.clock) {
            match timer {
                Timer::Lease(offer) => self.lease_over(offer),
                Timer::WrapUp(agent) => self.work_over(&agent),
                Timer::Unreachable(agent) => self.try_phone_again(&agent),
                Timer::Retry(agent) => {
                    self.changed.agents.insert(agent);
                }
                Timer::Places(queue) => {
                    self.changed.lines.insert(queue);
                }
            }
        }
    }

    /// Matches what changed and tells the places that changed.
    pub(crate) fn settle(&mut self) {
        for queue in std::mem::take(&mut self.changed.lines) {
            self.tell_places(queue);
        }
        self.match_changed();
    }

    /// Puts a call in line; a repetition is harmless, another queue or priority moves it.
    fn enqueue(&mut self, waiting: Waiting) {
        let Waiting { call, queue: name, enqueued, priority, .. } = &waiting;
        let key = PlaceKey { priority: Reverse(*priority), enqueued: *enqueued, call: *call };
        if self.calls.get(call).is_some_and(|known| known.queue == *name && known.key == key) {
            return;
        }
        self.dequeue(*call);
        let why = match self.queues.get(name) {
            None => Some("unknown_queue"),
            Some(queue) if queue.line.len() >= queue.rules.waiting_max as usize => Some("full"),
            Some(queue) if queue.staff.is_empty() => Some("nobody"),
            Some(_) => None,
        };
        match why {
            Some(why) => self.refuse(waiting.call, waiting.queue, why),
            None => self.stand_in_line(waiting),
        }
    }

    pub(crate) fn refuse(&mut self, call: CallId, queue: QueueId, why: &str) {
        self.decisions.push_back(Decision::QueueRefused { call, queue, why: why.to_owned() });
    }

    /// Adds a call that is not in any line to the line of an existing queue.
    pub(crate) fn stand_in_line(&mut self, waiting: Waiting) {
        let Waiting { call, queue: name, enqueued, waited, priority, tried } = waiting;
        let Some(queue) = self.queues.get_mut(&name) else { return };
        let key = PlaceKey { priority: Reverse(priority), enqueued, call };
        queue.line.insert(key, None);
        queue.open.insert(key);
        let tried = tried.into_iter().filter(|agent| self.agents.contains_key(agent)).collect();
        self.changed.calls.insert(key);
        self.changed.lines.insert(name.clone());
        let arrived = self.clock.before(waited);
        self.calls.insert(call, WaitingCall { queue: name, key, arrived, tried, offer: None });
    }

    /// Takes a call out of line, if it is in one, and withdraws its offer.
    fn dequeue(&mut self, call: CallId) {
        if let Some(offer) = self.leave_line(call) {
            self.withdraw(offer);
        }
    }

    /// Takes a call out of line; returns its offer, if there is one.
    pub(crate) fn leave_line(&mut self, call: CallId) -> Option<OfferId> {
        let left = self.calls.remove(&call)?;
        if let Some(queue) = self.queues.get_mut(&left.queue) {
            queue.line.remove(&left.key);
            queue.open.remove(&left.key);
        }
        self.changed.lines.insert(left.queue);
        left.offer
    }

    /// Tells new calls their place at once, and all others theirs when that was not done a moment ago.
    fn tell_places(&mut self, name: QueueId) {
        let Some(queue) = self.queues.get_mut(&name) else { return };
        let all = queue.places_from.is_none_or(|from| from <= self.clock);
        let mut deferred = false;
        let mut told_moved = false;
        for ((key, told), place) in queue.line.iter_mut().zip(1..) {
            match *told {
                Some(known) if known == place => continue,
                Some(_) if !all => deferred = true,
                _ => {
                    told_moved |= told.is_some();
                    *told = Some(place);
                    self.decisions.push_back(Decision::Placed { call: key.call, queue: name.clone(), place });
                }
            }
        }
        if told_moved {
            queue.places_from = Some(self.clock.after(PLACES_PERIOD_MS));
        }
        match queue.places_from {
            Some(from) if deferred => self.timers.set(Timer::Places(name), from),
            _ => self.timers.cancel(&Timer::Places(name)),
        }
    }

    /// Replaces the configuration; what no longer exists in it ends. Agents added are as given.
    pub(crate) fn configure(&mut self, config: Config, added: fn() -> Presence) {
        self.revision = config.revision;
        let mut queues: BTreeMap<_, _> = config.queues.into_iter().map(|rules| (rules.queue.clone(), rules)).collect();
        let gone: Vec<QueueId> = self.queues.keys().filter(|name| !queues.contains_key(*name)).cloned().collect();
        for name in gone {
            self.close_queue(&name);
        }
        for (name, queue) in &mut self.queues {
            if let Some(rules) = queues.remove(name) {
                queue.rules = rules;
            }
        }
        self.queues.extend(queues.into_iter().map(|(name, rules)| (name, Queue::new(rules))));
        self.staff(config.agents, added);
    }

    fn close_queue(&mut self, name: &QueueId) {
        let Some(queue) = self.queues.get(name) else { return };
        let calls: Vec<CallId> = queue.line.keys().map(|key| key.call).collect();
        for call in calls {
            self.dequeue(call);
            self.refuse(call, name.clone(), "unknown_queue");
        }
        self.queues.remove(name);
        self.timers.cancel(&Timer::Places(name.clone()));
    }

    pub(crate) fn reachability(&mut self, extension: ExtensionId, reachable: bool) {
        let agent = self.extensions.get(&extension).cloned();
        if reachable {
            self.unreachable.remove(&extension);
        } else {
            remember(&mut self.unreachable, extension);
        }
        if let Some(agent) = agent {
            self.phone_changed(&agent, reachable);
        }
    }

    pub(crate) fn busyness(&mut self, extension: ExtensionId, busy: bool) {
        let agent = self.extensions.get(&extension).cloned();
        if let Some(agent) = &agent {
            self.leave_free(agent);
        }
        let ended = if busy {
            remember(&mut self.busy, extension);
            false
        } else {
            self.busy.remove(&extension)
        };
        if let Some(agent) = agent {
            self.conversation_elsewhere(&agent, ended);
        }
    }
}

fn remember(extensions: &mut BTreeSet<ExtensionId>, extension: ExtensionId) {
    if extensions.len() < EXTENSIONS_MAX {
        extensions.insert(extension);
    }
}
