//! Asking a far end whether it is still there, and what its answer or silence means.

mod support;

use sip::{Command, DialogId, EndCause, Event, Flow, Input, message::HeaderName};
use support::*;

const OFFER: &str = "v=0\r\noffer\r\n";
const ANSWER: &str = "v=0\r\nanswer\r\n";
const DIALOG: DialogId = DialogId(5);

/// A desk that has called a phone, by a proxy.
fn talking(flow: Flow) -> Desk {
    let mut desk = Desk::new(flow);
    desk.command(invite_to(DIALOG.0, flow, Some(sdp(OFFER))));
    let ok = response(desk.last(), 200, "phone", "Record-Route: <sip:192.0.2.7;lr>\r\n", ANSWER);
    desk.receive(&ok);
    desk.sent.clear();
    desk.events.clear();
    desk
}

fn probe(desk: &mut Desk) {
    desk.command(Command::Probe { dialog: DIALOG });
}

fn assert_ended(desk: &mut Desk, cause: EndCause) {
    let events = desk.events();
    assert!(matches!(&events[..], [Event::Ended { dialog: DIALOG, cause: told }] if *told == cause), "{events:?}");
}

/// A request of the phone inside the dialog that the desk began.
fn from_phone(desk: &Desk, method: &str, cseq: u32, body: &str) -> String {
    let ours = desk.last();
    let our_tag = ours.from().and_then(|from| from.tag()).expect("a tag");
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    request(method, "from-phone", cseq, &String::from_utf8_lossy(our_tag), kind, body)
        .replace("tag=far", "tag=phone")
        .replace("call-1", &value(ours, &HeaderName::CallId))
}

#[test]
fn a_probe_is_an_options_of_the_dialog_and_one_at_a_time() {
    let mut desk = talking(udp());
    probe(&mut desk);
    let options = desk.last().clone();
    assert_eq!((name(&options), value(&options, &HeaderName::CSeq)), ("OPTIONS".into(), "2 OPTIONS".into()));
    assert_eq!((to_tag(&options), value(&options, &HeaderName::Route)), ("phone".into(), "<sip:192.0.2.7;lr>".into()));
    assert_eq!(value(&options, &HeaderName::Contact), "<sip:8001@10.0.0.1:5060>");
    probe(&mut desk);
    assert_eq!(desk.sent(), ["OPTIONS"], "one that is open is enough");
    desk.receive(&response(&options, 200, "", "", ""));
    probe(&mut desk);
    assert_eq!(value(desk.last(), &HeaderName::CSeq), "3 OPTIONS");
    desk.receive(&response(&options, 481, "", "", ""));
    assert_eq!(desk.ended(), 0, "an answer to the last but one is too late to mean anything");
    desk.command(Command::Bye { dialog: DIALOG, reason: None });
    assert_eq!(value(desk.last(), &HeaderName::CSeq), "4 BYE");
    assert_ended(&mut desk, EndCause::Local);
    desk.assert_empty_at_last();
}

#[test]
fn whoever_answers_is_there_unless_he_does_not_know_the_dialog() {
    for status in [200, 302, 401, 405, 407, 415, 420, 486, 488, 500, 501, 503, 603] {
        let mut desk = talking(udp());
        probe(&mut desk);
        desk.receive(&response(desk.last(), status, "", "", ""));
        desk.pass_ms(120_000);
        assert_eq!((desk.sent(), desk.events().len()), (vec!["OPTIONS".to_owned()], 0), "{status}");
    }
    for (status, cause) in [(408, EndCause::Timeout), (481, EndCause::Unknown)] {
        let mut desk = talking(udp());
        probe(&mut desk);
        desk.receive(&response(desk.last(), status, "", "", ""));
        assert_eq!(desk.sent(), ["OPTIONS", "BYE"], "{status}");
        assert_ended(&mut desk, cause);
        desk.assert_empty_at_last();
    }
}

#[test]
fn who_does_not_answer_for_32_s_is_lost() {
    for (flow, sent) in [(udp(), 11), (tcp(), 1)] {
        for trying in [false, true] {
            let mut desk = talking(flow);
            probe(&mut desk);
            if trying {
                let trying = response(desk.last(), 100, "", "", "");
                desk.receive(&trying);
            }
            desk.pass_ms(31_999);
            let messages = desk.sent();
            assert!(messages.iter().all(|message| message == "OPTIONS"), "{messages:?}");
            assert!(trying || messages.len() == sent, "{messages:?}");
            assert_eq!(desk.ended(), 0);
            desk.pass_ms(1);
            assert_eq!(desk.sent(), ["BYE"]);
            assert_ended(&mut desk, EndCause::Timeout);
            desk.pass_ms(31_999);
            assert_eq!(desk.events().len(), 0, "nobody waits for the answer to that BYE");
            desk.assert_empty_at_last();
        }
    }
}

#[test]
fn who_asks_for_something_himself_needs_not_answer() {
    for method in ["INVITE", "UPDATE", "INFO", "OPTIONS"] {
        let mut desk = talking(udp());
        probe(&mut desk);
        let body = if matches!(method, "INVITE" | "UPDATE") { OFFER } else { "" };
        let (theirs, ack) = (from_phone(&desk, method, 1, body), from_phone(&desk, "ACK", 1, ""));
        desk.receive(&theirs);
        if !body.is_empty() {
            assert!(matches!(desk.events().as_slice(), [Event::Reoffered { .. }]), "{method} is served as always");
            desk.command(Command::AnswerReoffer { dialog: DIALOG, body: Some(sdp(ANSWER)) });
            desk.receive(&ack);
        }
        desk.pass_ms(60_000);
        assert_eq!(desk.ended(), 0, "{method}");
        probe(&mut desk);
        assert_eq!(desk.sent().last().map(String::as_str), Some("OPTIONS"), "{method}: he can be asked again");
    }
}

