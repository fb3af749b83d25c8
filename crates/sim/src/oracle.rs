//! What may never happen, judged from the facts as a reader of records and boards would.

use crate::site;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
};
use vocab::{AgentId, AgentState, CallId, EndState, EndedBy, Fact, FactRecord, OfferEnd, Timestamp};

/// Time beyond an offer's or wrap-up's own limit that delays, losses and a rebuilt dispatcher may add.
const STUCK_SLACK_MS: u64 = 30_000;

/// Something that may never happen did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The scenario's seed.
    pub seed: u64,
    /// What happened.
    pub what: String,
    /// All facts, for whoever looks for the reason.
    pub facts: Vec<FactRecord>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {}\n  replay: SEED={} cargo test --profile ci -p sim --test seeds one_seed -- --nocapture",
            self.seed, self.what, self.seed
        )
    }
}

/// Reads every fact of a run.
#[derive(Default)]
pub(crate) struct Oracle {
    fold: report::Fold,
    opened: BTreeSet<CallId>,
    sources: BTreeMap<CallId, SocketAddr>,
    records: BTreeMap<CallId, report::Record>,
    offered: BTreeMap<CallId, AgentId>,
    agents: BTreeMap<AgentId, (AgentState, Timestamp)>,
    last_seq: u64,
    problems: Vec<String>,
    pub(crate) facts: Vec<FactRecord>,
    pub(crate) joined: Vec<CallId>,
    pub(crate) queued: Vec<CallId>,
    pub(crate) withdrawn: Vec<CallId>,
    pub(crate) lost: Vec<CallId>,
}

impl Oracle {
    pub(crate) fn fact(&mut self, record: &FactRecord) {
        if record.seq <= self.last_seq {
            self.problems.push(format!("fact {} comes after fact {}", record.seq, self.last_seq));
        }
        self.last_seq = record.seq;
        self.facts.push(record.clone());
        match &record.fact {
            Fact::CallOpened { call, source, .. } | Fact::CallRefused { call, source, .. } => {
                self.sources.insert(*call, *source);
                let first = self.opened.insert(*call);
                self.problems.extend((!first).then(|| format!("call {call} opened twice")));
            }
            Fact::AgentOffered { call, agent, .. } => {
                if let Some(other) = self.offered.insert(*call, agent.clone()) {
                    self.problems.push(format!("call {call} offered to {agent} while {other} is asked"));
                }
            }
            Fact::OfferEnded { call, end, .. } => {
                self.offered.remove(call);
                if *end == OfferEnd::Withdrawn {
                    self.withdrawn.push(*call);
                }
            }
            Fact::LegLost { call, .. } => self.lost.push(*call),
            Fact::Joined { call, .. } => self.joined.push(*call),
            Fact::Queued { call, .. } => self.queued.push(*call),
            Fact::AgentChanged { agent, state, .. } => {
                self.check_stay(agent, record.at);
                self.agents.insert(agent.clone(), (state.clone(), record.at));
            }
            Fact::CallEnded { call, .. } => {
                self.offered.remove(call);
            }
            _ => {}
        }
        if let Some(record) = self.fold.handle(record) {
            self.keep(record);
        }
    }

    /// The process died: its open calls get their record from what was written.
    pub(crate) fn crash(&mut self, at: Timestamp) {
        for call in self.open_calls() {
            self.offered.remove(&call);
            match self.fold.abandon(call, at) {
                Some(record) => self.keep(record),
                None => self.problems.push(format!("call {call} was open at the crash and left no record")),
            }
        }
    }

    /// Where this call came from.
    pub(crate) fn source(&self, call: CallId) -> Option<SocketAddr> {
        self.sources.get(&call).copied()
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.last_seq + 1
    }

    /// Calls that are not over, oldest first.
    pub(crate) fn live_calls(&self) -> Vec<CallId> {
        self.open_calls()
    }

    pub(crate) fn calls(&self) -> usize {
        self.opened.len()
    }

    pub(crate) fn ends(&self) -> Vec<(EndState, EndedBy)> {
        self.records.values().map(|r| (r.state, r.by)).collect()
    }

    /// Judges the whole run once nothing moves any more.
    pub(crate) fn verdict(mut self, at: Timestamp) -> Vec<String> {
        for call in self.open_calls() {
            self.problems.push(format!("call {call} was offered and has no record"));
        }
        let agents: Vec<_> = self.agents.keys().cloned().collect();
        for agent in agents {
            self.check_stay(&agent, at);
            if let Some((AgentState::Talking { call }, _)) = self.agents.get(&agent) {
                self.problems.push(format!("agent {agent} still talks in {call} when all is over"));
            }
        }
        self.problems
    }

    fn open_calls(&self) -> Vec<CallId> {
        self.opened.iter().filter(|call| !self.records.contains_key(call)).copied().collect()
    }

    fn keep(&mut self, record: report::Record) {
        let times = [Some(record.arrived), record.answered, record.queued, record.joined, Some(record.ended)];
        let times: Vec<_> = times.into_iter().flatten().collect();
        if times.windows(2).any(|pair| pair[0] > pair[1]) {
            self.problems.push(format!("call {}: times out of order {times:?}", record.call));
        }
        if let Some(old) = self.records.insert(record.call, record) {
            self.problems.push(format!("call {} has two records", old.call));
        }
    }

    /// No agent stays in a state with a timer longer than that timer.
    fn check_stay(&mut self, agent: &AgentId, until: Timestamp) {
        let Some((state, since)) = self.agents.get(agent) else { return };
        let limit_ms = match state {
            AgentState::Offered { .. } => site::RING_MS,
            AgentState::WrapUp { .. } => site::WRAP_UP_MS,
            AgentState::LoggedOut | AgentState::Ready | AgentState::NotReady { .. } | AgentState::Talking { .. } => {
                return;
            }
        };
        let stayed_ms = until.since_ms(*since);
        if stayed_ms > limit_ms + STUCK_SLACK_MS {
            self.problems.push(format!("agent {agent} was {state:?} for {stayed_ms} ms"));
        }
    }
}
