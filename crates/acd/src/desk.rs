//! Agents' states: what agents ask for, what conversations and phones do to them. It does not choose who takes what.

use crate::{
    Acd, AgentRefusal, AgentRequest, AgentRules, Decision,
    agent::{Agent, AtWork, Presence, REASON_LOGGED_IN, State},
    timer::Timer,
};
use vocab::{AgentId, CallId, ExtensionId, NotReadyReason, PendingState, QueueId};

/// A phone that is registered but could not be called is tried again after this: the time a phone takes to restart.
pub(crate) const UNREACHABLE_PAUSE_MS: u64 = 30_000;

impl Acd {
    pub(crate) fn request(&mut self, agent: &AgentId, request: AgentRequest) -> Result<(), AgentRefusal> {
        let known = self.agents.get(agent).ok_or(AgentRefusal::UnknownAgent)?;
        if let AgentRequest::LogIn { extension, queues, ready } = request {
            return self.log_in(agent, extension, queues, ready);
        }
        let work = known.at_work().ok_or(AgentRefusal::NotLoggedIn)?;
        match request {
            AgentRequest::LogIn { .. } => {}
            AgentRequest::LogOut => self.ask(agent, PendingState::LoggedOut),
            AgentRequest::Ready => self.ask(agent, PendingState::Ready),
            AgentRequest::NotReady { reason } => self.ask(agent, PendingState::NotReady { reason }),
            AgentRequest::FinishWrapUp => match work.state {
                State::WrapUp { .. } => self.work_over(agent),
                _ => return Err(AgentRefusal::NoWrapUp),
            },
            AgentRequest::WithdrawPending => match work.pending {
                Some(_) => self.change(agent, |work| work.pending = None),
                None => return Err(AgentRefusal::NothingPending),
            },
        }
        Ok(())
    }

    fn log_in(
        &mut self,
        agent: &AgentId,
        extension: ExtensionId,
        chosen: Vec<QueueId>,
        ready: bool,
    ) -> Result<(), AgentRefusal> {
        let known = self.agents.get(agent).ok_or(AgentRefusal::UnknownAgent)?;
        if chosen.iter().any(|queue| !known.allowed.contains(queue) || !self.queues.contains_key(queue)) {
            return Err(AgentRefusal::QueueNotAllowed);
        }
        if self.extensions.get(&extension).is_some_and(|holder| holder != agent) {
            return Err(AgentRefusal::ExtensionTaken);
        }
        match known.at_work() {
            Some(work) if work.extension != extension => return Err(AgentRefusal::LoggedInElsewhere),
            Some(_) => {
                let (all_queues, queues) = self.served(agent, chosen);
                self.serve(agent, all_queues, queues);
                if ready {
                    self.ask(agent, PendingState::Ready);
                }
            }
            None => {
                self.come_to_work(agent, extension, chosen, State::not_ready(REASON_LOGGED_IN));
                if ready {
                    self.become_ready(agent);
                } else {
                    self.tell(agent);
                }
            }
        }
        Ok(())
    }

    /// The queues an agent serves who chose these, sorted, and whether these are all the agent may.
    fn served(&self, agent: &AgentId, chosen: Vec<QueueId>) -> (bool, Vec<QueueId>) {
        let Some(known) = self.agents.get(agent) else { return (false, Vec::new()) };
        let mut all: Vec<QueueId> = known.allowed.clone();
        all.retain(|queue| self.queues.contains_key(queue));
        let mut queues = all.clone();
        queues.retain(|queue| chosen.contains(queue));
        if queues.is_empty() || queues == all { (true, all) } else { (false, queues) }
    }

    /// Puts an agent who is not at work to work, without telling anyone.
    pub(crate) fn come_to_work(&mut self, agent: &AgentId, extension: ExtensionId, chosen: Vec<QueueId>, state: State) {
        let (all_queues, queues) = self.served(agent, chosen);
        let Some(known) = self.agents.get_mut(agent) else { return };
        self.extensions.insert(extension.clone(), agent.clone());
        let work = AtWork { extension, all_queues, queues: Vec::new(), state, since: self.clock, pending: None };
        known.presence = Presence::AtWork(work);
        self.serve(agent, all_queues, queues);
    }

    /// Changes which queues an agent at work serves.
    fn serve(&mut self, agent: &AgentId, all_queues: bool, queues: Vec<QueueId>) {
        self.leave_free(agent);
        let Some(work) = self.agents.get_mut(agent).and_then(Agent::at_work_mut) else { return };
        let before = std::mem::replace(&mut work.queues, queues);
        work.all_queues = all_queues;
        for name in &before {
            if let Some(queue) = self.queues.get_mut(name) {
                queue.staff.remove(agent);
            }
        }
        self.join_free(agent);
    }

