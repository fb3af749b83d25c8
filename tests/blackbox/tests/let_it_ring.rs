//! Agents who let it ring, and callers whom nobody can take.

use blackbox::{
    caller::{Caller, End},
    flow::straight_to_queue,
    phone::{Answering, Baresip},
    site::Site,
    sound,
};
use serde_json::{Value, json};

const NUMBER: &str = "4008001001";

/// Who was asked, and how each offer ended.
fn offers(record: &Value) -> Vec<[&str; 2]> {
    let offers = record["offers"].as_array().expect("a record lists offers");
    offers.iter().map(|offer| ["agent", "end"].map(|field| offer[field].as_str().unwrap_or_default())).collect()
}

fn why_passed_over(record: &Value, offer: usize, agent: &str) -> Value {
    let candidates = record["offers"][offer]["reason"]["candidates"].as_array().expect("a reason names candidates");
    candidates.iter().find(|candidate| candidate["agent"] == agent).expect("the agent was looked at")["passed_over"]
        .clone()
}

/// The first agent lets it ring, the second answers; the first one's state afterwards, and the record.
fn ring_out(site: &Site, first: &str, second: (&str, &mut Baresip)) -> (Value, Value) {
    let (second, phone) = second;
    let (mark, rung) = (site.live.mark(), phone.mark());
    let (mut caller, call) = Caller::call(site, NUMBER);
    let offered = site.live.await_call(mark, &call, "agent_offered");
    assert_eq!(offered["agent"], first, "the agent who was idle longest is asked first");
    let ended = site.live.await_call(mark, &call, "offer_ended");
    assert_eq!((&ended["agent"], &ended["end"]), (&json!(first), &json!("no_answer")));
    let after = site.await_agent(mark, first, &["ready", "not_ready"]);
    phone.await_event(rung, "CALL_INCOMING");
    phone.answer();
    let joined = site.live.await_call(mark, &call, "joined");
    assert_eq!(joined["agent"], second);
    caller.hang_up();
    (after, site.record(&call))
}

#[test]
fn an_agent_who_lets_it_ring_gives_way_to_the_next() {
    let site = Site::start();
    site.change_queue("sales", &json!({ "ring_ms": 3_000, "no_answer_leaves": true, "wrap_up_ms": 0 }));
    site.bind_flow(NUMBER, &straight_to_queue(60_000));
    let _deaf = Baresip::start(&site, "8001", Answering::Manual);
    let mut phone = Baresip::start(&site, "8002", Answering::Manual);
    site.log_in("1001", "8001", true);
    site.log_in("1002", "8002", true);

    let (after, record) = ring_out(&site, "1001", ("1002", &mut phone));
    assert_eq!((&after["state"], &after["reason"]), (&json!("not_ready"), &json!("no_answer")));
    assert_eq!(offers(&record), [["1001", "no_answer"], ["1002", "answered"]]);
    assert_eq!(why_passed_over(&record, 0, "1002")["why"], "idle_shorter");
    assert!(why_passed_over(&record, 1, "1001").is_object());

    // Switched off, the first stays at work, but is not asked for the same call again.
    site.change_queue("sales", &json!({ "no_answer_leaves": false }));
    let mark = site.live.mark();
    site.ask_agent("1002", &json!({ "ask": "not_ready", "reason": "break" }));
    site.await_agent(mark, "1002", &["not_ready"]);
    site.ask_agent("1001", &json!({ "ask": "ready" }));
    site.await_agent(mark, "1001", &["ready"]);
    site.ask_agent("1002", &json!({ "ask": "ready" }));
    site.await_agent(mark, "1002", &["ready"]);
    let (after, record) = ring_out(&site, "1001", ("1002", &mut phone));
    assert_eq!(after["state"], "ready");
    assert_eq!(offers(&record), [["1001", "no_answer"], ["1002", "answered"]]);
    assert_eq!(why_passed_over(&record, 1, "1001")["why"], "already_tried");
}

#[test]
fn a_caller_whom_nobody_takes_hears_music_and_place_and_may_leave_a_message() {
    let site = Site::start();
    site.bind_flow(NUMBER, &straight_to_queue(60_000));
    let _phone = Baresip::start(&site, "8001", Answering::Manual);
    site.log_in("1001", "8001", false);
    let (mut first, first_call) = Caller::call(&site, NUMBER);
    site.live.await_call(0, &first_call, "queued");
    let (mut second, second_call) = Caller::call(&site, NUMBER);
    let is_placed = |call: &str, place: u64| {
        let call = call.to_owned();
        move |fact: &Value| fact["type"] == "placed" && fact["call"] == *call && fact["place"] == place
    };
    site.live.await_fact(0, "first in line", is_placed(&first_call, 1));
    site.live.await_fact(0, "second in line", is_placed(&second_call, 2));
    let music = sound::of_repository("music/calm.wav");
    first
        .ear
        .await_sound(0, "music", |heard| heard.len() > 3 * sound::RATE_HZ && sound::holds(heard, &music[..16_000]));
    second.ear.await_prompt(0, "prompts/zh/queue_position_before.wav");
    second.ear.await_prompt(0, "prompts/zh/digit_2.wav");

    first.ear.press("#");
    let left = site.live.await_call(0, &first_call, "queue_left");
    assert_eq!(left["exit"], "key");
    site.live.await_fact(0, "second moves up", is_placed(&second_call, 1));
    site.live.await_call(0, &first_call, "recording_started");
    first.ear.speak(3);
    first.ear.press("#");
    assert_eq!(first.await_end(), End::Dropped);
    let record = site.record(&first_call);
    assert_eq!((&record["state"], &record["by"]), (&json!("voice_message"), &json!("system")), "{record}");
    let message = sound::decode(&site.fetch_recording(&record, "message"), 1).remove(0);
    assert!(sound::holds_tone(&message, blackbox::caller::TONE_HZ) && message.len() > 2 * sound::RATE_HZ);
    second.hang_up();
}

#[test]
fn a_caller_waits_no_longer_than_the_flow_allows() {
    let site = Site::start();
    site.bind_flow(NUMBER, &straight_to_queue(3_000));
    let _phone = Baresip::start(&site, "8001", Answering::Manual);
    site.log_in("1001", "8001", false);
    let (mut caller, call) = Caller::call(&site, NUMBER);
    let left = site.live.await_call(0, &call, "queue_left");
    assert_eq!(left["exit"], "timed_out");
    assert!(left["waited_ms"].as_u64().is_some_and(|ms| (3_000..3_500).contains(&ms)), "{left}");
    caller.ear.await_prompt(0, "prompts/zh/queue_timeout.wav");
    assert_eq!(caller.await_end(), End::Dropped);
    let record = site.record(&call);
    let expected = ("timed_out", "queue_abandoned", "system");
    let found = [&record["queue_exit"], &record["state"], &record["by"]].map(|value| value.as_str().unwrap());
    assert_eq!((found[0], found[1], found[2]), expected, "{record}");
}
