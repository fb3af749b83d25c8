//! The live read model: what every agent, queue and call is doing now, and each queue's day so far.

use crate::{AgentLive, CallLive, Changes, OfferedLive, Phase, QueueLive, Record, RefusedLive, Snapshot};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use vocab::{
    AgentId, AgentState, CallId, ExtensionId, Fact, FactRecord, OfferEnd, PendingState, PhoneNumber, QueueExit,
    QueueId, Timestamp,
};

/// Refused calls kept for screens; the rest is in the records.
const REFUSED_MAX: usize = 50;
/// "Answered in time" on boards, milliseconds: the 20 s of the usual 80/20 service level.
const ANSWERED_IN_TIME_MS: u64 = 20_000;
/// Keys shown of one call.
const DIGITS_CHARACTERS_MAX: usize = 100;

/// What the configuration calls an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentNames {
    /// The agent.
    pub agent: AgentId,
    /// Shown on screens.
    pub name: String,
    /// Queues the agent may serve.
    pub queues: Vec<QueueId>,
}

/// What the configuration says of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueNames {
    /// The queue.
    pub queue: QueueId,
    /// Its number.
    pub number: PhoneNumber,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// How long a phone rings, milliseconds.
    pub ring_ms: u64,
}

/// All agents and queues there are.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Names {
    /// Agents.
    pub agents: Vec<AgentNames>,
    /// Queues.
    pub queues: Vec<QueueNames>,
}

/// Which parts of the board changed. Several facts' changes can be merged and then shown once.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Changed {
    /// Agents.
    pub agents: BTreeSet<AgentId>,
    /// Queues.
    pub queues: BTreeSet<QueueId>,
    /// Calls, those that are over too.
    pub calls: BTreeSet<CallId>,
    /// Calls refused.
    pub refused: Vec<RefusedLive>,
}

impl Changed {
    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.queues.is_empty() && self.calls.is_empty() && self.refused.is_empty()
    }

    /// Adds later changes.
    pub fn merge(&mut self, later: Changed) {
        self.agents.extend(later.agents);
        self.queues.extend(later.queues);
        self.calls.extend(later.calls);
        self.refused.extend(later.refused);
    }
}

/// The board.
pub struct Board {
    agents: BTreeMap<AgentId, AgentBoard>,
    queues: BTreeMap<QueueId, QueueBoard>,
    calls: BTreeMap<CallId, CallLive>,
    refused: VecDeque<RefusedLive>,
    registered: BTreeSet<ExtensionId>,
    day_start: Timestamp,
}

struct AgentBoard {
    name: String,
    allowed: Vec<QueueId>,
    extension: Option<ExtensionId>,
    /// Chosen at log-in.
    queues: Vec<QueueId>,
    /// Its `left_ms`, where it has one, counts from `since`.
    state: AgentState,
    since: Timestamp,
    pending: Option<PendingState>,
}

struct QueueBoard {
    names: QueueNames,
    waiting: BTreeMap<CallId, Timestamp>,
    day: Day,
}

#[derive(Default)]
struct Day {
    offered: u32,
    answered: u32,
    abandoned: u32,
    answered_in_time: u32,
}

impl Board {
    /// A board on which everybody is logged out. `day_start` is the site's last midnight; facts before it count for no day.
    pub fn new(names: Names, day_start: Timestamp) -> Board {
        let mut board = Board {
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            calls: BTreeMap::new(),
            refused: VecDeque::new(),
            registered: BTreeSet::new(),
            day_start,
        };
        board.configure(names);
        board
    }

    /// A new configuration: names change, agents and queues come and go. Everything may look different after it.
    pub fn configure(&mut self, names: Names) {
        let wanted: BTreeSet<AgentId> = names.agents.iter().map(|agent| agent.agent.clone()).collect();
        self.agents.retain(|agent, _| wanted.contains(agent));
        for AgentNames { agent, name, queues } in names.agents {
            let board = self.agents.entry(agent).or_insert_with(AgentBoard::logged_out);
            board.name = name;
            board.allowed = queues;
        }
        let wanted: BTreeSet<QueueId> = names.queues.iter().map(|queue| queue.queue.clone()).collect();
        self.queues.retain(|queue, _| wanted.contains(queue));
        for names in names.queues {
            match self.queues.get_mut(&names.queue) {
                Some(board) => board.names = names,
                None => {
                    let board = QueueBoard { names, waiting: BTreeMap::new(), day: Day::default() };
                    self.queues.insert(board.names.queue.clone(), board);
                }
            }
        }
    }

