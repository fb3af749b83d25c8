//! Who is offered what, and what becomes of an offer.

use crate::floor::*;
use acd::*;
use vocab::{Candidate, OfferEnd::*, PassedOver, QueueExit};

/// a, c and d are ready in this order.
fn floor() -> Floor {
    let mut floor = Floor::new(two_queues());
    for agent in ["a", "c", "d"] {
        floor.log_in(agent);
    }
    floor
}

#[test]
fn a_call_goes_to_the_agent_idle_longest() {
    let mut floor = floor();
    assert_eq!(floor.enqueue(1, "sales"), ["1 is 1 in sales", "offer 1 to a", "a offered 1"]);
    assert_eq!(floor.enqueue(2, "support"), ["2 is 1 in support", "offer 2 to c", "c offered 2"]);
    assert_eq!(floor.enqueue(3, "sales"), ["3 is 2 in sales", "offer 3 to d", "d offered 3"]);
    assert_eq!(floor.enqueue(4, "sales"), ["4 is 3 in sales"]);
}

#[test]
fn an_agent_who_becomes_ready_takes_the_best_call_over_all_queues() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.log_in("b");
    floor.ask("a", AgentRequest::NotReady { reason: "lunch".into() });
    floor.ask("b", AgentRequest::NotReady { reason: "lunch".into() });
    floor.enqueue(1, "sales");
    floor.enqueue(2, "support");
    floor.tell(Report::Enqueue(Waiting { priority: 5, ..waiting(3, "support", 9) }));
    assert!(floor.log_in("c").contains(&"offer 3 to c".to_string()), "the higher priority first");
    assert!(floor.log_in("d").contains(&"offer 1 to d".to_string()), "then who waited longest, whatever the queue");
}

#[test]
fn an_answered_offer_becomes_talk_then_wrap_up_then_ready_at_the_end() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    assert!(floor.reserved(1).is_empty());
    assert_eq!(floor.ended(1, 1, "a", Answered), ["a talking 1"]);
    assert_eq!(floor.acd.next_timeout(), None, "talk ends by the edge's word");
    floor.wait(60_000);
    assert_eq!(floor.parted(1, "a"), ["a wrap-up 1 8000"]);
    assert_eq!(floor.wait(WRAP_UP_MS), ["a ready"]);
    assert!(floor.enqueue(2, "sales").contains(&"offer 2 to c".to_string()));
}

#[test]
fn a_call_left_ringing_goes_to_the_next_agent_and_the_first_is_ready_at_the_end() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    floor.reserved(1);
    floor.wait(RING_MS);
    assert_eq!(floor.ended(1, 1, "a", NoAnswer), ["a ready", "offer 1 to c", "c offered 1"]);
    assert_eq!(floor.ended(2, 1, "c", Declined), ["c ready", "offer 1 to d", "d offered 1"]);
    assert!(floor.enqueue(2, "sales").contains(&"offer 2 to a".to_string()), "a is ready for others");
}

#[test]
fn an_agent_who_lets_it_ring_leaves_when_the_queue_says_so() {
    let rules = QueueRules { no_answer_leaves: true, ..rules("sales") };
    let mut floor = Floor::new(config(vec![rules], &[("a", &["sales"]), ("b", &["sales"])]));
    floor.log_in("a");
    floor.log_in("b");
    floor.enqueue(1, "sales");
    assert_eq!(floor.ended(1, 1, "a", NoAnswer), ["a not ready (no_answer)", "offer 1 to b", "b offered 1"]);
    assert_eq!(floor.ended(2, 1, "b", Declined), ["b ready"], "declining is not leaving");
}

#[test]
fn a_lone_agent_is_rung_again_after_a_pause() {
    let mut floor = Floor::new(config(vec![rules("sales")], &[("a", &["sales"])]));
    floor.log_in("a");
    floor.enqueue(1, "sales");
    assert_eq!(floor.ended(1, 1, "a", Declined), ["a ready"]);
    assert_eq!(floor.wait(9_999), [""; 0]);
    assert_eq!(floor.wait(1), ["offer 1 to a", "a offered 1"]);
    assert_eq!(floor.ended(2, 1, "a", NoAnswer), ["a ready"]);
    assert!(floor.enqueue(2, "sales").contains(&"offer 2 to a".to_string()), "another call need not wait");
}

