//! The exchange itself: all machines of a node, and the order in which they are fed.

use crate::{
    Answer, Config, Input, Machine, Output, Promise, Refusal,
    legs::{Leg, Legs},
    phones::Phones,
};
use call::{Call, Doors};
use flow::Run;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use vocab::{
    AgentId, CallId, EndState, EndedBy, Fact, FactRecord, LegId, Now, OfferId, QueueId, RecordingId, RequestId,
};

/// Seconds a refused caller is asked to wait when the node is full or draining (RFC 3261 section 20.33).
pub(crate) const RETRY_AFTER_S: u32 = 5;

/// One node's exchange. Feed it with [`Switch::handle`], drain [`Switch::poll`] before the next input, and come back at
/// [`Switch::next_timeout`].
pub struct Switch {
    pub(crate) config: Arc<Config>,
    pub(crate) doors: Doors,
    pub(crate) sip: sip::Endpoint,
    pub(crate) link: cluster::Link<acd::Report, acd::Decision>,
    pub(crate) calls: BTreeMap<CallId, Entry>,
    pub(crate) legs: Legs,
    pub(crate) phones: Phones,
    pub(crate) recordings: BTreeMap<RecordingId, CallId>,
    /// Agents as the dispatcher last confirmed them, and when.
    pub(crate) agents: BTreeMap<AgentId, (acd::AgentReport, Duration)>,
    /// Offers taken and not yet ended, and conversations that came of them.
    pub(crate) offers: BTreeMap<OfferId, Offered>,
    pub(crate) conversations: BTreeMap<AgentId, (CallId, QueueId)>,
    /// Requests about agents that the dispatcher has not answered.
    pub(crate) questions: BTreeMap<u64, Question>,
    pub(crate) next_question: u64,
    /// How often a dispatcher asked for everything.
    pub(crate) rebuilds: u64,
    timers: BTreeSet<(Duration, CallId)>,
    next_leg: u64,
    next_fact: u64,
    pub(crate) draining: bool,
    broken: Option<Machine>,
    outputs: VecDeque<Output>,
    pub(crate) random: Pcg64Mcg,
}

/// A call with its flow.
pub(crate) struct Entry {
    pub(crate) call: Call,
    pub(crate) run: Option<Run>,
    timer: Option<Duration>,
    pub(crate) over: bool,
}

/// An offer this edge took.
pub(crate) struct Offered {
    pub(crate) call: CallId,
    pub(crate) agent: AgentId,
    pub(crate) queue: QueueId,
}

/// What somebody asked of the dispatcher.
pub(crate) struct Question {
    /// Names the answer.
    pub(crate) request: RequestId,
    pub(crate) agent: AgentId,
    pub(crate) asked: acd::AgentRequest,
    /// Times it was asked again because the dispatcher was replaced before it answered.
    pub(crate) repeats: u32,
}

impl Switch {
    /// An exchange with nothing in it. `epoch` grows with each start of this node; `seed` makes all its chance.
    pub fn new(config: Config, sip: sip::Config, dispatcher: vocab::NodeId, epoch: u64, seed: u64, now: Now) -> Switch {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let sip = sip::Endpoint::new(sip, random.next_u64());
        let link = cluster::Link::new(config.node.clone(), epoch, dispatcher, random.next_u64());
        let mut switch = Switch {
            doors: Doors::new(config.numbers.clone(), config.trunks.clone()),
            config: Arc::new(config),
            sip,
            link,
            calls: BTreeMap::new(),
            legs: Legs::default(),
            phones: Phones::default(),
            recordings: BTreeMap::new(),
            agents: BTreeMap::new(),
            offers: BTreeMap::new(),
            conversations: BTreeMap::new(),
            questions: BTreeMap::new(),
            next_question: 0,
            rebuilds: 0,
            timers: BTreeSet::new(),
            next_leg: 0,
            next_fact: 1,
            draining: false,
            broken: None,
            outputs: VecDeque::new(),
            random,
        };
        switch.tell_accounts(now.mono);
        // Said at once, so that a dispatcher that lives on learns that this edge began anew.
        let configuration = switch.config.acd.clone();
        switch.report(now, acd::Report::Configuration(configuration));
        switch.settle(now);
        switch
    }

