//! The torture messages of RFC 4475, each through a whole endpoint: what the RFC demands or allows is what is answered.

mod support;

use bytes::Bytes;
use proptest::prelude::*;
use sip::{
    Event, Input, Transport,
    message::{HeaderName, StartLine},
};
use sipx_testkit::rfc4475::CASES;
use support::*;

/// What must come of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// An INVITE that becomes a call: 100 and the event.
    Call,
    /// A request that is answered with this status and makes no call.
    Status(u16),
    /// Nothing is sent.
    Drop,
}

use Verdict::{Call, Drop, Status};

/// Name, verdict, and why (sections of RFC 4475; where it allows more than one verdict, which was taken).
const VERDICTS: [(&str, Verdict, &str); 50] = [
    ("wsinv", Status(481), "3.1.1.1 legal; its To has the tag of a dialog that we do not have"),
    ("intmeth", Status(501), "3.1.1.2 legal; nobody knows the method"),
    ("esc01", Call, "3.1.1.3 legal"),
    ("escnull", Status(401), "3.1.1.4 legal; a REGISTER is challenged"),
    ("esc02", Status(501), "3.1.1.5 legal; RE%47IST%45R is not REGISTER"),
    ("lwsdisp", Status(200), "3.1.1.6 legal"),
    ("longreq", Call, "3.1.1.7 legal"),
    ("dblreq", Status(401), "3.1.1.8 the octets behind the REGISTER are no second request"),
    ("semiuri", Status(200), "3.1.1.9 legal"),
    ("transports", Status(200), "3.1.1.10 legal"),
    ("mpart01", Status(405), "3.1.1.11 legal; MESSAGE is not served"),
    ("unreason", Drop, "3.1.1.12 legal, and no answer to anything of ours"),
    ("noreason", Drop, "3.1.1.13 the same"),
    ("badinv01", Status(400), "3.1.2.1"),
    ("clerr", Status(400), "3.1.2.2 over UDP"),
    ("ncl", Status(400), "3.1.2.3"),
    ("scalar02", Status(400), "3.1.2.4"),
    ("scalarlg", Drop, "3.1.2.5 a response with an impossible CSeq"),
    ("quotbal", Status(400), "3.1.2.6"),
    ("ltgtruri", Status(400), "3.1.2.7"),
    ("lwsruri", Status(400), "3.1.2.8"),
    ("lwsstart", Status(400), "3.1.2.9"),
    ("trws", Status(400), "3.1.2.10"),
    ("escruri", Status(400), "3.1.2.11"),
    ("baddate", Call, "3.1.2.12 a Date nobody reads may be ignored"),
    ("regbadct", Status(400), "3.1.2.13"),
    ("badaspec", Status(200), "3.1.2.14 spaces inside the brackets may be ignored"),
    ("baddn", Status(400), "3.1.2.15; it also lacks the empty line"),
    ("badvers", Status(505), "3.1.2.16"),
    ("mismatch01", Status(400), "3.1.2.17"),
    ("mismatch02", Status(400), "3.1.2.18"),
    ("bigcode", Drop, "3.1.2.19"),
    ("badbranch", Status(200), "3.2.1 known again by the rules of RFC 2543"),
    ("insuf", Status(400), "3.3.1"),
    ("unkscm", Status(416), "3.3.2"),
    ("novelsc", Status(416), "3.3.3"),
    ("unksm2", Status(400), "3.3.4 To of a REGISTER must be a SIP URI"),
    ("bext01", Status(420), "3.3.5"),
    ("invut", Status(415), "3.3.6"),
    ("regaut01", Status(401), "3.3.7 an unknown scheme is no credentials"),
    ("multi01", Status(400), "3.3.8"),
    ("mcl01", Status(400), "3.3.9"),
    ("bcast", Drop, "3.3.10 a response with a second Via is not for us"),
    ("zeromf", Status(200), "3.3.11 it has arrived, so no hop is too many"),
    ("cparam01", Status(401), "3.3.12 legal; a REGISTER is challenged"),
    ("cparam02", Status(401), "3.3.13 the same"),
    ("regescrt", Status(401), "3.3.14 the same"),
    ("sdp01", Status(406), "3.3.15"),
    ("inv2543", Call, "3.4.1 legal once"),
    ("test", Drop, "in no section: no version, no Via, nobody to answer"),
];

