//! Registration and authentication, as server and as client.

mod support;

use sip::{
    ClientCredentials, Command, DialogId, Event, Input, Registration, Target, Transport,
    digest::Challenge,
    message::{HeaderName, Message},
};
use std::time::Duration;
use support::*;

const PHONE: &str = "User-Agent: Linphone/5.1.65\r\nAllow-Events: hold, talk\r\n";

fn register(branch: &str, cseq: u32, more: &str) -> String {
    request("REGISTER", branch, cseq, "", more, "")
        .replace("sip:601@10.0.0.1 SIP", "sip:10.0.0.1 SIP")
        .replace("<sip:601@10.0.0.1>", "<sip:8001@10.0.0.1>")
}

/// Authorization for the challenge of this answer; `which` of its headers is taken.
fn authorization(answer: &Message, which: usize, name: &str, password: &str) -> String {
    let challenge = answer.all(&HeaderName::WwwAuthenticate).nth(which).expect("a challenge");
    let challenge = Challenge::parse(challenge).expect("one we understand");
    format!("Authorization: {}\r\n", challenge.answer(name, password, b"REGISTER", "sip:10.0.0.1", "c"))
}

/// Registers 8001 with these headers more; gives the answer.
fn registered(desk: &mut Desk, branch: &str, cseq: u32, more: &str) -> Message {
    desk.receive(&register(&format!("{branch}1"), cseq, PHONE));
    let credentials = authorization(desk.last(), 0, "8001", "secret-8001");
    desk.receive(&register(&format!("{branch}2"), cseq + 1, &format!("{PHONE}{credentials}{more}")));
    let answer = desk.last().clone();
    desk.sent.clear();
    answer
}

