//! The run itself: one event queue, virtual time, and everything that is connected to it.

use crate::{
    PhoneManner, Scenario, Violation,
    chance::Chance,
    media_plane::MediaPlane,
    oracle::Oracle,
    phone::{Line, Phone},
    site,
};
use cluster::Frame;
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use switch::{Command, Dispatcher, Input, Machine, Output, Promise, Restored, Switch};
use vocab::{Age, AgentId, CallId, EndState, EndedBy, Fact, FactRecord, LegId, Now, RequestId, Timestamp};

/// Virtual wall clock at the start; any value, but the same for every run.
const WALL_START_MS: i64 = 1_790_000_000_000;
/// After closing time everything must be over within this: 64·T1 and grace of SIP, wrap-ups, rings and a rebuild.
const SETTLE_MAX: Duration = Duration::from_secs(400);
/// By then every call must be over; phones are switched off, so that no registration is refreshed into the verdict.
const SWITCHED_OFF_AFTER: Duration = Duration::from_secs(330);
/// How long nothing comes before the media plane says so, and again.
const SILENT: Duration = Duration::from_secs(30);
/// By then the exchange must have let go of a phone that died in a call: silence, 64·T1 without an answer, and a little.
const LET_GO_MAX: Duration = Duration::from_secs(30 + 32 + 1);
/// A run that takes more steps than this spins.
const STEPS_MAX: u64 = 400_000;

/// What is on its way.
enum Event {
    ToExchange {
        from: SocketAddr,
        bytes: bytes::Bytes,
    },
    ToPhone {
        to: SocketAddr,
        bytes: bytes::Bytes,
    },
    Media {
        event: media::Event,
        playing: Option<(media::StreamId, u64)>,
        life: u32,
    },
    ToDispatcher {
        frame: Frame<acd::Report>,
        life: u32,
    },
    ToEdge {
        frame: Frame<acd::Decision>,
    },
    Dial {
        caller: usize,
    },
    Key {
        phone: usize,
        key: char,
    },
    Agent {
        agent: usize,
        request: acd::AgentRequest,
    },
    Register {
        agent: usize,
    },
    /// Nothing came from this phone for a while.
    Silence {
        phone: usize,
        since: Duration,
    },
    LetGo {
        phone: usize,
    },
    NodeRestart,
    DispatcherRestart,
    Panic,
    SwitchOff,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Calls offered, each with one record.
    pub calls: usize,
    /// Their final states, and who ended them.
    pub ends: Vec<(EndState, EndedBy)>,
    /// Calls in the order they were queued.
    pub queued: Vec<CallId>,
    /// Calls in the order agents took them.
    pub joined: Vec<CallId>,
    /// Calls with an offer that was withdrawn, or void when it came.
    pub withdrawn: Vec<CallId>,
    /// Calls that lost a phone.
    pub lost: Vec<CallId>,
    /// Changes if anything at all went differently.
    pub digest: u64,
}

/// A site in virtual time.
pub struct World {
    scenario: Scenario,
    now: Duration,
    events: BTreeMap<(Duration, u64), Event>,
    sequence: u64,
    switch: Switch,
    dispatcher: Dispatcher,
    media: MediaPlane,
    phones: Vec<Phone>,
    chance: Chance,
    oracle: Oracle,
    journal: Journal,
    /// Counts the edge's and the dispatcher's starts.
    lives: u32,
    dispatcher_lives: u32,
    requests: u64,
    digest: u64,
    problems: Vec<String>,
}

/// What survives the edge's process.
#[derive(Default)]
struct Journal {
    ringing: BTreeMap<LegId, sip::InviteSnapshot>,
    dialogs: BTreeMap<LegId, sip::DialogSnapshot>,
    bindings: BTreeMap<(String, String), (sip::Binding, Duration)>,
    agents: BTreeMap<AgentId, (acd::AgentReport, Duration)>,
}