    /// Midnight at the site: the day's counters begin anew.
    pub fn begin_day(&mut self, day_start: Timestamp) -> Changed {
        self.day_start = day_start;
        for queue in self.queues.values_mut() {
            queue.day = Day::default();
        }
        Changed { queues: self.queues.keys().cloned().collect(), ..Changed::default() }
    }

    /// Counts a call of today that ended before this process began, from its record.
    pub fn count(&mut self, record: &Record) {
        let Some(queue) = record.queue.as_ref().and_then(|queue| self.queues.get_mut(queue)) else { return };
        if record.queued.is_some_and(|queued| queued >= self.day_start) {
            queue.day.offered = queue.day.offered.saturating_add(1);
            if let Some(exit) = record.queue_exit {
                queue.day.count(exit, record.waited_ms);
            }
        }
    }

    /// An extension known from before this process began to have a phone.
    pub fn phone_registered(&mut self, extension: ExtensionId) {
        self.registered.insert(extension);
    }

    /// Takes a fact in; says what it changed.
    pub fn handle(&mut self, record: &FactRecord) -> Changed {
        let mut changed = Changed::default();
        match &record.fact {
            Fact::AgentChanged { agent, extension, queues, state, pending } => {
                let board = self.agents.entry(agent.clone()).or_insert_with(AgentBoard::logged_out);
                let affected = board.queues.iter().chain(queues.iter()).cloned();
                changed.queues.extend(affected);
                board.enter(state, record.at);
                board.extension.clone_from(extension);
                board.queues.clone_from(queues);
                board.pending.clone_from(pending);
                changed.agents.insert(agent.clone());
            }
            Fact::ExtensionRegistered { extension, .. } => {
                self.registered.insert(extension.clone());
                changed.agents.extend(self.agents_at(extension));
            }
            Fact::ExtensionUnregistered { extension } => {
                self.registered.remove(extension);
                changed.agents.extend(self.agents_at(extension));
            }
            Fact::CallRefused { call, caller, called, source, status, reason } => {
                let refused = RefusedLive {
                    call: *call,
                    at: record.at,
                    caller: caller.clone(),
                    called: called.clone(),
                    source: *source,
                    status: *status,
                    reason: reason.clone(),
                };
                self.refused.push_back(refused.clone());
                if self.refused.len() > REFUSED_MAX {
                    self.refused.pop_front();
                }
                changed.refused.push(refused);
                self.end_call(*call, &mut changed);
            }
            Fact::CallOpened { .. } => self.open_call(record, &mut changed),
            Fact::CallEnded { call, .. } => self.end_call(*call, &mut changed),
            fact => {
                if let Some(call) = fact.call() {
                    self.handle_queue(record, &mut changed);
                    if self.handle_call(call, record) {
                        changed.calls.insert(call);
                    }
                }
            }
        }
        changed
    }

