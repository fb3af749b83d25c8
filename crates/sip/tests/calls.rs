//! Calls message by message: what is answered when, in both directions, and every pitfall that real equipment has shown.

mod support;

use sip::{Command, EndCause, Event, message::HeaderName};
use support::*;

const OFFER: &str = "v=0\r\noffer\r\n";
const ANSWER: &str = "v=0\r\nanswer\r\n";

/// An incoming call up to its ACK. Gives our tag.
fn answered_incoming(desk: &mut Desk) -> (sip::DialogId, String) {
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let tag = to_tag(desk.last());
    desk.receive(&request("ACK", "ack", 1, &tag, "", ""));
    assert!(matches!(desk.events().as_slice(), [Event::Confirmed { body: None, .. }]));
    desk.sent.clear();
    (dialog, tag)
}

/// An outgoing call up to its ACK.
fn answered_outgoing(desk: &mut Desk) -> sip::DialogId {
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let ok = response(desk.last(), 200, "phone", "", ANSWER);
    desk.receive(&ok);
    assert_eq!(desk.sent(), ["INVITE", "ACK"]);
    assert!(matches!(desk.events().as_slice(), [Event::Answered { .. }, Event::Confirmed { .. }]));
    sip::DialogId(5)
}

#[test]
fn an_incoming_call_is_rung_answered_and_ended_by_the_caller() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    assert_eq!(desk.sent(), ["100"]);
    let Some(Event::Invited(invited)) = desk.events().pop() else { panic!("not invited") };
    assert_eq!((&*invited.from_user, &*invited.from_display, &*invited.to_user), ("13800", "Caller", "601"));
    assert_eq!(invited.body, Some(sdp(OFFER)));
    let dialog = invited.dialog;
    desk.command(Command::Provisional { dialog, status: 180, body: None });
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let ok = desk.last().clone();
    assert_eq!(
        value(&ok, &HeaderName::Via),
        "SIP/2.0/UDP 172.16.0.9:5099;branch=z9hG4bKa;received=192.0.2.7;rport=5070"
    );
    assert_eq!(value(&ok, &HeaderName::Contact), "<sip:601@10.0.0.1:5060>");
    assert_eq!(desk.sent(), ["180", "200"]);
    desk.receive(&request("ACK", "b", 1, &to_tag(&ok), "", ""));
    assert!(matches!(desk.events().as_slice(), [Event::Confirmed { .. }]));
    desk.receive(&request("BYE", "c", 2, &to_tag(&ok), "", ""));
    assert_eq!(desk.sent(), ["200"]);
    assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::RemoteBye, .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn an_outgoing_call_is_made_rung_answered_and_ended_by_us() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let sent = desk.last().clone();
    assert_eq!(value(&sent, &HeaderName::AlertInfo), "<sip:x>;answer-after=0");
    assert_eq!(sent.all(&HeaderName::Via).count(), 1);
    assert!(value(&sent, &HeaderName::From).starts_with("\"Alice \\\"A\\\"\" <sip:8001@10.0.0.1>;tag="));
    desk.receive(&response(&sent, 180, "phone", "", ""));
    desk.receive(&response(&sent, 200, "phone", "", ANSWER));
    let events = desk.events();
    assert!(matches!(
        &events[..],
        [Event::Progress { status: 180, .. }, Event::Answered { .. }, Event::Confirmed { .. }]
    ));
    assert_eq!(desk.sent(), ["INVITE", "ACK"]);
    desk.receive(&response(&sent, 200, "phone", "", ANSWER));
    assert_eq!(desk.sent(), ["ACK"], "each repeat of the 200 gets its ACK again (H3)");
    desk.command(Command::Bye { dialog: sip::DialogId(5), reason: Some("Q.850;cause=16".into()) });
    let bye = desk.last().clone();
    assert_eq!(value(&bye, &HeaderName::CSeq), "2 BYE");
    assert_eq!(value(&bye, &HeaderName::Reason), "Q.850;cause=16");
    desk.receive(&response(&bye, 200, "", "", ""));
    assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::Local, .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn the_snapshot_of_a_dialog_is_enough_to_end_it_after_a_restart() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let tag = to_tag(desk.last());
    desk.receive(&request("ACK", "ack", 1, &tag, "", ""));
    let Some(Event::Confirmed { snapshot, .. }) = desk.events().pop() else { panic!("not confirmed") };

    let mut restarted = Desk::new(udp());
    restarted.command(Command::Restore { dialog, snapshot: snapshot.clone() });
    restarted.command(Command::Bye { dialog, reason: None });
    let bye = restarted.last().clone();
    assert_eq!(value(&bye, &HeaderName::From), format!("<sip:601@10.0.0.1>;tag={tag}"));
    assert_eq!(value(&bye, &HeaderName::To), "\"Caller\" <sip:13800@192.0.2.7>;tag=far");
    assert_eq!(restarted.ended(), 1);

    let mut other = Desk::new(udp());
    other.command(Command::Restore { dialog, snapshot });
    other.receive(&request("BYE", "b", 7, &tag, "", ""));
    assert_eq!(other.sent(), ["200"]);
    assert_eq!(other.ended(), 1);
}

