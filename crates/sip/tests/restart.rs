//! What a restart finds under way: INVITEs of the life before, told from the values that it exported.

mod support;

use sip::{Command, DialogId, EndCause, Event, InviteSnapshot, message::HeaderName};
use support::*;

const OFFER: &str = "v=0\r\noffer\r\n";
const ANSWER: &str = "v=0\r\nanswer\r\n";
const RESTORED: DialogId = DialogId(1);

/// An INVITE that its sender did not live to hear answered, as the phone got it and as it was kept.
fn lost_invite(flow: sip::Flow) -> (sip::message::Message, InviteSnapshot) {
    let mut desk = Desk::new(flow);
    desk.command(invite_to(5, flow, Some(sdp(OFFER))));
    (desk.last().clone(), desk.inviting.pop().expect("a snapshot"))
}

/// The next life, told to cancel it. It comes back as JSON, the form in which it is kept.
fn restarted(flow: sip::Flow, snapshot: &InviteSnapshot) -> Desk {
    let mut desk = Desk::new(flow);
    let kept = serde_json::to_string(snapshot).expect("a snapshot has text keys");
    let snapshot = Box::new(serde_json::from_str(&kept).expect("it reads back"));
    desk.command(Command::CancelRestored { dialog: RESTORED, snapshot });
    desk
}

fn assert_ended_once(desk: &mut Desk) {
    assert!(matches!(desk.events().as_slice(), [Event::Ended { dialog: RESTORED, cause: EndCause::Local }]));
}

#[test]
fn a_phone_that_rings_for_a_dead_caller_is_cancelled_and_its_487_acknowledged() {
    let (invite, snapshot) = lost_invite(udp());
    let mut desk = restarted(udp(), &snapshot);
    desk.pass_ms(600);
    let cancel = desk.last().clone();
    assert_eq!(desk.sent(), ["CANCEL"]);
    for header in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId] {
        assert_eq!(value(&cancel, &header), value(&invite, &header), "{header:?} of RFC 3261 section 9.1");
    }
    assert_eq!(value(&cancel, &HeaderName::CSeq), "1 CANCEL");
    desk.pass_ms(500);
    assert_eq!(desk.sent(), ["CANCEL"], "a lost CANCEL is sent again");
    desk.receive(&response(&cancel, 200, "phone", "", ""));
    desk.receive(&response(&invite, 487, "phone", "", ""));
    assert_eq!(value(desk.last(), &HeaderName::CSeq), "1 ACK");
    assert_eq!(to_tag(desk.last()), "phone");
    desk.receive(&response(&invite, 487, "phone", "", ""));
    assert_eq!(desk.sent(), ["ACK", "ACK"]);
    assert_ended_once(&mut desk);
    desk.assert_empty_at_last();
}

#[test]
fn a_1xx_that_comes_to_the_next_life_lets_the_cancel_out_at_once() {
    let (invite, snapshot) = lost_invite(udp());
    let mut desk = restarted(udp(), &snapshot);
    assert_eq!(desk.sent(), [""; 0], "an INVITE still under way would not find what it is to cancel");
    desk.receive(&response(&invite, 180, "phone", "", ""));
    desk.receive(&response(&invite, 180, "phone", "", ""));
    assert_eq!(desk.sent(), ["CANCEL"]);
    assert_eq!(desk.events().len(), 0, "nobody cares any more that it rings");
    desk.receive(&response(&invite, 487, "phone", "", ""));
    assert_ended_once(&mut desk);
    desk.assert_empty_at_last();
}

#[test]
fn a_phone_that_was_answered_in_the_race_is_acknowledged_and_hung_up() {
    for (before_ms, name) in [(0, "before the CANCEL"), (600, "after the CANCEL")] {
        let (invite, snapshot) = lost_invite(udp());
        let mut desk = restarted(udp(), &snapshot);
        desk.pass_ms(before_ms);
        desk.sent.clear();
        let route = "Record-Route: <sip:192.0.2.7;lr>\r\n";
        desk.receive(&response(&invite, 200, "phone", route, ANSWER));
        let bye = desk.last().clone();
        assert_eq!(desk.sent(), ["ACK", "BYE"], "{name}");
        assert_eq!(value(&bye, &HeaderName::CSeq), "2 BYE");
        assert_eq!(
            (value(&bye, &HeaderName::CallId), to_tag(&bye)),
            (value(&invite, &HeaderName::CallId), "phone".into())
        );
        assert_eq!(value(&bye, &HeaderName::From), value(&invite, &HeaderName::From));
        assert_eq!(value(&bye, &HeaderName::Route), "<sip:192.0.2.7;lr>");
        desk.receive(&response(&invite, 200, "phone", route, ANSWER));
        assert_eq!(desk.sent(), ["ACK"], "{name}: each repeat of the 200 gets its ACK again");
        desk.receive(&response(&bye, 200, "", "", ""));
        assert_ended_once(&mut desk);
        desk.assert_empty_at_last();
    }
}

