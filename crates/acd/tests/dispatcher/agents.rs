//! What agents ask for.

use crate::floor::*;
use acd::{AgentRequest::*, *};
use vocab::OfferEnd;

fn log_in(at: &str, queues: &[&str], ready: bool) -> AgentRequest {
    LogIn { extension: extension(at), queues: queues.iter().map(|queue| (*queue).into()).collect(), ready }
}

fn lunch() -> AgentRequest {
    NotReady { reason: "lunch".into() }
}

#[test]
fn requests_that_make_no_sense_are_refused_with_the_reason() {
    let mut floor = Floor::new(two_queues());
    let steps: Vec<(&str, AgentRequest, &str)> = vec![
        ("x", Ready, "answer Some(UnknownAgent)"),
        ("a", Ready, "answer Some(NotLoggedIn)"),
        ("a", LogOut, "answer Some(NotLoggedIn)"),
        ("a", log_in("a", &["support"], true), "answer Some(QueueNotAllowed)"),
        ("a", log_in("a", &["unknown"], true), "answer Some(QueueNotAllowed)"),
        ("a", log_in("a", &["sales"], true), "answer None"),
        ("a", log_in("b", &["sales"], true), "answer Some(LoggedInElsewhere)"),
        ("b", log_in("a", &[], true), "answer Some(ExtensionTaken)"),
        ("a", FinishWrapUp, "answer Some(NoWrapUp)"),
        ("a", WithdrawPending, "answer Some(NothingPending)"),
        ("a", log_in("a", &[], true), "answer None"),
        ("a", LogOut, "answer None"),
        ("b", log_in("a", &[], true), "answer None"),
    ];
    for (agent, request, answer) in steps {
        assert_eq!(floor.ask(agent, request.clone()).last().unwrap(), answer, "{agent} {request:?}");
    }
}

#[test]
fn an_agent_logs_in_not_ready_unless_asked_otherwise() {
    let mut floor = Floor::new(two_queues());
    assert_eq!(floor.ask("a", log_in("a", &[], false)), ["a not ready (logged_in)", "answer None"]);
    assert_eq!(floor.ask("a", log_in("a", &[], true)), ["a ready", "answer None"]);
    assert_eq!(floor.ask("a", Ready), ["answer None"], "ready already, the place among the idle is kept");
    assert_eq!(floor.ask("a", lunch()), ["a not ready (lunch)", "answer None"]);
}

#[test]
fn an_agent_logs_in_to_chosen_queues_only() {
    let mut floor = Floor::new(two_queues());
    floor.ask("c", log_in("c", &["support"], true));
    assert_eq!(floor.agent("c").queues, [queue("support")]);
    assert_eq!(floor.enqueue(1, "sales"), ["1 refused by sales: nobody"]);
    assert!(floor.enqueue(2, "support").contains(&"offer 2 to c".to_string()));
}

#[test]
fn a_wish_while_talking_is_kept_until_wrap_up_is_over() {
    for (wish, shown, then) in [
        (lunch(), "then not ready (lunch)", "a not ready (lunch)"),
        (LogOut, "then logged out", "a logged out"),
        (Ready, "then ready", "a ready"),
    ] {
        let mut floor = Floor::new(two_queues());
        floor.log_in("a");
        floor.enqueue(1, "sales");
        floor.ended(1, 1, "a", OfferEnd::Answered);
        assert_eq!(floor.ask("a", wish), [format!("a talking 1, {shown}"), "answer None".into()]);
        assert_eq!(floor.parted(1, "a"), [format!("a wrap-up 1 8000, {shown}")]);
        floor.wait(3_000);
        assert_eq!(floor.ask("a", FinishWrapUp), [then, "answer None"]);
        assert_eq!(floor.wait(60_000), [""; 0], "the timer of the wrap-up went with it");
    }
}

#[test]
fn a_wish_may_be_withdrawn() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.enqueue(1, "sales");
    floor.ended(1, 1, "a", OfferEnd::Answered);
    floor.ask("a", LogOut);
    assert_eq!(floor.ask("a", WithdrawPending), ["a talking 1", "answer None"]);
    floor.parted(1, "a");
    assert_eq!(floor.wait(WRAP_UP_MS), ["a ready"]);
}

#[test]
fn a_queue_without_wrap_up_gives_the_next_call_at_once() {
    let rules = QueueRules { wrap_up_ms: 0, ..rules("sales") };
    let mut floor = Floor::new(config(vec![rules], &[("a", &["sales"])]));
    floor.log_in("a");
    floor.enqueue(1, "sales");
    floor.enqueue(2, "sales");
    floor.ended(1, 1, "a", OfferEnd::Answered);
    assert_eq!(floor.parted(1, "a"), ["a ready", "offer 2 to a", "a offered 2"]);
}

#[test]
fn a_phone_that_is_gone_when_the_work_is_over_makes_the_agent_not_ready() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.enqueue(1, "sales");
    floor.ended(1, 1, "a", OfferEnd::Answered);
    assert_eq!(floor.phone("a", false), [""; 0]);
    floor.parted(1, "a");
    assert_eq!(floor.wait(WRAP_UP_MS), ["a not ready (unreachable)"]);
    assert_eq!(floor.wait(100_000), [""; 0], "the registrar knows when it is back");
    assert_eq!(floor.phone("a", true), ["a ready"]);
}
