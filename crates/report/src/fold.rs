//! From the facts of a call to its record: one record per call, whatever order the facts come in.

use crate::{OFFERS_MAX, OfferRecord, PATH_STEPS_MAX, PathStep, Phase, Record, RecordingEntry};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocab::{
    AgentId, CallId, Direction, EndState, EndedBy, ExtensionId, Fact, FactRecord, PhoneNumber, QueueExit,
    SourceAddress, Timestamp,
};

/// Keys kept of one call; a caller who leans on the keypad does not fill the memory.
const DIGITS_CHARACTERS_MAX: usize = 500;
/// Recordings kept of one call: one per conversation or message, far more than a call has.
const RECORDINGS_MAX: usize = 100;
/// A panic's text is cut here; the log has it whole.
const REASON_CHARACTERS_MAX: usize = 200;
/// Calls remembered after their record is out, so that a repeated fact does not make a second one. Repetitions come
/// within a call's last second; at 1,500 calls a second this is several of those.
const CLOSED_REMEMBERED_MAX: usize = 8192;

/// Folds facts into records. Memory is bounded by the number of calls open and the limits of a record.
#[derive(Default)]
pub struct Fold {
    open: BTreeMap<CallId, Open>,
    closed: BTreeSet<CallId>,
    closed_order: VecDeque<CallId>,
}

/// A call not yet over.
struct Open {
    record: Record,
    phase: Phase,
    /// When it was queued in the queue it waits in now.
    waiting_since: Option<Timestamp>,
    /// Who talks now, and since when.
    talking: BTreeMap<Talker, Timestamp>,
    path_left_out: usize,
}

/// The one whom the caller talks to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Talker {
    Agent(AgentId),
    Extension(ExtensionId),
}

impl Fold {
    /// Empty.
    pub fn new() -> Fold {
        Fold::default()
    }

    /// Takes a fact in; gives the record when it was the call's last. Facts of unknown or closed calls change nothing.
    pub fn handle(&mut self, fact: &FactRecord) -> Option<Record> {
        let call = fact.fact.call()?;
        if self.closed.contains(&call) {
            return None;
        }
        match &fact.fact {
            Fact::CallOpened { .. } => {
                if let Some(open) = Open::new(fact) {
                    self.open.entry(call).or_insert(open);
                }
                None
            }
            Fact::CallRefused { caller, called, source, status, reason, .. } => {
                let mut open = self.open.remove(&call).unwrap_or_else(|| {
                    Open::blank(call, Direction::Inbound, caller.clone(), called.clone(), *source, fact.at)
                });
                open.record.status = Some(*status);
                open.record.reason = Some(reason.clone());
                Some(self.close(open, EndState::Refused, EndedBy::System, fact.at))
            }
            Fact::CallEnded { state, by, .. } => {
                let open = self.open.remove(&call)?;
                Some(self.close(open, *state, *by, fact.at))
            }
            _ => {
                if let Some(open) = self.open.get_mut(&call) {
                    open.take(fact);
                }
                None
            }
        }
    }

    /// The record of a call that the process left open when it died: failed (12), with what the call was doing in
    /// `reason` as `crash_PHASE`. None when the call is not open.
    pub fn abandon(&mut self, call: CallId, at: Timestamp) -> Option<Record> {
        let mut open = self.open.remove(&call)?;
        open.record.reason = Some(format!("crash_{}", open.phase.word()));
        Some(self.close(open, EndState::Failed, EndedBy::Crash, at))
    }

    /// Calls that have no record yet.
    pub fn open_calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.open.keys().copied()
    }

    fn close(&mut self, open: Open, state: EndState, by: EndedBy, at: Timestamp) -> Record {
        let record = open.close(state, by, at);
        self.closed.insert(record.call);
        self.closed_order.push_back(record.call);
        if self.closed_order.len() > CLOSED_REMEMBERED_MAX
            && let Some(oldest) = self.closed_order.pop_front()
        {
            self.closed.remove(&oldest);
        }
        record
    }
}

