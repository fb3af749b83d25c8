//! Between the exchange and the dispatcher's link.

use crate::{
    Output, Switch,
    exchange::{Offered, Question},
};
use acd::Decision;
use cluster::LinkOutput;
use vocab::{Age, CallId, Fact, Now, OfferEnd};

/// A request about an agent is put to this many dispatchers after the first. One that ends each of them, whatever the
/// fault in it, must not end them for ever.
const QUESTION_REPEATS_MAX: u32 = 4;

impl Switch {
    pub(crate) fn link_output(&mut self, now: Now, output: LinkOutput<acd::Report, Decision>) {
        match output {
            LinkOutput::Send(frame) => self.send(Output::Dispatcher(frame)),
            LinkOutput::Deliver(decision) => self.decision(now, decision),
            // A new dispatcher asks for everything itself; nothing is kept for the old one.
            LinkOutput::PeerRestarted { .. } => {}
            LinkOutput::Overflow(report) => self.undeliverable(now, report),
        }
    }

    fn decision(&mut self, now: Now, decision: Decision) {
        match decision {
            Decision::ReportAll => self.report_all(now),
            Decision::Offer { offer, call, agent, extension, ring_ms, reason, .. } => {
                let leg = self.next_leg();
                // Nobody is rung who talks: the dispatcher had not heard of the answer when it chose.
                if !self.calls.contains_key(&call) || self.conversations.contains_key(&agent) {
                    let end = OfferEnd::Withdrawn;
                    return self.report(now, acd::Report::OfferEnded { offer, call, agent, end });
                }
                let offered = Offered { call, agent: agent.clone(), queue: reason.queue.clone() };
                self.offers.insert(offer, offered);
                let offer = call::Offer { offer, agent, extension, leg, ring_ms, reason };
                self.tell_call(now, call, call::Input::Offer(offer));
            }
            Decision::Withdraw { offer } => {
                if let Some(call) = self.offers.get(&offer).map(|o| o.call) {
                    self.tell_call(now, call, call::Input::Withdraw { offer });
                }
            }
            Decision::Placed { call, queue, place } => {
                self.tell_call(now, call, call::Input::Placed { queue, place });
            }
            Decision::QueueRefused { call, queue, why } => {
                self.tell_call(now, call, call::Input::QueueRefused { queue, why });
            }
            Decision::AgentIs(report) => self.agent_is(now, report),
            Decision::AgentAnswer { number, refusal } => {
                if let Some(Question { request, .. }) = self.questions.remove(&number) {
                    self.reply(request, refusal.map_or(Ok(()), |r| Err(crate::Refusal::Agent(r))));
                }
            }
        }
    }

    pub(crate) fn agent_is(&mut self, now: Now, report: acd::AgentReport) {
        self.fact(
            now,
            Fact::AgentChanged {
                agent: report.agent.clone(),
                extension: report.extension.clone(),
                queues: report.queues.clone(),
                state: report.state.clone(),
                pending: report.pending.clone(),
            },
        );
        let since = report.age.before(now.mono);
        self.agents.insert(report.agent.clone(), (report, since));
    }

    /// Everything this node knows, for a dispatcher that starts anew.
    pub(crate) fn report_all(&mut self, now: Now) {
        let aged = |(report, since): &(acd::AgentReport, std::time::Duration)| acd::AgentReport {
            age: Age::between(*since, now.mono),
            ..report.clone()
        };
        // First, so that nobody it added is unknown when the rest is read.
        let configuration = self.config.acd.clone();
        self.report(now, acd::Report::Configuration(configuration));
        let agents: Vec<_> = self.agents.values().map(aged).collect();
        let waiting: Vec<_> = self.calls.keys().filter_map(|call| self.waiting(now, *call)).collect();
        self.rebuilds += 1;
        let fact = Fact::DispatcherRebuilt {
            epoch: self.rebuilds,
            waiting: u32::try_from(waiting.len()).unwrap_or(u32::MAX),
            agents: u32::try_from(self.agents.len()).unwrap_or(u32::MAX),
        };
        self.fact(now, fact);
        let offers = self.offers.iter().map(|(offer, o)| acd::OfferReport {
            offer: *offer,
            call: o.call,
            agent: o.agent.clone(),
        });
        let all = acd::Report::All {
            agents,
            waiting,
            offers: offers.collect(),
            unreachable: self.phones.unreachable(self.config.extensions.iter().map(|e| &e.extension)),
            busy: self.phones.busy(),
        };
        let conversations: Vec<_> = self.conversations.iter().map(|(a, (c, q))| (a.clone(), *c, q.clone())).collect();
        for (agent, call, queue) in conversations {
            self.report(now, acd::Report::Conversation { call, agent, queue });
        }
        self.report(now, all);
        // An agent who talks in a call that is not here any more has parted from it.
        let parted = self.agents.values().filter_map(|(report, _)| match &report.state {
            vocab::AgentState::Talking { call } if !self.conversations.contains_key(&report.agent) => {
                Some((*call, report.agent.clone()))
            }
            _ => None,
        });
        for (call, agent) in parted.collect::<Vec<_>>() {
            self.report(now, acd::Report::Parted { call, agent });
        }
        self.repeat_questions(now);
    }

    /// A dispatcher that took a request may have died before its answer, and what followed from it, was here.
    fn repeat_questions(&mut self, now: Now) {
        let worn: Vec<_> =
            self.questions.iter().filter(|(_, q)| q.repeats >= QUESTION_REPEATS_MAX).map(|(n, _)| *n).collect();
        for number in worn {
            self.give_up_question(number);
        }
        let again = self.questions.iter_mut().map(|(number, question)| {
            question.repeats += 1;
            let (agent, request) = (question.agent.clone(), question.asked.clone());
            acd::Report::Agent { agent, request, number: *number }
        });
        for report in again.collect::<Vec<_>>() {
            self.report(now, report);
        }
    }

    fn give_up_question(&mut self, number: u64) {
        if let Some(Question { request, .. }) = self.questions.remove(&number) {
            self.send(Output::Reply { request, answer: crate::Answer::Busy });
        }
    }

    /// The dispatcher has been away so long that the link is full: whoever waits for its word is told no.
    fn undeliverable(&mut self, now: Now, report: acd::Report) {
        match report {
            acd::Report::Enqueue(waiting) => {
                let (call, queue): (CallId, _) = (waiting.call, waiting.queue);
                self.tell_call(now, call, call::Input::QueueRefused { queue, why: "dispatcher_away".to_owned() });
            }
            acd::Report::Agent { number, .. } => {
                self.give_up_question(number);
            }
            // The rest is only news; `ReportAll` brings the dispatcher up to date when it is back.
            acd::Report::All { .. }
            | acd::Report::Reachable { .. }
            | acd::Report::Busy { .. }
            | acd::Report::Dequeue { .. }
            | acd::Report::Reserved { .. }
            | acd::Report::OfferEnded { .. }
            | acd::Report::Parted { .. }
            | acd::Report::Conversation { .. }
            | acd::Report::Configuration(_) => {}
        }
    }
}
