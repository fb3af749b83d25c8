//! Start from reports: at boot, at takeover, after a panic.

use crate::floor::*;
use acd::*;
use vocab::{Age, AgentState, OfferEnd, OfferId};

fn report(name: &str, state: AgentState, age: u64) -> AgentReport {
    AgentReport {
        agent: agent(name),
        extension: Some(extension(name)),
        queues: Vec::new(),
        state,
        age: Age(age),
        pending: None,
    }
}

fn all(agents: Vec<AgentReport>, waiting: Vec<Waiting>, offers: Vec<OfferReport>) -> Report {
    Report::All { agents, waiting, offers, unreachable: Vec::new(), busy: Vec::new() }
}

#[test]
fn a_dispatcher_that_knows_nothing_asks() {
    let mut floor = Floor::from(two_queues(), Vec::new());
    assert_eq!(floor.log(), ["report all"]);
    let known = all(vec![report("a", AgentState::Ready, 5)], vec![waiting(1, "sales", 1)], Vec::new());
    assert_eq!(floor.tell(known), ["a ready", "1 is 1 in sales", "offer 1 to a", "a offered 1"]);
}

#[test]
fn idle_order_is_older_than_the_process() {
    let agents = vec![
        report("a", AgentState::Ready, 50_000),
        report("c", AgentState::Ready, 90_000),
        report("d", AgentState::Ready, 70_000),
    ];
    let lines = [3, 1, 2].map(|n| waiting(n, "sales", u64::from(n))).to_vec();
    let mut floor = Floor::from(two_queues(), vec![all(agents, lines, Vec::new())]);
    let offers: Vec<String> = floor.log().into_iter().filter(|line| line.starts_with("offer ")).collect();
    assert_eq!(offers, ["offer 1 to c", "offer 2 to d", "offer 3 to a"]);
}

#[test]
fn an_offer_that_is_rung_goes_on_and_one_nobody_knows_is_over() {
    let old = OfferId { epoch: 0, number: 7 };
    let stray = OfferId { epoch: 0, number: 8 };
    let known = all(
        vec![
            report("a", AgentState::Offered { call: call(1) }, 3_000),
            report("c", AgentState::Offered { call: call(9) }, 2),
        ],
        vec![waiting(1, "sales", 1)],
        vec![
            OfferReport { offer: old, call: call(1), agent: agent("a") },
            OfferReport { offer: stray, call: call(2), agent: agent("b") },
        ],
    );
    let mut floor = Floor::from(two_queues(), vec![known]);
    assert_eq!(floor.log(), ["withdraw 0.8", "c ready", "1 is 1 in sales"]);
    assert_eq!(floor.wait(RING_MS + 10_000 - 3_001), [""; 0]);
    let answered = OfferEnd::Answered;
    assert_eq!(
        floor.tell(Report::OfferEnded { offer: old, call: call(1), agent: agent("a"), end: answered }),
        ["a talking 1"]
    );
}

#[test]
fn a_conversation_that_ended_with_its_edge_ends_when_the_edge_reports() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.enqueue(1, "sales");
    floor.ended(1, 1, "a", OfferEnd::Answered);
    let still = all(vec![report("a", AgentState::Offered { call: call(1) }, 5)], Vec::new(), Vec::new());
    assert_eq!(floor.tell(still), [""; 0], "an edge may not have heard of its own answer yet");
    let over = all(vec![report("a", AgentState::Ready, 5)], Vec::new(), Vec::new());
    assert_eq!(floor.tell(over), ["a ready"]);
}

#[test]
fn an_edge_that_lags_does_not_log_an_agent_in_again() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.ask("a", AgentRequest::LogOut);
    let lagging = all(vec![report("a", AgentState::Ready, 5)], Vec::new(), Vec::new());
    assert_eq!(floor.tell(lagging), [""; 0]);
}

#[test]
fn of_two_edges_the_one_that_heard_last_is_right() {
    let first = all(vec![report("a", AgentState::Ready, 9_000)], Vec::new(), Vec::new());
    let second = all(vec![report("a", AgentState::NotReady { reason: "lunch".into() }, 100)], Vec::new(), Vec::new());
    let floor = Floor::from(two_queues(), vec![first, second]);
    assert_eq!(floor.agent("a").state, AgentState::NotReady { reason: "lunch".into() });
}

#[test]
fn wrap_up_goes_on_where_it_was_and_a_conversation_knows_its_queue() {
    let quick = QueueRules { wrap_up_ms: 100, ..rules("support") };
    let site = config(vec![rules("sales"), quick], &[("a", &["sales", "support"]), ("b", &["sales", "support"])]);
    let mut floor = Floor::new(site.clone());
    floor.log_in("a");
    floor.enqueue(1, "support");
    floor.ended(1, 1, "a", OfferEnd::Answered);
    let reports = floor.acd.reports(now(floor.ms));
    let mut rebuilt = Floor::from(site, reports);
    assert_eq!(rebuilt.parted(1, "a"), ["a wrap-up 1 100"]);
    rebuilt.wait(40);
    let AgentState::WrapUp { left_ms, .. } = rebuilt.agent("a").state else { panic!("wrap-up goes on") };
    assert_eq!(left_ms, 60);
}

#[test]
fn a_waiting_call_of_a_queue_that_is_gone_is_refused() {
    let mut floor = Floor::from(two_queues(), vec![all(Vec::new(), vec![waiting(1, "gone", 1)], Vec::new())]);
    assert_eq!(floor.log(), ["1 refused by gone: unknown_queue"]);
}

#[test]
fn who_answered_just_before_a_takeover_talks_and_is_offered_nothing() {
    let wish = AgentState::NotReady { reason: "lunch".into() };
    let table = [
        (AgentState::Offered { call: call(1) }, "a talking 1"),
        (AgentState::Ready, "a talking 1"),
        (wish, "a talking 1, then not ready (lunch)"),
        (AgentState::WrapUp { call: call(7), left_ms: 5 }, "a talking 1"),
    ];
    for (confirmed, talks) in table {
        let conversation = Report::Conversation { call: call(1), agent: agent("a"), queue: queue("sales") };
        let known = all(vec![report("a", confirmed, 5)], vec![waiting(2, "sales", 2)], Vec::new());
        let mut floor = Floor::from(two_queues(), vec![conversation, known]);
        assert_eq!(floor.log(), [talks, "2 is 1 in sales"]);
        assert_eq!(floor.wait(1_000), [""; 0], "no timer of the state before goes off");
        assert!(floor.parted(1, "a")[0].starts_with("a wrap-up 1 8000"));
    }
}

#[test]
fn a_conversation_a_dispatcher_did_not_know_of_ends_what_it_began_since() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.enqueue(2, "sales");
    let conversation = Report::Conversation { call: call(1), agent: agent("a"), queue: queue("sales") };
    assert_eq!(floor.tell(conversation.clone()), ["withdraw 1.1", "a talking 1"]);
    assert_eq!(floor.tell(conversation), [""; 0]);
    let unknown = Report::Conversation { call: call(3), agent: agent("nobody"), queue: queue("sales") };
    assert_eq!(floor.tell(unknown), [""; 0]);
}