#[test]
fn a_bye_that_crosses_a_probe_ends_the_dialog_once() {
    for ours in [true, false] {
        let mut desk = talking(udp());
        probe(&mut desk);
        let options = desk.last().clone();
        if ours {
            desk.command(Command::Bye { dialog: DIALOG, reason: None });
        } else {
            let bye = from_phone(&desk, "BYE", 1, "");
            desk.receive(&bye);
        }
        assert_ended(&mut desk, if ours { EndCause::Local } else { EndCause::RemoteBye });
        desk.sent.clear();
        desk.receive(&response(&options, 481, "", "", ""));
        desk.pass_ms(400);
        probe(&mut desk);
        assert_eq!((desk.sent(), desk.events().len()), (Vec::new(), 0), "what is over is not asked");
        desk.assert_empty_at_last();
        desk.sent.clear();
        probe(&mut desk);
        assert_eq!(desk.sent(), [""; 0], "nor what is forgotten");
    }
}

#[test]
fn one_who_was_heard_meanwhile_need_not_answer() {
    for flow in [udp(), tcp()] {
        let mut desk = talking(flow);
        probe(&mut desk);
        desk.pass_ms(10_000);
        desk.command(Command::StopProbe { dialog: DIALOG });
        desk.sent.clear();
        desk.pass_ms(60_000);
        assert_eq!((desk.sent(), desk.events().len()), (Vec::new(), 0), "neither asked again nor missed");
        probe(&mut desk);
        assert_eq!(desk.sent(), ["OPTIONS"], "the next silence is another question");
        desk.pass_ms(32_000);
        assert_ended(&mut desk, EndCause::Timeout);
        desk.sent.clear();
        desk.command(Command::StopProbe { dialog: DIALOG });
        assert_eq!(desk.sent(), [""; 0], "what is over is not asked");
    }
}

#[test]
fn a_dialog_that_is_not_confirmed_is_not_asked() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.sent.clear();
    desk.command(Command::Probe { dialog });
    assert_eq!(desk.sent(), [""; 0], "ringing");
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let tag = to_tag(desk.last());
    desk.sent.clear();
    desk.command(Command::Probe { dialog });
    assert_eq!(desk.sent(), [""; 0], "accepted");
    desk.receive(&request("ACK", "ack", 1, &tag, "", ""));
    desk.command(Command::Probe { dialog });
    assert_eq!(desk.sent(), ["OPTIONS"]);

    let mut desk = Desk::new(udp());
    desk.command(invite_to(DIALOG.0, desk.flow, None));
    probe(&mut desk);
    assert_eq!(desk.sent(), ["INVITE"], "calling");
    desk.command(Command::Probe { dialog: DialogId(77) });
    assert_eq!(desk.sent(), [""; 0], "unknown");
}

#[test]
fn a_restored_dialog_counts_on_beyond_what_was_sent_since_it_was_kept() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(DIALOG.0, desk.flow, Some(sdp(OFFER))));
    let ok = response(desk.last(), 200, "phone", "", ANSWER);
    desk.receive(&ok);
    let Some(Event::Confirmed { snapshot, .. }) = desk.events().pop() else { panic!("not confirmed") };
    let cseq = |desk: &Desk| desk.last().cseq().expect("a CSeq").number;
    for _ in 0..20 {
        probe(&mut desk);
        let alive = response(desk.last(), 200, "", "", "");
        desk.receive(&alive);
    }
    let before = cseq(&desk);
    let mut restarted = Desk::new(udp());
    restarted.command(Command::Restore { dialog: DIALOG, snapshot });
    probe(&mut restarted);
    assert!(cseq(&restarted) > before, "a phone refuses what goes back (RFC 3261 section 12.2.2)");
    restarted.pass_ms(32_000);
    assert_eq!(name(restarted.last()), "BYE");
    assert_ended(&mut restarted, EndCause::Timeout);
    restarted.assert_empty_at_last();
}

#[test]
fn a_phone_without_a_connection_is_lost_at_the_second_try() {
    let mut desk = talking(tcp());
    desk.give(Input::FlowClosed { flow: tcp() });
    let unopened = Flow { connection: 0, ..tcp() };
    for round in 0..2 {
        probe(&mut desk);
        assert_eq!((desk.sent(), desk.connections.last()), (vec!["OPTIONS".to_owned()], Some(&0)));
        assert_eq!(desk.ended(), 0, "round {round}");
        desk.give(Input::FlowClosed { flow: unopened });
    }
    assert_eq!(desk.sent(), ["BYE"]);
    assert_ended(&mut desk, EndCause::Transport);
    desk.assert_empty_at_last();
}

#[test]
fn a_phone_that_came_back_is_not_lost_at_the_next_failure() {
    let mut desk = talking(tcp());
    for came_back in [true, true, false] {
        probe(&mut desk);
        let flow = Flow { connection: *desk.connections.last().expect("something was sent"), ..tcp() };
        desk.give(Input::FlowClosed { flow });
        assert_eq!(desk.ended(), 0);
        probe(&mut desk);
        if came_back {
            let alive = response(desk.last(), 200, "", "", "");
            desk.receive(&alive);
        }
    }
    desk.give(Input::FlowClosed { flow: Flow { connection: 0, ..tcp() } });
    assert_ended(&mut desk, EndCause::Transport);
}