#[test]
fn h2_gaps_in_cseq_are_legal_and_going_back_is_not() {
    let mut desk = Desk::new(udp());
    let (_, tag) = answered_incoming(&mut desk);
    desk.receive(&request("OPTIONS", "b", 900, &tag, "", ""));
    desk.receive(&request("OPTIONS", "c", 899, &tag, "", ""));
    desk.receive(&request("BYE", "d", 902, &tag, "", ""));
    assert_eq!(desk.sent(), ["200", "500", "200"]);
    assert_eq!(desk.ended(), 1);
}

#[test]
fn h2_every_request_gets_an_answer_in_every_state() {
    for state in ["ringing", "accepted", "confirmed", "ended", "unknown"] {
        let table = [
            ("OPTIONS", "200"),
            ("INFO", "200"),
            ("UPDATE", "200"),
            ("NOTIFY", "481"),
            ("PRACK", "481"),
            ("SUBSCRIBE", "489"),
            ("MESSAGE", "405"),
            ("REFER", "603"),
            ("PUBLISH", "489"),
            ("FOO", "501"),
            ("INVITE", "any"),
            ("BYE", "200"),
        ];
        for (method, expected) in table {
            let mut desk = Desk::new(udp());
            desk.receive(&invite("a", 1, "", OFFER));
            let dialog = desk.invited();
            desk.command(Command::Provisional { dialog, status: 180, body: None });
            let tag = to_tag(desk.last());
            if state != "ringing" {
                desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
            }
            if matches!(state, "confirmed" | "ended") {
                desk.receive(&request("ACK", "ack", 1, &tag, "", ""));
            }
            if state == "ended" {
                desk.receive(&request("BYE", "bye", 2, &tag, "", ""));
            }
            desk.sent.clear();
            let tag = if state == "unknown" { "nobody" } else { &tag };
            desk.receive(&request(method, "x", 3, tag, "", ""));
            let sent = desk.sent();
            assert!(!sent.is_empty(), "{method} while {state} got no answer");
            let expected = match (state, method, expected) {
                ("unknown", _, _) => "481",
                ("ended", "BYE", _) => "200",
                ("ended", _, _) => "481",
                ("ringing", "UPDATE" | "INVITE", _) => "500",
                ("accepted", "UPDATE" | "INVITE", _) => "491",
                ("confirmed", "INVITE", _) => "100",
                (_, _, expected) => expected,
            };
            assert_eq!(sent[0], expected, "{method} while {state}");
        }
    }
}

#[test]
fn h3_the_ack_of_a_2xx_is_matched_by_dialog_and_cseq_not_by_branch() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let tag = to_tag(desk.last());
    desk.receive(&request("ACK", "a", 9, &tag, "", ""));
    assert!(desk.events().is_empty(), "an ACK of another CSeq is not it");
    desk.receive(&request("ACK", "a", 1, "other", "", ""));
    assert!(desk.events().is_empty(), "an ACK of another dialog is not it");
    desk.receive(&request("ACK", "whatever", 1, &tag, "", ""));
    assert!(matches!(desk.events().as_slice(), [Event::Confirmed { .. }]));
}