#[test]
fn a_restored_invite_ends_whatever_is_heard_or_not() {
    for status in [None, Some(401), Some(486), Some(603)] {
        let (invite, snapshot) = lost_invite(udp());
        let mut desk = restarted(udp(), &snapshot);
        if let Some(status) = status {
            desk.receive(&response(&invite, status, "phone", "", ""));
            assert_eq!(desk.sent(), ["ACK"], "{status}: nobody is called again", status = status);
        }
        desk.pass_ms(32_600);
        assert_ended_once(&mut desk);
        desk.assert_empty_at_last();
    }
}

#[test]
fn an_answer_to_another_invite_does_not_touch_a_restored_one() {
    let (_, snapshot) = lost_invite(udp());
    let mut stranger = Desk::with(config(), udp());
    stranger.endpoint = sip::Endpoint::new(config(), 2);
    stranger.command(invite_to(6, udp(), Some(sdp(OFFER))));
    let mut desk = restarted(udp(), &snapshot);
    desk.receive(&response(stranger.last(), 200, "phone", "", ANSWER));
    assert_eq!((desk.sent(), desk.events().len()), (Vec::new(), 0));
    desk.assert_empty_at_last();
}

#[test]
fn over_a_stream_the_cancel_opens_a_new_connection() {
    let (_, snapshot) = lost_invite(tcp());
    assert_eq!(snapshot.flow.connection, 7);
    let mut desk = restarted(tcp(), &snapshot);
    desk.pass_ms(600);
    assert_eq!((desk.sent(), &desk.connections[..]), (vec!["CANCEL".to_owned()], &[0][..]));
    desk.assert_empty_at_last();
}

#[test]
fn the_snapshot_of_an_invite_sent_again_with_credentials_replaces_the_first() {
    let mut desk = Desk::new(udp());
    let credentials = sip::ClientCredentials { name: "8001".into(), password: "secret".into() };
    desk.command(Command::Credentials(credentials));
    desk.command(invite_to(5, udp(), Some(sdp(OFFER))));
    let challenge = "WWW-Authenticate: Digest realm=\"far\", nonce=\"n\"\r\n";
    let challenged = response(desk.last(), 401, "phone", challenge, "");
    desk.receive(&challenged);
    let again = desk.last().clone();
    assert_eq!(desk.sent(), ["INVITE", "ACK", "INVITE"]);
    let [first, second] = &desk.inviting[..] else { panic!("{:?}", desk.inviting) };
    assert_eq!((first.cseq, second.cseq), (1, 2));
    let via = again.top_via().expect("a Via");
    assert_eq!(via.branch(), Some(second.branch.as_bytes()));
    assert_ne!(first.branch, second.branch);
}

#[test]
fn values_that_are_not_ours_or_come_twice_or_to_full_tables_do_nothing() {
    let (_, snapshot) = lost_invite(udp());
    let foreign = InviteSnapshot { branch: "z9hG4bK-of-somebody-else".into(), ..snapshot.clone() };
    let mut desk = restarted(udp(), &foreign);
    assert_eq!(desk.endpoint.counts(), sip::Counts::default());
    for _ in 0..2 {
        desk.command(Command::CancelRestored { dialog: RESTORED, snapshot: Box::new(snapshot.clone()) });
    }
    assert_eq!(desk.endpoint.counts().dialogs, 1);
    let mut full = config();
    full.limits.dialogs_max = 0;
    let mut full = Desk::with(full, udp());
    full.command(Command::CancelRestored { dialog: RESTORED, snapshot: Box::new(snapshot) });
    assert_eq!(full.endpoint.counts(), sip::Counts::default());
}