#[test]
fn a_declined_call_goes_to_whoever_becomes_ready_before_it_comes_back() {
    let mut floor = Floor::new(config(vec![rules("sales")], &[("a", &["sales"]), ("b", &["sales"])]));
    floor.log_in("a");
    floor.enqueue(1, "sales");
    floor.ended(1, 1, "a", Declined);
    assert!(floor.log_in("b").contains(&"offer 1 to b".to_string()));
}

#[test]
fn an_agent_whose_phone_cannot_be_called_is_passed_over_until_it_can() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    assert_eq!(floor.ended(1, 1, "a", Unreachable), ["a not ready (unreachable)", "offer 1 to c", "c offered 1"]);
    assert_eq!(floor.phone("a", true), ["a ready"]);
    assert_eq!(floor.phone("a", true), [""; 0]);
    assert_eq!(floor.phone("a", false), ["a not ready (unreachable)"]);
    assert_eq!(floor.wait(4_000), [""; 0]);
    assert_eq!(floor.ask("a", AgentRequest::Ready), ["a not ready (unreachable)", "answer None"]);
    assert_eq!(floor.phone("a", true), ["a ready"]);
}

#[test]
fn a_registered_phone_that_could_not_be_called_is_tried_again_after_a_pause() {
    let mut floor = Floor::new(config(vec![rules("sales")], &[("a", &["sales"])]));
    floor.log_in("a");
    floor.enqueue(1, "sales");
    floor.ended(1, 1, "a", Unreachable);
    assert_eq!(floor.wait(30_000), ["a ready", "offer 1 to a", "a offered 1"]);
    floor.ended(2, 1, "a", Unreachable);
    assert_eq!(floor.phone("a", false), [""; 0]);
    assert_eq!(floor.wait(100_000), [""; 0], "it is not registered any more, so only the registrar knows");
}

#[test]
fn an_offer_nobody_confirms_runs_out_and_the_call_goes_on() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    assert_eq!(floor.wait(5_000), ["withdraw 1.1", "a ready", "offer 1 to c", "c offered 1"]);
    floor.reserved(2);
    assert_eq!(floor.wait(RING_MS + 9_999), [""; 0], "the ringing time and a margin");
    assert_eq!(floor.wait(1), ["withdraw 1.2", "c ready", "offer 1 to d", "d offered 1"]);
}

#[test]
fn a_caller_who_leaves_while_the_phone_rings_frees_the_agent_when_it_stopped() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    assert_eq!(floor.dequeue(1), ["withdraw 1.1"]);
    assert_eq!(floor.ended(1, 1, "a", Withdrawn), ["a ready"]);
    floor.enqueue(2, "sales");
    floor.dequeue(2);
    assert_eq!(floor.wait(5_000), ["c ready"], "and when the edge says nothing more");
}

#[test]
fn a_call_whose_void_offer_was_stopped_unasked_keeps_its_place_with_that_agent() {
    let lone = || {
        let mut floor = Floor::new(config(vec![rules("sales")], &[("a", &["sales"])]));
        floor.log_in("a");
        floor.enqueue(1, "sales");
        assert_eq!(floor.wait(5_000), ["withdraw 1.1", "a ready"], "perhaps its edge is dead: others first");
        floor
    };
    let mut floor = lone();
    assert_eq!(floor.ended(1, 1, "a", Withdrawn), ["offer 1 to a", "a offered 1"]);
    for (end, next) in [(Withdrawn, "offer 1 to a"), (NoAnswer, "offer 3 to a"), (Declined, "offer 3 to a")] {
        let mut floor = lone();
        assert!(floor.enqueue(2, "sales").contains(&"offer 2 to a".to_string()));
        assert_eq!(floor.ended(1, 1, "a", end), [""; 0]);
        floor.enqueue(3, "sales");
        floor.dequeue(2);
        assert_eq!(floor.ended(2, 2, "a", Withdrawn)[1], next, "{end:?}");
    }
}

#[test]
fn an_answer_to_a_void_offer_counts_while_the_call_still_waits() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    floor.wait(5_000);
    assert_eq!(floor.ended(1, 1, "a", Answered), ["withdraw 1.2", "a talking 1"]);
    assert_eq!(floor.ended(2, 1, "c", Withdrawn), ["c ready"]);
    assert_eq!(floor.parted(1, "a"), ["a wrap-up 1 8000"]);
    assert_eq!(floor.ended(1, 1, "a", Answered), [""; 0], "a repetition changes nothing");
}

