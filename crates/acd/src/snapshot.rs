//! The only start of a dispatcher, and the snapshot it can be started from. What edges and desks know is the truth;
//! what they do not say (the place last told, the number of the last offer) is not needed to decide the same.

use crate::{
    Acd, AgentReport, Config, Decision, OfferReport, Report, Waiting,
    agent::{Presence, State},
    dispatcher::Changed,
    moment::Moment,
    offer::{Offer, Stage},
    timer::Timers,
};
use std::collections::{BTreeMap, VecDeque};
use vocab::{AgentId, AgentState, CallId, ExtensionId, Now, QueueId};

/// The fields of [`Report::All`], and the conversations that go with it.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) agents: Vec<AgentReport>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) offers: Vec<OfferReport>,
    pub(crate) unreachable: Vec<ExtensionId>,
    pub(crate) busy: Vec<ExtensionId>,
    pub(crate) conversations: Vec<(CallId, AgentId, QueueId)>,
}

impl Acd {
    /// Starts a dispatcher of this epoch, which must be greater than any before, from what edges and desks know. When
    /// none of the reports is a [`Report::All`], its first decision asks for one. No strategy of today draws from the
    /// seed.
    pub fn new(config: Config, reports: Vec<Report>, epoch: u64, now: Now, _seed: u64) -> Acd {
        let mut acd = Acd {
            epoch,
            revision: 0,
            offers_made: 0,
            clock: Moment::of(now),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            extensions: BTreeMap::new(),
            unreachable: Default::default(),
            busy: Default::default(),
            calls: BTreeMap::new(),
            offers: BTreeMap::new(),
            timers: Timers::default(),
            changed: Changed::default(),
            decisions: VecDeque::new(),
        };
        acd.configure(config, || Presence::Unheard);
        let mut known: Option<Known> = None;
        let (mut conversations, mut others) = (Vec::new(), Vec::new());
        for report in reports {
            match report {
                Report::All { agents, waiting, offers, unreachable, busy } => {
                    let all = known.get_or_insert_default();
                    all.agents.extend(agents);
                    all.waiting.extend(waiting);
                    all.offers.extend(offers);
                    all.unreachable.extend(unreachable);
                    all.busy.extend(busy);
                }
                Report::Conversation { call, agent, queue } => conversations.push((call, agent, queue)),
                other => others.push(other),
            }
        }
        match known {
            Some(known) => drop(acd.adopt(Known { conversations, ..known })),
            None => acd.decisions.push_back(Decision::ReportAll),
        }
        for report in others {
            acd.take(report);
        }
        acd.settle();
        acd
    }

    /// Everything this dispatcher knows at `now`, in the form [`Acd::new`] takes: a snapshot for the journal.
    pub fn reports(&self, now: Now) -> Vec<Report> {
        let now = Moment::of(now).max(self.clock);
        let at_work = || self.agents.iter().filter(|(_, agent)| agent.at_work().is_some());
        let all = Report::All {
            agents: at_work().map(|(name, agent)| agent.report(name, now)).collect(),
            waiting: self.calls.iter().map(|(call, waiting)| waiting.report(*call, now)).collect(),
            offers: self
                .offers
                .iter()
                .map(|(id, offer)| OfferReport { offer: *id, call: offer.call, agent: offer.agent.clone() })
                .collect(),
            unreachable: self.unreachable.iter().cloned().collect(),
            busy: self.busy.iter().cloned().collect(),
        };
        let conversations = at_work().filter_map(|(agent, known)| match &known.at_work()?.state {
            State::Talking { call, queue: Some(queue) } => {
                Some(Report::Conversation { call: *call, agent: agent.clone(), queue: queue.clone() })
            }
            _ => None,
        });
        std::iter::once(all).chain(conversations).collect()
    }

    /// Believes what an edge knows, where this dispatcher has not heard better: an edge repeats what it was last told
    /// about agents, which may be older than what this dispatcher decided since. Returns the agents it believed.
    pub(crate) fn adopt(&mut self, mut known: Known) -> Vec<AgentId> {
        for extension in known.unreachable {
            self.reachability(extension, false);
        }
        for extension in known.busy {
            self.busyness(extension, true);
        }
        // Of two edges that report the same agent, the one that heard last is right.
        known.agents.sort_by_key(|report| report.age);
        let mut offered = BTreeMap::new();
        let mut believed = Vec::new();
        for report in known.agents {
            believed.extend(self.adopt_agent(report, &mut offered));
        }
        for waiting in known.waiting {
            self.adopt_waiting(waiting);
        }
        for offer in known.offers {
            self.adopt_offer(offer, &mut offered);
        }
        // Who answered just before the old dispatcher went is known as offered still, and talks.
        for (call, agent, queue) in known.conversations {
            offered.remove(&agent);
            self.conversation(call, &agent, queue);
        }
        // These were being offered a call, and no edge knows the offer any more.
        for agent in offered.into_keys() {
            self.become_ready(&agent);
        }
        believed
    }

