//! The machine of one call.

use crate::{DispatcherReport, InLine, Input, LegEvent, Offer, Opening, Output, Progress, Ringing, Wish};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};
use vocab::{
    AgentId, CallId, EndState, EndedBy, ExtensionId, Fact, LegId, Now, OfferEnd, OfferId, QueueExit, RecordingId,
    RecordingPurpose,
};

/// A message shorter than this is a caller who thought better of it: no voice message in the records.
const MESSAGE_MS_MIN: u64 = 1_000;
/// A writer that has not confirmed the end of a recording by then is not waited for; the record must not wait for a disk.
const RECORDING_CLOSE_MAX: Duration = Duration::from_secs(2);

/// One call from its opening until nothing of it is left.
#[derive(Debug)]
pub struct Call {
    opening: Opening,
    caller: Caller,
    parties: BTreeMap<LegId, Party>,
    line: Option<InLine>,
    recordings: BTreeMap<RecordingId, Recording>,
    history: History,
    stage: Stage,
    timers: BTreeMap<Timer, Duration>,
    outputs: VecDeque<Output>,
    random: Pcg64Mcg,
}

/// The caller's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Alerting,
    Answering,
    Connected,
    Gone,
}

/// Somebody we dialled.
#[derive(Debug)]
struct Party {
    extension: ExtensionId,
    role: Role,
    connection: Connection,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    Agent { agent: AgentId, offer: OfferId },
    Direct,
    Transfer,
}

/// A dialled party's connection (CSTA initiated, alerting, connected).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    Initiated,
    Alerting,
    /// Answered; waits for the caller's own answer.
    Waiting,
    Talking,
}

#[derive(Debug)]
struct Recording {
    purpose: RecordingPurpose,
    party: Option<LegId>,
    started: Duration,
}

/// What the end state is judged by.
#[derive(Debug, Default)]
struct History {
    talked: bool,
    messages: u32,
    rang: bool,
    asked: bool,
    last_exit: Option<QueueExit>,
    /// When a party was last gone, and by whose doing.
    parted: Option<(Duration, EndedBy)>,
    direct_failed: Option<EndState>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Live,
    /// Everything was told to end; recordings are still being closed.
    Ending {
        state: EndState,
        by: EndedBy,
    },
    Over,
}

/// All timers of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A dialled phone rings too long.
    Ring(LegId),
    /// A message is as long as the flow allows.
    MessageLength,
    /// See [`RECORDING_CLOSE_MAX`].
    RecordingsClosed,
}

impl Call {
    /// Opens the call; its first output is the fact that must be on disk before any answer.
    pub fn new(opening: Opening, seed: u64) -> Call {
        let fact = Fact::CallOpened {
            call: opening.call,
            direction: opening.direction,
            caller: opening.caller.clone(),
            called: opening.called.clone(),
            trunk: opening.trunk.clone(),
            extension: opening.extension.clone(),
            source: opening.source,
        };
        Call {
            opening,
            caller: Caller::Alerting,
            parties: BTreeMap::new(),
            line: None,
            recordings: BTreeMap::new(),
            history: History::default(),
            stage: Stage::Live,
            timers: BTreeMap::new(),
            outputs: VecDeque::from([Output::Fact(fact)]),
            random: Pcg64Mcg::seed_from_u64(seed),
        }
    }

    /// The call's id.
    pub fn id(&self) -> CallId {
        self.opening.call
    }

    /// The caller's leg.
    pub fn caller_leg(&self) -> LegId {
        self.opening.caller_leg
    }

    /// Its place in line, if it waits.
    pub fn in_line(&self) -> Option<&InLine> {
        self.line.as_ref()
    }

    /// The leg on which this agent's phone is being rung.
    pub fn ringing_leg(&self, agent: &AgentId) -> Option<LegId> {
        self.agent_leg(agent)
            .filter(|leg| matches!(self.connection(*leg), Some(Connection::Initiated | Connection::Alerting)))
    }

