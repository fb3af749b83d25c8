//! The flow of the demo site.

use crate::caller::{short, site};
use flow::{Flow, Heard, Node, Script, check, simulate};
use std::{sync::Arc, time::Duration};
use vocab::PhoneNumber;

const WELCOME: &str = include_str!("../../../../flows/welcome.json");

pub fn welcome() -> Flow {
    Flow::parse(WELCOME).expect("the flow can be read")
}

#[test]
fn it_is_free_of_problems_at_the_demo_site() {
    let problems = check(&welcome(), &site());
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn it_survives_being_read_and_written() {
    let written = serde_json::to_string(&welcome()).expect("a flow is JSON");
    assert_eq!(Flow::parse(&written).expect("what was written can be read"), welcome());
    assert!(welcome().nodes.values().any(|node| matches!(node, Node::Queue(_))));
}

/// The transcript without plays and keys: the way through the nodes.
fn way(keys: &[(u64, char)], hang_up: Option<u64>, agent_after: Option<u64>) -> Vec<String> {
    let script = Script {
        caller: PhoneNumber::from("13800138000"),
        called: PhoneNumber::from("4008001000"),
        keys: keys.iter().map(|(ms, key)| (Duration::from_millis(*ms), *key)).collect(),
        hang_up: hang_up.map(Duration::from_millis),
        agent_after: agent_after.map(Duration::from_millis),
        talk: Duration::from_secs(60),
    };
    let heard = simulate(Arc::new(welcome()), &script, 7);
    let line = |(_, heard): &(Duration, Heard)| match heard {
        Heard::Effect(effect) => Some(short(effect))
            .filter(|line| ["<", "enqueue", "ring", "record ", "hang", "fin"].iter().any(|w| line.starts_with(w))),
        Heard::Talk => Some("talk".to_owned()),
        Heard::HungUp => Some("caller hangs up".to_owned()),
        Heard::Key(_) => None,
    };
    heard.iter().filter_map(line).collect()
}

#[test]
fn callers_find_their_ways() {
    let greeted = ["< answer done", "< greeting done"];
    let ends = ["< goodbye done", "< hang_up done", "hang up", "finished"];
    let table: Vec<(Vec<String>, Vec<&str>)> = vec![
        (
            way(&[(5_000, '1')], None, Some(30_000)),
            [&greeted[..], &["< menu 1", "enqueue sales 0", "talk", "< sales answered", "hang up", "finished"]]
                .concat(),
        ),
        (
            way(&[(1_000, '2'), (40_000, '#'), (60_000, '#')], None, None),
            [
                &greeted[..],
                &["< menu 2", "enqueue support 0", "< support key", "record 120000", "< message saved", "< saved done"],
                &ends,
            ]
            .concat(),
        ),
        (
            way(&[(5_000, '3'), (8_000, '#')], None, None),
            [&greeted[..], &["< menu 3", "record 120000", "< message too_short", "< too_short done"], &ends].concat(),
        ),
        (
            way(&[(5_000, '0')], None, None),
            [&greeted[..], &["< menu 0", "ring 8010 30000", "talk", "< operator answered", "hang up", "finished"]]
                .concat(),
        ),
        (
            way(&[(5_000, '1')], Some(100_000), None),
            [&greeted[..], &["< menu 1", "enqueue sales 0", "caller hangs up", "< sales caller_gone", "finished"]]
                .concat(),
        ),
        (
            way(&[(5_000, '1')], None, None),
            [
                &greeted[..],
                &[
                    "< menu 1",
                    "enqueue sales 0",
                    "< sales timeout",
                    "< nobody_free done",
                    "record 120000",
                    "< message saved",
                ],
                &["< saved done"],
                &ends,
            ]
            .concat(),
        ),
    ];
    for (got, expected) in table {
        assert_eq!(got, expected);
    }
}