impl World {
    /// The site at its opening, nothing moving yet.
    pub fn new(scenario: Scenario) -> World {
        let mut chance = Chance::new(scenario.seed);
        let config = site::config(&scenario);
        let dispatcher_config = config.acd.clone();
        let now = Now { mono: Duration::ZERO, wall: Timestamp(WALL_START_MS) };
        let switch = Switch::new(config, site::sip_config(Vec::new()), site::DISPATCHER.into(), 1, chance.seed(), now);
        let (me, edge) = (site::DISPATCHER.into(), site::EDGE.into());
        let dispatcher = Dispatcher::new(dispatcher_config, me, edge, 1, chance.seed(), now);
        let mut phones = Vec::new();
        for (number, plan) in scenario.agents.iter().enumerate() {
            let endpoint = sip::Endpoint::new(site::sip_config(Vec::new()), chance.seed());
            let (manner, talk, silence) = (plan.manner, plan.talk, plan.silence);
            phones.push(Phone::new(phones.len(), site::desk(number), endpoint, manner, talk, silence));
        }
        for (number, plan) in scenario.callers.iter().enumerate() {
            let endpoint = sip::Endpoint::new(site::sip_config(Vec::new()), chance.seed());
            let manner = PhoneManner::Declines;
            let talk = Duration::ZERO;
            phones.push(Phone::new(phones.len(), site::caller(number), endpoint, manner, talk, plan.silence));
        }
        let mut world = World {
            now: Duration::ZERO,
            events: BTreeMap::new(),
            sequence: 0,
            switch,
            dispatcher,
            media: MediaPlane::new(scenario.codec_mismatch_per_mille),
            phones,
            chance,
            oracle: Oracle::default(),
            journal: Journal::default(),
            lives: 1,
            dispatcher_lives: 1,
            requests: 0,
            digest: 0,
            problems: Vec::new(),
            scenario,
        };
        world.schedule_scenario();
        world
    }

    fn schedule_scenario(&mut self) {
        let scenario = self.scenario.clone();
        for (agent, plan) in scenario.agents.iter().enumerate() {
            self.at(Duration::from_millis(10), Event::Register { agent });
            let extension = site::extension(agent).as_str().into();
            let log_in = acd::AgentRequest::LogIn { extension, queues: Vec::new(), ready: plan.ready };
            self.at(plan.log_in, Event::Agent { agent, request: log_in });
            for pause in &plan.breaks {
                let lunch = acd::AgentRequest::NotReady { reason: "lunch".into() };
                self.at(*pause, Event::Agent { agent, request: lunch });
                let back = *pause + Duration::from_secs(20);
                self.at(back, Event::Agent { agent, request: acd::AgentRequest::Ready });
            }
        }
        for (caller, plan) in scenario.callers.iter().enumerate() {
            self.at(plan.at, Event::Dial { caller });
        }
        for at in scenario.node_restarts {
            self.at(at, Event::NodeRestart);
        }
        for at in scenario.dispatcher_restarts {
            self.at(at, Event::DispatcherRestart);
        }
        for at in scenario.panics {
            self.at(at, Event::Panic);
        }
        self.at(scenario.closing + SWITCHED_OFF_AFTER, Event::SwitchOff);
    }