#[test]
fn h3_a_2xx_is_repeated_until_its_ack_and_without_one_the_call_is_ended() {
    for flow in [udp(), tcp()] {
        let mut desk = Desk::new(flow);
        desk.receive(&invite("a", 1, "", OFFER));
        let dialog = desk.invited();
        desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
        desk.sent.clear();
        desk.pass_ms(31_999);
        // After 0.5 s, doubling to 4 s: 0.5 1.5 3.5 7.5 11.5 15.5 19.5 23.5 27.5 31.5.
        assert_eq!(desk.sent(), vec!["200"; 10]);
        desk.pass_ms(1);
        assert_eq!(desk.sent(), ["BYE"]);
        assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::Timeout, .. }]));
        desk.assert_empty_at_last();
    }
}

#[test]
fn h3_a_second_fork_that_answers_is_acknowledged_and_ended() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let sent = desk.last().clone();
    desk.receive(&response(&sent, 200, "first", "", ANSWER));
    desk.sent.clear();
    desk.receive(&response(&sent, 200, "second", "", ANSWER));
    let tags: Vec<_> = desk.sent.iter().map(to_tag).collect();
    assert_eq!(tags, ["second", "second"]);
    assert_eq!(desk.sent(), ["ACK", "BYE"]);
    desk.receive(&response(&sent, 200, "second", "", ANSWER));
    assert_eq!(desk.sent(), ["ACK"], "its repeat needs no second BYE");
    assert_eq!(desk.ended(), 0, "the first call goes on");
    desk.command(Command::Bye { dialog: sip::DialogId(5), reason: None });
    assert_eq!(to_tag(desk.last()), "first");
}

#[test]
fn h4_cancel_waits_for_the_first_1xx_and_has_branch_cseq_and_to_of_the_invite() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let sent = desk.last().clone();
    desk.command(Command::Cancel { dialog: sip::DialogId(5) });
    assert_eq!(desk.sent(), ["INVITE"]);
    desk.receive(&response(&sent, 180, "phone", "", ""));
    let cancel = desk.last().clone();
    assert_eq!(desk.sent(), ["CANCEL"]);
    for name in [HeaderName::Via, HeaderName::To, HeaderName::From, HeaderName::CallId] {
        assert_eq!(value(&cancel, &name), value(&sent, &name));
    }
    assert_eq!(value(&cancel, &HeaderName::CSeq), "1 CANCEL");
    desk.receive(&response(&cancel, 200, "phone", "", ""));
    desk.receive(&response(&sent, 487, "phone", "", ""));
    assert_eq!(desk.sent(), ["ACK"]);
    assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::Local, .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn h4_a_200_that_wins_against_our_cancel_is_acknowledged_and_ended() {
    for heard in [true, false] {
        let mut desk = Desk::new(udp());
        desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
        let sent = desk.last().clone();
        if heard {
            desk.receive(&response(&sent, 180, "phone", "", ""));
        }
        desk.command(Command::Cancel { dialog: sip::DialogId(5) });
        desk.sent.clear();
        desk.events.clear();
        desk.receive(&response(&sent, 200, "phone", "", ANSWER));
        assert_eq!(desk.sent(), ["ACK", "BYE"]);
        assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::Local, .. }]));
        desk.assert_empty_at_last();
    }
}

#[test]
fn h4_a_cancelled_call_ends_even_if_nothing_more_is_heard() {
    for heard in [true, false] {
        let mut desk = Desk::new(udp());
        desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
        let sent = desk.last().clone();
        if heard {
            desk.receive(&response(&sent, 180, "phone", "", ""));
        }
        desk.command(Command::Cancel { dialog: sip::DialogId(5) });
        desk.pass_ms(32_000);
        assert_eq!(desk.ended(), 1, "heard: {heard}");
        desk.assert_empty_at_last();
    }
}

#[test]
fn h4_their_cancel_before_and_after_our_200() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.receive(&request("CANCEL", "a", 1, "", "", ""));
    assert_eq!(desk.sent(), ["100", "200", "487"]);
    assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::RemoteCancel, .. }]));
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    desk.receive(&request("ACK", "a", 1, "any", "", ""));
    assert!(desk.sent().is_empty() && desk.events().is_empty());
    desk.assert_empty_at_last();

    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    desk.receive(&request("CANCEL", "a", 1, "", "", ""));
    assert_eq!(desk.sent(), ["100", "200", "200"]);
    assert_eq!(desk.ended(), 0, "a CANCEL after the 200 changes nothing");
    desk.receive(&request("CANCEL", "unknown", 1, "", "", ""));
    assert_eq!(desk.sent(), ["481"]);
}

