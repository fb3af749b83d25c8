//! Who takes what next, and the reason.
//!
//! Between two inputs no open call could be offered to a free agent; so after an input only what it changed is looked
//! at: calls newly open, and the best call of each agent newly free. The best of these by place in line takes its
//! longest-idle agent, until none is left. The same result as matching everything anew, at the cost of what changed.

use crate::{
    Acd, Decision,
    agent::State,
    moment::Moment,
    offer::{Offer, RESERVE_LEASE_MS, Stage},
    queue::{PlaceKey, Queue, WaitingCall},
    timer::Timer,
};
use std::collections::{BTreeMap, BTreeSet};
use vocab::{AgentId, AssignmentReason, CallId, Candidate, OfferId, PassedOver};

/// An agent who declined a call or let it ring is asked for it again after being ready for this long, if no other can
/// take it: long enough to reach the desk again, short against a caller's patience.
pub(crate) const RETRY_PAUSE_MS: u64 = 10_000;

/// Candidates named in a reason; the rest are counted by cause. Nobody reads more names, a queue may have 2,048 agents,
/// and each reason is kept with the call, in its record, in the journal and on screens.
const CANDIDATES_MAX: usize = 16;

/// When more agents than this became free at once (a rebuild, a new configuration), it is cheaper to look at all open
/// calls than at the best call of each agent, again and again.
const FREED_AGENTS_MAX: usize = 16;

impl Acd {
    pub(crate) fn match_changed(&mut self) {
        if self.changed.agents.len() > FREED_AGENTS_MAX {
            self.changed.agents.clear();
            self.changed.calls.extend(self.queues.values().flat_map(|queue| &queue.open));
        }
        let mut proposals: BTreeSet<(PlaceKey, Option<AgentId>)> =
            std::mem::take(&mut self.changed.calls).into_iter().map(|key| (key, None)).collect();
        for agent in std::mem::take(&mut self.changed.agents) {
            if let Some(key) = self.best_call(&agent) {
                proposals.insert((key, Some(agent)));
            }
        }
        while let Some((key, proposer)) = proposals.pop_first() {
            if let Some(agent) = self.best_agent(key) {
                self.offer(key.call, &agent);
            }
            let Some(agent) = proposer else { continue };
            // Only calls further back can be left for this agent; asking for it makes the loop's end plain.
            if let Some(next) = self.best_call(&agent).filter(|next| *next > key) {
                proposals.insert((next, Some(agent)));
            }
        }
    }

    /// The best open call that this agent may be offered now, over all the agent's queues.
    fn best_call(&mut self, agent: &AgentId) -> Option<PlaceKey> {
        if !self.is_free(agent) {
            return None;
        }
        let work = self.agents.get(agent)?.at_work()?;
        let rested = rested(work.since, self.clock);
        let mut skipped = false;
        let mut best: Option<PlaceKey> = None;
        for queue in work.queues.iter().filter_map(|queue| self.queues.get(queue)) {
            for key in &queue.open {
                if best.is_some_and(|best| best < *key) {
                    break;
                }
                if rested || !was_tried(self.calls.get(&key.call), agent) {
                    best = Some(*key);
                    break;
                }
                skipped = true;
            }
        }
        if skipped {
            self.timers.set(Timer::Retry(agent.clone()), work.since.after(RETRY_PAUSE_MS));
        }
        best
    }

    /// The agent who takes this call now, if it is open: of those it was not offered to, else of those rested, the one
    /// idle longest.
    fn best_agent(&mut self, key: PlaceKey) -> Option<AgentId> {
        let call = self.calls.get(&key.call)?;
        let queue = self.queues.get(&call.queue)?;
        if !queue.open.contains(&key) {
            return None;
        }
        let mut again: Option<&AgentId> = None;
        let mut resting: Vec<(Moment, AgentId)> = Vec::new();
        let mut fresh: Option<&AgentId> = None;
        for (since, agent) in &queue.free {
            if !call.tried.contains(agent) {
                fresh = Some(agent);
                break;
            } else if rested(*since, self.clock) {
                again = again.or(Some(agent));
            } else {
                resting.push((*since, agent.clone()));
            }
        }
        let chosen = fresh.or(again).cloned();
        if chosen.is_none() {
            for (since, agent) in resting {
                self.timers.set(Timer::Retry(agent), since.after(RETRY_PAUSE_MS));
            }
        }
        chosen
    }