    /// Plays to the end and judges.
    pub fn play(mut self) -> Result<Summary, Box<Violation>> {
        let mut steps = 0;
        let end = self.scenario.closing + SETTLE_MAX;
        self.drain();
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.step();
            steps += 1;
            if steps > STEPS_MAX {
                let facts = std::mem::take(&mut self.oracle.facts);
                return Err(self.violation(vec![format!("still spinning after {STEPS_MAX} steps")], facts));
            }
        }
        self.judge()
    }

    fn next(&self) -> Option<Duration> {
        let events = self.events.keys().next().map(|(at, _)| *at);
        let phones = self.phones.iter().filter_map(Phone::next_timeout).min();
        [events, phones, self.switch.next_timeout(), self.dispatcher.next_timeout()].into_iter().flatten().min()
    }

    fn step(&mut self) {
        while let Some((at, _)) = self.events.keys().next().copied() {
            if at > self.now {
                break;
            }
            if let Some((_, event)) = self.events.pop_first() {
                self.happen(event);
            }
            self.drain();
        }
        let now = self.time();
        if self.switch.next_timeout().is_some_and(|at| at <= self.now) {
            self.switch.handle(now, Input::Timeout);
        }
        if self.dispatcher.next_timeout().is_some_and(|at| at <= self.now) {
            self.dispatcher.handle_timeout(now);
        }
        for number in 0..self.phones.len() {
            let phone = &mut self.phones[number];
            if phone.next_timeout().is_some_and(|at| at <= self.now) {
                phone.timeout(self.now);
                self.listen_to(number);
            }
        }
        self.drain();
    }

    /// A phone that fell silent just now will be missed, and one that speaks again heard.
    fn listen_to(&mut self, phone: usize) {
        let now = self.time();
        if self.phones[phone].spoke_at == Some(self.now)
            && let Some(stream) = self.media.stream_of(phone)
        {
            self.switch.handle(now, Input::Media(media::Event::Heard { stream }));
        }
        let Some(since) = self.phones[phone].silent_since.filter(|since| *since == self.now) else { return };
        self.at(since + SILENT, Event::Silence { phone, since });
        if self.phones[phone].dead {
            self.at(since + LET_GO_MAX, Event::LetGo { phone });
        }
    }

    fn happen(&mut self, event: Event) {
        let now = self.time();
        match event {
            Event::ToExchange { from, bytes } => {
                let flow =
                    sip::Flow { transport: sip::Transport::Udp, local: site::exchange(), remote: from, connection: 0 };
                self.switch.handle(now, Input::Received { flow, bytes });
            }
            Event::ToPhone { to, bytes } => {
                if let Some(phone) = self.phones.iter_mut().find(|p| p.address == to) {
                    phone.received(self.now, site::exchange(), bytes);
                }
            }
            Event::Media { event, playing, life } => {
                if life != self.lives || playing.is_some_and(|p| !self.media.still_plays(p)) {
                    return;
                }
                if let Some((stream, _)) = playing {
                    self.media.finished(stream);
                }
                self.switch.handle(now, Input::Media(event));
            }
            Event::ToDispatcher { frame, life } => {
                if life == self.dispatcher_lives {
                    self.dispatcher.handle(now, frame);
                }
            }
            Event::ToEdge { frame } => self.switch.handle(now, Input::Dispatcher(frame)),
            Event::Dial { caller } => {
                let (plan, number) = (self.scenario.callers[caller].clone(), self.scenario.agents.len() + caller);
                self.phones[number].dial(self.now, site::exchange(), plan.called, plan.patience);
            }
            Event::Key { phone, key } => {
                if let Some(stream) = self.media.stream_of(phone) {
                    let event = media::Event::Digit { stream, digit: key, ms: 100 };
                    self.switch.handle(now, Input::Media(event));
                }
            }
            Event::Agent { agent, request } => {
                self.requests += 1;
                let command = Command::Agent { agent: site::agent(agent), request };
                self.switch.handle(now, Input::Gateway { request: RequestId(self.requests), command });
            }
            Event::Register { agent } => {
                let extension = site::extension(agent);
                let password = site::password(&extension);
                self.phones[agent].register(self.now, site::exchange(), &extension, &password);
            }
            Event::Silence { phone, since } => self.silence(now, phone, since),
            Event::LetGo { phone } => {
                if self.media.stream_of(phone).is_some() {
                    self.problems.push(format!("phone {} is dead and still in a call", self.phones[phone].address));
                }
            }
            Event::NodeRestart => self.restart_node(),
            Event::DispatcherRestart => self.restart_dispatcher(),
            Event::Panic => self.panic(),
            Event::SwitchOff => self.switch_off(),
        }
    }

    /// The media plane misses a phone, as often as it is silent for so long.
    fn silence(&mut self, now: Now, phone: usize, since: Duration) {
        if self.phones[phone].silent_since != Some(since) {
            return;
        }
        if let Some(stream) = self.media.stream_of(phone) {
            self.at(self.now + SILENT, Event::Silence { phone, since });
            self.switch.handle(now, Input::Media(media::Event::Silent { stream }));
        }
    }

    /// Nobody may be taken for dead who is not.
    fn check_lost(&mut self, call: CallId, extension: Option<&str>) {
        let agents = 0..self.scenario.agents.len();
        let address = match extension {
            Some(lost) => agents.into_iter().find(|agent| site::extension(*agent) == lost).map(site::desk),
            None => self.oracle.source(call),
        };
        if !self.phones.iter().any(|phone| Some(phone.address) == address && phone.dead) {
            self.problems.push(format!("phone {address:?} is alive and was taken for dead in call {call}"));
        }
    }

    /// Lets everything say what it has to say, and puts it on its way.
    fn drain(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.switch.poll() {
                quiet = false;
                self.output(output);
            }
            while let Some(frame) = self.dispatcher.poll() {
                quiet = false;
                self.over_link(|world, at| world.at(at, Event::ToEdge { frame: frame.clone() }));
            }
            for number in 0..self.phones.len() {
                let talked_before = matches!(self.phones[number].line, Line::Talking { .. });
                let from = self.phones[number].address;
                for bytes in self.phones[number].drain(self.now) {
                    quiet = false;
                    self.over_network(|world, at| {
                        world.at(at, Event::ToExchange { from, bytes: bytes.clone() });
                    });
                }
                if !talked_before && matches!(self.phones[number].line, Line::Talking { .. }) {
                    self.press_keys(number);
                }
            }
            if quiet {
                break;
            }
        }
    }

    fn press_keys(&mut self, phone: usize) {
        let Some(caller) = phone.checked_sub(self.scenario.agents.len()) else { return };
        let mut at = self.now;
        for (pause, key) in self.scenario.callers[caller].keys.clone() {
            at += pause;
            self.at(at, Event::Key { phone, key });
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Send { flow, bytes } => {
                self.mix(&bytes);
                let to = flow.remote;
                self.over_network(|world, at| world.at(at, Event::ToPhone { to, bytes: bytes.clone() }));
            }
            Output::Media(command) => {
                for later in self.media.command(self.now, command, &mut self.chance) {
                    let event = Event::Media { event: later.event, playing: later.playing, life: self.lives };
                    self.at(self.now + later.after, event);
                }
            }
            Output::Dispatcher(frame) => {
                let life = self.dispatcher_lives;
                self.over_link(|world, at| world.at(at, Event::ToDispatcher { frame: frame.clone(), life }));
            }
            Output::Reply { .. } => {}
            Output::Fact(record) => {
                self.mix(format!("{:?}", record.fact).as_bytes());
                self.journal.fact(&record.fact, self.now);
                self.oracle.fact(&record);
                if let Fact::LegLost { call, extension } = &record.fact {
                    self.check_lost(*call, extension.as_ref().map(|extension| extension.as_str()));
                }
            }
            Output::Promise(promise) => self.journal.promise(promise, self.now),
        }
    }

    fn over_network(&mut self, mut deliver: impl FnMut(&mut World, Duration)) {
        let copies = 1 + u64::from(self.chance.per_mille(self.scenario.sip_repeat_per_mille));
        for _ in 0..copies {
            if !self.chance.per_mille(self.scenario.sip_loss_per_mille) {
                let at = self.now + self.chance.ms(1, 40);
                deliver(self, at);
            }
        }
    }

    fn over_link(&mut self, mut deliver: impl FnMut(&mut World, Duration)) {
        let copies = 1 + u64::from(self.chance.per_mille(self.scenario.link_repeat_per_mille));
        for _ in 0..copies {
            if !self.chance.per_mille(self.scenario.link_loss_per_mille) {
                let at = self.now + self.chance.ms(0, self.scenario.link_delay_ms_max);
                deliver(self, at);
            }
        }
    }

    /// `kill -9` of the edge, and its next life from what the journal kept.
    fn restart_node(&mut self) {
        self.lives += 1;
        self.media = MediaPlane::new(self.scenario.codec_mismatch_per_mille);
        let now = self.time();
        self.oracle.crash(now.wall);
        let mut config = site::config(&self.scenario);
        config.revision = 2;
        let sip = site::sip_config(Vec::new());
        let seed = self.chance.seed();
        self.switch = Switch::new(config, sip, site::DISPATCHER.into(), u64::from(self.lives), seed, now);
        let restored = self.journal.restored(self.oracle.next_seq(), self.now);
        self.journal.ringing.clear();
        self.journal.dialogs.clear();
        self.switch.handle(now, Input::Restore(Box::new(restored)));
    }

    fn restart_dispatcher(&mut self) {
        self.dispatcher_lives += 1;
        let config = site::config(&self.scenario).acd;
        let (me, edge) = (site::DISPATCHER.into(), site::EDGE.into());
        let (epoch, seed) = (u64::from(self.dispatcher_lives), self.chance.seed());
        self.dispatcher = Dispatcher::new(config, me, edge, epoch, seed, self.time());
    }

    fn switch_off(&mut self) {
        for phone in &mut self.phones {
            if phone.in_call() {
                self.problems.push(format!("phone {} is still {:?}", phone.address, phone.line));
            }
            phone.dead = true;
        }
    }

    fn panic(&mut self) {
        let live = self.oracle.live_calls();
        let now = self.time();
        match (live.first(), self.chance.range(0, 3)) {
            (Some(call), 0) => self.switch.handle(now, Input::Break(Machine::Call(*call))),
            (Some(call), 1) => self.switch.handle(now, Input::Break(Machine::Flow(*call))),
            _ => self.dispatcher.break_next(),
        }
    }

    fn judge(mut self) -> Result<Summary, Box<Violation>> {
        let now = self.time();
        let mut problems = Vec::new();
        let counts = self.switch.counts();
        if (counts.calls, counts.legs, counts.recordings, counts.offers) != (0, 0, 0, 0) {
            problems.push(format!("left open in the exchange: {counts:?}"));
        }
        let sip = self.switch.sip_counts();
        if sip.client_transactions + sip.server_transactions + sip.dialogs != 0 {
            problems.push(format!("left open in SIP: {sip:?}"));
        }
        if self.media.open() != (0, 0) {
            problems.push(format!("streams and recordings left open: {:?}", self.media.open()));
        }
        problems.append(&mut self.problems);
        let oracle = std::mem::take(&mut self.oracle);
        let (calls, ends) = (oracle.calls(), oracle.ends());
        let (queued, joined) = (oracle.queued.clone(), oracle.joined.clone());
        let (withdrawn, lost) = (oracle.withdrawn.clone(), oracle.lost.clone());
        let facts = oracle.facts.clone();
        problems.extend(oracle.verdict(now.wall));
        if problems.is_empty() {
            Ok(Summary { calls, ends, queued, joined, withdrawn, lost, digest: self.digest })
        } else {
            Err(self.violation(problems, facts))
        }
    }

    fn violation(&self, problems: Vec<String>, facts: Vec<FactRecord>) -> Box<Violation> {
        Box::new(Violation { seed: self.scenario.seed, what: problems.join("; "), facts })
    }

    fn at(&mut self, at: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }

    fn time(&self) -> Now {
        let ms = i64::try_from(self.now.as_millis()).unwrap_or(i64::MAX);
        Now { mono: self.now, wall: Timestamp(WALL_START_MS + ms) }
    }

    fn mix(&mut self, bytes: &[u8]) {
        // FNV-1a: good enough to tell two runs apart.
        for byte in bytes {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl Journal {
    fn promise(&mut self, promise: Promise, now: Duration) {
        match promise {
            Promise::Inviting { leg, snapshot, .. } => {
                self.ringing.insert(leg, *snapshot);
            }
            Promise::Dialog { leg, snapshot, .. } => {
                self.ringing.remove(&leg);
                self.dialogs.insert(leg, *snapshot);
            }
            Promise::DialogOver { leg } => {
                self.ringing.remove(&leg);
                self.dialogs.remove(&leg);
            }
            Promise::Binding(binding) => {
                let key = (binding.account.to_string(), binding.contact.to_string());
                self.bindings.insert(key, (*binding, now));
            }
            Promise::BindingOver { account, contact } => {
                self.bindings.remove(&(account.to_string(), contact.to_string()));
            }
        }
    }

    fn fact(&mut self, fact: &Fact, now: Duration) {
        if let Fact::AgentChanged { agent, extension, queues, state, pending } = fact {
            let report = acd::AgentReport {
                agent: agent.clone(),
                extension: extension.clone(),
                queues: queues.clone(),
                state: state.clone(),
                age: Age(0),
                pending: pending.clone(),
            };
            self.agents.insert(agent.clone(), (report, now));
        }
    }

    fn restored(&self, next_fact: u64, now: Duration) -> Restored {
        let left = |binding: &sip::Binding, made: Duration| {
            let passed = u32::try_from((now - made).as_secs()).unwrap_or(u32::MAX);
            sip::Binding { expires_in_s: binding.expires_in_s.saturating_sub(passed), ..binding.clone() }
        };
        Restored {
            bindings: self.bindings.values().map(|(b, made)| left(b, *made)).filter(|b| b.expires_in_s > 0).collect(),
            dialogs: self.dialogs.values().cloned().collect(),
            ringing: self.ringing.values().cloned().collect(),
            agents: self
                .agents
                .values()
                .map(|(report, since)| acd::AgentReport { age: Age::between(*since, now), ..report.clone() })
                .collect(),
            next_fact,
        }
    }
}
