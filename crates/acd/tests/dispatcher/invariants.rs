//! Whatever is reported in whatever order: no agent has two offers, no call has two, nobody is stuck, nothing panics,
//! and a dispatcher rebuilt from a snapshot decides as the old one.

use crate::floor::*;
use acd::{Acd, AgentReport, AgentRequest, Config, Decision, OfferReport, Report, Waiting};
use proptest::{prelude::*, strategy::Strategy as Gen};
use std::collections::BTreeMap;
use vocab::{Age, AgentId, AgentState, CallId, OfferEnd, OfferId, QueueExit};

const AGENTS: [&str; 5] = ["a", "b", "c", "d", "stranger"];
const QUEUES: [&str; 3] = ["sales", "support", "unheard-of"];

/// Something that happens on the floor.
#[derive(Clone, Debug)]
enum Event {
    LogIn {
        agent: usize,
        at: usize,
        queue: Option<usize>,
        ready: bool,
    },
    Ask {
        agent: usize,
        request: AgentRequest,
    },
    Reachable {
        agent: usize,
        reachable: bool,
    },
    Busy {
        agent: usize,
        busy: bool,
    },
    Enqueue {
        n: u8,
        queue: usize,
        priority: i32,
        tried: Option<usize>,
    },
    Dequeue {
        n: u8,
    },
    Reserve {
        live: usize,
    },
    End {
        live: usize,
        end: OfferEnd,
    },
    /// An end for an offer nobody made, or a late one.
    StrayEnd {
        offer: OfferId,
        n: u8,
        agent: usize,
        end: OfferEnd,
    },
    /// The agent's conversation ends, if there is one.
    Part {
        agent: usize,
    },
    StrayPart {
        n: u8,
        agent: usize,
    },
    Configure {
        no_answer_leaves: bool,
        without: usize,
    },
    /// An edge reports everything, wrongly.
    All {
        agent: usize,
        n: u8,
        queue: usize,
        state: AgentState,
        offer: Option<OfferId>,
    },
    Wait {
        ms: u64,
    },
}

fn end() -> impl Gen<Value = OfferEnd> {
    use OfferEnd::*;
    prop_oneof![3 => Just(Answered), 1 => Just(NoAnswer), 1 => Just(Declined), 1 => Just(Unreachable), 1 => Just(Withdrawn)]
}

fn request() -> impl Gen<Value = AgentRequest> {
    use AgentRequest::*;
    prop_oneof![
        Just(LogOut),
        Just(Ready),
        Just(Ready),
        Just(NotReady { reason: "lunch".into() }),
        Just(NotReady { reason: "unreachable".into() }),
        Just(FinishWrapUp),
        Just(WithdrawPending),
    ]
}

fn state() -> impl Gen<Value = AgentState> {
    prop_oneof![
        Just(AgentState::LoggedOut),
        Just(AgentState::Ready),
        (0u8..8).prop_map(|n| AgentState::Offered { call: call(n) }),
        (0u8..8).prop_map(|n| AgentState::Talking { call: call(n) }),
        (0u8..8, any::<u64>()).prop_map(|(n, left_ms)| AgentState::WrapUp { call: call(n), left_ms }),
    ]
}

fn offer_id() -> impl Gen<Value = OfferId> {
    (0u64..2, 0u64..20).prop_map(|(epoch, number)| OfferId { epoch, number })
}

