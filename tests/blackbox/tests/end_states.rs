//! Whenever a call ends, and whoever ends it: one record with the right end state (requirement DB-13).

use blackbox::{
    caller::{Caller, End},
    flow::straight_to_queue,
    phone::{Answering, Baresip},
    site::{NUMBER, Site},
    sound,
};
use serde_json::json;
use std::time::Duration;

const STRAIGHT: &str = "4008001001";
/// 30 s without sound, 32 s without an answer, and two busy cores.
const NOTICED_WITHIN: Duration = Duration::from_secs(80);

struct Scene {
    site: Site,
    phone: Baresip,
}

impl Scene {
    fn new() -> Self {
        let site = Site::start();
        site.change_queue("sales", &json!({ "wrap_up_ms": 0 }));
        site.bind_flow(STRAIGHT, &straight_to_queue(60_000));
        let phone = Baresip::start(&site, "8001", Answering::Manual);
        site.log_in("1001", "8001", false);
        Self { site, phone }
    }

    fn ready(&self, ready: bool) {
        let mark = self.site.live.mark();
        let ask = if ready { json!({ "ask": "ready" }) } else { json!({ "ask": "not_ready", "reason": "break" }) };
        self.site.ask_agent("1001", &ask);
        self.site.await_agent(mark, "1001", if ready { &["ready", "offered"] } else { &["not_ready"] });
    }

    fn queue(&self) -> (Caller, String) {
        let (caller, call) = Caller::call(&self.site, STRAIGHT);
        self.site.live.await_call(0, &call, "queued");
        (caller, call)
    }

    fn ring(&self) -> (Caller, String) {
        let (caller, call) = self.queue();
        let rung = self.phone.mark();
        self.ready(true);
        self.site.live.await_call(0, &call, "agent_ringing");
        self.phone.await_event(rung, "CALL_INCOMING");
        (caller, call)
    }

    fn talk(&mut self) -> (Caller, String) {
        let (caller, call) = self.ring();
        self.phone.answer();
        self.site.live.await_call(0, &call, "joined");
        (caller, call)
    }

    /// The record of a call is the only one, and says this; nothing of the call is left.
    #[track_caller]
    fn check(&self, caller: &Caller, call: &str, state: &str, number: u64, by: &str) {
        let record = self.site.record(call);
        let found = (&record["state"], &record["state_number"], &record["by"]);
        assert_eq!(found, (&json!(state), &json!(number), &json!(by)), "{record}");
        assert_eq!(self.site.records_of(&caller.number).len(), 1);
        let live = self.site.admin.get("/api/v1/calls");
        assert_eq!(live["items"], json!([]), "a call that is over is still live");
    }
}

#[test]
fn a_call_has_one_record_with_its_end_state_wherever_the_caller_hangs_up() {
    let mut scene = Scene::new();

    let (mut caller, call) = Caller::call(&scene.site, NUMBER);
    caller.ear.await_sound(0, "greeting", |heard| sound::level(heard) > 100.0);
    caller.hang_up();
    scene.check(&caller, &call, "in_ivr", 7, "caller");

    let (mut caller, call) = scene.queue();
    caller.hang_up();
    scene.check(&caller, &call, "queue_abandoned", 13, "caller");

    let (mut caller, call) = scene.ring();
    let mark = scene.site.live.mark();
    caller.hang_up();
    scene.phone.await_event(0, "CALL_CLOSED");
    scene.check(&caller, &call, "transfer_ringing", 8, "caller");
    scene.site.await_agent(mark, "1001", &["ready"]);
    scene.ready(false);

    let (mut caller, call) = scene.talk();
    let mark = scene.site.live.mark();
    caller.hang_up();
    scene.check(&caller, &call, "agent_answered", 9, "caller");
    scene.site.await_agent(mark, "1001", &["ready"]);
    scene.ready(false);

    let (mut caller, call) = scene.queue();
    caller.ear.press("#");
    scene.site.live.await_call(0, &call, "recording_started");
    caller.ear.speak(2);
    caller.hang_up();
    scene.check(&caller, &call, "voice_message", 16, "caller");
}