#[test]
fn h6_answers_and_requests_go_down_the_flow_whatever_via_and_contact_say() {
    let mut desk = Desk::new(tcp());
    let text = invite("a", 1, "", OFFER).replace("172.16.0.9:5099", "df7jal23ls0d.invalid");
    desk.receive(&text);
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let tag = to_tag(desk.last());
    assert!(value(desk.last(), &HeaderName::Contact).ends_with(";transport=tcp>"));
    desk.receive(&request("ACK", "b", 1, &tag, "", ""));
    desk.command(Command::Bye { dialog, reason: None });
    assert_eq!(name(desk.last()), "BYE");
}

#[test]
fn record_routes_are_echoed_and_followed() {
    let mut desk = Desk::new(udp());
    let more = "Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\nContent-Type: application/sdp\r\n";
    desk.receive(&request("INVITE", "a", 1, "", more, OFFER));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    assert_eq!(value(desk.last(), &HeaderName::RecordRoute), "<sip:p2;lr>, <sip:p1;lr>");
    let tag = to_tag(desk.last());
    desk.receive(&request("ACK", "b", 1, &tag, "", ""));
    desk.command(Command::Bye { dialog, reason: None });
    let routes: Vec<_> = desk.last().all(&HeaderName::Route).map(|route| String::from_utf8_lossy(route)).collect();
    assert_eq!(routes, ["<sip:p2;lr>", "<sip:p1;lr>"]);

    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let more = "Record-Route: <sip:strict>\r\nRecord-Route: <sip:p1;lr>\r\n";
    let ok = response(desk.last(), 200, "phone", more, ANSWER)
        .replace("<sip:strict>", "<sip:p2;lr>")
        .replace("<sip:p1;lr>", "<sip:strict>");
    desk.receive(&ok);
    desk.command(Command::Bye { dialog: sip::DialogId(5), reason: None });
    let bye = desk.last();
    let routes: Vec<_> = bye.all(&HeaderName::Route).map(|route| String::from_utf8_lossy(route)).collect();
    assert_eq!(routes, ["<sip:p2;lr>", "<sip:phone@172.16.0.9:5099>"]);
    assert!(matches!(&bye.start, sip::message::StartLine::Request { uri, .. } if &uri[..] == b"sip:strict"));
}

#[test]
fn h9_ringing_has_no_limit_and_is_repeated_every_minute() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Provisional { dialog, status: 182, body: None });
    desk.sent.clear();
    desk.pass_ms(600_000);
    assert_eq!(desk.sent(), vec!["182"; 10]);
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    assert_eq!(desk.sent(), ["200"]);

    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let sent = desk.last().clone();
    desk.receive(&response(&sent, 180, "phone", "", ""));
    desk.pass_ms(3_600_000);
    assert_eq!(desk.ended(), 0);
    desk.receive(&response(&sent, 200, "phone", "", ANSWER));
    assert_eq!(desk.sent(), ["INVITE", "ACK"]);
}

#[test]
fn h10_a_bye_that_comes_again_is_answered_for_32_s_and_then_all_is_gone() {
    let mut desk = Desk::new(udp());
    let (_, tag) = answered_incoming(&mut desk);
    for (branch, cseq) in [("b", 2), ("b", 2), ("c", 3)] {
        desk.receive(&request("BYE", branch, cseq, &tag, "", ""));
        assert_eq!(desk.sent(), ["200"]);
    }
    assert_eq!(desk.ended(), 1);
    desk.pass_ms(32_001);
    desk.receive(&request("BYE", "d", 4, &tag, "", ""));
    assert_eq!(desk.sent(), ["481"]);
    desk.assert_empty_at_last();
}

#[test]
fn a_late_offer_is_made_in_our_200_and_answered_in_the_ack() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", ""));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(OFFER) });
    let tag = to_tag(desk.last());
    desk.receive(&request("ACK", "b", 1, &tag, "Content-Type: application/sdp\r\n", ANSWER));
    let Some(Event::Confirmed { body, .. }) = desk.events().pop() else { panic!("not confirmed") };
    assert_eq!(body, Some(sdp(ANSWER)));
}