fn outcome(bytes: &'static [u8]) -> (Verdict, Desk) {
    let mut desk = Desk::new(udp());
    desk.give(Input::Received { flow: udp(), bytes: Bytes::from_static(bytes) });
    let called = desk.events.iter().any(|event| matches!(event, Event::Invited(_)));
    let verdict = match &desk.sent[..] {
        [] => Drop,
        [answer] => match answer.start {
            StartLine::Response { status: 100, .. } if called => Call,
            StartLine::Response { status, .. } => Status(status),
            StartLine::Request { .. } => panic!("nobody asked us to send a request"),
        },
        more => panic!("one answer at most, not {}", more.len()),
    };
    (verdict, desk)
}

#[test]
fn every_torture_message_gets_its_verdict() {
    let names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), VERDICTS.len());
    for (name, expected, why) in VERDICTS {
        let case = CASES.iter().find(|case| case.name == name).expect(name);
        let (verdict, desk) = outcome(case.bytes);
        assert_eq!(verdict, expected, "{name}: {why}; said {:?}", desk.events);
    }
}

#[test]
fn a_repeat_of_any_of_them_changes_nothing() {
    for case in CASES {
        let (_, mut desk) = outcome(case.bytes);
        let first: Vec<_> = desk.sent.drain(..).map(|message| name(&message)).collect();
        desk.events.clear();
        desk.give(Input::Received { flow: udp(), bytes: Bytes::from_static(case.bytes) });
        assert_eq!(desk.sent(), first, "{}", case.name);
        assert!(!desk.events.iter().any(|event| matches!(event, Event::Invited(_))), "{}", case.name);
    }
}

#[test]
fn none_of_them_leaves_anything_behind() {
    for case in CASES {
        let (_, mut desk) = outcome(case.bytes);
        if let Some(Event::Invited(invited)) = desk.events.pop() {
            desk.command(sip::Command::Bye { dialog: invited.dialog, reason: None });
        }
        desk.assert_empty_at_last();
    }
}

#[test]
fn the_legal_ones_are_read_as_the_rfc_explains_them() {
    let call = |name: &str| {
        let case = CASES.iter().find(|case| case.name == name).expect(name);
        let (_, mut desk) = outcome(case.bytes);
        match desk.events.pop() {
            Some(Event::Invited(invited)) => (invited, desk),
            other => panic!("{name}: {other:?}"),
        }
    };
    let (esc01, desk) = call("esc01");
    assert_eq!((&*esc01.to_user, &*esc01.from_user), ("sips:user@example.com", "I have spaces"));
    assert_eq!(esc01.body.map(|body| body.bytes.len()), Some(150));
    assert_eq!(value(desk.last(), &HeaderName::CSeq), "234234 INVITE");
    let (longreq, desk) = call("longreq");
    assert!(longreq.from_user.starts_with("amazinglylongcallername"));
    assert_eq!(desk.last().all(&HeaderName::Via).count(), 34, "all Vias go back");
    let (inv2543, _) = call("inv2543");
    assert_eq!(&*inv2543.from_user, "+13035551111");
    assert!(inv2543.body.is_some(), "without Content-Length the body runs to the end");
}

#[test]
fn over_a_stream_the_same_messages_pass_the_framer_without_a_panic() {
    for case in CASES {
        let mut framer = sip::Framer::new();
        framer.push(case.bytes);
        let flow = sip::Flow { transport: Transport::Tcp, ..tcp() };
        let mut desk = Desk::new(flow);
        while let Ok(Some(framed)) = framer.take() {
            if let sip::Framed::Message(bytes) = framed {
                desk.give(Input::Received { flow, bytes });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_any_of_them_makes_an_endpoint_panic_or_keep_something(
        which in 0_usize..50, at: usize, length in 0_usize..30, piece in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut bytes = CASES[which].bytes.to_vec();
        let at = at % bytes.len();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, piece);
        let mut desk = Desk::new(udp());
        desk.give(Input::Received { flow: udp(), bytes: bytes.into() });
        if let Some(Event::Invited(invited)) = desk.events.pop() {
            desk.command(sip::Command::Bye { dialog: invited.dialog, reason: None });
        }
        desk.assert_empty_at_last();
    }
}