    fn adopt_agent(&mut self, report: AgentReport, offered: &mut BTreeMap<AgentId, CallId>) -> Option<AgentId> {
        match &self.agents.get(&report.agent)?.presence {
            Presence::Away => return None,
            Presence::Unheard => {}
            Presence::AtWork(work) => {
                if !still_talking(&work.state, &report.state) {
                    // The conversation ended while its edge could not say so: the edge was restarted.
                    self.work_over(&report.agent);
                }
                return None;
            }
        }
        let extension = report.extension.filter(|extension| !self.extensions.contains_key(extension))?;
        let state = match report.state {
            AgentState::LoggedOut => return None,
            AgentState::Ready => State::Ready,
            AgentState::NotReady { reason } => State::not_ready(reason),
            AgentState::Offered { call } => {
                offered.insert(report.agent.clone(), call);
                State::Ready
            }
            AgentState::Talking { call } => State::Talking { call, queue: None },
            AgentState::WrapUp { call, left_ms } => State::WrapUp { call, until: self.clock.after(left_ms) },
        };
        let unreachable = state == State::Ready && self.unreachable.contains(&extension);
        self.come_to_work(&report.agent, extension, report.queues, state);
        self.leave_free(&report.agent);
        if let Some(work) = self.agents.get_mut(&report.agent).and_then(|agent| agent.at_work_mut()) {
            work.since = self.clock.before(report.age);
            work.pending = report.pending;
        }
        self.join_free(&report.agent);
        self.set_timers(&report.agent);
        if unreachable && !offered.contains_key(&report.agent) {
            self.become_ready(&report.agent);
        }
        Some(report.agent)
    }

    fn adopt_waiting(&mut self, waiting: Waiting) {
        if self.calls.contains_key(&waiting.call) {
            return;
        }
        if self.queues.contains_key(&waiting.queue) {
            self.stand_in_line(waiting);
        } else {
            self.refuse(waiting.call, waiting.queue, "unknown_queue");
        }
    }

    /// Goes on with an offer that an edge is ringing for, or has it stopped.
    fn adopt_offer(&mut self, report: OfferReport, offered: &mut BTreeMap<AgentId, CallId>) {
        let OfferReport { offer: id, call, agent } = report;
        if self.offers.contains_key(&id) {
            return;
        }
        let free = self.agents.get(&agent).and_then(|agent| agent.at_work()).is_some_and(|w| w.state == State::Ready);
        let open = self.calls.get(&call).is_none_or(|call| call.offer.is_none());
        if !free || !open {
            return self.decisions.push_back(Decision::Withdraw { offer: id });
        }
        let since = offered.remove(&agent).and_then(|_| Some(self.agents.get(&agent)?.at_work()?.since));
        self.offers.insert(id, Offer { call, agent: agent.clone(), stage: Stage::Reserved });
        self.leave_free(&agent);
        if let Some(work) = self.agents.get_mut(&agent).and_then(|agent| agent.at_work_mut()) {
            work.state = State::Offered { call, offer: id };
            work.since = since.unwrap_or(self.clock);
        }
        self.join_free(&agent);
        match self.calls.get_mut(&call) {
            Some(waiting) => {
                waiting.offer = Some(id);
                if let Some(queue) = self.queues.get_mut(&waiting.queue) {
                    queue.open.remove(&waiting.key);
                }
                self.lease_while_ringing(id);
            }
            None => self.withdraw(id),
        }
    }
}

impl crate::queue::WaitingCall {
    fn report(&self, call: CallId, now: Moment) -> Waiting {
        Waiting {
            call,
            queue: self.queue.clone(),
            enqueued: self.key.enqueued,
            waited: now.age_of(self.arrived),
            priority: self.key.priority.0,
            tried: self.tried.iter().cloned().collect(),
        }
    }
}

/// Whether an edge's word leaves our belief as it is. Only a conversation can end unseen; the edge may not yet have
/// heard that the offer it reports has become that conversation.
fn still_talking(ours: &State, theirs: &AgentState) -> bool {
    match (ours, theirs) {
        (State::Talking { call, .. }, AgentState::Talking { call: other } | AgentState::Offered { call: other }) => {
            call == other
        }
        (State::Talking { .. }, _) => false,
        _ => true,
    }
}