#[test]
fn a_phone_registers_refreshes_asks_and_leaves() {
    let mut desk = Desk::new(udp());
    let answer = registered(&mut desk, "a", 1, "Expires: 120\r\n");
    assert_eq!(
        (name(&answer), value(&answer, &HeaderName::Contact)),
        ("200".into(), "<sip:13800@172.16.0.9:5099>;expires=120".into())
    );
    let Some(Event::Registered { binding, fresh: true }) = desk.events().pop() else { panic!("not registered") };
    assert_eq!((&*binding.account, binding.flow, binding.takes_talk_event), ("8001", udp(), true));
    desk.pass_ms(60_000);
    registered(&mut desk, "b", 3, "Expires: 120\r\n");
    assert!(matches!(desk.events().as_slice(), [Event::Registered { fresh: false, .. }]));
    assert_eq!(desk.endpoint.counts().bindings, 1);
    // Without Contact it only asks.
    desk.pass_ms(20_000);
    desk.receive(&register("q1", 5, ""));
    let credentials = authorization(desk.last(), 0, "8001", "secret-8001");
    let query = register("q2", 6, &credentials).replace("Contact: <sip:13800@172.16.0.9:5099>\r\n", "");
    desk.receive(&query);
    assert_eq!(value(desk.last(), &HeaderName::Contact), "<sip:13800@172.16.0.9:5099>;expires=100");
    desk.sent.clear();
    let answer = registered(&mut desk, "c", 7, "Expires: 0\r\n");
    assert_eq!(value(&answer, &HeaderName::Contact), "");
    assert!(matches!(desk.events().as_slice(), [Event::Unregistered { expired: false, .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn a_phone_that_falls_silent_expires() {
    let mut desk = Desk::new(udp());
    registered(&mut desk, "a", 1, "Expires: 120\r\n");
    desk.events.clear();
    desk.pass_ms(119_999);
    assert!(desk.events.is_empty());
    desk.pass_ms(1);
    assert!(matches!(desk.events().as_slice(), [Event::Unregistered { expired: true, .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn lifetimes_are_bounded_and_stars_take_all_away() {
    let table =
        [("Expires: 5\r\n", "423"), ("Expires: 99999999999999\r\n", "3600"), ("Expires: soon\r\n", "300"), ("", "300")];
    for (more, expected) in table {
        let mut desk = Desk::new(udp());
        let answer = registered(&mut desk, "a", 1, more);
        let contact = value(&answer, &HeaderName::Contact);
        match expected {
            "423" => assert_eq!((name(&answer), value(&answer, &HeaderName::MinExpires)), ("423".into(), "10".into())),
            seconds => assert!(contact.ends_with(&format!(";expires={seconds}")), "{more}: {contact}"),
        }
    }
    for (expires, status, left) in [("Expires: 0\r\n", "200", 0), ("Expires: 9\r\n", "400", 1)] {
        let mut desk = Desk::new(udp());
        registered(&mut desk, "a", 1, "");
        desk.receive(&register("s1", 3, ""));
        let credentials = authorization(desk.last(), 0, "8001", "secret-8001");
        desk.receive(
            &register("s2", 4, &format!("{credentials}{expires}")).replace("<sip:13800@172.16.0.9:5099>", "*"),
        );
        assert_eq!((name(desk.last()).as_str(), desk.endpoint.counts().bindings), (status, left));
    }
}

#[test]
fn a_register_that_was_overtaken_is_refused() {
    let mut desk = Desk::new(udp());
    registered(&mut desk, "a", 20, "");
    let answer = registered(&mut desk, "b", 9, "");
    assert_eq!(name(&answer), "500");
}

#[test]
fn several_phones_of_one_account_and_a_call_goes_to_the_newest() {
    let mut desk = Desk::new(udp());
    for phone in 0..7_u32 {
        let more = format!("X-Phone: {phone}\r\n");
        desk.receive(&register(&format!("{phone}a"), 2 * phone + 1, PHONE));
        let credentials = authorization(desk.last(), 0, "8001", "secret-8001");
        let text = register(&format!("{phone}b"), 2 * phone + 2, &format!("{PHONE}{credentials}{more}"));
        desk.receive(
            &text
                .replace("13800@172.16.0.9", &format!("8001@172.16.0.{phone}"))
                .replace("call-1", &format!("call-{phone}")),
        );
    }
    assert_eq!(desk.endpoint.counts().bindings, 5);
    let gone = desk.events().iter().filter(|event| matches!(event, Event::Unregistered { expired: false, .. })).count();
    assert_eq!(gone, 2, "the oldest make room");
    desk.sent.clear();
    let Command::Invite(mut invite) = invite_to(5, udp(), Some(sdp("v=0\r\n"))) else { unreachable!() };
    invite.target = Target::Account("8001".into());
    desk.command(Command::Invite(invite));
    assert!(
        matches!(&desk.last().start, sip::message::StartLine::Request { uri, .. } if &uri[..] == b"sip:8001@172.16.0.6:5099")
    );
}

#[test]
fn a_call_to_nobody_is_refused_480() {
    let mut desk = Desk::new(udp());
    let Command::Invite(mut invite) = invite_to(5, udp(), None) else { unreachable!() };
    invite.target = Target::Account("8002".into());
    desk.command(Command::Invite(invite));
    assert!(matches!(desk.events().as_slice(), [Event::Refused { status: 480, .. }, Event::Ended { .. }]));
    desk.assert_empty_at_last();
}

#[test]
fn both_algorithms_are_offered_and_either_is_taken() {
    for which in [0, 1] {
        let mut desk = Desk::new(udp());
        desk.receive(&register("a", 1, PHONE));
        let offered: Vec<_> =
            desk.last().all(&HeaderName::WwwAuthenticate).map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        assert!(offered[0].contains("SHA-256") && offered[1].contains("MD5"), "{offered:?}");
        let credentials = authorization(desk.last(), which, "8001", "secret-8001");
        desk.receive(&register("b", 2, &credentials));
        assert_eq!(desk.sent(), ["401", "200"]);
    }
    let mut desk = Desk::new(udp());
    desk.receive(&register("a", 1, "User-Agent: baresip v1.0.0 (x86_64/linux)\r\n"));
    assert_eq!(
        desk.last().all(&HeaderName::WwwAuthenticate).count(),
        1,
        "libre 1.1 fails at any header that is not MD5"
    );
    assert!(value(desk.last(), &HeaderName::WwwAuthenticate).contains("MD5"));
}

#[test]
fn h8_a_nonce_is_shared_counted_in_32_bits_and_grows_stale() {
    let mut desk = Desk::new(udp());
    desk.receive(&register("a", 1, PHONE));
    let credentials = authorization(desk.last(), 1, "8001", "secret-8001");
    let (nonce_answer, mut cseq) = (desk.last().clone(), 1);
    // The digest covers nc, so each count needs its own; MD5 is made here as the phone makes it.
    for count in [1_u32, 9, 10, 16, 255, 256, 65_536, u32::MAX, 1, 1] {
        cseq += 1;
        let header = with_count(&nonce_answer, count);
        desk.receive(&register(&format!("n{cseq}"), cseq, &header));
        assert_eq!(name(desk.last()), "200", "nc={count:08x}");
    }
    desk.pass_ms(301_000);
    desk.receive(&register("old", 50, &credentials));
    assert_eq!(name(desk.last()), "401");
    assert!(value(desk.last(), &HeaderName::WwwAuthenticate).contains("stale=true"));
    desk.events.retain(|event| matches!(event, Event::AuthenticationRefused { .. }));
    assert!(desk.events.is_empty(), "an old nonce is no failure");
}

/// Credentials of 8001 with this nonce count.
fn with_count(challenged: &Message, count: u32) -> String {
    use md5::Digest;
    let challenge = challenged.all(&HeaderName::WwwAuthenticate).nth(1).expect("MD5");
    let challenge = String::from_utf8_lossy(challenge).into_owned();
    let nonce = challenge.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("nonce").to_owned();
    let md5 = |text: String| md5::Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ha1 = sip::digest::ha1_md5("8001", REALM, "secret-8001");
    let ha2 = md5("REGISTER:sip:10.0.0.1".into());
    let response = md5(format!("{ha1}:{nonce}:{count:08x}:cc:auth:{ha2}"));
    format!(
        "Authorization: Digest username=\"8001\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:10.0.0.1\", \
         response=\"{response}\", algorithm=MD5, qop=auth, nc={count:08x}, cnonce=\"cc\"\r\n"
    )
}

#[test]
fn a_nonce_of_before_a_restart_is_stale_and_no_failure() {
    let mut before = Desk::new(udp());
    before.receive(&register("a", 1, PHONE));
    let credentials = authorization(before.last(), 0, "8001", "secret-8001");
    let mut after = Desk::new(udp());
    after.endpoint = sip::Endpoint::new(config(), 99);
    after.receive(&register("b", 2, &credentials));
    assert!(value(after.last(), &HeaderName::WwwAuthenticate).contains("stale=true"));
    assert!(after.events.is_empty());
}

#[test]
fn wrong_passwords_wait_longer_each_time_and_unknown_accounts_look_the_same() {
    let mut seen = Vec::new();
    for account in ["8001", "nobody"] {
        let mut desk = Desk::new(udp());
        let mut waits = Vec::new();
        for attempt in 0..7 {
            desk.receive(&register(&format!("a{attempt}"), 2 * attempt + 1, PHONE));
            let credentials = authorization(desk.last(), 0, account, "guess");
            desk.sent.clear();
            desk.receive(&register(&format!("b{attempt}"), 2 * attempt + 2, &credentials));
            assert!(desk.sent.is_empty());
            assert!(matches!(desk.events().as_slice(), [Event::AuthenticationRefused { .. }]));
            let asked = desk.now;
            while desk.sent.is_empty() {
                desk.pass_ms(100);
            }
            waits.push((desk.now - asked).as_millis());
            assert_eq!(desk.sent(), ["401"]);
        }
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        seen.push(waits);
        desk.assert_empty_at_last();
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn nobody_registers_for_somebody_else_nor_with_credentials_of_another_request() {
    let mut desk = Desk::new(udp());
    desk.receive(&register("a", 1, PHONE));
    let credentials = authorization(desk.last(), 0, "8002", "secret-8002");
    desk.receive(&register("b", 2, &credentials));
    assert_eq!(desk.sent(), ["401", "403"]);
    desk.receive(&register("c", 3, PHONE));
    let credentials = authorization(desk.last(), 0, "8001", "secret-8001");
    desk.sent.clear();
    desk.receive(&register("d", 4, &credentials).replace("sip:10.0.0.1 SIP", "sip:other@10.0.0.1 SIP"));
    assert!(desk.sent.is_empty());
    assert!(matches!(
        desk.events().pop(),
        Some(Event::AuthenticationRefused { reason: "credentials of another request", .. })
    ));
}

#[test]
fn an_invite_says_whose_it_is() {
    let mut desk = Desk::new(udp());
    desk.receive(&invite("a", 1, "", "v=0\r\n"));
    let dialog = desk.invited();
    desk.command(Command::Challenge { dialog });
    let challenge = desk.last().first(&HeaderName::WwwAuthenticate).expect("challenge").clone();
    let challenge = Challenge::parse(&challenge).expect("good");
    let credentials = challenge.answer("8002", "secret-8002", b"INVITE", "sip:601@10.0.0.1", "c");
    desk.receive(&request("ACK", "a", 1, "x", "", ""));
    desk.events.clear();
    let text = invite("b", 2, "", "v=0\r\n").replace("Max-Forwards: 70", &format!("Authorization: {credentials}"));
    desk.receive(&text);
    let Some(Event::Invited(invited)) = desk.events().pop() else { panic!("not invited") };
    assert_eq!(invited.identity, sip::Identity::Account("8002".into()));
}

#[test]
fn bindings_come_back_after_a_restart_and_leave_with_their_account_or_connection() {
    let mut desk = Desk::new(udp());
    registered(&mut desk, "a", 1, "");
    let Some(Event::Registered { binding, .. }) = desk.events().pop() else { panic!("not registered") };
    let mut restarted = Desk::new(udp());
    restarted.command(Command::RestoreBinding(Box::new(binding.clone())));
    assert!(restarted.events.is_empty());
    assert_eq!(restarted.endpoint.counts().bindings, 1);
    restarted.command(Command::Accounts(vec![account("8002")]));
    assert!(matches!(restarted.events().as_slice(), [Event::Unregistered { .. }]));
    assert_eq!(restarted.endpoint.counts(), sip::Counts::default());

    let mut stream = Desk::new(tcp());
    stream.command(Command::RestoreBinding(Box::new(sip::Binding { flow: tcp(), ..binding })));
    stream.give(Input::FlowClosed { flow: sip::Flow { connection: 0, ..tcp() } });
    assert!(matches!(stream.events().as_slice(), [Event::Unregistered { .. }]));
}

#[test]
fn a_phone_on_a_dead_connection_is_called_at_its_contact_after_a_restart_if_that_is_the_same_host() {
    let mut phone = Desk::new(udp());
    registered(&mut phone, "a", 1, "");
    let Some(Event::Registered { binding, .. }) = phone.events().pop() else { panic!("not registered") };
    let called_from = |port| sip::Flow { remote: (tcp().remote.ip(), port).into(), ..tcp() };
    for (contact, port) in [
        ("sip:8001@192.0.2.7:5070;transport=tcp", 5070),
        ("sip:8001@192.0.2.7;transport=tcp", 5060),
        ("sip:8001@10.9.9.9:5070;transport=tcp", 49_152),
        ("sip:8001@phone.example:5070;transport=tcp", 49_152),
    ] {
        let flow = called_from(49_152);
        // The desk asserts where everything goes.
        let mut desk = Desk::new(called_from(port));
        desk.command(Command::RestoreBinding(Box::new(sip::Binding {
            flow,
            contact: contact.into(),
            ..binding.clone()
        })));
        let Command::Invite(invite) = invite_to(1, flow, Some(sdp("v=0\r\n"))) else { unreachable!("an INVITE") };
        desk.command(Command::Invite(Box::new(sip::Invite { target: sip::Target::Account("8001".into()), ..*invite })));
        assert_eq!((desk.sent(), desk.connections.last()), (vec!["INVITE".to_owned()], Some(&0)), "{contact}");
    }
}

/// Side 0 is a phone, side 1 the exchange.
fn phone(pair: &mut Pair, password: &str, expires_s: u32) {
    pair.command(0, Command::Credentials(ClientCredentials { name: "8001".into(), password: password.into() }));
    let registration =
        Registration { flow: pair.flow(0), account: "8001".into(), domain: "10.0.0.2".into(), expires_s };
    pair.command(0, Command::Register(Box::new(registration)));
}

#[test]
fn our_own_phone_registers_refreshes_is_called_and_leaves() {
    let mut pair = Pair::new(3, Transport::Udp, Weather { lost: 30, repeated: 30, delay_ms_max: 80 });
    phone(&mut pair, "secret-8001", 5);
    let end = Duration::from_secs(100);
    while pair.step(end) {}
    let granted = pair.events[0].iter().filter(|event| matches!(event, Event::RegistrationGranted { .. })).count();
    assert!(granted > 10, "the 423 is heeded and each half of 10 s refreshed: {granted}");
    assert!(!pair.events[1].iter().any(|event| matches!(event, Event::Unregistered { .. })));
    let Command::Invite(mut invite) = invite_to(1, pair.flow(1), Some(sdp("v=0\r\n"))) else { unreachable!() };
    invite.target = Target::Account("8001".into());
    pair.command(1, Command::Invite(invite));
    while pair.step(end + Duration::from_secs(5)) {}
    assert!(pair.events[0].iter().any(|event| matches!(event, Event::Invited(_))));
    phone(&mut pair, "secret-8001", 0);
    while pair.step(end + Duration::from_secs(40)) {}
    assert!(pair.events[1].iter().any(|event| matches!(event, Event::Unregistered { expired: false, .. })));
}

#[test]
fn our_own_phone_with_a_wrong_password_is_refused_once() {
    let mut pair = Pair::new(3, Transport::Udp, Weather { lost: 0, repeated: 0, delay_ms_max: 5 });
    phone(&mut pair, "wrong", 300);
    while pair.step(Duration::from_secs(200)) {}
    assert!(matches!(pair.events[0].as_slice(), [Event::RegistrationRefused { status: 401, .. }]));
    assert_eq!(pair.endpoints.map(|endpoint| endpoint.counts()), [sip::Counts::default(); 2]);
}

#[test]
fn our_own_phone_answers_the_challenge_of_its_invite_and_no_other() {
    for (known, asked_again) in [(true, true), (false, false)] {
        let mut pair = Pair::new(3, Transport::Udp, Weather { lost: 0, repeated: 0, delay_ms_max: 5 });
        let name = if known { "8001" } else { "8002" };
        pair.command(0, Command::Credentials(ClientCredentials { name: name.into(), password: "secret-8001".into() }));
        let flow = pair.flow(0);
        pair.command(0, invite_to(1, flow, Some(sdp("v=0\r\n"))));
        while pair.step(Duration::from_millis(100)) {}
        let Some(Event::Invited(invited)) = pair.events[1].pop() else { panic!("not invited") };
        pair.command(1, Command::Challenge { dialog: invited.dialog });
        while pair.step(Duration::from_millis(300)) {}
        let again = pair.events[1].iter().find_map(|event| match event {
            Event::Invited(invited) => Some(invited.clone()),
            _ => None,
        });
        assert_eq!(again.is_some(), asked_again, "only the caller's own password is used");
        match again {
            Some(again) => assert_eq!(again.identity, sip::Identity::Account("8001".into())),
            None => assert!(matches!(
                pair.events[0].as_slice(),
                [Event::Inviting { .. }, Event::Refused { status: 401, .. }, Event::Ended { dialog: DialogId(1), .. }]
            )),
        }
    }
}
