//! The generator against a small server made of `sip::Endpoint`: another implementation of SIP than the generator's.

use super::*;
use crate::test_exchange::{Running, exchange};
use std::collections::BTreeMap;

fn plan(server: &Running, called: &str, calls: usize) -> Plan {
    Plan {
        server: server.address,
        process: Some(std::process::id()),
        called: called.to_owned(),
        calls,
        rate_per_s: 200.0,
        hang_up: HangUp::AfterJoined(Duration::from_millis(20)),
        sound: false,
        patience: Duration::from_secs(20),
        phones: None,
    }
}

fn load(plan: Plan) -> Outcome {
    let mut generator = Generator::open(plan, [127, 0, 0, 1].into()).unwrap();
    generator.register().unwrap();
    generator.run().unwrap()
}

fn phones(password: &str) -> Option<Phones> {
    let accounts = ["8001", "8002"].map(|name| (name.to_owned(), format!("{password}-{name}"))).into();
    Some(Phones { accounts, answer_after: Duration::from_millis(10) })
}

#[test]
fn every_call_is_set_up_and_ended() {
    let server = exchange();
    let outcome = load(plan(&server, "answer", 60));
    assert_eq!((outcome.offered, outcome.answered, outcome.completed, outcome.failed()), (60, 60, 60, 0));
    assert_eq!((outcome.stuck, outcome.own_drops), (0, 0));
    assert_eq!(outcome.setup.count(), 60);
    assert!(outcome.whole.is_some_and(|usage| usage.resident_after_bytes > 0));
}

#[test]
fn refusals_are_counted_by_status() {
    let server = exchange();
    let outcome = load(plan(&server, "busy", 10));
    assert_eq!(outcome.refused, BTreeMap::from([(486, 10)]));
    assert_eq!((outcome.completed, outcome.failed()), (0, 10));
}

#[test]
fn calls_that_the_server_ends_are_told_apart() {
    let server = exchange();
    let outcome = load(Plan { hang_up: HangUp::AfterJoined(Duration::from_secs(20)), ..plan(&server, "brief", 5) });
    assert_eq!((outcome.ended_by_server, outcome.completed), (5, 0));
}

#[test]
fn calls_that_nobody_answers_are_stuck() {
    let server = exchange();
    let outcome = load(Plan { patience: Duration::from_millis(100), ..plan(&server, "nothing", 3) });
    assert_eq!((outcome.stuck, outcome.answered), (3, 0));
}

#[test]
fn sound_that_comes_back_is_heard_without_loss() {
    let server = exchange();
    let hang_up = HangUp::Together(Duration::from_millis(400));
    let outcome = load(Plan { sound: true, hang_up, ..plan(&server, "echo", 4) });
    assert_eq!((outcome.completed, outcome.joined_max, outcome.packets_lost), (4, 4, 0));
    assert!(outcome.packets_heard >= 4 * 5, "{} heard of {}", outcome.packets_heard, outcome.packets_sent);
    assert!(outcome.spacing.count() > 0 && outcome.own_lateness.count() > 0);
    assert!(outcome.steady.is_some_and(|usage| usage.wall >= Duration::from_millis(400)));
}

#[test]
fn callers_meet_the_agents_phones() {
    let server = exchange();
    let outcome = load(Plan { phones: phones("demo"), sound: true, ..plan(&server, "queue", 8) });
    assert_eq!((outcome.joined, outcome.completed, outcome.agents_stuck), (8, 8, 0));
    assert_eq!(outcome.invite_to_invite.count(), 8);
    assert_eq!(outcome.agents_released_early, 0);
}

#[test]
fn agents_that_answer_at_once_lose_no_call() {
    let server = exchange();
    let phones = phones("demo").map(|phones| Phones { answer_after: Duration::ZERO, ..phones });
    let outcome = load(Plan { phones, ..plan(&server, "queue", 8) });
    assert_eq!((outcome.joined, outcome.completed), (8, 8));
}

#[test]
fn a_wrong_password_stops_the_load() {
    let server = exchange();
    let plan = Plan { phones: phones("wrong"), ..plan(&server, "queue", 1) };
    let error = Generator::open(plan, [127, 0, 0, 1].into()).unwrap().register().unwrap_err();
    assert!(error.to_string().contains("2 of 2"), "{error}");
}
