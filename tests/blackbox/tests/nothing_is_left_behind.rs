//! Callers who hang up at every step of the way at the same time as others arrive: afterwards everything is closed,
//! every call has its record, and every agent is free.

use blackbox::{
    PATIENCE, await_some,
    caller::Caller,
    flow::straight_to_queue,
    phone::{Answering, Baresip},
    site::Site,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NUMBER: &str = "4008001001";
const AGENTS: [(&str, &str, Answering); 3] =
    [("1001", "8001", Answering::AtOnce), ("1002", "8002", Answering::AtOnce), ("1003", "8003", Answering::Manual)];
/// When each caller in turn hangs up; the last step may never come for those whom the phone that nobody answers rings.
const STEPS: [&str; 5] = ["call_answered", "queued", "agent_offered", "agent_ringing", "joined"];
const CALLS: usize = 30;
/// Gauges of `/metrics` that count what is open.
const GAUGES: [&str; 5] = ["calls", "legs", "recordings", "offers", "media_streams"];

#[test]
fn callers_who_leave_at_every_step_leave_nothing_open() {
    let site = Site::start();
    site.change_queue("sales", &json!({ "wrap_up_ms": 0, "ring_ms": 3_000 }));
    site.bind_flow(NUMBER, &straight_to_queue(60_000));
    let _phones = AGENTS.map(|(agent, extension, answering)| {
        let phone = Baresip::start(&site, extension, answering);
        site.log_in(agent, extension, true);
        phone
    });
    let mut waiting = BTreeMap::new();
    let mut numbers = Vec::new();
    for n in 0..CALLS {
        let caller = Caller::dial(&site, NUMBER);
        numbers.push(caller.number.clone());
        waiting.insert(caller.number.clone(), (caller, STEPS[n % STEPS.len()]));
    }
    while !waiting.is_empty() {
        let facts = site.live.facts();
        let number_of = |call: &Value| {
            let opened = facts.iter().find(|fact| fact["type"] == "call_opened" && fact["call"] == *call);
            opened.and_then(|opened| opened["caller"].as_str()).unwrap_or_default().to_owned()
        };
        let due = facts.iter().find_map(|fact| {
            let number = number_of(&fact["call"]);
            waiting.get(&number).is_some_and(|(_, step)| fact["type"] == *step).then_some(number)
        });
        match due.and_then(|number| waiting.remove(&number)) {
            Some((mut caller, _)) => caller.hang_up(),
            None => site.live.await_news(facts.len()),
        }
    }
    for number in &numbers {
        await_some(&format!("one record of {number}"), PATIENCE, || {
            let records = site.records_of(number);
            assert!(records.len() <= 1, "more than one record: {records:?}");
            records.first().map(|record| assert_eq!(record["by"], "caller", "{record}"))
        });
    }
    for name in GAUGES {
        await_some(&format!("{name} back to 0"), PATIENCE, || (site.metric(name) == 0.0).then_some(()));
    }
    assert_eq!(site.metric("recording_lost_seconds_total") + site.metric("media_busy_total"), 0.0);

    // Whoever was rung in vain is ready again, and the next caller is served.
    for (agent, ..) in AGENTS {
        await_some(&format!("agent {agent} ready"), PATIENCE, || {
            let facts = site.live.facts();
            let last = facts.iter().rfind(|fact| fact["type"] == "agent_changed" && fact["agent"] == agent);
            last.is_some_and(|fact| fact["state"] == "ready").then_some(())
        });
    }
    let (mut caller, call) = Caller::call(&site, NUMBER);
    site.live.await_call(0, &call, "joined");
    caller.hang_up();
}