    /// The leg was dialled because the dispatcher offered the call to an agent.
    pub fn is_offered(&self, leg: LegId) -> bool {
        self.parties.get(&leg).is_some_and(|p| matches!(p.role, Role::Agent { .. }))
    }

    /// The leg of this agent, ringing or talking.
    pub fn agent_leg(&self, agent: &AgentId) -> Option<LegId> {
        self.parties
            .iter()
            .find(|(_, p)| matches!(&p.role, Role::Agent { agent: a, .. } if a == agent))
            .map(|(leg, _)| *leg)
    }

    /// The caller's number.
    pub fn caller(&self) -> &vocab::PhoneNumber {
        &self.opening.caller
    }

    /// When `Timeout` wants to be handled next.
    pub fn next_timeout(&self) -> Option<Duration> {
        self.timers.values().min().copied()
    }

    /// The next thing to do; drain before the next input.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes one input. What does not fit the state any more (a race that was lost) has no effect.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.stage != Stage::Live {
            return self.handle_ending(now, input);
        }
        match input {
            Input::Leg { leg, event } if leg == self.opening.caller_leg => self.caller_event(now, event),
            Input::Leg { leg, event } => self.party_event(now, leg, event),
            Input::Flow(wish) => self.wish(now, wish),
            Input::DialExtension { leg, extension, ring_ms } => {
                self.fact(Fact::ExtensionRinging { call: self.id(), extension: extension.clone() });
                self.dial(now, leg, extension, Role::Direct, ring_ms, Ringing::Normal);
            }
            Input::Offer(offer) => self.offer(now, offer),
            Input::Withdraw { offer } => {
                if let Some(leg) = self.offered_leg(offer) {
                    self.fail_party(now, leg, OfferEnd::Withdrawn, Farewell::Drop);
                }
            }
            Input::QueueRefused { queue, why } => self.queue_refused(now, &queue, why),
            Input::Placed { queue, place } => {
                if self.line.as_ref().is_some_and(|l| l.queue == queue) {
                    self.fact(Fact::Placed { call: self.id(), queue, place });
                    self.tell(Progress::Placed { place });
                }
            }
            Input::Recorded { recording, ms } => self.recorded(recording, ms),
            Input::RingAgain { agent, leg } => self.ring_again(&agent, leg),
            Input::AgentHangUp { agent } => self.agent_hang_up(now, &agent),
            Input::Fault => self.end(now, EndedBy::System, Some(EndState::Failed)),
            Input::End { by } => self.end(now, by, None),
            Input::Timeout => self.timeout(now),
        }
    }

    fn caller_event(&mut self, now: Now, event: LegEvent) {
        match event {
            LegEvent::Up if self.caller == Caller::Answering => {
                self.caller = Caller::Connected;
                self.fact(Fact::CallAnswered { call: self.id() });
                self.tell(Progress::Answered);
                if let Some(leg) = self.leg_where(|p| p.connection == Connection::Waiting) {
                    self.join(now, leg);
                }
            }
            LegEvent::Ended => {
                self.caller = Caller::Gone;
                self.end(now, EndedBy::Caller, None);
            }
            LegEvent::Lost => {
                self.caller = Caller::Gone;
                self.fact(Fact::LegLost { call: self.id(), extension: None });
                self.end(now, EndedBy::Lost, None);
            }
            LegEvent::Unusable => self.end(now, EndedBy::System, Some(EndState::Failed)),
            LegEvent::Up | LegEvent::Ringing | LegEvent::Refused { .. } => {}
        }
    }

    fn party_event(&mut self, now: Now, leg: LegId, event: LegEvent) {
        let Some(party) = self.parties.get_mut(&leg) else { return };
        match (event, party.connection) {
            (LegEvent::Ringing, Connection::Initiated) => {
                party.connection = Connection::Alerting;
                self.history.rang = true;
                match &party.role {
                    Role::Agent { agent, .. } => {
                        let fact = Fact::AgentRinging { call: self.opening.call, agent: agent.clone() };
                        self.fact(fact);
                    }
                    Role::Direct => {
                        if self.caller == Caller::Alerting {
                            self.outputs.push_back(Output::Ring { leg: self.opening.caller_leg });
                        }
                    }
                    Role::Transfer => {}
                }
            }
            (LegEvent::Up, Connection::Initiated | Connection::Alerting) => {
                party.connection = Connection::Waiting;
                self.timers.remove(&Timer::Ring(leg));
                match self.caller {
                    Caller::Alerting => self.answer(),
                    Caller::Connected => self.join(now, leg),
                    Caller::Answering | Caller::Gone => {}
                }
            }
            (LegEvent::Ended, Connection::Talking | Connection::Waiting) => self.part(now, leg, Farewell::Gone),
            (LegEvent::Lost, Connection::Talking | Connection::Waiting) => {
                let extension = Some(party.extension.clone());
                self.fact(Fact::LegLost { call: self.id(), extension });
                self.part(now, leg, Farewell::Lost);
            }
            (LegEvent::Ended | LegEvent::Lost, Connection::Initiated | Connection::Alerting) => {
                self.fail_party(now, leg, OfferEnd::Unreachable, Farewell::Gone);
            }
            (LegEvent::Refused { status }, _) => self.fail_party(now, leg, refusal(status), Farewell::Gone),
            (LegEvent::Unusable, _) => self.fail_party(now, leg, OfferEnd::Unreachable, Farewell::Drop),
            (LegEvent::Ringing | LegEvent::Up, _) => {}
        }
    }

    fn wish(&mut self, now: Now, wish: Wish) {
        match wish {
            Wish::Answer => match self.caller {
                Caller::Alerting => self.answer(),
                Caller::Connected => self.tell(Progress::Answered),
                Caller::Answering | Caller::Gone => {}
            },
            Wish::RecordMessage { ms_max } => {
                self.record(now, RecordingPurpose::Message, None);
                self.timers.insert(Timer::MessageLength, now.mono + Duration::from_millis(ms_max.into()));
            }
            Wish::StopRecording => self.stop_message(),
            // A flow waits in one line at a time; a second wish for it is a flow's fault, not the call's.
            Wish::Enqueue { .. } if self.line.is_some() => {}
            Wish::Enqueue { queue, priority } => {
                let line = InLine { queue, enqueued: now.wall, since: now.mono, priority, tried: Vec::new() };
                self.fact(Fact::Queued { call: self.id(), queue: line.queue.clone(), enqueued: line.enqueued });
                self.report(DispatcherReport::Enqueue { queue: line.queue.clone(), enqueued: line.enqueued, priority });
                self.line = Some(line);
            }
            Wish::LeaveQueue { exit } => {
                if self.leave_line(now, exit) {
                    self.report(DispatcherReport::Dequeue { exit });
                    self.withdraw_offers(now);
                    self.tell(Progress::QueueLeft);
                }
            }
            // The caller hears one party: who is being asked already comes first.
            Wish::Transfer { .. } if !self.parties.is_empty() => self.tell(Progress::TransferFailed { why: "busy" }),
            Wish::Transfer { leg, extension, ring_ms } => {
                self.fact(Fact::ExtensionRinging { call: self.id(), extension: extension.clone() });
                self.dial(now, leg, extension, Role::Transfer, ring_ms, Ringing::Normal);
            }
            Wish::HangUp => {
                // The flow that hangs up in the very moment the agent left only carries out the agent's hang-up.
                let parted = self.history.parted.filter(|(at, _)| *at == now.mono);
                self.end(now, parted.map_or(EndedBy::System, |(_, by)| by), None);
            }
        }
    }

    fn answer(&mut self) {
        self.caller = Caller::Answering;
        self.outputs.push_back(Output::Answer { leg: self.opening.caller_leg });
    }

    fn offer(&mut self, now: Now, offer: Offer) {
        if self.line.is_none() || !self.parties.is_empty() {
            // The caller left while the offer travelled, or somebody else is being asked: another dispatcher's offer
            // still stands, or a transfer rings.
            let (offer, agent) = (offer.offer, offer.agent);
            return self.report(DispatcherReport::OfferEnded { offer, agent, end: OfferEnd::Withdrawn });
        }
        self.history.asked = true;
        self.report(DispatcherReport::Reserved { offer: offer.offer });
        self.fact(Fact::AgentOffered {
            call: self.id(),
            agent: offer.agent.clone(),
            extension: offer.extension.clone(),
            reason: offer.reason,
        });
        let role = Role::Agent { agent: offer.agent, offer: offer.offer };
        self.dial(now, offer.leg, offer.extension, role, offer.ring_ms, Ringing::Normal);
    }

    fn dial(&mut self, now: Now, leg: LegId, extension: ExtensionId, role: Role, ring_ms: u64, ringing: Ringing) {
        self.timers.insert(Timer::Ring(leg), now.mono + Duration::from_millis(ring_ms));
        self.outputs.push_back(Output::Dial { leg, extension: extension.clone(), ringing });
        self.parties.insert(leg, Party { extension, role, connection: Connection::Initiated });
    }

    fn join(&mut self, now: Now, leg: LegId) {
        let Some(party) = self.parties.get_mut(&leg) else { return };
        party.connection = Connection::Talking;
        let (role, extension) = (party.role.clone(), party.extension.clone());
        self.outputs.push_back(Output::Bridge { one: self.opening.caller_leg, other: leg });
        self.history.talked = true;
        match role {
            Role::Agent { agent, offer } => {
                self.end_offer(offer, agent.clone(), OfferEnd::Answered);
                self.leave_line(now, QueueExit::Answered);
                self.fact(Fact::Joined { call: self.id(), agent, extension });
                if self.opening.record_conversations {
                    self.record(now, RecordingPurpose::Conversation, Some(leg));
                }
                self.tell(Progress::Connected);
            }
            Role::Direct => self.fact(Fact::ExtensionJoined { call: self.id(), extension }),
            Role::Transfer => {
                self.fact(Fact::ExtensionJoined { call: self.id(), extension });
                self.tell(Progress::Connected);
            }
        }
    }

    /// A conversation, or one about to begin, is over on the party's side.
    fn part(&mut self, now: Now, leg: LegId, farewell: Farewell) {
        let Some(party) = self.parties.get(&leg) else { return };
        if party.connection == Connection::Waiting {
            let end = if farewell == Farewell::Lost { OfferEnd::Unreachable } else { OfferEnd::Declined };
            return self.fail_party(now, leg, end, farewell);
        }
        let role = party.role.clone();
        let by = if farewell == Farewell::Lost { EndedBy::Lost } else { EndedBy::Agent };
        self.history.parted = Some((now.mono, by));
        self.release(leg, farewell);
        match role {
            Role::Agent { .. } | Role::Transfer => self.tell(Progress::Parted),
            Role::Direct => self.end(now, by, Some(EndState::ExtensionCall)),
        }
    }

    /// Takes a talking party out of the call: bridge, recording, leg, facts.
    fn release(&mut self, leg: LegId, farewell: Farewell) {
        let Some(party) = self.parties.remove(&leg) else { return };
        self.timers.remove(&Timer::Ring(leg));
        if party.connection == Connection::Talking {
            self.outputs.push_back(Output::Unbridge { one: self.opening.caller_leg, other: leg });
            let of_party = |r: &Recording| r.party == Some(leg);
            let ending: Vec<_> = self.recordings.iter().filter(|(_, r)| of_party(r)).map(|(id, _)| *id).collect();
            for recording in ending {
                self.outputs.push_back(Output::StopRecording { recording });
            }
            if let Role::Agent { agent, .. } = party.role {
                self.fact(Fact::Parted { call: self.id(), agent: agent.clone() });
                self.report(DispatcherReport::Parted { agent });
            }
        }
        if farewell == Farewell::Drop {
            self.outputs.push_back(Output::Drop { leg });
        }
    }

    /// A party that never talked is over.
    fn fail_party(&mut self, now: Now, leg: LegId, end: OfferEnd, farewell: Farewell) {
        let Some(party) = self.parties.get(&leg) else { return };
        if party.connection == Connection::Talking {
            return self.part(now, leg, farewell);
        }
        let role = party.role.clone();
        self.release(leg, farewell);
        match role {
            Role::Agent { agent, offer } => {
                // As the dispatcher counts: a phone that could not be reached was not the agent's no.
                if let Some(line) = &mut self.line
                    && matches!(end, OfferEnd::NoAnswer | OfferEnd::Declined)
                {
                    line.tried.push(agent.clone());
                }
                self.end_offer(offer, agent, end);
            }
            Role::Transfer => self.tell(Progress::TransferFailed { why: why_failed(end) }),
            Role::Direct => {
                let state = if end == OfferEnd::NoAnswer { EndState::RingTimeout } else { EndState::AgentUnreachable };
                self.history.direct_failed = Some(state);
                let status = if end == OfferEnd::Declined { 486 } else { 480 };
                if self.caller == Caller::Alerting {
                    self.outputs.push_back(Output::Refuse { leg: self.opening.caller_leg, status });
                    self.caller = Caller::Gone;
                }
                self.end(now, EndedBy::System, Some(state));
            }
        }
    }

    fn end_offer(&mut self, offer: OfferId, agent: AgentId, end: OfferEnd) {
        self.fact(Fact::OfferEnded { call: self.id(), agent: agent.clone(), end });
        self.report(DispatcherReport::OfferEnded { offer, agent, end });
    }

    fn withdraw_offers(&mut self, now: Now) {
        while let Some(leg) =
            self.leg_where(|p| matches!(p.role, Role::Agent { .. }) && p.connection != Connection::Talking)
        {
            self.fail_party(now, leg, OfferEnd::Withdrawn, Farewell::Drop);
        }
    }

    fn leave_line(&mut self, now: Now, exit: QueueExit) -> bool {
        let Some(line) = self.line.take() else { return false };
        let waited_ms = vocab::Age::between(line.since, now.mono).0;
        self.history.last_exit = Some(exit);
        self.fact(Fact::QueueLeft { call: self.id(), queue: line.queue, exit, waited_ms });
        true
    }

    fn queue_refused(&mut self, now: Now, queue: &vocab::QueueId, why: String) {
        if self.line.as_ref().is_some_and(|l| l.queue == *queue) {
            self.leave_line(now, QueueExit::Refused);
            self.withdraw_offers(now);
            self.tell(Progress::QueueRefused { why });
        }
    }

    fn ring_again(&mut self, agent: &AgentId, new_leg: LegId) {
        let Some(old_leg) = self.ringing_leg(agent) else { return };
        let Some(party) = self.parties.remove(&old_leg) else { return };
        if let Some(deadline) = self.timers.remove(&Timer::Ring(old_leg)) {
            self.timers.insert(Timer::Ring(new_leg), deadline);
        }
        self.outputs.push_back(Output::Drop { leg: old_leg });
        let extension = party.extension.clone();
        self.outputs.push_back(Output::Dial { leg: new_leg, extension, ringing: Ringing::AutoAnswer });
        self.parties.insert(new_leg, Party { connection: Connection::Initiated, ..party });
    }

    fn agent_hang_up(&mut self, now: Now, agent: &AgentId) {
        let Some(leg) = self.agent_leg(agent) else { return };
        match self.connection(leg) {
            Some(Connection::Talking) => self.part(now, leg, Farewell::Drop),
            _ => self.fail_party(now, leg, OfferEnd::Declined, Farewell::Drop),
        }
    }

    fn record(&mut self, now: Now, purpose: RecordingPurpose, party: Option<LegId>) {
        let mut random = [0; 10];
        self.random.fill_bytes(&mut random);
        let recording = RecordingId::new(now.wall, random);
        self.recordings.insert(recording, Recording { purpose, party, started: now.mono });
        self.fact(Fact::RecordingStarted { call: self.id(), recording, purpose });
        let left = self.opening.caller_leg;
        self.outputs.push_back(Output::Record { recording, purpose, left, right: party });
    }

    fn stop_message(&mut self) {
        self.timers.remove(&Timer::MessageLength);
        let message = self.recordings.iter().find(|(_, r)| r.purpose == RecordingPurpose::Message);
        if let Some((recording, _)) = message {
            let recording = *recording;
            self.outputs.push_back(Output::StopRecording { recording });
        }
    }

    fn recorded(&mut self, recording: RecordingId, ms: u64) {
        let Some(ended) = self.recordings.remove(&recording) else { return };
        self.fact(Fact::RecordingStopped { call: self.id(), recording });
        if ended.purpose == RecordingPurpose::Message {
            self.timers.remove(&Timer::MessageLength);
            if ms >= MESSAGE_MS_MIN {
                self.history.messages += 1;
            }
            self.tell(Progress::Recorded { ms });
        }
    }

    fn timeout(&mut self, now: Now) {
        let due: Vec<_> = self.timers.iter().filter(|(_, at)| **at <= now.mono).map(|(timer, _)| *timer).collect();
        for timer in due {
            self.timers.remove(&timer);
            match timer {
                Timer::Ring(leg) => self.fail_party(now, leg, OfferEnd::NoAnswer, Farewell::Drop),
                Timer::MessageLength => self.stop_message(),
                Timer::RecordingsClosed => self.close(),
            }
        }
    }

    /// Ends the call: every leg, bridge and recording is told to end, every waiting neighbour learns it.
    fn end(&mut self, now: Now, by: EndedBy, state: Option<EndState>) {
        let state = state.unwrap_or_else(|| self.end_state(now));
        self.timers.clear();
        self.stage = Stage::Ending { state, by };
        let exit = match by {
            EndedBy::Caller | EndedBy::Lost => QueueExit::Abandoned,
            EndedBy::Agent | EndedBy::System | EndedBy::Crash => QueueExit::Ended,
        };
        if self.leave_line(now, exit) {
            self.report(DispatcherReport::Dequeue { exit });
        }
        while let Some((leg, _)) = self.parties.first_key_value() {
            let leg = *leg;
            if self.connection(leg) == Some(Connection::Talking) {
                self.release(leg, Farewell::Drop);
            } else {
                self.abandon_party(leg);
            }
        }
        match self.caller {
            Caller::Gone => {}
            Caller::Alerting => {
                let (leg, status) = (self.opening.caller_leg, 480);
                self.outputs.push_back(Output::Refuse { leg, status });
            }
            Caller::Answering | Caller::Connected => {
                self.outputs.push_back(Output::Drop { leg: self.opening.caller_leg });
            }
        }
        self.caller = Caller::Gone;
        self.tell(Progress::CallerGone);
        let messages = self.recordings.iter().filter(|(_, r)| r.party.is_none()).map(|(id, _)| *id);
        self.outputs.extend(messages.map(|recording| Output::StopRecording { recording }));
        if self.recordings.is_empty() {
            self.close();
        } else {
            self.timers.insert(Timer::RecordingsClosed, now.mono + RECORDING_CLOSE_MAX);
        }
    }

    fn abandon_party(&mut self, leg: LegId) {
        let role = self.parties.get(&leg).map(|p| p.role.clone());
        self.release(leg, Farewell::Drop);
        if let Some(Role::Agent { agent, offer }) = role {
            self.end_offer(offer, agent, OfferEnd::Withdrawn);
        }
    }

    fn handle_ending(&mut self, _now: Now, input: Input) {
        match input {
            Input::Recorded { recording, .. } => {
                if self.recordings.remove(&recording).is_some() {
                    self.fact(Fact::RecordingStopped { call: self.id(), recording });
                }
                if self.recordings.is_empty() {
                    self.close();
                }
            }
            Input::Timeout => self.close(),
            Input::Offer(Offer { offer, agent, .. }) => {
                self.report(DispatcherReport::OfferEnded { offer, agent, end: OfferEnd::Withdrawn });
            }
            Input::Leg { .. }
            | Input::Flow(_)
            | Input::DialExtension { .. }
            | Input::Withdraw { .. }
            | Input::QueueRefused { .. }
            | Input::Placed { .. }
            | Input::RingAgain { .. }
            | Input::AgentHangUp { .. }
            | Input::Fault
            | Input::End { .. } => {}
        }
    }

    fn close(&mut self) {
        let Stage::Ending { state, by } = self.stage else { return };
        self.timers.clear();
        self.stage = Stage::Over;
        self.fact(Fact::CallEnded { call: self.id(), state, by });
        self.outputs.push_back(Output::Over);
    }

    /// The final state by requirement DB-13: the furthest the call came, and what it was doing when it ended.
    fn end_state(&self, now: Now) -> EndState {
        if let Some(state) = self.history.direct_failed {
            return state;
        }
        let is = |role: fn(&Role) -> bool| self.parties.values().any(|p| role(&p.role));
        if is(|r| *r == Role::Direct) {
            return if self.history.talked { EndState::ExtensionCall } else { EndState::DialAbandoned };
        }
        let unanswered = |p: &Party| p.connection != Connection::Talking;
        if self.history.talked {
            return EndState::AgentAnswered;
        }
        if self.history.messages > 0 || self.message_long_enough(now) {
            return EndState::VoiceMessage;
        }
        if self.parties.values().any(|p| unanswered(p) && p.connection == Connection::Alerting) {
            return EndState::TransferRinging;
        }
        if self.line.is_some() {
            return EndState::QueueAbandoned;
        }
        match self.history.last_exit {
            Some(_) if self.history.rang => EndState::RingTimeout,
            Some(_) if self.history.asked => EndState::AgentUnreachable,
            Some(QueueExit::TimedOut) => EndState::QueueAbandoned,
            _ => EndState::InIvr,
        }
    }

    fn message_long_enough(&self, now: Now) -> bool {
        self.recordings.values().any(|r| {
            r.purpose == RecordingPurpose::Message && vocab::Age::between(r.started, now.mono).0 >= MESSAGE_MS_MIN
        })
    }

    fn connection(&self, leg: LegId) -> Option<Connection> {
        self.parties.get(&leg).map(|p| p.connection)
    }

    fn leg_where(&self, test: impl Fn(&Party) -> bool) -> Option<LegId> {
        self.parties.iter().find(|(_, p)| test(p)).map(|(leg, _)| *leg)
    }

    fn offered_leg(&self, offer: OfferId) -> Option<LegId> {
        self.leg_where(|p| {
            matches!(&p.role, Role::Agent { offer: o, .. } if *o == offer) && p.connection != Connection::Talking
        })
    }

    fn fact(&mut self, fact: Fact) {
        self.outputs.push_back(Output::Fact(fact));
    }

    fn tell(&mut self, progress: Progress) {
        self.outputs.push_back(Output::Tell(progress));
    }

    fn report(&mut self, report: DispatcherReport) {
        self.outputs.push_back(Output::Report(report));
    }
}

/// Whether a leg must still be told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    /// The far end ended it.
    Gone,
    /// The far end is dead.
    Lost,
    /// We end it.
    Drop,
}

/// What a called phone's SIP refusal means: 486, 600 and 603 are a person's or a busy phone's no.
fn refusal(status: u16) -> OfferEnd {
    match status {
        486 | 600 | 603 => OfferEnd::Declined,
        _ => OfferEnd::Unreachable,
    }
}

fn why_failed(end: OfferEnd) -> &'static str {
    match end {
        OfferEnd::Declined => "busy",
        OfferEnd::NoAnswer => "no_answer",
        OfferEnd::Unreachable | OfferEnd::Answered | OfferEnd::Withdrawn => "unreachable",
    }
}
