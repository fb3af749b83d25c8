//! SIGTERM: the calls in progress finish, new ones are refused, then the process ends well.

use blackbox::{
    caller::{Caller, End},
    phone::{Answering, Baresip, TONE_HZ},
    site::{NUMBER, Site},
};

#[test]
fn a_stop_lets_the_conversation_finish_and_takes_no_new_call() {
    let mut site = Site::start();
    let mut phone = Baresip::start(&site, "8001", Answering::Manual);
    site.log_in("1001", "8001", true);
    let (mut caller, call) = Caller::call(&site, NUMBER);
    caller.ear.await_sound(0, "greeting", |heard| !heard.is_empty());
    caller.ear.press("1");
    phone.await_event(0, "CALL_INCOMING");
    phone.answer();
    site.live.await_call(0, &call, "joined");

    site.terminate();
    site.await_not_ready();
    let mut late = Caller::dial(&site, NUMBER);
    assert_eq!(late.await_end(), End::Refused(503));
    let mark = caller.ear.mark();
    caller.ear.await_tone(mark, TONE_HZ);
    caller.hang_up();
    site.await_end();

    site.start_again();
    assert_eq!(site.record(&call)["state"], "agent_answered");
    let refused = &site.records_of(&late.number)[0];
    assert_eq!((refused["state"].as_str(), refused["reason"].as_str()), (Some("refused"), Some("draining")));
    assert!(!site.log().contains("last process died"), "{}", site.log());
    assert_eq!(site.extension("8001")["registered"], true);
}