    /// Takes one input and lets everything that follows from it happen.
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Received { flow, bytes } => self.sip.handle(now.mono, sip::Input::Received { flow, bytes }),
            Input::FlowClosed { flow } => self.sip.handle(now.mono, sip::Input::FlowClosed { flow }),
            Input::Media(event) => self.media_event(now, event),
            Input::Dispatcher(frame) => self.link.receive(now.mono, frame),
            Input::Gateway { request, command } => self.command(now, request, command),
            Input::Restore(restored) => self.restore(now, *restored),
            Input::Break(machine) => self.broken = Some(machine),
            Input::Timeout => self.timeout(now),
        }
        self.settle(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] wants to be handled next.
    pub fn next_timeout(&self) -> Option<Duration> {
        let calls = self.timers.first().map(|(at, _)| *at);
        [self.sip.next_timeout(), self.link.next_timeout(), calls].into_iter().flatten().min()
    }

    /// How much is open, for the oracles and `/metrics`.
    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls.len(),
            legs: self.legs.len(),
            recordings: self.recordings.len(),
            offers: self.offers.len(),
            registered: self.phones.registered(),
        }
    }

    /// The call a running recording belongs to.
    pub fn call_of_recording(&self, recording: RecordingId) -> Option<CallId> {
        self.recordings.get(&recording).copied()
    }

    /// Nothing is open: a draining node may stop.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.legs.is_empty()
    }

    /// The SIP endpoint's own counts.
    pub fn sip_counts(&self) -> sip::Counts {
        self.sip.counts()
    }

    fn timeout(&mut self, now: Now) {
        self.sip.handle(now.mono, sip::Input::Timeout);
        self.link.handle_timeout(now.mono);
        while let Some((at, call)) = self.timers.first().copied()
            && at <= now.mono
        {
            self.timers.remove(&(at, call));
            let due = |timer: Option<Duration>| timer.is_some_and(|t| t <= now.mono);
            if let Some(entry) = self.calls.get_mut(&call) {
                entry.timer = None;
                let (call_due, run_due) =
                    (due(entry.call.next_timeout()), due(entry.run.as_ref().and_then(Run::next_timeout)));
                if call_due {
                    self.tell_call(now, call, call::Input::Timeout);
                }
                if run_due {
                    self.tell_run(now, call, flow::Outcome::Timeout);
                }
            }
        }
    }

    /// Drains the endpoint and the link until neither has anything to say.
    fn settle(&mut self, now: Now) {
        loop {
            if let Some(output) = self.sip.poll() {
                self.sip_output(now, output);
            } else if let Some(output) = self.link.poll() {
                self.link_output(now, output);
            } else {
                break;
            }
        }
    }

    /// Opens a call and its flow; what it says first is handled with [`Switch::run_call`].
    pub(crate) fn open_call(&mut self, opening: call::Opening, run: Option<Run>) {
        let id = opening.call;
        let seed = self.random.next_u64();
        let entry = Entry { call: Call::new(opening, seed), run, timer: None, over: false };
        self.calls.insert(id, entry);
    }

    /// Gives a call one input and carries out what it and its flow then say.
    pub(crate) fn tell_call(&mut self, now: Now, id: CallId, input: call::Input) {
        let Some(entry) = self.calls.get_mut(&id) else { return };
        let broken = self.broken.take_if(|m| *m == Machine::Call(id)).is_some();
        let step = AssertUnwindSafe(|| {
            assert!(!broken, "broken by simulation");
            entry.call.handle(now, input);
        });
        match catch_unwind(step) {
            Ok(()) => self.run_call(now, id),
            Err(panic) => self.bury_call(now, id, message(&*panic)),
        }
    }

    /// Resumes a call's flow with one outcome and carries out what follows.
    pub(crate) fn tell_run(&mut self, now: Now, id: CallId, outcome: flow::Outcome) {
        let Some(entry) = self.calls.get_mut(&id) else { return };
        let Some(run) = &mut entry.run else { return };
        let broken = self.broken.take_if(|m| *m == Machine::Flow(id)).is_some();
        let step = AssertUnwindSafe(|| {
            assert!(!broken, "broken by simulation");
            run.handle(now, outcome);
        });
        if let Err(panic) = catch_unwind(step) {
            entry.run = None;
            self.fact(now, Fact::CallFault { call: id, message: message(&*panic) });
            return self.tell_call(now, id, call::Input::Fault);
        }
        self.run_call(now, id);
    }

    /// Carries out everything a call and its flow have to say, the flow first: it reacts to what the call told it last.
    pub(crate) fn run_call(&mut self, now: Now, id: CallId) {
        loop {
            let Some(entry) = self.calls.get_mut(&id) else { return };
            if let Some(effect) = entry.run.as_mut().and_then(Run::poll) {
                self.flow_effect(now, id, effect);
            } else if let Some(output) = entry.call.poll() {
                self.call_output(now, id, output);
            } else {
                break;
            }
        }
        self.schedule(id);
        self.forget_if_over(id);
    }

    fn schedule(&mut self, id: CallId) {
        let Some(entry) = self.calls.get_mut(&id) else { return };
        let next = [entry.call.next_timeout(), entry.run.as_ref().and_then(Run::next_timeout)];
        let next = next.into_iter().flatten().min();
        if next != entry.timer {
            if let Some(old) = entry.timer {
                self.timers.remove(&(old, id));
            }
            if let Some(new) = next {
                self.timers.insert((new, id));
            }
            entry.timer = next;
        }
    }

    /// A call's entry goes when the call is over; its legs may outlive it by the time a BYE takes.
    pub(crate) fn forget_if_over(&mut self, id: CallId) {
        if self.calls.get(&id).is_some_and(|e| e.over) {
            if let Some(timer) = self.calls.remove(&id).and_then(|e| e.timer) {
                self.timers.remove(&(timer, id));
            }
            self.recordings.retain(|_, call| *call != id);
        }
    }

    /// A call's own machine panicked: it cannot be asked any more, so everything it held is ended from outside.
    fn bury_call(&mut self, now: Now, id: CallId, why: String) {
        self.fact(now, Fact::CallFault { call: id, message: why });
        for leg in self.legs.of_call(id) {
            self.drop_leg(now, leg);
        }
        let waiting = self.calls.get(&id).and_then(|e| e.call.in_line().map(|line| (line.queue.clone(), line.since)));
        if let Some((queue, since)) = waiting {
            let waited_ms = vocab::Age::between(since, now.mono).0;
            self.fact(now, Fact::QueueLeft { call: id, queue, exit: vocab::QueueExit::Ended, waited_ms });
        }
        self.report(now, acd::Report::Dequeue { call: id, exit: vocab::QueueExit::Ended });
        let offers: Vec<_> =
            self.offers.iter().filter(|(_, o)| o.call == id).map(|(offer, o)| (*offer, o.agent.clone())).collect();
        for (offer, agent) in offers {
            self.offers.remove(&offer);
            let end = vocab::OfferEnd::Withdrawn;
            self.report(now, acd::Report::OfferEnded { offer, call: id, agent, end });
        }
        let talking: Vec<_> =
            self.conversations.iter().filter(|(_, (call, _))| *call == id).map(|(agent, _)| agent.clone()).collect();
        for agent in talking {
            self.conversations.remove(&agent);
            self.fact(now, Fact::Parted { call: id, agent: agent.clone() });
            self.report(now, acd::Report::Parted { call: id, agent });
        }
        for recording in self.recordings.iter().filter(|(_, c)| **c == id).map(|(r, _)| *r).collect::<Vec<_>>() {
            self.stop_recording(id, recording);
            self.fact(now, Fact::RecordingStopped { call: id, recording });
        }
        self.fact(now, Fact::CallEnded { call: id, state: EndState::Failed, by: EndedBy::System });
        if let Some(entry) = self.calls.get_mut(&id) {
            entry.over = true;
        }
        self.forget_if_over(id);
    }

    /// A number for a leg that we dial; incoming legs carry their dialog's number.
    pub(crate) fn next_leg(&mut self) -> LegId {
        self.next_leg += 1;
        LegId(self.next_leg)
    }

    pub(crate) fn sip(&mut self, now: Now, command: sip::Command) {
        self.sip.handle(now.mono, sip::Input::Command(command));
    }

    pub(crate) fn media(&mut self, command: media::Command) {
        self.outputs.push_back(Output::Media(command));
    }

    pub(crate) fn report(&mut self, now: Now, report: acd::Report) {
        self.link.send(now.mono, report);
    }

    pub(crate) fn fact(&mut self, now: Now, fact: Fact) {
        let seq = self.next_fact;
        self.next_fact += 1;
        self.outputs.push_back(Output::Fact(FactRecord { seq, at: now.wall, fact }));
    }

    pub(crate) fn promise(&mut self, promise: Promise) {
        self.outputs.push_back(Output::Promise(promise));
    }

    pub(crate) fn send(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn reply(&mut self, request: RequestId, result: Result<(), Refusal>) {
        let answer = result.map_or_else(Answer::Refused, |()| Answer::Accepted);
        self.outputs.push_back(Output::Reply { request, answer });
    }

    pub(crate) fn tell_accounts(&mut self, mono: Duration) {
        let accounts = self.config.extensions.iter().map(|e| e.account.clone()).collect();
        self.sip.handle(mono, sip::Input::Command(sip::Command::Accounts(accounts)));
    }

    pub(crate) fn insert_leg(&mut self, id: LegId, leg: Leg) {
        self.legs.insert(id, leg);
    }

    pub(crate) fn start_facts_at(&mut self, next: u64) {
        self.next_fact = self.next_fact.max(next);
    }
}

/// How much is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls not over.
    pub calls: usize,
    /// Legs whose dialog or stream is not closed.
    pub legs: usize,
    /// Recordings running.
    pub recordings: usize,
    /// Agents being rung.
    pub offers: usize,
    /// Extensions with a phone.
    pub registered: usize,
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("panic without a message").to_owned()
}
