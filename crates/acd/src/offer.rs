//! The life of an offer: reserved, rung, over. It decides who is free afterwards, never who is asked next.

use crate::{
    Acd, Decision,
    agent::{REASON_NO_ANSWER, State},
    timer::Timer,
};
use vocab::{AgentId, CallId, OfferEnd, OfferId};

/// The edge has this long to say that it took the offer. Ten round trips of a slow, lossy link; not longer, because a
/// dead edge's calls hold an agent for this time each.
pub(crate) const RESERVE_LEASE_MS: u64 = 5_000;

/// The lease of an offer that is rung: the ringing time (the edge measures it) and this, which covers the time until
/// it was reserved and the way back of its end.
pub(crate) const RING_MARGIN_MS: u64 = 10_000;

/// The edge has this long to say that a withdrawn offer has stopped ringing.
pub(crate) const WITHDRAW_LEASE_MS: u64 = 5_000;

pub(crate) struct Offer {
    pub(crate) call: CallId,
    pub(crate) agent: AgentId,
    pub(crate) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Sent to the edge, which has not confirmed it.
    Sent,
    /// The edge rings the agent's phone.
    Reserved,
    /// The call left the line; the agent is free when the phone has stopped ringing.
    Withdrawn,
}

impl Acd {
    pub(crate) fn reserved(&mut self, id: OfferId) {
        let Some(offer) = self.offers.get_mut(&id) else { return };
        if offer.stage == Stage::Sent {
            offer.stage = Stage::Reserved;
            self.lease_while_ringing(id);
        }
    }

    /// Runs from the moment of the offer, so that a rebuilt dispatcher finds the same end.
    pub(crate) fn lease_while_ringing(&mut self, id: OfferId) {
        let Some(offer) = self.offers.get(&id) else { return };
        let Some(work) = self.agents.get(&offer.agent).and_then(|agent| agent.at_work()) else { return };
        let queue = self.calls.get(&offer.call).and_then(|call| self.queues.get(&call.queue));
        let ring_ms = queue.map_or(0, |queue| queue.rules.ring_ms);
        let at = work.since.after(ring_ms.saturating_add(RING_MARGIN_MS));
        self.timers.set(Timer::Lease(id), at);
    }

    /// Asks the edge to stop ringing for a call that is no longer in line.
    pub(crate) fn withdraw(&mut self, id: OfferId) {
        let Some(offer) = self.offers.get_mut(&id) else { return };
        offer.stage = Stage::Withdrawn;
        self.timers.set(Timer::Lease(id), self.clock.after(WITHDRAW_LEASE_MS));
        self.decisions.push_back(Decision::Withdraw { offer: id });
    }

    /// Forgets the offer; a call still in line becomes open again, asked of this agent only after the others.
    fn drop_offer(&mut self, id: OfferId, tried: bool) -> Option<Offer> {
        let offer = self.offers.remove(&id)?;
        self.timers.cancel(&Timer::Lease(id));
        if let Some(call) = self.calls.get_mut(&offer.call).filter(|call| call.offer == Some(id)) {
            call.offer = None;
            if tried {
                call.tried.insert(offer.agent.clone());
            }
            if let Some(queue) = self.queues.get_mut(&call.queue) {
                queue.open.insert(call.key);
            }
            self.changed.calls.insert(call.key);
        }
        Some(offer)
    }

    /// Takes the offer back because the agent asked for another state; the edge's late answer is then either harmless
    /// or, when the agent answered at that very moment, believed ([`Acd::answered_late`]).
    pub(crate) fn retract(&mut self, id: OfferId) {
        if self.drop_offer(id, true).is_some_and(|offer| offer.stage != Stage::Withdrawn) {
            self.decisions.push_back(Decision::Withdraw { offer: id });
        }
    }

    /// Nothing was heard of the offer in time: the edge is to stop, the agent is free, the call goes to others.
    pub(crate) fn lease_over(&mut self, id: OfferId) {
        let Some(offer) = self.drop_offer(id, true) else { return };
        if offer.stage != Stage::Withdrawn {
            self.decisions.push_back(Decision::Withdraw { offer: id });
        }
        self.become_ready(&offer.agent);
    }

    pub(crate) fn offer_ended(&mut self, id: OfferId, call: CallId, agent: &AgentId, end: OfferEnd) {
        let Some(offer) = self.offers.get(&id) else {
            match end {
                OfferEnd::Answered => self.answered_late(call, agent),
                OfferEnd::Withdrawn => self.not_asked(call, agent),
                OfferEnd::NoAnswer | OfferEnd::Declined | OfferEnd::Unreachable => {}
            }
            return;
        };
        let (call, agent, withdrawn) = (offer.call, offer.agent.clone(), offer.stage == Stage::Withdrawn);
        let queue = self.calls.get(&call).map(|call| call.queue.clone());
        let leaves =
            queue.as_ref().and_then(|queue| self.queues.get(queue)).is_some_and(|queue| queue.rules.no_answer_leaves);
        // A phone that cannot be called says nothing about the agent's will: this agent may be asked first again.
        self.drop_offer(id, end != OfferEnd::Unreachable);
        match end {
            OfferEnd::Answered => {
                self.leave_line(call);
                self.set_state(&agent, State::Talking { call, queue });
            }
            OfferEnd::NoAnswer if leaves && !withdrawn => {
                self.set_state(&agent, State::not_ready(REASON_NO_ANSWER));
            }
            OfferEnd::NoAnswer | OfferEnd::Declined | OfferEnd::Withdrawn => self.become_ready(&agent),
            OfferEnd::Unreachable => self.set_state(&agent, State::Unreachable),
        }
    }

    /// An agent answered an offer that was void here already. The two do talk, so the call leaves the line, whoever it
    /// was offered to since. A call that is not in line was settled otherwise: then this is a repetition.
    fn answered_late(&mut self, call: CallId, agent: &AgentId) {
        let Some(queue) = self.calls.get(&call).map(|call| call.queue.clone()) else { return };
        if let Some(other) = self.leave_line(call) {
            self.withdraw(other);
        }
        self.talk_after_all(agent, call, queue);
    }

    /// The edge had the void offer stopped: the agent did not turn the call down, so its place counts again for this
    /// agent. (The offer was too long on its way, or the agent asked for another state.)
    fn not_asked(&mut self, call: CallId, agent: &AgentId) {
        let Some(waiting) = self.calls.get_mut(&call) else { return };
        if waiting.tried.remove(agent) && waiting.offer.is_none() {
            self.changed.calls.insert(waiting.key);
        }
    }
}