impl Open {
    fn new(fact: &FactRecord) -> Option<Open> {
        let Fact::CallOpened { call, direction, caller, called, trunk, extension, source } = &fact.fact else {
            return None;
        };
        let mut open = Open::blank(*call, *direction, caller.clone(), called.clone(), *source, fact.at);
        open.record.trunk = trunk.clone();
        open.record.extension = extension.clone();
        Some(open)
    }

    fn blank(
        call: CallId,
        direction: Direction,
        caller: PhoneNumber,
        called: PhoneNumber,
        source: SourceAddress,
        at: Timestamp,
    ) -> Open {
        let record = Record {
            call,
            direction,
            caller,
            called,
            trunk: None,
            extension: None,
            source,
            arrived: at,
            answered: None,
            queued: None,
            ringing: None,
            joined: None,
            parted: None,
            ended: at,
            flow: None,
            flow_version: None,
            path: Vec::new(),
            digits: String::new(),
            queue: None,
            queue_exit: None,
            waited_ms: 0,
            offers: Vec::new(),
            agent: None,
            agent_extension: None,
            talked_ms: 0,
            recordings: Vec::new(),
            state: EndState::Failed,
            state_number: EndState::Failed.number(),
            by: EndedBy::System,
            status: None,
            reason: None,
        };
        Open { record, phase: Phase::Ivr, waiting_since: None, talking: BTreeMap::new(), path_left_out: 0 }
    }

    fn take(&mut self, fact: &FactRecord) {
        let at = fact.at;
        self.phase = self.phase.after(&fact.fact);
        match &fact.fact {
            Fact::CallAnswered { .. } => first(&mut self.record.answered, at),
            Fact::FlowStarted { flow, version, .. } => {
                self.record.flow = Some(flow.clone());
                self.record.flow_version = Some(*version);
            }
            Fact::NodeEntered { node, .. } => {
                if self.record.path.len() < PATH_STEPS_MAX {
                    self.record.path.push(PathStep { node: node.clone(), at, outcome: None });
                } else {
                    self.path_left_out += 1;
                }
            }
            Fact::NodeLeft { node, outcome, .. } => {
                let mut steps = self.record.path.iter_mut().rev();
                if let Some(step) = steps.find(|step| step.node == *node && step.outcome.is_none()) {
                    step.outcome = Some(outcome.clone());
                }
            }
            Fact::DigitsCollected { digits, .. } => {
                let room = DIGITS_CHARACTERS_MAX.saturating_sub(self.record.digits.chars().count());
                self.record.digits.extend(digits.chars().take(room));
            }
            Fact::Queued { queue, enqueued, .. } => {
                first(&mut self.record.queued, *enqueued);
                self.record.queue = Some(queue.clone());
                self.record.queue_exit = None;
                self.waiting_since = Some(*enqueued);
            }
            Fact::QueueLeft { queue, exit, waited_ms, .. } => {
                self.record.queue = Some(queue.clone());
                self.record.queue_exit = Some(*exit);
                self.record.waited_ms = self.record.waited_ms.saturating_add(*waited_ms);
                self.waiting_since = None;
            }
            Fact::RecordingStarted { recording, purpose, .. } => {
                if self.record.recordings.len() < RECORDINGS_MAX {
                    let entry = RecordingEntry { recording: *recording, purpose: *purpose, started: at, stopped: None };
                    self.record.recordings.push(entry);
                }
            }
            Fact::RecordingStopped { recording, .. } => {
                let mut recordings = self.record.recordings.iter_mut();
                if let Some(entry) = recordings.find(|entry| entry.recording == *recording) {
                    first(&mut entry.stopped, at);
                }
            }
            Fact::CallFault { message, .. } => {
                self.record.reason = Some(message.chars().take(REASON_CHARACTERS_MAX).collect());
            }
            Fact::LegLost { extension, .. } => {
                let who = if extension.is_some() { "phone_lost" } else { "caller_lost" };
                self.record.reason = Some(who.to_owned());
            }
            Fact::AgentOffered { .. }
            | Fact::AgentRinging { .. }
            | Fact::OfferEnded { .. }
            | Fact::Joined { .. }
            | Fact::Parted { .. }
            | Fact::ExtensionRinging { .. }
            | Fact::ExtensionJoined { .. } => self.take_of_agent(fact),
            Fact::CallOpened { .. }
            | Fact::CallRefused { .. }
            | Fact::CallEnded { .. }
            | Fact::Placed { .. }
            | Fact::AgentChanged { .. }
            | Fact::ExtensionRegistered { .. }
            | Fact::ExtensionUnregistered { .. }
            | Fact::AuthenticationRefused { .. }
            | Fact::DispatcherRebuilt { .. } => {}
        }
    }

