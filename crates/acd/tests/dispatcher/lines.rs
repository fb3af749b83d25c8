//! Lines: refusals, places, configuration.

use crate::floor::*;
use acd::*;
use vocab::OfferEnd;

#[test]
fn a_queue_refuses_with_the_reason() {
    let mut floor = Floor::new(config(vec![QueueRules { waiting_max: 1, ..rules("sales") }], &[("a", &["sales"])]));
    assert_eq!(floor.enqueue(1, "unheard-of"), ["1 refused by unheard-of: unknown_queue"]);
    assert_eq!(floor.enqueue(1, "sales"), ["1 refused by sales: nobody"]);
    floor.ask("a", AgentRequest::LogIn { extension: extension("a"), queues: Vec::new(), ready: false });
    assert_eq!(floor.enqueue(1, "sales"), ["1 is 1 in sales"], "an agent at lunch may come back");
    assert_eq!(floor.enqueue(2, "sales"), ["2 refused by sales: full"]);
    floor.ask("a", AgentRequest::LogOut);
    assert_eq!(floor.log_in("a"), ["a ready", "answer None", "offer 1 to a", "a offered 1"], "who waits keeps waiting");
}

#[test]
fn places_are_told_at_once_to_new_calls_and_in_bundles_to_the_others() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.ask("a", AgentRequest::NotReady { reason: "lunch".into() });
    for n in 1..=4 {
        assert_eq!(floor.enqueue(n, "sales"), [format!("{n} is {n} in sales")]);
    }
    assert_eq!(floor.dequeue(1), ["2 is 1 in sales", "3 is 2 in sales", "4 is 3 in sales"]);
    assert_eq!(floor.dequeue(3), [""; 0], "not again within a second");
    assert_eq!(floor.enqueue(5, "sales"), ["5 is 3 in sales"]);
    assert_eq!(floor.wait(1_000), ["4 is 2 in sales"]);
    assert_eq!(floor.wait(100_000), [""; 0]);
    let ahead = Waiting { priority: 1, ..waiting(6, "sales", floor.ms) };
    assert_eq!(
        floor.tell(Report::Enqueue(ahead)),
        ["6 is 1 in sales", "2 is 2 in sales", "4 is 3 in sales", "5 is 4 in sales"]
    );
}

#[test]
fn a_repeated_call_keeps_its_place_and_another_queue_moves_it() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.enqueue(1, "sales");
    let again = waiting(1, "sales", floor.ms);
    assert_eq!(floor.tell(Report::Enqueue(again)), [""; 0]);
    floor.ask("b", AgentRequest::LogIn { extension: extension("b"), queues: Vec::new(), ready: false });
    assert_eq!(floor.enqueue(1, "support"), ["withdraw 1.1", "1 is 1 in support"]);
    assert_eq!(floor.ended(1, 1, "a", OfferEnd::Withdrawn), ["a ready"]);
}

#[test]
fn a_new_configuration_moves_agents_and_closes_queues() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.log_in("b");
    floor.ask("b", AgentRequest::NotReady { reason: "lunch".into() });
    floor.enqueue(1, "support");
    floor.enqueue(2, "sales");
    let changed = Config { revision: 2, ..config(vec![rules("support")], &[("a", &["support", "sales"])]) };
    let log = floor.tell(Report::Configuration(changed.clone()));
    assert_eq!(log, ["withdraw 1.1", "2 refused by sales: unknown_queue", "b logged out", "a offered 2"]);
    assert_eq!(floor.agent("a").queues, [queue("support")]);
    assert_eq!(
        floor.ended(1, 2, "a", OfferEnd::Withdrawn),
        ["a ready", "offer 1 to a", "a offered 1"],
        "a serves the queue it was added to"
    );
    assert_eq!(floor.tell(Report::Configuration(changed)), [""; 0], "an old revision is ignored");
}

#[test]
fn an_agent_added_to_a_queue_takes_its_calls_at_once() {
    let mut floor = Floor::new(two_queues());
    floor.log_in("a");
    floor.log_in("b");
    floor.ask("b", AgentRequest::NotReady { reason: "lunch".into() });
    floor.enqueue(1, "support");
    let mut changed = two_queues();
    changed.revision = 2;
    changed.agents[0].queues.push(queue("support"));
    assert_eq!(floor.tell(Report::Configuration(changed)), ["a ready", "offer 1 to a", "a offered 1"]);
}

#[test]
fn a_whole_shift_added_to_a_queue_takes_its_calls_in_order() {
    let names: Vec<String> = (0..20).map(|n| format!("s{n:02}")).collect();
    let site = |revision, served: &[&str]| {
        let mut agents: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), served)).collect();
        agents.push(("b", &["support"]));
        Config { revision, ..config(vec![rules("sales"), rules("support")], &agents) }
    };
    let mut floor = Floor::new(site(1, &["sales"]));
    for name in &names {
        floor.log_in(name);
    }
    floor.ask("b", AgentRequest::LogIn { extension: extension("b"), queues: Vec::new(), ready: false });
    for n in 1..=20 {
        floor.enqueue(n, "support");
    }
    let log = floor.tell(Report::Configuration(site(2, &["sales", "support"])));
    let offers: Vec<String> = log.into_iter().filter(|line| line.starts_with("offer ")).collect();
    let expected: Vec<String> = names.iter().zip(1..).map(|(name, n)| format!("offer {n} to {name}")).collect();
    assert_eq!(offers, expected);
}