    /// Everything as it is at `now`.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        Snapshot {
            agents: self.agents.keys().filter_map(|agent| self.agent(agent, now)).collect(),
            queues: self.queues.keys().filter_map(|queue| self.queue(queue)).collect(),
            calls: self.calls.values().cloned().collect(),
            refused: self.refused.iter().cloned().collect(),
        }
    }

    /// What changed, as it is at `now`.
    pub fn changes(&self, changed: &Changed, now: Timestamp) -> Changes {
        Changes {
            agents: changed.agents.iter().filter_map(|agent| self.agent(agent, now)).collect(),
            queues: changed.queues.iter().filter_map(|queue| self.queue(queue)).collect(),
            calls: changed.calls.iter().filter_map(|call| self.calls.get(call).cloned()).collect(),
            calls_over: changed.calls.iter().filter(|call| !self.calls.contains_key(call)).copied().collect(),
            refused: changed.refused.clone(),
        }
    }

    /// One call.
    pub fn call(&self, call: CallId) -> Option<&CallLive> {
        self.calls.get(&call)
    }

    /// One agent at `now`.
    pub fn agent(&self, agent: &AgentId, now: Timestamp) -> Option<AgentLive> {
        self.agents.get(agent).map(|board| {
            let registered = board.extension.as_ref().is_some_and(|extension| self.registered.contains(extension));
            board.live(agent, registered, now)
        })
    }

    /// One queue.
    pub fn queue(&self, queue: &QueueId) -> Option<QueueLive> {
        self.queues.get(queue).map(|board| {
            let mut live = board.live();
            for agent in self.agents.values().filter(|agent| agent.queues.contains(queue)) {
                live.add(&agent.state);
            }
            live
        })
    }

    /// Whether an extension has a phone.
    pub fn is_registered(&self, extension: &ExtensionId) -> bool {
        self.registered.contains(extension)
    }

    fn agents_at(&self, extension: &ExtensionId) -> Vec<AgentId> {
        let at = |board: &AgentBoard| board.extension.as_ref() == Some(extension);
        self.agents.iter().filter(|(_, board)| at(board)).map(|(agent, _)| agent.clone()).collect()
    }

    fn open_call(&mut self, record: &FactRecord, changed: &mut Changed) {
        let Fact::CallOpened { call, direction, caller, called, extension, .. } = &record.fact else { return };
        let live = CallLive {
            call: *call,
            direction: *direction,
            caller: caller.clone(),
            called: called.clone(),
            arrived: record.at,
            answered: None,
            phase: Phase::Ivr,
            node: None,
            flow: None,
            digits: String::new(),
            queue: None,
            queued: None,
            place: None,
            agent: None,
            extension: extension.clone(),
            offered: None,
            joined: None,
            recording: false,
            recordings: Vec::new(),
        };
        self.calls.insert(*call, live);
        changed.calls.insert(*call);
    }

    fn end_call(&mut self, call: CallId, changed: &mut Changed) {
        let Some(live) = self.calls.remove(&call) else { return };
        changed.calls.insert(call);
        if let Some(queue) = live.queue
            && let Some(board) = self.queues.get_mut(&queue)
            && board.waiting.remove(&call).is_some()
        {
            changed.queues.insert(queue);
        }
    }

    fn handle_queue(&mut self, record: &FactRecord, changed: &mut Changed) {
        let today = record.at >= self.day_start;
        match &record.fact {
            Fact::Queued { call, queue, enqueued } => {
                if let Some(board) = self.queues.get_mut(queue) {
                    board.waiting.insert(*call, *enqueued);
                    board.day.offered = board.day.offered.saturating_add(u32::from(today));
                    changed.queues.insert(queue.clone());
                }
            }
            Fact::QueueLeft { call, queue, exit, waited_ms } => {
                if let Some(board) = self.queues.get_mut(queue) {
                    board.waiting.remove(call);
                    if today {
                        board.day.count(*exit, *waited_ms);
                    }
                    changed.queues.insert(queue.clone());
                }
            }
            _ => {}
        }
    }

    fn handle_call(&mut self, call: CallId, record: &FactRecord) -> bool {
        let Some(live) = self.calls.get_mut(&call) else { return false };
        let ring_ms = |queue: Option<&QueueId>| {
            queue.and_then(|queue| self.queues.get(queue)).map_or(0, |board| board.names.ring_ms)
        };
        live.phase = live.phase.after(&record.fact);
        match &record.fact {
            Fact::CallAnswered { .. } => live.answered = live.answered.or(Some(record.at)),
            Fact::FlowStarted { flow, .. } => live.flow = Some(flow.clone()),
            Fact::NodeEntered { node, .. } => live.node = Some(node.clone()),
            Fact::NodeLeft { .. } => live.node = None,
            Fact::DigitsCollected { digits, .. } => {
                let room = DIGITS_CHARACTERS_MAX.saturating_sub(live.digits.chars().count());
                live.digits.extend(digits.chars().take(room));
            }
            Fact::Queued { queue, enqueued, .. } => {
                live.queue = Some(queue.clone());
                live.queued = Some(*enqueued);
                live.place = None;
            }
            Fact::Placed { place, .. } => live.place = Some(*place),
            Fact::QueueLeft { .. } => live.place = None,
            Fact::AgentOffered { agent, reason, .. } => {
                let (agent, reason) = (agent.clone(), reason.clone());
                live.offered = Some(OfferedLive { agent, since: record.at, ring_until: None, reason });
            }
            Fact::AgentRinging { agent, .. } => {
                let until = Timestamp(record.at.0.saturating_add_unsigned(ring_ms(live.queue.as_ref())));
                if let Some(offered) = live.offered.as_mut().filter(|offered| offered.agent == *agent) {
                    offered.ring_until = Some(until);
                }
            }
            Fact::OfferEnded { agent, end, .. } => {
                if *end != OfferEnd::Answered && live.offered.as_ref().is_some_and(|offered| offered.agent == *agent) {
                    live.offered = None;
                }
            }
            Fact::Joined { agent, extension, .. } => {
                live.agent = Some(agent.clone());
                live.extension = Some(extension.clone());
                live.joined = Some(record.at);
                live.offered = None;
            }
            Fact::Parted { agent, .. } => {
                if live.agent.as_ref() == Some(agent) {
                    (live.agent, live.joined) = (None, None);
                }
            }
            Fact::ExtensionRinging { extension, .. } => live.extension = Some(extension.clone()),
            Fact::ExtensionJoined { extension, .. } => {
                live.extension = Some(extension.clone());
                live.joined = Some(record.at);
            }
            Fact::RecordingStarted { recording, .. } => live.recordings.push(*recording),
            Fact::RecordingStopped { recording, .. } => live.recordings.retain(|other| other != recording),
            Fact::LegLost { .. }
            | Fact::CallFault { .. }
            | Fact::CallOpened { .. }
            | Fact::CallRefused { .. }
            | Fact::CallEnded { .. }
            | Fact::AgentChanged { .. }
            | Fact::ExtensionRegistered { .. }
            | Fact::ExtensionUnregistered { .. }
            | Fact::AuthenticationRefused { .. }
            | Fact::DispatcherRebuilt { .. } => {}
        }
        live.recording = !live.recordings.is_empty();
        true
    }
}

