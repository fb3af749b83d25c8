//! The desk answers and hangs up on the agent's own phone. baresip 1.0 and linphonec know neither `Event: talk` nor the
//! auto-answer headers, so here `strowger call`, which does, is the phone; with baresip the desk's wish stays a ringing.

use blackbox::{
    caller::{Caller, End},
    flow::straight_to_queue,
    http::Api,
    phone::TONE_HZ,
    process::Process,
    site::{Site, strowger},
};
use serde_json::{Value, json};

const NUMBER: &str = "4008001001";

#[test]
fn an_agent_answers_and_hangs_up_at_the_desk() {
    let site = Site::start();
    site.bind_flow(NUMBER, &straight_to_queue(60_000));
    let mut command = strowger();
    command.args(["call", "--register", "8004:demo-8004", "--server", &site.sip().to_string(), "--json"]);
    command.args(["--tone", &TONE_HZ.to_string()]);
    let phone = Process::start(command, "phone-8004", &site.folder);
    site.await_phone("8004");
    let desk = Api::log_in(site.http(), "1004", "demo");
    let ask = |action: &str| desk.ask("POST", &format!("/api/v1/agents/1004/{action}"), &Value::Null);
    site.log_in("1004", "8004", true);
    assert_eq!(ask("answer").expect(409).json()["code"], "nothing_ringing");
    assert_eq!(ask("hang_up").expect(409).json()["code"], "no_call");
    assert_eq!(desk.ask("POST", "/api/v1/agents/1001/answer", &Value::Null).status, 403, "another agent's phone");

    let (mut caller, call) = Caller::call(&site, NUMBER);
    site.live.await_call(0, &call, "agent_ringing");
    ask("answer").expect(202);
    site.live.await_call(0, &call, "joined");
    let mark = caller.ear.mark();
    caller.ear.await_tone(mark, TONE_HZ);
    ask("hang_up").expect(202);
    assert_eq!(caller.await_end(), End::Dropped);
    let record = site.record(&call);
    assert_eq!((&record["state"], &record["by"]), (&json!("agent_answered"), &json!("agent")), "{record}");
    assert_eq!(record["offers"].as_array().map(Vec::len), Some(1), "the second ringing is the same offer: {record}");
    assert!(phone.printed().contains("\"up\""), "{}", phone.printed());
}