#[test]
fn an_offer_in_their_200_is_answered_in_our_ack() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, None));
    let ok = response(desk.last(), 200, "phone", "", OFFER);
    desk.receive(&ok);
    desk.receive(&ok);
    assert_eq!(desk.sent(), ["INVITE"], "the ACK waits for the answer");
    assert!(matches!(desk.events().as_slice(), [Event::Answered { body: Some(_), .. }]));
    desk.command(Command::AnswerReoffer { dialog: sip::DialogId(5), body: Some(sdp(ANSWER)) });
    assert_eq!(&desk.last().body[..], ANSWER.as_bytes());
    assert!(matches!(desk.events().as_slice(), [Event::Confirmed { .. }]));
    desk.receive(&ok);
    assert_eq!(desk.sent(), ["ACK", "ACK"]);
}

#[test]
fn an_offer_in_their_200_that_is_never_answered_ends_the_call() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, None));
    desk.receive(&response(desk.last(), 200, "phone", "", OFFER));
    desk.sent.clear();
    desk.pass_ms(32_000);
    assert_eq!(desk.sent()[..2], ["ACK", "BYE"]);
    assert_eq!(desk.ended(), 1);
    desk.assert_empty_at_last();
}

#[test]
fn a_call_is_refused_challenged_or_declined_and_its_refusal_repeated_until_acknowledged() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Refuse { dialog, status: 503, reason: "Full\r\nEvil: 1".into(), retry_after_s: Some(9) });
    assert_eq!(value(desk.last(), &HeaderName::RetryAfter), "9");
    desk.sent.clear();
    desk.pass_ms(3_600);
    assert_eq!(desk.sent(), vec!["503"; 3]);
    desk.receive(&request("ACK", "a", 1, "x", "", ""));
    desk.pass_ms(20_000);
    assert!(desk.sent().is_empty());
    assert_eq!(desk.ended(), 1);
    desk.assert_empty_at_last();

    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Challenge { dialog });
    assert!(value(desk.last(), &HeaderName::WwwAuthenticate).starts_with("Digest realm=\"strowger.test\""));
    assert_eq!((desk.sent(), desk.ended()), (vec!["100".to_owned(), "401".to_owned()], 1));
}

#[test]
fn an_outgoing_call_that_fails_says_why_and_ends_once() {
    let table = [(486, "Busy"), (302, "Moved"), (603, "Declined"), (401, "Who are you")];
    for (status, _) in table {
        let mut desk = Desk::new(udp());
        desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
        let sent = desk.last().clone();
        let refusal = response(&sent, status, "phone", "", "");
        desk.receive(&refusal);
        desk.receive(&refusal);
        assert_eq!(desk.sent(), ["INVITE", "ACK", "ACK"]);
        let events = desk.events();
        assert!(matches!(&events[..], [Event::Refused { status: told, .. }, Event::Ended { .. }] if *told == status));
        desk.assert_empty_at_last();
    }
    let mut silent = Desk::new(udp());
    silent.command(invite_to(5, silent.flow, Some(sdp(OFFER))));
    silent.pass_ms(32_000);
    // 0 0.5 1.5 3.5 7.5 15.5 31.5 s.
    assert_eq!(silent.sent(), vec!["INVITE"; 7]);
    let events = silent.events();
    assert!(matches!(&events[..], [Event::Refused { status: 408, .. }, Event::Ended { cause: EndCause::Timeout, .. }]));
    silent.assert_empty_at_last();
}