impl AgentBoard {
    fn logged_out() -> AgentBoard {
        AgentBoard {
            name: String::new(),
            allowed: Vec::new(),
            extension: None,
            queues: Vec::new(),
            state: AgentState::LoggedOut,
            since: Timestamp(0),
            pending: None,
        }
    }

    /// A fact may repeat the state (another pending state was asked for): then its beginning stays.
    fn enter(&mut self, state: &AgentState, at: Timestamp) {
        match (&mut self.state, state) {
            (AgentState::WrapUp { call, left_ms }, AgentState::WrapUp { call: same, left_ms: now_left_ms })
                if call == same =>
            {
                *left_ms = now_left_ms.saturating_add(at.since_ms(self.since));
            }
            (before, after) if before == after => {}
            (before, after) => {
                *before = after.clone();
                self.since = at;
            }
        }
    }

    fn live(&self, agent: &AgentId, phone_registered: bool, now: Timestamp) -> AgentLive {
        let (state, reason, call, left_ms) = match &self.state {
            AgentState::LoggedOut => ("logged_out", None, None, None),
            AgentState::Ready => ("ready", None, None, None),
            AgentState::NotReady { reason } => ("not_ready", Some(reason.to_string()), None, None),
            AgentState::Offered { call } => ("offered", None, Some(*call), None),
            AgentState::Talking { call } => ("talking", None, Some(*call), None),
            AgentState::WrapUp { call, left_ms } => {
                ("wrap_up", None, Some(*call), Some(left_ms.saturating_sub(now.since_ms(self.since))))
            }
        };
        let logged_out = matches!(self.state, AgentState::LoggedOut);
        AgentLive {
            agent: agent.clone(),
            name: if self.name.is_empty() { agent.to_string() } else { self.name.clone() },
            state,
            reason,
            call,
            left_ms,
            extension: self.extension.clone(),
            phone_registered,
            queues: if logged_out { self.allowed.clone() } else { self.queues.clone() },
            since: self.since,
            pending: self.pending.clone(),
        }
    }
}

impl QueueBoard {
    /// Without its agents.
    fn live(&self) -> QueueLive {
        QueueLive {
            queue: self.names.queue.clone(),
            number: self.names.number.clone(),
            name_zh: self.names.name_zh.clone(),
            name_en: self.names.name_en.clone(),
            waiting: u32::try_from(self.waiting.len()).unwrap_or(u32::MAX),
            longest_since: self.waiting.values().min().copied(),
            logged_in: 0,
            ready: 0,
            offered: 0,
            talking: 0,
            wrap_up: 0,
            not_ready: 0,
            offered_today: self.day.offered,
            answered_today: self.day.answered,
            abandoned_today: self.day.abandoned,
            answered_in_20s_today: self.day.answered_in_time,
        }
    }
}

impl QueueLive {
    fn add(&mut self, state: &AgentState) {
        let counter = match state {
            AgentState::LoggedOut => return,
            AgentState::Ready => &mut self.ready,
            AgentState::NotReady { .. } => &mut self.not_ready,
            AgentState::Offered { .. } => &mut self.offered,
            AgentState::Talking { .. } => &mut self.talking,
            AgentState::WrapUp { .. } => &mut self.wrap_up,
        };
        *counter += 1;
        self.logged_in += 1;
    }
}

impl Day {
    fn count(&mut self, exit: QueueExit, waited_ms: u64) {
        match exit {
            QueueExit::Answered => {
                self.answered = self.answered.saturating_add(1);
                let in_time = waited_ms <= ANSWERED_IN_TIME_MS;
                self.answered_in_time = self.answered_in_time.saturating_add(u32::from(in_time));
            }
            QueueExit::Abandoned => self.abandoned = self.abandoned.saturating_add(1),
            QueueExit::TimedOut | QueueExit::Key | QueueExit::Refused | QueueExit::Ended => {}
        }
    }
}