fn calm_event() -> impl Gen<Value = Event> {
    let (agent, queue, n) = (0..AGENTS.len(), 0..QUEUES.len(), 0u8..8);
    prop_oneof![
        3 => (agent.clone(), agent.clone(), proptest::option::of(queue.clone()), any::<bool>())
            .prop_map(|(agent, at, queue, ready)| Event::LogIn { agent, at, queue, ready }),
        3 => (agent.clone(), request()).prop_map(|(agent, request)| Event::Ask { agent, request }),
        1 => (agent.clone(), any::<bool>()).prop_map(|(agent, reachable)| Event::Reachable { agent, reachable }),
        1 => (agent.clone(), any::<bool>()).prop_map(|(agent, busy)| Event::Busy { agent, busy }),
        6 => (n.clone(), queue, -1..2, proptest::option::of(agent.clone()))
            .prop_map(|(n, queue, priority, tried)| Event::Enqueue { n, queue, priority, tried }),
        1 => n.clone().prop_map(|n| Event::Dequeue { n }),
        6 => (0usize..4, end()).prop_map(|(live, end)| Event::End { live, end }),
        3 => agent.clone().prop_map(|agent| Event::Part { agent }),
        1 => (n, agent).prop_map(|(n, agent)| Event::StrayPart { n, agent }),
        1 => (any::<bool>(), 0usize..6)
            .prop_map(|(no_answer_leaves, without)| Event::Configure { no_answer_leaves, without }),
        4 => (0u64..12_000).prop_map(|ms| Event::Wait { ms }),
    ]
}

fn wild_event() -> impl Gen<Value = Event> {
    let (agent, queue, n) = (0..AGENTS.len(), 0..QUEUES.len(), 0u8..8);
    prop_oneof![
        20 => calm_event(),
        4 => (0usize..4).prop_map(|live| Event::Reserve { live }),
        2 => (offer_id(), n.clone(), agent.clone(), end())
            .prop_map(|(offer, n, agent, end)| Event::StrayEnd { offer, n, agent, end }),
        1 => (agent, n, queue, state(), proptest::option::of(offer_id()))
            .prop_map(|(agent, n, queue, state, offer)| Event::All { agent, n, queue, state, offer }),
        1 => Just(Event::Wait { ms: 100_000 }),
    ]
}

/// The first agents log in first, so that little is refused.
fn events(logged_in: usize, event: impl Gen<Value = Event>) -> impl Gen<Value = Vec<Event>> {
    proptest::collection::vec(event, 1..120).prop_map(move |events| {
        let log_in = |agent| Event::LogIn { agent, at: agent, queue: None, ready: true };
        (0..logged_in).map(log_in).chain(events).collect()
    })
}

/// What an edge remembers, and what is compared.
#[derive(Default)]
struct Edge {
    live: Vec<(OfferId, CallId, AgentId)>,
    states: BTreeMap<AgentId, AgentState>,
    revision: u64,
    number: u64,
}

impl Edge {
    /// The report an event makes at an edge; none when it is about something that is not there.
    fn report(&mut self, event: &Event, ms: u64) -> Option<Report> {
        let name = |agent: usize| agent_name(agent);
        Some(match event.clone() {
            Event::LogIn { agent, at, queue, ready } => {
                let queues = queue.map(|queue| QUEUES[queue].into()).into_iter().collect();
                let extension = extension(AGENTS[at]);
                self.number += 1;
                let request = AgentRequest::LogIn { extension, queues, ready };
                Report::Agent { agent: name(agent), request, number: self.number }
            }
            Event::Ask { agent, request } => Report::Agent { agent: name(agent), request, number: 0 },
            Event::Reachable { agent, reachable } => {
                Report::Reachable { extension: extension(AGENTS[agent]), reachable }
            }
            Event::Busy { agent, busy } => Report::Busy { extension: extension(AGENTS[agent]), busy },
            Event::Enqueue { n, queue, priority, tried } => Report::Enqueue(Waiting {
                priority,
                tried: tried.map(name).into_iter().collect(),
                ..waiting(n, QUEUES[queue], ms)
            }),
            Event::Dequeue { n } => Report::Dequeue { call: call(n), exit: QueueExit::Abandoned },
            Event::Reserve { live } => Report::Reserved { offer: self.live.get(live)?.0 },
            Event::End { live, end } => {
                self.live.get(live)?;
                let (offer, call, agent) = self.live.remove(live);
                Report::OfferEnded { offer, call, agent, end }
            }
            Event::StrayEnd { offer, n, agent, end } => {
                self.live.retain(|(id, ..)| *id != offer);
                Report::OfferEnded { offer, call: call(n), agent: name(agent), end }
            }
            Event::Part { agent } => match self.states.get(&name(agent))? {
                AgentState::Talking { call } => Report::Parted { call: *call, agent: name(agent) },
                _ => return None,
            },
            Event::StrayPart { n, agent } => Report::Parted { call: call(n), agent: name(agent) },
            Event::Configure { no_answer_leaves, without } => {
                self.revision += 1;
                Report::Configuration(varied(2 + self.revision, no_answer_leaves, without))
            }
            Event::All { agent, n, queue, state, offer } => Report::All {
                agents: vec![AgentReport {
                    agent: name(agent),
                    extension: Some(extension(AGENTS[agent])),
                    queues: Vec::new(),
                    state,
                    age: Age(ms / 2),
                    pending: None,
                }],
                waiting: vec![waiting(n, QUEUES[queue], ms)],
                offers: offer
                    .filter(|offer| offer.epoch == 0)
                    .map(|offer| OfferReport { offer, call: call(n), agent: name(agent) })
                    .into_iter()
                    .collect(),
                unreachable: Vec::new(),
                busy: Vec::new(),
            },
            Event::Wait { .. } => return None,
        })
    }

