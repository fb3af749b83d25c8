//! The whole way of a call: greeting, key, queue, agent, conversation, recording, record. Once with each make of phone.

use blackbox::{
    caller::{self, Caller, End},
    phone::{self, Answering, Baresip, Linphone},
    site::{NUMBER, Site},
    sound,
};
use serde_json::Value;

/// From ready to ringing (design.md section 7).
const RINGS_WITHIN_MS: i64 = 100;

fn at(value: &Value) -> i64 {
    value["at"].as_i64().expect("a fact has a time")
}

/// A caller who has heard the greeting, pressed 1 and hears the music of `sales`.
fn wait_in_sales(site: &Site) -> (Caller, String) {
    let (caller, call) = Caller::call(site, NUMBER);
    caller.ear.await_prompt(0, "prompts/zh/welcome.wav");
    caller.ear.press("1");
    site.live.await_call(0, &call, "queued");
    let music = sound::of_repository("music/calm.wav");
    // The music begins anywhere; two of its rounds hold every second of it.
    let round = [music.clone(), music].concat();
    caller.ear.await_sound(0, "music", |heard| {
        heard.len() > 3 * sound::RATE_HZ && sound::holds(&round, &heard[heard.len() - 2 * sound::RATE_HZ..])
    });
    (caller, call)
}

/// Makes the agent ready and waits until the phone rings; asserts that it did so in time.
fn ring(site: &Site, call: &str, agent: &str) {
    let mark = site.live.mark();
    site.ask_agent(agent, &serde_json::json!({ "ask": "ready" }));
    let ready = site.await_agent(mark, agent, &["ready", "offered"]);
    let ringing = site.live.await_call(mark, call, "agent_ringing");
    let took = at(&ringing) - at(&ready);
    assert!(took <= RINGS_WITHIN_MS, "the phone rang {took} ms after the agent was ready");
}

/// They talk until each was heard by the other and the recorder.
fn talk(site: &Site, caller: &Caller, call: &str) {
    site.live.await_call(0, call, "joined");
    let mark = caller.ear.mark();
    caller.ear.await_tone(mark, phone::TONE_HZ);
    caller.ear.await_sound(mark, "three seconds of talk", |heard| heard.len() > 3 * sound::RATE_HZ);
    assert!(
        sound::is_tone(&caller.ear.heard_from(mark + sound::RATE_HZ), phone::TONE_HZ),
        "the caller heard more than the agent"
    );
}

fn check_recording(site: &Site, record: &Value) {
    let file = site.fetch_recording(record, "conversation");
    let sides = sound::decode(&file, 2);
    let middle = |side: &Vec<i16>| side[sound::RATE_HZ..side.len() - sound::RATE_HZ / 2].to_vec();
    let (left, right) = (middle(&sides[0]), middle(&sides[1]));
    assert!(left.len() > sound::RATE_HZ, "the recording has {} samples", sides[0].len());
    assert!(sound::is_tone(&left, caller::TONE_HZ), "caller on the left: {}", sound::share(&left, caller::TONE_HZ));
    assert!(sound::is_tone(&right, phone::TONE_HZ), "agent on the right: {}", sound::share(&right, phone::TONE_HZ));
}

fn check_record(record: &Value, caller: &str, agent: &str, extension: &str, by: &str) {
    let time = |name: &str| record[name].as_i64().unwrap_or_else(|| panic!("no time `{name}` in {record}"));
    let times = ["arrived", "answered", "queued", "ringing", "joined", "parted", "ended"].map(time);
    assert!(times.is_sorted(), "times out of order: {times:?}");
    let expected = [
        ("direction", "inbound"),
        ("caller", caller),
        ("called", NUMBER),
        ("trunk", "loopback"),
        ("digits", "1"),
        ("flow", "welcome"),
        ("queue", "sales"),
        ("queue_exit", "answered"),
        ("agent", agent),
        ("agent_extension", extension),
        ("state", "agent_answered"),
        ("by", by),
    ];
    for (field, value) in expected {
        assert_eq!(record[field], value, "{field} of {record}");
    }
    assert_eq!(record["state_number"], 9);
    assert!(record["talked_ms"].as_u64().is_some_and(|ms| ms >= 3_000), "{record}");
    let path: Vec<&str> = record["path"].as_array().into_iter().flatten().filter_map(|s| s["node"].as_str()).collect();
    assert_eq!(path, ["answer", "greeting", "menu", "sales"]);
    assert_eq!(record["path"][2]["outcome"], "1");
    let reason = &record["offers"][0]["reason"];
    assert_eq!((reason["strategy"].as_str(), reason["queue"].as_str()), (Some("longest_idle"), Some("sales")));
    let candidates = reason["candidates"].as_array().expect("a reason names the candidates");
    assert_eq!(candidates[0]["agent"], agent);
    assert!(candidates[0]["passed_over"].is_null() && candidates.len() > 1, "{reason}");
    assert!(candidates[1..].iter().all(|candidate| candidate["passed_over"]["why"].is_string()), "{reason}");
}

#[test]
fn a_caller_is_guided_queued_connected_with_baresip_and_recorded() {
    let site = Site::start();
    let mut phone = Baresip::start(&site, "8001", Answering::Manual);
    site.log_in("1001", "8001", false);
    site.log_in("1003", "8003", false);
    let (mut caller, call) = wait_in_sales(&site);
    ring(&site, &call, "1001");
    phone.await_event(0, "CALL_INCOMING");
    phone.answer();
    talk(&site, &caller, &call);
    caller.hang_up();
    phone.await_event(0, "CALL_CLOSED");
    let record = site.record(&call);
    check_record(&record, &caller.number, "1001", "8001", "caller");
    check_recording(&site, &record);
    assert!(sound::holds_tone(&phone.heard(), caller::TONE_HZ), "the agent heard the caller");
    assert_eq!(site.records_of(&caller.number).len(), 1);
}

#[test]
fn a_caller_is_guided_queued_connected_with_linphone_and_recorded() {
    let site = Site::start();
    let mut phone = Linphone::start(&site, "8002", Answering::Manual);
    site.log_in("1002", "8002", false);
    site.log_in("1003", "8003", false);
    let (mut caller, call) = wait_in_sales(&site);
    ring(&site, &call, "1002");
    phone.answer();
    talk(&site, &caller, &call);
    phone.hang_up();
    assert_eq!(caller.await_end(), End::Dropped);
    let record = site.record(&call);
    check_record(&record, &caller.number, "1002", "8002", "agent");
    check_recording(&site, &record);
    assert!(sound::holds_tone(&phone.heard(), caller::TONE_HZ), "the agent heard the caller");
}