#[test]
fn a_call_over_a_stream_that_closes_fails_at_once() {
    let mut desk = Desk::new(tcp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    desk.give(sip::Input::FlowClosed { flow: tcp() });
    let events = desk.events();
    assert!(matches!(
        &events[..],
        [Event::Refused { status: 503, .. }, Event::Ended { cause: EndCause::Transport, .. }]
    ));
    desk.assert_empty_at_last();
}

#[test]
fn their_reinvite_is_offered_answered_and_acknowledged() {
    let mut desk = Desk::new(udp());
    let (dialog, tag) = answered_incoming(&mut desk);
    desk.receive(&invite("re", 2, &tag, OFFER));
    desk.receive(&invite("re", 2, &tag, OFFER));
    assert_eq!(desk.sent(), ["100", "100"]);
    assert!(matches!(desk.events().as_slice(), [Event::Reoffered { body: Some(_), .. }]));
    desk.receive(&invite("re2", 3, &tag, OFFER));
    desk.receive(&request("ACK", "re2", 3, &tag, "", ""));
    assert_eq!(desk.sent(), ["500"], "one at a time");
    desk.command(Command::AnswerReoffer { dialog, body: Some(sdp(ANSWER)) });
    desk.pass_ms(1_600);
    assert_eq!(desk.sent(), vec!["200"; 3]);
    desk.receive(&request("ACK", "x", 2, &tag, "", ""));
    desk.pass_ms(40_000);
    assert!(desk.sent().is_empty());
    // Without an offer of theirs, ours is answered in the ACK.
    desk.receive(&invite("re3", 4, &tag, ""));
    assert!(matches!(desk.events().as_slice(), [Event::Reoffered { body: None, .. }]));
    desk.command(Command::AnswerReoffer { dialog, body: Some(sdp(OFFER)) });
    desk.receive(&request("ACK", "y", 4, &tag, "Content-Type: application/sdp\r\n", ANSWER));
    assert!(matches!(desk.events().as_slice(), [Event::ReofferAnswered { body: Some(_), .. }]));
    // One whose ACK never comes ends the call.
    desk.receive(&invite("re4", 5, &tag, OFFER));
    desk.command(Command::AnswerReoffer { dialog, body: Some(sdp(ANSWER)) });
    desk.pass_ms(32_000);
    assert_eq!(desk.ended(), 1);
    desk.assert_empty_at_last();
}

#[test]
fn their_reinvite_is_refused_or_taken_back_and_the_call_goes_on() {
    let mut desk = Desk::new(udp());
    let (dialog, tag) = answered_incoming(&mut desk);
    desk.receive(&invite("re", 2, &tag, OFFER));
    desk.command(Command::RefuseReoffer { dialog, status: 488 });
    assert_eq!(desk.sent(), ["100", "488"]);
    desk.receive(&request("ACK", "re", 2, &tag, "", ""));
    desk.receive(&invite("re2", 3, &tag, OFFER));
    desk.receive(&request("CANCEL", "re2", 3, &tag, "", ""));
    assert_eq!(desk.sent(), ["100", "200", "487"]);
    desk.events.clear();
    desk.command(Command::AnswerReoffer { dialog, body: None });
    assert!(desk.sent().is_empty());
    assert_eq!(desk.ended(), 0);
}

#[test]
fn their_update_is_offered_and_answered_without_ack() {
    let mut desk = Desk::new(udp());
    let (dialog, tag) = answered_incoming(&mut desk);
    desk.receive(&request("UPDATE", "u", 2, &tag, "Content-Type: application/sdp\r\n", OFFER));
    assert!(matches!(desk.events().as_slice(), [Event::Reoffered { body: Some(_), .. }]));
    desk.command(Command::AnswerReoffer { dialog, body: Some(sdp(ANSWER)) });
    desk.pass_ms(10_000);
    assert_eq!(desk.sent(), ["200"]);
    desk.receive(&request("UPDATE", "v", 3, &tag, "", ""));
    assert_eq!(desk.sent(), ["200"], "one without offer refreshes only");
    assert!(desk.events().is_empty());
}

#[test]
fn our_reinvite_is_answered_refused_or_crosses_theirs() {
    let mut desk = Desk::new(udp());
    let dialog = answered_outgoing(&mut desk);
    let our_tag = {
        desk.command(Command::Reoffer { dialog, body: sdp(OFFER) });
        String::from_utf8_lossy(desk.last().from().and_then(|from| from.tag()).expect("tag")).into_owned()
    };
    let sent = desk.last().clone();
    assert_eq!(value(&sent, &HeaderName::CSeq), "2 INVITE");
    desk.command(Command::Reoffer { dialog, body: sdp(OFFER) });
    assert!(matches!(desk.events().as_slice(), [Event::ReofferRefused { status: 491, .. }]));
    let crossing = invite("cross", 1, &our_tag, OFFER).replace("tag=far", "tag=phone");
    let call_id = value(&sent, &HeaderName::CallId);
    desk.receive(&crossing.replace("call-1", &call_id));
    assert_eq!(desk.sent(), ["INVITE", "491"]);
    let ok = response(&sent, 200, "", "", ANSWER);
    desk.receive(&ok);
    desk.receive(&ok);
    assert_eq!(desk.sent(), ["ACK", "ACK"]);
    assert!(matches!(desk.events().as_slice(), [Event::ReofferAnswered { body: Some(_), .. }]));
    desk.command(Command::Reoffer { dialog, body: sdp(OFFER) });
    desk.receive(&response(desk.last(), 488, "", "", ""));
    assert!(matches!(desk.events().as_slice(), [Event::ReofferRefused { status: 488, .. }]));
    desk.sent.clear();
    desk.command(Command::Reoffer { dialog, body: sdp(OFFER) });
    desk.receive(&response(desk.last(), 481, "", "", ""));
    assert_eq!(desk.sent(), ["INVITE", "ACK", "BYE"]);
    assert_eq!(desk.ended(), 1);
    desk.assert_empty_at_last();
}

#[test]
fn a_bye_before_the_ack_waits_for_it() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Accept { dialog, body: sdp(ANSWER) });
    let tag = to_tag(desk.last());
    desk.command(Command::Bye { dialog, reason: None });
    assert_eq!(desk.sent(), ["100", "200"]);
    desk.receive(&request("ACK", "b", 1, &tag, "", ""));
    assert_eq!(desk.sent(), ["BYE"]);
    assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::Local, .. }]));
}

