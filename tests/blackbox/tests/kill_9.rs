//! The process dies in each phase of a call: what was promised is kept.

use blackbox::{
    caller::{self, Caller, End},
    flow::straight_to_queue,
    phone::{Answering, Baresip},
    site::{NUMBER, Site},
    sound,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const STRAIGHT: &str = "4008001001";
/// From the start of the new process to its being ready.
const READY_WITHIN: Duration = Duration::from_secs(5);
/// Sound that a crash may cost.
const LOST_MAX: Duration = Duration::from_secs(1);

struct Scene {
    site: Site,
    phone: Baresip,
}

impl Scene {
    fn new() -> Self {
        Self::with_phone_on("udp")
    }

    fn with_phone_on(transport: &str) -> Self {
        let site = Site::start();
        site.change_queue("sales", &json!({ "wrap_up_ms": 0 }));
        site.bind_flow(STRAIGHT, &straight_to_queue(60_000));
        let phone = Baresip::start_over(&site, "8001", Answering::Manual, transport);
        site.log_in("1001", "8001", false);
        Self { site, phone }
    }

    fn queue(&self) -> (Caller, String) {
        let (caller, call) = Caller::call(&self.site, STRAIGHT);
        self.site.live.await_call(0, &call, "queued");
        (caller, call)
    }

    fn ring(&self) -> (Caller, String) {
        let (caller, call) = self.queue();
        self.site.ask_agent("1001", &json!({ "ask": "ready" }));
        self.site.live.await_call(0, &call, "agent_ringing");
        self.phone.await_event(0, "CALL_INCOMING");
        (caller, call)
    }

    /// Kills the server; asserts what holds in every phase. The record of the dead call.
    fn die(&mut self, caller: &mut Caller, call: &str) -> Value {
        let took = self.site.kill_9_and_restart();
        assert!(took <= READY_WITHIN, "ready after {took:?}");
        assert_eq!(caller.await_end(), End::Dropped, "the caller is told");
        let record = self.site.record(call);
        assert_eq!((&record["state"], &record["by"]), (&json!("failed"), &json!("crash")), "{record}");
        assert_eq!(self.site.records_of(&caller.number).len(), 1);
        assert_eq!(self.site.admin.get("/api/v1/calls")["items"], json!([]), "no dead call is live");
        assert_eq!(self.site.extension("8001")["registered"], true, "the registration survived");
        record
    }

    /// A new call reaches the same phone without anybody's help, and the agent is free afterwards.
    fn live_on(&mut self, agent_was_at_work: bool) {
        if !agent_was_at_work {
            self.site.ask_agent("1001", &json!({ "ask": "ready" }));
        }
        let (mark, rung) = (self.site.live.mark(), self.phone.mark());
        let (mut caller, call) = Caller::call(&self.site, STRAIGHT);
        self.site.live.await_call(mark, &call, "agent_ringing");
        self.phone.await_event(rung, "CALL_INCOMING");
        self.phone.answer();
        self.site.live.await_call(mark, &call, "joined");
        caller.hang_up();
        let parted = self.site.live.mark();
        self.site.record(&call);
        self.site.await_agent(mark, "1001", &["ready"]);
        assert!(parted > mark);
        let registrations = self.site.live.facts();
        let again = registrations.iter().skip(mark).any(|fact| fact["type"] == "extension_registered");
        assert!(!again, "the phone had to register again");
    }
}

/// The recording reaches to the last second before the end, and the caller's tone with it.
fn check_sound(site: &Site, record: &Value, purpose: &str, channels: usize, spoken: Duration) {
    let left = sound::decode(&site.fetch_recording(record, purpose), channels).remove(0);
    let recorded = Duration::from_secs_f64(left.len() as f64 / sound::RATE_HZ as f64);
    assert!(recorded + LOST_MAX >= spoken, "{recorded:?} of {spoken:?} recorded");
    let last = &left[left.len() - sound::RATE_HZ..];
    assert!(sound::is_tone(last, caller::TONE_HZ), "the last second holds {}", sound::share(last, caller::TONE_HZ));
}

#[test]
fn a_crash_in_the_ivr() {
    let mut scene = Scene::new();
    let (mut caller, call) = Caller::call(&scene.site, NUMBER);
    caller.ear.await_sound(0, "greeting", |heard| sound::level(heard) > 100.0);
    scene.die(&mut caller, &call);
    scene.live_on(false);
}

#[test]
fn a_crash_in_the_queue() {
    let mut scene = Scene::new();
    let (mut caller, call) = scene.queue();
    let record = scene.die(&mut caller, &call);
    assert_eq!(record["queue"], "sales");
    scene.live_on(false);
}

#[test]
fn a_crash_while_a_phone_rings() {
    let mut scene = Scene::new();
    let (mut caller, call) = scene.ring();
    scene.die(&mut caller, &call);
    scene.phone.await_event(0, "CALL_CLOSED");
    scene.live_on(true);
}

#[test]
fn a_crash_in_a_conversation() {
    let mut scene = Scene::new();
    let (mut caller, call) = scene.ring();
    scene.phone.answer();
    scene.site.live.await_call(0, &call, "joined");
    let began = Instant::now();
    caller.ear.speak(4);
    let spoken = began.elapsed();
    let record = scene.die(&mut caller, &call);
    scene.phone.await_event(0, "CALL_CLOSED");
    assert_eq!(record["agent"], "1001");
    check_sound(&scene.site, &record, "conversation", 2, spoken);
    scene.live_on(true);
}

#[test]
fn a_crash_in_a_message() {
    let mut scene = Scene::new();
    let (mut caller, call) = scene.queue();
    caller.ear.press("#");
    scene.site.live.await_call(0, &call, "recording_started");
    let began = Instant::now();
    caller.ear.speak(4);
    let spoken = began.elapsed();
    let record = scene.die(&mut caller, &call);
    check_sound(&scene.site, &record, "message", 1, spoken);
    scene.live_on(false);
}

#[test]
fn a_phone_on_tcp_is_called_after_a_crash_though_its_connection_died() {
    let mut scene = Scene::with_phone_on("tcp");
    let (mut caller, call) = scene.queue();
    scene.die(&mut caller, &call);
    scene.live_on(false);
}

/// How many dialogs each restart ended, as its log says.
fn dialogs_ended(site: &Site) -> Vec<u64> {
    let log = site.log();
    let lines = log.lines().filter(|line| line.contains("last process died"));
    lines.filter_map(|line| serde_json::from_str::<Value>(line).ok()?["fields"]["dialogs"].as_u64()).collect()
}

#[test]
fn a_dead_call_is_told_once() {
    let mut scene = Scene::new();
    let (mut caller, call) = scene.queue();
    scene.die(&mut caller, &call);
    scene.site.kill_9_and_restart();
    assert_eq!(dialogs_ended(&scene.site), [1, 0]);
    assert_eq!(scene.site.records_of(&caller.number).len(), 1);
}
