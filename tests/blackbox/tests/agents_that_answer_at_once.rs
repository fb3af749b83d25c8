//! Phones that answer in the same breath as they are rung, and more callers than agents.

use blackbox::{
    caller::Caller,
    flow::straight_to_queue,
    phone::{Answering, Baresip},
    site::Site,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NUMBER: &str = "4008001001";
const CALLS: usize = 20;
const AGENTS: [(&str, &str); 4] = [("1001", "8001"), ("1002", "8002"), ("1003", "8003"), ("1004", "8004")];

#[test]
fn no_call_is_lost_when_every_phone_answers_at_once() {
    let site = Site::start();
    site.change_queue("sales", &json!({ "wrap_up_ms": 0 }));
    site.bind_flow(NUMBER, &straight_to_queue(60_000));
    let _phones = AGENTS.map(|(agent, extension)| {
        let phone = Baresip::start(&site, extension, Answering::AtOnce);
        site.log_in(agent, extension, true);
        phone
    });
    let callers = (0..CALLS).map(|_| Caller::dial(&site, NUMBER)).map(|caller| (caller.number.clone(), caller));
    let mut waiting: BTreeMap<String, Caller> = callers.collect();

    let mut done = Vec::new();
    while !waiting.is_empty() {
        // Each one talks until the test has seen the conversation begin, in whatever order that happens.
        let talks = |fact: &Value| fact["type"] == "joined" && !done.contains(&fact["call"]);
        let joined = site.live.await_fact(0, "one more conversation", talks);
        let call = joined["call"].clone();
        let opened = site.live.await_call(0, call.as_str().unwrap(), "call_opened");
        let mut caller = waiting.remove(opened["caller"].as_str().unwrap()).expect("each call is joined once");
        caller.hang_up();
        done.push(call);
    }

    for call in &done {
        let record = site.record(call.as_str().unwrap());
        let expected = (&json!("agent_answered"), &json!("caller"), &json!("answered"));
        assert_eq!((&record["state"], &record["by"], &record["offers"][0]["end"]), expected, "{record}");
        assert_eq!(record["offers"].as_array().map(Vec::len), Some(1), "{record}");
    }
    let list = site.admin.get("/api/v1/records?limit=500");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(CALLS), "one record per call");
}
