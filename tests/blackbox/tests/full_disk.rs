//! No volume takes another byte while calls run: they go on, it shows at once, and nothing is lost that could be kept.
//!
//! The disk is filled by the process's own limit on the length of files: names can still be made and nothing written, as
//! on a full volume, and no right is needed to set it.

use blackbox::{
    PATIENCE, await_some,
    caller::{self, Caller},
    flow::straight_to_queue,
    http::Api,
    site::Site,
    sound,
};
use serde_json::Value;
use std::{process::Command, time::Duration};

const STRAIGHT: &str = "4008001001";
/// Until a full disk shows, and until room on it is used (security.md 3.3).
const SHOWS_WITHIN: Duration = Duration::from_secs(10);
/// The signal that comes with the limit would kill; ignored, the write fails as on a full disk.
const SURVIVE_THE_LIMIT: &str = "trap '' XFSZ";

fn limit_files(site: &Site, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let status = Command::new("prlimit").args(["--pid", &site.process().to_string(), &limit]).status();
    assert!(status.is_ok_and(|status| status.success()), "prlimit (util-linux) sets the limit");
}

/// A caller who leaves a message, and is being recorded.
fn leave_message(site: &Site) -> (Caller, String) {
    let (caller, call) = Caller::call(site, STRAIGHT);
    site.live.await_call(0, &call, "queued");
    caller.ear.press("#");
    site.live.await_call(0, &call, "recording_started");
    (caller, call)
}

fn readiness(site: &Site) -> (u16, String) {
    let answer = site.admin.ask("GET", "/readyz", &Value::Null);
    (answer.status, answer.json().to_string())
}

fn recorded(site: &Site, call: &str) -> Vec<i16> {
    let record = site.record(call);
    sound::decode(&site.fetch_recording(&record, "message"), 1).remove(0)
}

#[test]
fn calls_go_on_it_shows_and_afterwards_everything_is_where_it_belongs() {
    let mut site = Site::start_after(SURVIVE_THE_LIMIT);
    site.bind_flow(STRAIGHT, &straight_to_queue(60_000));
    let (mut first, first_call) = leave_message(&site);
    first.ear.speak(3);

    limit_files(&site, "0");
    let (mut second, second_call) = leave_message(&site);
    await_some("not ready, and why", SHOWS_WITHIN, || {
        let (status, text) = readiness(&site);
        (status == 503 && text.contains("journal")).then_some(())
    });
    await_some("an alarm of the recorder", SHOWS_WITHIN, || {
        (site.metric("recording_failures_total") > 0.0).then_some(())
    });
    assert_eq!(site.metric("journal_held"), 1.0);
    second.ear.speak(3);
    first.hang_up();
    await_some("an alarm of the database", SHOWS_WITHIN, || (site.metric("archive_failing") == 1.0).then_some(()));
    assert!(site.metric("archive_waiting") >= 1.0);

    limit_files(&site, "unlimited");
    // Nothing happens in the exchange meanwhile: what is held does not wait for the next call.
    await_some("ready again", SHOWS_WITHIN, || (readiness(&site).0 == 200).then_some(()));
    assert_eq!(site.metric("journal_held"), 0.0);
    second.ear.speak(3);
    second.hang_up();

    let (before, after) = (recorded(&site, &first_call), recorded(&site, &second_call));
    assert!(sound::holds_tone(&before, caller::TONE_HZ), "{} samples from before", before.len());
    let last = &after[after.len().saturating_sub(sound::RATE_HZ)..];
    assert!(sound::is_tone(last, caller::TONE_HZ), "the recording goes on when there is room");
    assert!(site.metric("recording_lost_seconds_total") >= 2.0, "what was not written is counted");
    await_some("nothing waits any more", PATIENCE, || (site.metric("archive_waiting") == 0.0).then_some(()));
    assert_eq!(site.metric("archive_failing"), 0.0);
    Api::log_in(site.http(), "1001", "demo");

    site.kill_9_and_restart();
    for caller in [&first, &second] {
        let records = site.records_of(&caller.number);
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0]["by"], "caller", "the end came into the journal: {records:?}");
    }
}