    /// Facts about the other side: who was asked, who rang, who talked.
    fn take_of_agent(&mut self, fact: &FactRecord) {
        let at = fact.at;
        match &fact.fact {
            Fact::AgentOffered { agent, extension, reason, .. } if self.record.offers.len() < OFFERS_MAX => {
                self.record.offers.push(OfferRecord {
                    agent: agent.clone(),
                    extension: extension.clone(),
                    offered: at,
                    rang: None,
                    ended: None,
                    end: None,
                    reason: (**reason).clone(),
                });
            }
            Fact::AgentRinging { agent, .. } => {
                first(&mut self.record.ringing, at);
                if let Some(offer) = self.offer_open(agent) {
                    first(&mut offer.rang, at);
                }
            }
            Fact::OfferEnded { agent, end, .. } => {
                if let Some(offer) = self.offer_open(agent) {
                    offer.ended = Some(at);
                    offer.end = Some(*end);
                }
            }
            Fact::Joined { agent, extension, .. } => {
                self.record.agent = Some(agent.clone());
                self.begin_talk(Talker::Agent(agent.clone()), extension, at);
            }
            Fact::ExtensionRinging { .. } => first(&mut self.record.ringing, at),
            Fact::ExtensionJoined { extension, .. } => {
                self.begin_talk(Talker::Extension(extension.clone()), extension, at);
            }
            Fact::Parted { agent, .. } => {
                if let Some(since) = self.talking.remove(&Talker::Agent(agent.clone())) {
                    self.end_talk(since, at);
                }
            }
            _ => {}
        }
    }

    fn offer_open(&mut self, agent: &AgentId) -> Option<&mut OfferRecord> {
        self.record.offers.iter_mut().rev().find(|offer| offer.agent == *agent && offer.end.is_none())
    }

    fn begin_talk(&mut self, talker: Talker, extension: &ExtensionId, at: Timestamp) {
        first(&mut self.record.joined, at);
        self.record.agent_extension = Some(extension.clone());
        self.talking.entry(talker).or_insert(at);
    }

    fn end_talk(&mut self, since: Timestamp, at: Timestamp) {
        self.record.parted = self.record.parted.max(Some(at));
        self.record.talked_ms = self.record.talked_ms.saturating_add(at.since_ms(since));
    }

    fn close(mut self, state: EndState, by: EndedBy, at: Timestamp) -> Record {
        if let Some(since) = self.waiting_since.take() {
            self.record.waited_ms = self.record.waited_ms.saturating_add(at.since_ms(since));
            self.record.queue_exit = Some(QueueExit::Ended);
        }
        for since in std::mem::take(&mut self.talking).into_values() {
            self.end_talk(since, at);
        }
        if by != EndedBy::Crash {
            for entry in &mut self.record.recordings {
                first(&mut entry.stopped, at);
            }
        }
        if self.path_left_out > 0
            && let Some(last) = self.record.path.last_mut()
        {
            last.outcome = Some(format!("+{}", self.path_left_out));
        }
        self.record.ended = at;
        self.record.state = state;
        self.record.state_number = state.number();
        self.record.by = by;
        self.record
    }
}

/// Keeps the first of several times.
fn first(slot: &mut Option<Timestamp>, at: Timestamp) {
    slot.get_or_insert(at);
}