#[test]
fn late_repeated_and_unknown_reports_change_nothing() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    floor.reserved(1);
    floor.ended(1, 1, "a", Answered);
    for end in [Answered, NoAnswer, Declined, Unreachable, Withdrawn] {
        assert_eq!(floor.ended(1, 1, "a", end), [""; 0]);
        assert_eq!(floor.ended(99, 9, "nobody", end), [""; 0]);
    }
    assert_eq!(floor.reserved(1), [""; 0]);
    assert_eq!(floor.dequeue(1), [""; 0]);
    assert_eq!(floor.parted(2, "a"), [""; 0]);
    assert_eq!(floor.parted(1, "c"), [""; 0]);
    assert_eq!(floor.tell(Report::Busy { extension: extension("nobody"), busy: false }), [""; 0]);
}

#[test]
fn an_agent_who_is_asked_and_wants_no_work_gets_none_at_once() {
    let mut floor = floor();
    floor.enqueue(1, "sales");
    assert_eq!(
        floor.ask("a", AgentRequest::NotReady { reason: "lunch".into() }),
        ["withdraw 1.1", "a not ready (lunch)", "answer None", "offer 1 to c", "c offered 1"]
    );
    assert_eq!(floor.ended(1, 1, "a", Withdrawn), [""; 0]);
    assert_eq!(
        floor.ask("c", AgentRequest::LogOut),
        ["withdraw 1.2", "c logged out", "answer None", "offer 1 to d", "d offered 1"]
    );
}

#[test]
fn an_agent_in_a_conversation_of_its_own_is_passed_over() {
    let mut floor = floor();
    floor.tell(Report::Busy { extension: extension("a"), busy: true });
    assert!(floor.enqueue(1, "sales").contains(&"offer 1 to c".to_string()));
    assert_eq!(floor.tell(Report::Busy { extension: extension("a"), busy: false }), ["a ready"]);
    assert!(floor.enqueue(2, "sales").contains(&"offer 2 to d".to_string()), "a went to the end of the line");
}

#[test]
fn an_offer_says_why() {
    let mut floor = floor();
    floor.log_in("b");
    floor.enqueue(1, "sales");
    floor.ended(1, 1, "a", Declined);
    floor.ended(2, 1, "c", Declined);
    floor.wait(2_000);
    floor.ask("a", AgentRequest::NotReady { reason: "lunch".into() });
    floor.acd.handle(now(floor.ms), Report::Dequeue { call: call(1), exit: QueueExit::Abandoned });
    floor.acd.handle(now(floor.ms), Report::Enqueue(Waiting { waited: vocab::Age(700), ..waiting(2, "support", 9) }));
    let Some(reason) = floor.decisions().into_iter().find_map(|decision| match decision {
        Decision::Offer { reason, ring_ms: RING_MS, lease_ms: 5_000, .. } => Some(*reason),
        _ => None,
    }) else {
        panic!("an offer is made")
    };
    let candidate = |name: &str, idle_ms, passed_over| Candidate { agent: agent(name), idle_ms, passed_over };
    assert_eq!(
        (reason.queue, &*reason.strategy, reason.place, reason.waited_ms),
        (queue("support"), "longest_idle", 1, 700)
    );
    assert_eq!(
        reason.candidates,
        [
            candidate("b", Some(2_001), None),
            candidate("c", Some(2_000), Some(PassedOver::IdleShorter)),
            candidate("d", None, Some(PassedOver::Offered)),
        ]
    );
}

#[test]
fn a_reason_names_the_first_agents_and_counts_all_others() {
    let names: Vec<String> = (0..60).map(|n| format!("x{n:02}")).collect();
    let agents: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &["sales"][..])).collect();
    let mut floor = Floor::new(config(vec![rules("sales")], &agents));
    for name in &names {
        floor.log_in(name);
    }
    for name in &names[50..] {
        floor.ask(name, AgentRequest::NotReady { reason: "lunch".into() });
    }
    floor.tell(Report::Enqueue(waiting(1, "sales", 1)));
    floor.acd.handle(now(floor.ms), Report::Enqueue(waiting(2, "sales", 2)));
    let reasons = floor.decisions().into_iter().filter_map(|decision| match decision {
        Decision::Offer { reason, .. } => Some(*reason),
        _ => None,
    });
    let Some(reason) = reasons.last() else { panic!("an offer is made") };
    assert_eq!(reason.candidates[0].agent, agent("x01"), "x00 was offered the first call");
    let others: Vec<_> = reason.others.iter().map(|(why, agents)| (why.as_str(), *agents)).collect();
    assert_eq!(others, [("idle_shorter", 33), ("not_ready", 10), ("offered", 1)]);
    assert_eq!(reason.candidates.len() + 44, names.len(), "nobody is left out");
}