    /// Follows the decisions and checks what must always hold.
    fn follow(&mut self, decisions: &[Decision]) {
        for decision in decisions {
            match decision {
                Decision::Offer { offer, call, agent, reason, .. } => {
                    assert_eq!(self.states.get(agent), Some(&AgentState::Ready), "only ready agents are offered calls");
                    assert!(self.live.iter().all(|(_, other, _)| other != call), "{call} has two offers");
                    assert!(self.live.iter().all(|(.., other)| other != agent), "{agent} has two offers");
                    assert_eq!((&reason.candidates[0].agent, &reason.candidates[0].passed_over), (agent, &None));
                    assert!(reason.others.is_empty(), "so few are all named");
                    self.live.push((*offer, *call, agent.clone()));
                }
                Decision::Withdraw { offer } => self.live.retain(|(id, ..)| id != offer),
                Decision::AgentIs(report) => {
                    self.states.insert(report.agent.clone(), report.state.clone());
                }
                Decision::ReportAll
                | Decision::Placed { .. }
                | Decision::QueueRefused { .. }
                | Decision::AgentAnswer { .. } => {}
            }
        }
    }
}

fn agent_name(agent: usize) -> AgentId {
    AGENTS[agent].into()
}

/// The two queues, with another rule, or without an agent (0–3) or a queue (4, 5).
fn varied(revision: u64, no_answer_leaves: bool, without: usize) -> Config {
    let mut site = two_queues();
    site.revision = revision;
    site.queues[0].no_answer_leaves = no_answer_leaves;
    match without {
        0..4 => drop(site.agents.remove(without)),
        4 => drop(site.queues.remove(1)),
        _ => {}
    }
    site
}

fn offers(acd: &Acd) -> Vec<(OfferId, CallId, AgentId)> {
    let Some(Report::All { offers, .. }) = acd.reports(now(0)).into_iter().next() else {
        panic!("a snapshot begins with everything")
    };
    offers.into_iter().map(|report| (report.offer, report.call, report.agent)).collect()
}