    /// Applies a wish now, or keeps it until the work in hand is over.
    fn ask(&mut self, agent: &AgentId, wish: PendingState) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        match &work.state {
            State::Talking { .. } | State::WrapUp { .. } => self.change(agent, |work| work.pending = Some(wish)),
            State::Ready if wish == PendingState::Ready => {}
            State::Offered { .. } if wish == PendingState::Ready => {}
            State::Offered { offer, .. } => {
                let offer = *offer;
                self.retract(offer);
                self.follow(agent, wish);
            }
            State::Ready | State::NotReady { .. } | State::Unreachable => self.follow(agent, wish),
        }
    }

    fn follow(&mut self, agent: &AgentId, next: PendingState) {
        match next {
            PendingState::Ready => self.become_ready(agent),
            PendingState::NotReady { reason } => self.set_state(agent, State::not_ready(reason)),
            PendingState::LoggedOut => self.log_out(agent),
        }
    }

    fn log_out(&mut self, agent: &AgentId) {
        self.serve(agent, false, Vec::new());
        self.cancel_timers(agent);
        if let Some(known) = self.agents.get_mut(agent) {
            if let Presence::AtWork(work) = &known.presence {
                self.extensions.remove(&work.extension);
            }
            known.presence = Presence::Away;
        }
        self.tell(agent);
    }

    /// Ready at the end of the line of agents, if the phone can be called.
    pub(crate) fn become_ready(&mut self, agent: &AgentId) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        let reachable = !self.unreachable.contains(&work.extension);
        self.set_state(agent, if reachable { State::Ready } else { State::Unreachable });
    }

    /// Enters a state now, with its timer.
    pub(crate) fn set_state(&mut self, agent: &AgentId, state: State) {
        let clock = self.clock;
        self.change(agent, |work| {
            work.state = state;
            work.since = clock;
        });
        self.set_timers(agent);
    }

    /// Starts the timers that belong to the agent's state.
    pub(crate) fn set_timers(&mut self, agent: &AgentId) {
        self.cancel_timers(agent);
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        match work.state {
            State::WrapUp { until, .. } => self.timers.set(Timer::WrapUp(agent.clone()), until),
            State::Unreachable if !self.unreachable.contains(&work.extension) => {
                self.timers.set(Timer::Unreachable(agent.clone()), work.since.after(UNREACHABLE_PAUSE_MS));
            }
            // An offer's timer is the offer's own.
            State::Unreachable
            | State::Ready
            | State::NotReady { .. }
            | State::Offered { .. }
            | State::Talking { .. } => {}
        }
    }

    fn cancel_timers(&mut self, agent: &AgentId) {
        for timer in [Timer::WrapUp, Timer::Unreachable, Timer::Retry] {
            self.timers.cancel(&timer(agent.clone()));
        }
    }

    /// Changes an agent at work, keeps the lines of free agents true, and tells.
    fn change(&mut self, agent: &AgentId, change: impl FnOnce(&mut AtWork)) {
        self.leave_free(agent);
        let Some(work) = self.agents.get_mut(agent).and_then(Agent::at_work_mut) else { return };
        change(work);
        self.join_free(agent);
        self.tell(agent);
    }

    pub(crate) fn tell(&mut self, agent: &AgentId) {
        if let Some(known) = self.agents.get(agent) {
            self.decisions.push_back(Decision::AgentIs(known.report(agent, self.clock)));
        }
    }

    /// Takes the agent out of the lines of free agents.
    pub(crate) fn leave_free(&mut self, agent: &AgentId) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        let entry = (work.since, agent.clone());
        for name in &work.queues {
            if let Some(queue) = self.queues.get_mut(name) {
                queue.free.remove(&entry);
            }
        }
    }

    /// Notes in the agent's queues what the agent does now, and puts the agent into the lines of free agents, if free.
    pub(crate) fn join_free(&mut self, agent: &AgentId) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        let unfree = work.unfree(self.busy.contains(&work.extension));
        let free = unfree.is_none();
        for name in &work.queues {
            let Some(queue) = self.queues.get_mut(name) else { continue };
            if free {
                queue.free.insert((work.since, agent.clone()));
            }
            queue.staff.insert(agent.clone(), unfree.clone());
        }
        if free {
            self.changed.agents.insert(agent.clone());
        }
    }

    pub(crate) fn is_free(&self, agent: &AgentId) -> bool {
        let work = self.agents.get(agent).and_then(|agent| agent.at_work());
        work.is_some_and(|work| work.state == State::Ready && !self.busy.contains(&work.extension))
    }

    /// The agent's part in a conversation is over: wrap-up, then what was asked for.
    pub(crate) fn parted(&mut self, call: CallId, agent: &AgentId) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        let State::Talking { call: talked, queue } = &work.state else { return };
        if *talked != call {
            return;
        }
        let wrap_up_ms = |queue: &QueueId| self.queues.get(queue).map(|queue| queue.rules.wrap_up_ms);
        let own = queue.as_ref().and_then(wrap_up_ms);
        let longest = || work.queues.iter().filter_map(wrap_up_ms).max();
        match own.or_else(longest) {
            None | Some(0) => self.work_over(agent),
            Some(ms) => self.set_state(agent, State::WrapUp { call, until: self.clock.after(ms) }),
        }
    }

    /// Wrap-up, or a conversation without one, is over.
    pub(crate) fn work_over(&mut self, agent: &AgentId) {
        let Some(work) = self.agents.get_mut(agent).and_then(Agent::at_work_mut) else { return };
        let next = work.pending.take().unwrap_or(PendingState::Ready);
        self.follow(agent, next);
    }

    /// An edge tells of a conversation that goes on, and which queue it came from. Whatever is believed here, they talk.
    pub(crate) fn conversation(&mut self, call: CallId, agent: &AgentId, came_from: QueueId) {
        let Some(work) = self.agents.get_mut(agent).and_then(Agent::at_work_mut) else { return };
        match &mut work.state {
            State::Talking { call: talked, queue } if *talked == call => *queue = Some(came_from),
            _ => self.talk_after_all(agent, call, came_from),
        }
    }

    /// The agent talks though the offer was void here: whatever was begun since is undone, and what the agent had asked
    /// for follows later.
    pub(crate) fn talk_after_all(&mut self, agent: &AgentId, call: CallId, queue: QueueId) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        let wish = match &work.state {
            State::Talking { .. } => return,
            State::NotReady { reason } => Some(PendingState::NotReady { reason: NotReadyReason::clone(reason) }),
            State::Offered { offer, .. } => {
                let offer = *offer;
                self.retract(offer);
                None
            }
            State::Ready | State::Unreachable => None,
            State::WrapUp { .. } => work.pending.clone(),
        };
        if let Some(work) = self.agents.get_mut(agent).and_then(Agent::at_work_mut) {
            work.pending = wish;
        }
        self.set_state(agent, State::Talking { call, queue: Some(queue) });
    }

    /// A phone registered, or its registration ended.
    pub(crate) fn phone_changed(&mut self, agent: &AgentId, reachable: bool) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        match (&work.state, reachable) {
            (State::Unreachable, true) => self.become_ready(agent),
            (State::Unreachable, false) => self.set_timers(agent),
            (State::Ready, false) => self.set_state(agent, State::Unreachable),
            // What is under way at the edge ends by its own report; readiness is asked again afterwards.
            _ => {}
        }
    }

    pub(crate) fn try_phone_again(&mut self, agent: &AgentId) {
        let work = self.agents.get(agent).and_then(|agent| agent.at_work());
        if work.is_some_and(|work| work.state == State::Unreachable) {
            self.become_ready(agent);
        }
    }

    /// A conversation the dispatcher did not arrange began or ended at the agent's extension. After one the agent is
    /// at the end of the line, as after a call from a queue.
    pub(crate) fn conversation_elsewhere(&mut self, agent: &AgentId, ended: bool) {
        let work = self.agents.get(agent).and_then(|agent| agent.at_work());
        if ended && work.is_some_and(|work| work.state == State::Ready) {
            self.become_ready(agent);
        } else {
            self.join_free(agent);
        }
    }

    /// Replaces who may work where; an agent no longer known is logged out, and one added is as given.
    pub(crate) fn staff(&mut self, rules: Vec<AgentRules>, added: fn() -> Presence) {
        let mut before = std::mem::take(&mut self.agents);
        for AgentRules { agent, queues: mut allowed } in rules {
            allowed.sort();
            allowed.dedup();
            let presence = before.remove(&agent).map_or_else(added, |known| known.presence);
            self.agents.insert(agent, Agent { allowed, presence });
        }
        for (agent, known) in before {
            self.dismiss(agent, known);
        }
        for call in self.calls.values_mut() {
            call.tried.retain(|agent| self.agents.contains_key(agent));
        }
        let at_work: Vec<AgentId> = self.extensions.values().cloned().collect();
        for agent in at_work {
            self.serve_as_configured(&agent);
        }
    }

    /// Ends the work of an agent the configuration no longer knows.
    fn dismiss(&mut self, agent: AgentId, known: Agent) {
        if known.at_work().is_none() {
            return;
        }
        self.agents.insert(agent.clone(), known);
        if let Some(State::Offered { offer, .. }) = self.agents[&agent].at_work().map(|work| work.state.clone()) {
            self.retract(offer);
        }
        self.log_out(&agent);
        self.agents.remove(&agent);
        self.changed.agents.remove(&agent);
    }

    fn serve_as_configured(&mut self, agent: &AgentId) {
        let Some(work) = self.agents.get(agent).and_then(|agent| agent.at_work()) else { return };
        let before = work.queues.clone();
        // Whoever serves all there are serves also those to come, and whose chosen queues are all gone serves all: so
        // the list of queues in a snapshot says everything about the choice.
        let chosen = if work.all_queues { Vec::new() } else { before.clone() };
        let (all_queues, queues) = self.served(agent, chosen);
        let changed = queues != before;
        self.serve(agent, all_queues, queues);
        if changed {
            self.tell(agent);
        }
    }
}
