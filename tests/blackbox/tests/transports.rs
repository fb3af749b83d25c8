//! A phone that registers over TCP is called over its own connection.

use blackbox::{
    caller::Caller,
    flow::straight_to_queue,
    phone::{Answering, Baresip, TONE_HZ},
    site::Site,
};

const NUMBER: &str = "4008001001";

#[test]
fn a_phone_on_tcp_registers_rings_and_talks() {
    let site = Site::start();
    site.bind_flow(NUMBER, &straight_to_queue(60_000));
    let mut phone = Baresip::start_over(&site, "8005", Answering::Manual, "tcp");
    let contact = site.extension("8005")["contact"].to_string();
    assert!(contact.contains("transport=tcp"), "{contact}");
    site.log_in("1005", "8005", true);
    let (mut caller, call) = Caller::call(&site, NUMBER);
    phone.await_event(0, "CALL_INCOMING");
    phone.answer();
    site.live.await_call(0, &call, "joined");
    let mark = caller.ear.mark();
    caller.ear.await_tone(mark, TONE_HZ);
    caller.hang_up();
    phone.await_event(0, "CALL_CLOSED");
    assert_eq!(site.record(&call)["state"], "agent_answered");
}
