//! A floor of agents around one dispatcher, and words to tell and ask it things in one line.

use acd::*;
use std::time::Duration;
use vocab::{Age, AgentId, CallId, ExtensionId, Now, OfferEnd, OfferId, QueueExit, QueueId, Timestamp};

pub const RING_MS: u64 = 20_000;
pub const WRAP_UP_MS: u64 = 8_000;

pub struct Floor {
    pub acd: Acd,
    pub ms: u64,
    pub number: u64,
}

pub fn now(ms: u64) -> Now {
    Now { mono: Duration::from_millis(ms), wall: Timestamp(1_800_000_000_000 + ms as i64) }
}

pub fn rules(queue: &str) -> QueueRules {
    QueueRules {
        queue: queue.into(),
        strategy: Strategy::LongestIdle,
        ring_ms: RING_MS,
        wrap_up_ms: WRAP_UP_MS,
        waiting_max: 100,
        no_answer_leaves: false,
    }
}

pub fn config(queues: Vec<QueueRules>, agents: &[(&str, &[&str])]) -> Config {
    let agents = agents
        .iter()
        .map(|(agent, queues)| AgentRules {
            agent: (*agent).into(),
            queues: queues.iter().map(|queue| (*queue).into()).collect(),
        })
        .collect();
    Config { revision: 1, queues, agents }
}

/// Two queues; a serves sales, b serves support, c and d serve both.
pub fn two_queues() -> Config {
    config(
        vec![rules("sales"), rules("support")],
        &[("a", &["sales"]), ("b", &["support"]), ("c", &["sales", "support"]), ("d", &["sales", "support"])],
    )
}

/// Call number `n`, made in the order of `n`.
pub fn call(n: u8) -> CallId {
    CallId(uuid::Uuid::from_u128(u128::from(n)))
}

pub fn extension(agent: &str) -> ExtensionId {
    ExtensionId::new(format!("80-{agent}"))
}

pub fn waiting(n: u8, queue: &str, ms: u64) -> Waiting {
    Waiting {
        call: call(n),
        queue: queue.into(),
        enqueued: now(ms).wall,
        waited: Age(0),
        priority: 0,
        tried: Vec::new(),
    }
}

/// A decision in one short line, so that a test reads like a log.
pub fn short(decision: &Decision) -> String {
    match decision {
        Decision::ReportAll => "report all".into(),
        Decision::Offer { call, agent, .. } => format!("offer {} to {agent}", call.0.as_u128()),
        Decision::Withdraw { offer } => format!("withdraw {}.{}", offer.epoch, offer.number),
        Decision::Placed { call, queue, place } => format!("{} is {place} in {queue}", call.0.as_u128()),
        Decision::QueueRefused { call, queue, why } => format!("{} refused by {queue}: {why}", call.0.as_u128()),
        Decision::AgentIs(report) => format!("{} {}", report.agent, state(report)),
        Decision::AgentAnswer { number: _, refusal } => format!("answer {refusal:?}"),
    }
}

fn state(report: &AgentReport) -> String {
    use vocab::AgentState::*;
    let state = match &report.state {
        LoggedOut => "logged out".to_string(),
        Ready => "ready".into(),
        NotReady { reason } => format!("not ready ({reason})"),
        Offered { call } => format!("offered {}", call.0.as_u128()),
        Talking { call } => format!("talking {}", call.0.as_u128()),
        WrapUp { call, left_ms } => format!("wrap-up {} {left_ms}", call.0.as_u128()),
    };
    match &report.pending {
        None => state,
        Some(vocab::PendingState::Ready) => state + ", then ready",
        Some(vocab::PendingState::NotReady { reason }) => format!("{state}, then not ready ({reason})"),
        Some(vocab::PendingState::LoggedOut) => state + ", then logged out",
    }
}

impl Floor {
    pub fn new(config: Config) -> Floor {
        let all = Report::All {
            agents: Vec::new(),
            waiting: Vec::new(),
            offers: Vec::new(),
            unreachable: Vec::new(),
            busy: Vec::new(),
        };
        Floor::from(config, vec![all])
    }

    pub fn from(config: Config, reports: Vec<Report>) -> Floor {
        Floor { acd: Acd::new(config, reports, 1, now(0), 7), ms: 0, number: 0 }
    }

    pub fn decisions(&mut self) -> Vec<Decision> {
        std::iter::from_fn(|| self.acd.poll()).collect()
    }

    pub fn log(&mut self) -> Vec<String> {
        self.decisions().iter().map(short).collect()
    }

    /// Tells, and returns what was decided.
    pub fn tell(&mut self, report: Report) -> Vec<String> {
        self.acd.handle(now(self.ms), report);
        self.log()
    }

    /// Lets time pass, timers included, and returns what was decided.
    pub fn wait(&mut self, ms: u64) -> Vec<String> {
        let end = self.ms + ms;
        let mut log = Vec::new();
        while let Some(at) = self.acd.next_timeout().map(|at| at.as_millis() as u64).filter(|at| *at <= end) {
            self.ms = at.max(self.ms);
            self.acd.handle_timeout(now(self.ms));
            log.extend(self.log());
        }
        self.ms = end;
        log
    }

    pub fn ask(&mut self, agent: &str, request: AgentRequest) -> Vec<String> {
        self.number += 1;
        self.tell(Report::Agent { agent: agent.into(), request, number: self.number })
    }

    /// Logs in, ready, one millisecond later than anything before.
    pub fn log_in(&mut self, agent: &str) -> Vec<String> {
        self.ms += 1;
        self.ask(agent, AgentRequest::LogIn { extension: extension(agent), queues: Vec::new(), ready: true })
    }

    pub fn enqueue(&mut self, n: u8, queue: &str) -> Vec<String> {
        self.ms += 1;
        self.tell(Report::Enqueue(waiting(n, queue, self.ms)))
    }

    pub fn dequeue(&mut self, n: u8) -> Vec<String> {
        self.tell(Report::Dequeue { call: call(n), exit: QueueExit::Abandoned })
    }

    pub fn reserved(&mut self, number: u64) -> Vec<String> {
        self.tell(Report::Reserved { offer: OfferId { epoch: 1, number } })
    }

    pub fn ended(&mut self, number: u64, n: u8, agent: &str, end: OfferEnd) -> Vec<String> {
        let offer = OfferId { epoch: 1, number };
        self.tell(Report::OfferEnded { offer, call: call(n), agent: agent.into(), end })
    }

    pub fn parted(&mut self, n: u8, agent: &str) -> Vec<String> {
        self.tell(Report::Parted { call: call(n), agent: agent.into() })
    }

    pub fn phone(&mut self, agent: &str, reachable: bool) -> Vec<String> {
        self.tell(Report::Reachable { extension: extension(agent), reachable })
    }

    pub fn agent(&self, agent: &str) -> AgentReport {
        let Some(Report::All { agents, .. }) = self.acd.reports(now(self.ms)).into_iter().next() else {
            panic!("a snapshot begins with everything")
        };
        agents.into_iter().find(|report| report.agent.as_str() == agent).expect("the agent is at work")
    }
}

pub fn queue(name: &str) -> QueueId {
    name.into()
}

pub fn agent(name: &str) -> AgentId {
    name.into()
}
