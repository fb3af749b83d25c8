//! The largest site of requirement: 2,048 agents, 1,000 calls waiting. The clock is read here to measure, not to decide.
#![expect(clippy::disallowed_methods, reason = "a measurement needs a clock; the machine under test is given its time")]

use crate::floor::*;
use acd::*;
use std::time::{Duration, Instant};
use vocab::{Age, AgentState, CallId, OfferEnd, QueueId, Timestamp};

const AGENTS: u32 = 2_048;
const WAITING: u32 = 1_000;
const QUEUES: u32 = 8;

/// Well above what an unoptimised build on a busy machine needs, well below a search through all agents for all calls.
const MEAN_MAX: Duration = Duration::from_millis(2);

/// New assignments are to go on within 5 s of a takeover (design.md section 6); this is the dispatcher's own part.
const REBUILD_MAX: Duration = Duration::from_secs(2);

fn queue_name(n: u32) -> QueueId {
    QueueId::new(format!("queue-{n}"))
}

/// Everybody serves four of eight queues and talks; the lines are full.
fn full_house() -> Acd {
    let queues =
        (0..QUEUES).map(|n| QueueRules { queue: queue_name(n), waiting_max: WAITING, wrap_up_ms: 0, ..rules("") });
    let served = |n: u32| (0..4).map(|k| queue_name((n + k * k) % QUEUES)).collect::<Vec<_>>();
    let agents = (0..AGENTS).map(|n| AgentRules { agent: format!("{n:04}").as_str().into(), queues: served(n) });
    let site = Config { revision: 1, queues: queues.collect(), agents: agents.collect() };
    let agents = (0..AGENTS).map(|n| AgentReport {
        agent: format!("{n:04}").as_str().into(),
        extension: Some(format!("8{n:04}").as_str().into()),
        queues: Vec::new(),
        state: AgentState::Talking { call: call_id(n) },
        age: Age(u64::from(n)),
        pending: None,
    });
    let waiting = (0..WAITING).map(|n| Waiting {
        call: call_id(AGENTS + n),
        queue: queue_name(n % QUEUES),
        enqueued: Timestamp(i64::from(n)),
        waited: Age(0),
        priority: 0,
        tried: Vec::new(),
    });
    let (agents, waiting) = (agents.collect(), waiting.collect());
    let all = Report::All { agents, waiting, offers: Vec::new(), unreachable: Vec::new(), busy: Vec::new() };
    Acd::new(site, vec![all], 1, now(0), 7)
}

fn call_id(n: u32) -> CallId {
    CallId(uuid::Uuid::from_u128(u128::from(n)))
}

#[test]
fn a_rebuild_of_the_largest_site_matches_everybody_at_once() {
    let agents = (0..AGENTS).map(|n| format!("{n:04}")).collect::<Vec<_>>();
    let served: Vec<&str> = vec!["sales", "support"];
    let rules = |queue| QueueRules { waiting_max: WAITING, ..rules(queue) };
    let served: Vec<(&str, &[&str])> = agents.iter().map(|agent| (agent.as_str(), served.as_slice())).collect();
    let site = config(vec![rules("sales"), rules("support")], &served);
    let agents = agents.iter().zip(0..).map(|(name, age)| AgentReport {
        agent: agent(name),
        extension: Some(extension(name)),
        queues: Vec::new(),
        state: AgentState::Ready,
        age: Age(age),
        pending: None,
    });
    let line = |n: u32| if n.is_multiple_of(3) { "sales" } else { "support" };
    let waiting = (0..WAITING).map(|n| Waiting { call: call_id(n), ..waiting(0, line(n), u64::from(n)) });
    let (agents, waiting) = (agents.collect(), waiting.collect());
    let all = Report::All { agents, waiting, offers: Vec::new(), unreachable: Vec::new(), busy: Vec::new() };
    let began = Instant::now();
    let mut acd = Acd::new(site, vec![all], 1, now(0), 7);
    let took = began.elapsed();
    let offers = std::iter::from_fn(|| acd.poll()).filter_map(|decision| match decision {
        Decision::Offer { call, agent, .. } => Some((call, agent)),
        _ => None,
    });
    // The first in line to the longest idle, and so on.
    let expected = (0..WAITING).map(|n| (call_id(n), agent(&format!("{:04}", AGENTS - 1 - n))));
    assert!(offers.eq(expected));
    assert!(took < REBUILD_MAX, "{took:?}");
}

#[test]
fn a_decision_on_the_largest_site_is_quick() {
    let mut acd = full_house();
    while acd.poll().is_some() {}
    let (mut ms, mut decided, mut offers) = (1, 0, 0);
    let began = Instant::now();
    for n in 0..AGENTS {
        ms += 5;
        let agent = format!("{n:04}").as_str().into();
        acd.handle(now(ms), Report::Parted { call: call_id(n), agent });
        let next = Waiting { queue: queue_name(n % QUEUES), call: call_id(10_000 + n), ..waiting(0, "", ms) };
        acd.handle(now(ms), Report::Enqueue(next));
        decided += 2;
        while let Some(decision) = acd.poll() {
            let Decision::Offer { offer, call, agent, .. } = decision else { continue };
            acd.handle(now(ms), Report::OfferEnded { offer, call, agent, end: OfferEnd::Answered });
            decided += 1;
            offers += 1;
        }
    }
    let mean = began.elapsed() / decided;
    assert_eq!(offers, AGENTS, "each agent who parted was offered a call");
    assert!(mean < MEAN_MAX, "{mean:?} each");
}