/// Everything of a snapshot that can be compared with what the edge was told.
fn check_snapshot(acd: &Acd, ms: u64) {
    let Some(Report::All { agents, waiting, offers, .. }) = acd.reports(now(ms)).into_iter().next() else {
        panic!("a snapshot begins with everything")
    };
    let timed =
        agents.iter().filter(|agent| matches!(agent.state, AgentState::Offered { .. } | AgentState::WrapUp { .. }));
    assert!(timed.count() == 0 || acd.next_timeout().is_some(), "a state that is not at rest has a timer");
    let offered = agents.iter().filter(|agent| matches!(agent.state, AgentState::Offered { .. })).count();
    assert_eq!(offered, offers.len(), "an offered agent has one offer, an offer one agent");
    // Nobody is free whom a waiting call has not been offered to.
    for call in waiting.iter().filter(|call| offers.iter().all(|offer| offer.call != call.call)) {
        for agent in
            agents.iter().filter(|agent| agent.state == AgentState::Ready && agent.queues.contains(&call.queue))
        {
            let busy = matches!(&acd.reports(now(ms))[0], Report::All { busy, .. }
                if agent.extension.as_ref().is_some_and(|extension| busy.contains(extension)));
            assert!(busy || call.tried.contains(&agent.agent), "{} waits beside {}", call.call, agent.agent);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_agent_and_no_call_has_two_offers_and_nobody_is_stuck(events in events(2, wild_event())) {
        let mut floor = Floor::from(two_queues(), Vec::new());
        let mut edge = Edge::default();
        for event in &events {
            if let Event::Wait { ms } = event {
                let end = floor.ms + ms;
                while let Some(at) = floor.acd.next_timeout().map(|at| at.as_millis() as u64).filter(|at| *at <= end) {
                    floor.ms = at.max(floor.ms);
                    floor.acd.handle_timeout(now(floor.ms));
                    edge.follow(&floor.decisions());
                    check_snapshot(&floor.acd, floor.ms);
                }
                floor.ms = end;
            } else if let Some(report) = edge.report(event, floor.ms) {
                let before = offers(&floor.acd);
                floor.acd.handle(now(floor.ms), report);
                // An offer made before a restart of the dispatcher, with which its edge goes on.
                edge.live.extend(offers(&floor.acd).into_iter().filter(|offer| offer.0.epoch == 0 && !before.contains(offer)));
                edge.follow(&floor.decisions());
                check_snapshot(&floor.acd, floor.ms);
            }
        }
        // All callers leave; then every timer runs out and nobody is left in a state that needs one.
        for n in 0..8 {
            floor.acd.handle(now(floor.ms), Report::Dequeue { call: call(n), exit: QueueExit::Abandoned });
        }
        for _ in 0..100 {
            let Some(at) = floor.acd.next_timeout() else { break };
            floor.ms = floor.ms.max(at.as_millis() as u64);
            floor.acd.handle_timeout(now(floor.ms));
        }
        edge.follow(&floor.decisions());
        prop_assert_eq!(floor.acd.next_timeout(), None);
        for (agent, state) in edge.states {
            prop_assert!(!matches!(state, AgentState::Offered { .. } | AgentState::WrapUp { .. }), "{} is stuck: {:?}", agent, state);
        }
    }

    #[test]
    fn a_rebuilt_dispatcher_decides_as_the_old_one(events in events(4, calm_event()), rebuilt_at in 0usize..100) {
        let mut pair = Pair::new();
        for (index, event) in events.iter().enumerate() {
            if index == rebuilt_at {
                pair.rebuild();
            }
            pair.take(event);
        }
    }
}

/// An old dispatcher and one rebuilt from it, told the same by an edge that confirms every offer and every withdrawal
/// at once: a lease that was not confirmed yet is longer after a rebuild.
struct Pair {
    ms: u64,
    site: Config,
    old: Acd,
    new: Option<Acd>,
    edge: Edge,
    /// The new one's name of an offer of the old one.
    renamed: BTreeMap<OfferId, OfferId>,
}

impl Pair {
    fn new() -> Pair {
        let site = two_queues();
        let (old, edge, renamed) = (Floor::new(site.clone()).acd, Edge::default(), BTreeMap::new());
        Pair { ms: 0, site, old, new: None, edge, renamed }
    }

    fn rebuild(&mut self) {
        self.step(None);
        let mut new = Acd::new(self.site.clone(), self.old.reports(now(self.ms)), 2, now(self.ms), 7);
        while let Some(decision) = new.poll() {
            assert!(matches!(decision, Decision::Placed { .. }), "nothing is left to decide: {decision:?}");
        }
        assert_eq!(new.reports(now(self.ms)), self.old.reports(now(self.ms)), "a rebuilt one knows the same");
        self.new = Some(new);
    }

    fn take(&mut self, event: &Event) {
        if let Event::Wait { ms } = event {
            let end = self.ms + ms;
            while let Some(at) = self.next_timeout().filter(|at| *at <= end) {
                self.ms = at.max(self.ms);
                self.step(None);
            }
            self.ms = end;
        } else if let Some(report) = self.edge.report(event, self.ms) {
            if let Report::Configuration(site) = &report {
                self.site = site.clone();
            }
            self.step(Some(report));
        }
    }

    fn next_timeout(&self) -> Option<u64> {
        let new = self.new.as_ref().and_then(Acd::next_timeout);
        [self.old.next_timeout(), new].into_iter().flatten().min().map(|at| at.as_millis() as u64)
    }

    /// One input to both (a passing moment when none); confirms what follows from it.
    fn step(&mut self, report: Option<Report>) {
        let mut reports = vec![report];
        while let Some(report) = reports.pop() {
            let old = drive(&mut self.old, self.ms, report.clone());
            if let Some(new) = &mut self.new {
                let report = report.map(|report| renamed(report, &self.renamed));
                let new = drive(new, self.ms, report);
                assert_eq!(old.len(), new.len(), "old {old:?}, new {new:?}");
                for (old, new) in old.iter().zip(new) {
                    let (theirs, new) = nameless(new);
                    let (ours, old) = nameless(old.clone());
                    assert_eq!(old, new);
                    self.renamed.extend(ours.zip(theirs));
                }
            }
            let mut ended = Vec::new();
            for decision in &old {
                if let Decision::Withdraw { offer } = decision
                    && let Some((offer, call, agent)) = self.edge.live.iter().find(|(id, ..)| id == offer).cloned()
                {
                    ended.push(Some(Report::OfferEnded { offer, call, agent, end: OfferEnd::Withdrawn }));
                }
            }
            self.edge.follow(&old);
            let offers = old.iter().filter_map(|decision| match decision {
                Decision::Offer { offer, .. } => Some(Some(Report::Reserved { offer: *offer })),
                _ => None,
            });
            reports.extend(offers.chain(ended));
        }
    }
}

/// One input; all decisions but places, which a rebuilt dispatcher tells anew.
fn drive(acd: &mut Acd, ms: u64, report: Option<Report>) -> Vec<Decision> {
    match report {
        Some(report) => acd.handle(now(ms), report),
        None => acd.handle_timeout(now(ms)),
    }
    std::iter::from_fn(|| acd.poll()).filter(|decision| !matches!(decision, Decision::Placed { .. })).collect()
}

fn renamed(report: Report, names: &BTreeMap<OfferId, OfferId>) -> Report {
    let name = |offer: OfferId| names.get(&offer).copied().unwrap_or(offer);
    match report {
        Report::Reserved { offer } => Report::Reserved { offer: name(offer) },
        Report::OfferEnded { offer, call, agent, end } => Report::OfferEnded { offer: name(offer), call, agent, end },
        other => other,
    }
}

/// The decision without the number of its offer, which differs by epoch.
fn nameless(mut decision: Decision) -> (Option<OfferId>, Decision) {
    let none = OfferId { epoch: 0, number: 0 };
    let name = match &mut decision {
        Decision::Offer { offer, .. } | Decision::Withdraw { offer } => Some(std::mem::replace(offer, none)),
        _ => None,
    };
    (name, decision)
}