#[test]
fn an_agent_who_hangs_up_ends_the_call() {
    let mut scene = Scene::new();
    let (mut caller, call) = scene.talk();
    scene.phone.hang_up();
    assert_eq!(caller.await_end(), End::Dropped);
    scene.check(&caller, &call, "agent_answered", 9, "agent");
}

/// Two far ends die in the same moment as a third falls silent, each in a call of its own.
#[test]
fn a_far_end_that_dies_without_a_word_is_noticed_and_a_silent_one_left_alone() {
    let site = Site::start();
    site.change_queue("sales", &json!({ "wrap_up_ms": 0 }));
    site.bind_flow(STRAIGHT, &straight_to_queue(60_000));
    let talk = |agent, extension| {
        let phone = Baresip::start(&site, extension, Answering::AtOnce);
        site.log_in(agent, extension, true);
        let (caller, call) = Caller::call(&site, STRAIGHT);
        assert_eq!(site.live.await_call(0, &call, "joined")["agent"], agent);
        caller.ear.await_tone(0, blackbox::phone::TONE_HZ);
        (phone, caller, call)
    };
    let (mut dead_phone, mut bereft_caller, without_phone) = talk("1001", "8001");
    let (bereft_phone, mut dead_caller, without_caller) = talk("1002", "8002");
    let (_phone, mut silent_caller, silent) = talk("1003", "8003");

    let (mark, rung) = (site.live.mark(), bereft_phone.mark());
    dead_phone.die();
    dead_caller.die();
    silent_caller.ear.hush();
    for (call, agent, extension) in
        [(&without_phone, "1001", json!("8001")), (&without_caller, "1002", serde_json::Value::Null)]
    {
        let lost = site.live.await_fact_within(NOTICED_WITHIN, mark, "leg_lost", |fact| {
            fact["type"] == "leg_lost" && fact["call"] == **call
        });
        assert_eq!(lost["extension"], extension);
        site.await_agent(mark, agent, &["ready"]);
        let record = site.record(call);
        let reason = if extension.is_null() { "caller_lost" } else { "phone_lost" };
        let found = (&record["state"], &record["by"], &record["reason"]);
        assert_eq!(found, (&json!("agent_answered"), &json!("lost"), &json!(reason)), "{record}");
    }
    assert_eq!(bereft_caller.await_end(), End::Dropped);
    bereft_phone.await_event(rung, "CALL_CLOSED");

    let live = site.admin.get("/api/v1/calls");
    assert_eq!((&live["items"][0]["call"], &live["items"][1]), (&json!(silent), &json!(null)), "{live}");
    assert!(silent_caller.asked() > 0, "who is silent is asked");
    silent_caller.hang_up();
    assert_eq!(site.record(&silent)["by"], "caller");
}

#[test]
fn a_call_to_an_unknown_number_is_refused_and_on_record() {
    let site = Site::start();
    let mut caller = Caller::dial(&site, "4009999999");
    assert_eq!(caller.await_end(), End::Refused(404));
    let fact = site
        .live
        .await_fact(0, "call_refused", |fact| fact["type"] == "call_refused" && fact["caller"] == *caller.number);
    assert_eq!((&fact["status"], &fact["reason"]), (&json!(404), &json!("number_unbound")));
    let record = site.record(fact["call"].as_str().unwrap());
    let expected = (&json!("refused"), &json!(3), &json!(404), &json!("number_unbound"));
    assert_eq!((&record["state"], &record["state_number"], &record["status"], &record["reason"]), expected);
    assert_eq!(site.records_of(&caller.number).len(), 1);
    let refused = site.admin.get("/api/v1/records/refused");
    assert_eq!(refused["items"][0]["call"], fact["call"]);
}