#[test]
fn a_caller_may_end_a_ringing_call_by_bye_and_it_ends_once() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    let dialog = desk.invited();
    desk.command(Command::Provisional { dialog, status: 180, body: None });
    let tag = to_tag(desk.last());
    desk.receive(&request("BYE", "b", 2, &tag, "", ""));
    assert_eq!(desk.sent(), ["100", "180", "200", "487"]);
    assert!(matches!(desk.events().as_slice(), [Event::Ended { cause: EndCause::RemoteBye, .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn a_bye_during_their_reinvite_answers_that_too() {
    let mut desk = Desk::new(udp());
    let (_, tag) = answered_incoming(&mut desk);
    desk.receive(&invite("re", 2, &tag, OFFER));
    desk.events.clear();
    desk.receive(&request("BYE", "b", 3, &tag, "", ""));
    assert_eq!(desk.sent(), ["100", "200", "487"]);
    assert!(matches!(desk.events().as_slice(), [Event::Ended { .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn a_bye_for_a_call_whose_answer_was_lost_ends_it_and_leaves_nothing() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let sent = desk.last().clone();
    desk.receive(&response(&sent, 180, "phone", "", ""));
    let our_tag = String::from_utf8_lossy(sent.from().and_then(|from| from.tag()).expect("tag")).into_owned();
    let call_id = value(&sent, &HeaderName::CallId);
    let bye = request("BYE", "b", 1, &our_tag, "", "").replace("tag=far", "tag=phone").replace("call-1", &call_id);
    desk.receive(&bye);
    assert_eq!(desk.sent(), ["INVITE", "200"]);
    assert_eq!(desk.ended(), 1);
    desk.receive(&response(&sent, 200, "phone", "", ANSWER));
    assert_eq!(desk.sent(), ["ACK", "BYE"], "a 200 that comes after all is ended");
    desk.assert_empty_at_last();

    let mut desk = Desk::new(udp());
    let dialog = answered_outgoing(&mut desk);
    desk.command(Command::Reoffer { dialog, body: sdp(OFFER) });
    desk.receive(&response(desk.last(), 100, "", "", ""));
    desk.command(Command::Bye { dialog, reason: None });
    desk.assert_empty_at_last();
}

#[test]
fn byes_that_cross_end_the_call_once() {
    let mut desk = Desk::new(udp());
    let (dialog, tag) = answered_incoming(&mut desk);
    desk.command(Command::Bye { dialog, reason: None });
    desk.receive(&request("BYE", "b", 2, &tag, "", ""));
    assert_eq!(desk.sent(), ["BYE", "200"]);
    assert_eq!(desk.ended(), 1);
    desk.command(Command::Bye { dialog, reason: None });
    assert!(desk.sent().is_empty());
}

#[test]
fn info_is_answered_and_handed_on() {
    let mut desk = Desk::new(udp());
    let (_, tag) = answered_incoming(&mut desk);
    desk.receive(&request("INFO", "i", 2, &tag, "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n"));
    assert_eq!(desk.sent(), ["200"]);
    let Some(Event::Info { body, .. }) = desk.events().pop() else { panic!("no Info") };
    assert_eq!((&*body.content_type, &body.bytes[..]), ("application/dtmf-relay", &b"Signal=5\r\n"[..]));
}

#[test]
fn a_ringing_phone_can_be_told_to_talk() {
    let mut desk = Desk::new(udp());
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let talk = || Command::Notify { dialog: sip::DialogId(5), event: "talk".into(), body: None };
    desk.command(talk());
    assert_eq!(desk.sent.len(), 1, "before it rings there is nobody to tell");
    let sent = desk.last().clone();
    desk.receive(&response(&sent, 180, "phone", "", ""));
    desk.command(talk());
    let notify = desk.last().clone();
    assert_eq!((value(&notify, &HeaderName::Event), to_tag(&notify)), ("talk".into(), "phone".into()));
    desk.receive(&response(&sent, 200, "phone", "", ANSWER));
    assert_eq!(value(desk.last(), &HeaderName::CSeq), "1 ACK", "the ACK has the number of its INVITE");
}

#[test]
fn what_rfc_3261_wants_refused_is_refused() {
    let table = [
        (invite("a", 1, "", OFFER).replace("Max-Forwards: 70", "Max-Forwards: 0"), "483", None),
        (
            invite("a", 1, "", OFFER).replace("Max-Forwards: 70", "Require: 100rel"),
            "420",
            Some((HeaderName::Unsupported, "100rel")),
        ),
        (
            invite("a", 1, "", OFFER).replace("application/sdp", "text/plain"),
            "415",
            Some((HeaderName::Accept, "application/sdp")),
        ),
        (invite("a", 1, "", OFFER).replace("sip:601@10.0.0.1 SIP", "http://x/ SIP"), "416", None),
        (invite("a", 1, "", OFFER).replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), "505", None),
        (request("INVITE", "a", 1, "", "Accept: text/html\r\n", ""), "406", None),
        (
            request("MESSAGE", "a", 1, "", "", ""),
            "405",
            Some((HeaderName::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER")),
        ),
    ];
    for (text, status, header) in table {
        let mut desk = Desk::new(udp());
        desk.receive(&text);
        let last = desk.last();
        assert_eq!(name(last), status, "{text}");
        if let Some((header, expected)) = header {
            assert_eq!(value(last, &header), expected);
        }
        desk.events.retain(|event| !matches!(event, Event::BadMessage { .. }));
        assert!(desk.events.is_empty(), "no call comes of it");
        desk.assert_empty_at_last();
    }
}

#[test]
fn the_same_request_by_two_ways_and_one_of_our_own_are_loops() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", OFFER));
    desk.receive(&invite("b", 1, "", OFFER));
    assert_eq!(desk.sent(), ["100", "482"]);
    desk.command(invite_to(5, desk.flow, Some(sdp(OFFER))));
    let via = value(desk.last(), &HeaderName::Via);
    desk.sent.clear();
    desk.receive(&invite("c", 2, "", OFFER).replace("Max-Forwards: 70", &format!("Via: {via}")));
    assert_eq!(desk.sent(), ["482"]);
}

#[test]
fn full_tables_answer_503() {
    for (transactions_max, dialogs_max) in [(1, 9), (9, 1)] {
        let mut config = config();
        config.limits = sip::Limits { transactions_max, dialogs_max, ..config.limits };
        let mut desk = Desk::with(config, udp());
        desk.receive(&invite("a", 1, "", OFFER));
        desk.receive(&invite("b", 2, "", OFFER).replace("call-1", "call-2"));
        assert_eq!(value(desk.last(), &HeaderName::RetryAfter), "5");
        assert_eq!(desk.sent(), ["100", "503"]);
    }
}

#[test]
fn a_stream_opened_for_a_call_is_used_for_all_of_it() {
    let mut desk = Desk::new(tcp());
    desk.command(invite_to(5, sip::Flow { connection: 0, ..tcp() }, Some(sdp(OFFER))));
    desk.receive(&response(desk.last(), 200, "phone", "", ANSWER));
    desk.command(Command::Bye { dialog: sip::DialogId(5), reason: None });
    assert_eq!(desk.connections, [0, 7, 7], "INVITE opens it, ACK and BYE use it");
}