    fn offer(&mut self, call: CallId, agent: &AgentId) {
        let Some(waiting) = self.calls.get_mut(&call) else { return };
        let Some(queue) = self.queues.get_mut(&waiting.queue) else { return };
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        assert!(waiting.offer.is_none(), "a call is offered to one agent at a time");
        assert!(work.state == State::Ready, "only a ready agent is offered a call");
        self.offers_made += 1;
        let id = OfferId { epoch: self.epoch, number: self.offers_made };
        waiting.offer = Some(id);
        queue.open.remove(&waiting.key);
        let (ring_ms, extension) = (queue.rules.ring_ms, work.extension.clone());
        let reason = Box::new(self.reason(call, agent));
        self.offers.insert(id, Offer { call, agent: agent.clone(), stage: Stage::Sent });
        self.timers.set(Timer::Lease(id), self.clock.after(RESERVE_LEASE_MS));
        let (agent_name, lease_ms) = (agent.clone(), RESERVE_LEASE_MS);
        let offer = Decision::Offer { offer: id, call, agent: agent_name, extension, ring_ms, lease_ms, reason };
        self.decisions.push_back(offer);
        self.set_state(agent, State::Offered { call, offer: id });
    }

    /// What the choice of this agent rested on, as it stood before the offer.
    fn reason(&self, call: CallId, chosen: &AgentId) -> AssignmentReason {
        let (waiting, queue) = self.in_line(call);
        debug_assert!(queue.staff.iter().all(|noted| self.is_noted(noted)), "a queue knows what its staff does");
        let mut candidates = vec![self.candidate(queue, chosen, None)];
        let mut others = BTreeMap::new();
        let work = self.agents.get(chosen).and_then(|agent| agent.at_work());
        // Told apart by the moment before the name: a comparison of hundreds of names would cost more than all the rest.
        let first = work.map(|work| (work.since, chosen.clone()));
        let free = queue.free.iter().filter(|entry| first.as_ref() != Some(*entry)).map(|(_, agent)| {
            let tried = waiting.tried.contains(agent);
            (agent, if tried { &PassedOver::AlreadyTried } else { &PassedOver::IdleShorter })
        });
        let unfree = queue.staff.iter().filter_map(|(agent, unfree)| Some((agent, unfree.as_ref()?)));
        let mut all = free.chain(unfree);
        for (agent, why) in all.by_ref().take(CANDIDATES_MAX - 1) {
            candidates.push(self.candidate(queue, agent, Some(why.clone())));
        }
        for (_, why) in all {
            match others.get_mut(why.word()) {
                Some(count) => *count += 1,
                None => drop(others.insert(why.word().to_owned(), 1)),
            }
        }
        AssignmentReason {
            queue: waiting.queue.clone(),
            strategy: queue.rules.strategy.name().to_owned(),
            place: queue.place(waiting.key),
            waited_ms: self.clock.age_of(waiting.arrived).0,
            candidates,
            others,
        }
    }

    fn is_noted(&self, (agent, unfree): (&AgentId, &Option<PassedOver>)) -> bool {
        let work = self.agents.get(agent).and_then(|agent| agent.at_work());
        work.is_some_and(|work| work.unfree(self.busy.contains(&work.extension)) == *unfree)
    }

    fn in_line(&self, call: CallId) -> (&WaitingCall, &Queue) {
        let waiting = &self.calls[&call];
        (waiting, &self.queues[&waiting.queue])
    }

    fn candidate(&self, queue: &Queue, agent: &AgentId, passed_over: Option<PassedOver>) -> Candidate {
        let work = self.agents.get(agent).and_then(|agent| agent.at_work());
        let free = work.filter(|work| queue.free.contains(&(work.since, agent.clone())));
        Candidate { agent: agent.clone(), idle_ms: free.map(|work| self.clock.age_of(work.since).0), passed_over }
    }
}

fn rested(ready_since: Moment, now: Moment) -> bool {
    ready_since.after(RETRY_PAUSE_MS) <= now
}

fn was_tried(call: Option<&WaitingCall>, agent: &AgentId) -> bool {
    call.is_some_and(|call| call.tried.contains(agent))
}
