//! Session descriptions as phones send them, and as nobody should.

#![allow(clippy::unwrap_used, reason = "helpers of a test are tests")]

use media::{
    Codec::{self, Pcma, Pcmu},
    Direction,
    sdp::{self, Agreement, DescriptionError, Local, Refusal},
};
use proptest::prelude::*;

const BOTH: [Codec; 2] = [Pcma, Pcmu];

fn local() -> Local {
    Local { address: "198.51.100.1:16384".parse().unwrap(), session: 7, version: 2 }
}

fn description(lines: &str) -> String {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n";
    format!("{head}{}\r\n", lines.replace('\n', "\r\n"))
}

fn answer(offer: &str) -> Result<(String, Agreement), Refusal> {
    let (text, agreement) = sdp::answer(local(), &sdp::parse(offer.as_bytes()).unwrap(), &BOTH)?;
    Ok((String::from_utf8(text.to_vec()).unwrap(), agreement))
}

#[test]
fn a_common_offer_is_answered_with_our_preference_and_their_event_number() {
    let offer = description(
        "m=audio 4000 RTP/AVP 0 8 96\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:96 telephone-event/8000\na=fmtp:96 0-16\na=ptime:20",
    );
    let (text, agreement) = answer(&offer).unwrap();
    assert_eq!(agreement.codec, Pcma);
    assert_eq!((agreement.payload_type, agreement.event_payload_type), (8, Some(96)));
    assert_eq!(agreement.remote, Some("192.0.2.5:4000".parse().unwrap()));
    assert_eq!(agreement.direction, Direction::SendReceive);
    for line in
        ["o=- 7 2 IN IP4 198.51.100.1", "m=audio 16384 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000", "a=sendrecv"]
    {
        assert!(text.contains(&format!("{line}\r\n")), "{line} is missing in\n{text}");
    }
}

#[test]
fn what_is_offered_twice_is_accepted_once() {
    let theirs = description("m=audio 4000 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000");
    let agreement = sdp::accept(&sdp::parse(theirs.as_bytes()).unwrap(), &[Pcmu, Pcma]).unwrap();
    assert_eq!((agreement.codec, agreement.event_payload_type), (Pcma, Some(101)));
    let ours = sdp::offer(local(), &[Pcmu, Pcma]);
    let agreement = sdp::accept(&sdp::parse(&ours).unwrap(), &[Pcmu, Pcma]).unwrap();
    assert_eq!(
        (agreement.codec, agreement.event_payload_type, agreement.direction),
        (Pcmu, Some(101), Direction::SendReceive)
    );
}

#[test]
fn an_answer_in_a_codec_that_was_not_offered_is_refused() {
    let theirs = description("m=audio 4000 RTP/AVP 8");
    assert_eq!(sdp::accept(&sdp::parse(theirs.as_bytes()).unwrap(), &[Pcmu]), Err(Refusal::NoCommonCodec));
    let refused = description("m=audio 0 RTP/AVP 0");
    assert_eq!(sdp::accept(&sdp::parse(refused.as_bytes()).unwrap(), &[Pcmu]), Err(Refusal::NoAudio));
}

#[test]
fn the_usable_line_among_several_is_chosen_and_the_others_refused_in_place() {
    let offer = description(
        "m=video 5000 RTP/AVP 34\nm=audio 4100 RTP/SAVP 0\nm=audio 4200 RTP/AVP 9\nm=audio 4300 RTP/AVP 0\nc=IN IP4 192.0.2.9\nm=application 9 UDP/BFCP *",
    );
    let (text, agreement) = answer(&offer).unwrap();
    assert_eq!(agreement.remote, Some("192.0.2.9:4300".parse().unwrap()));
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 34",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 0 RTP/AVP 9",
            "m=audio 16384 RTP/AVP 0",
            "m=application 0 UDP/BFCP *"
        ]
    );
}

#[test]
fn refusals_name_their_reason() {
    for (lines, refusal) in [
        ("m=audio 4000 RTP/AVP 9 18", Refusal::NoCommonCodec),
        ("m=audio 0 RTP/AVP 0", Refusal::NoAudio),
        ("m=video 4000 RTP/AVP 0", Refusal::NoAudio),
        ("m=audio 4000 RTP/SAVP 0", Refusal::NoAudio),
        ("a=sendrecv", Refusal::NoAudio),
        ("m=audio 4000 RTP/AVP 0\na=rtpmap:0 G722/8000", Refusal::NoCommonCodec),
    ] {
        assert_eq!(answer(&description(lines)), Err(refusal), "{lines}");
    }
    let homeless = "v=0\no=- 1 1 IN IP4 0\ns=-\nt=0 0\nm=audio 4000 RTP/AVP 0\n";
    assert_eq!(answer(homeless), Err(Refusal::NoAddress));
}

#[test]
fn hold_is_understood_in_all_its_spellings() {
    let audio = "m=audio 4000 RTP/AVP 0";
    for (lines, direction, reachable) in [
        (format!("{audio}\na=sendonly"), Direction::ReceiveOnly, true),
        (format!("{audio}\na=inactive"), Direction::Inactive, true),
        (format!("{audio}\na=recvonly"), Direction::SendOnly, true),
        (format!("a=sendonly\n{audio}"), Direction::ReceiveOnly, true),
        (format!("a=sendonly\n{audio}\na=sendrecv"), Direction::SendReceive, true),
        (format!("{audio}\nc=IN IP4 0.0.0.0"), Direction::ReceiveOnly, false),
        (format!("{audio}\nc=IN IP4 0.0.0.0\na=recvonly"), Direction::Inactive, false),
    ] {
        let (text, agreement) = answer(&description(&lines)).unwrap();
        assert_eq!((agreement.direction, agreement.remote.is_some()), (direction, reachable), "{lines}");
        let word = match direction {
            Direction::SendReceive => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::ReceiveOnly => "recvonly",
            Direction::Inactive => "inactive",
        };
        assert!(text.contains(&format!("a={word}\r\n")), "{text}");
    }
}

#[test]
fn ipv6_dynamic_numbers_bare_line_feeds_and_foreign_bytes_are_taken() {
    let mut offer = b"v=0\no=- 1 1 IN IP6 2001:db8::5\ns=\xC4\xE3\xBA\xC3\nc=IN IP6 2001:db8::5\nt=0 0\n".to_vec();
    offer.extend(b"m=audio 4000/2 RTP/AVP 97 98\na=rtpmap:97 telephone-event/8000\na=rtpmap:98 pcmu/8000/1\n");
    let offer = sdp::parse(&offer).unwrap();
    let local = Local { address: "[2001:db8::1]:20000".parse().unwrap(), ..local() };
    let (text, agreement) = sdp::answer(local, &offer, &BOTH).unwrap();
    assert_eq!((agreement.codec, agreement.payload_type, agreement.event_payload_type), (Pcmu, 98, Some(97)));
    assert_eq!(agreement.remote, Some("[2001:db8::5]:4000".parse().unwrap()));
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains("c=IN IP6 2001:db8::1\r\n") && text.contains("a=rtpmap:98 PCMU/8000\r\n"), "{text}");
}

#[test]
fn malformed_descriptions_are_refused() {
    let long = description(&"a=x\n".repeat(3_000));
    let crowded = description(&"m=audio 1 RTP/AVP 0\n".repeat(40));
    let many = description(&format!("m=audio 1 RTP/AVP{}", " 1".repeat(200)));
    for (text, error) in [
        ("", DescriptionError::NotADescription),
        ("hello", DescriptionError::NotADescription),
        ("m=audio 1 RTP/AVP 0\r\n", DescriptionError::NotADescription),
        ("v=1\r\n", DescriptionError::NotADescription),
        ("v=0\r\nnonsense\r\n", DescriptionError::NotADescription),
        ("v=0\r\nm=audio 99999 RTP/AVP 0\r\n", DescriptionError::BadMedia),
        ("v=0\r\nm=audio\r\n", DescriptionError::BadMedia),
        ("v=0\r\nm=audio 1 RTP/AVP\r\n", DescriptionError::BadMedia),
        ("v=0\r\nm=audio 1 RTP/AVP 0\u{7}\r\n", DescriptionError::BadMedia),
        ("v=0\r\nc=IN IP4 phone.example\r\n", DescriptionError::BadConnection),
        ("v=0\r\nc=IN IP4 ::1\r\n", DescriptionError::BadConnection),
        ("v=0\r\nc=IN IP4 224.2.1.1/127\r\n", DescriptionError::BadConnection),
        (&long, DescriptionError::TooLarge),
        (&crowded, DescriptionError::TooLarge),
        (&many, DescriptionError::TooLarge),
        (&"v=0\n".repeat(20_000), DescriptionError::TooLarge),
    ] {
        assert_eq!(sdp::parse(text.as_bytes()), Err(error), "{}", &text[..text.len().min(80)]);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = sdp::parse(&bytes);
    }

    #[test]
    fn any_lines_are_answered_line_by_line_or_refused(
        lines in proptest::collection::vec("(m=(audio|video) [0-9]{1,5} RTP/AVP( [0-9]{1,3}){1,4}|c=IN IP4 1\\.2\\.3\\.4|a=(sendonly|rtpmap:[0-9]{1,3} (PCMA|telephone-event)/8000|ptime:.{0,3})|.{0,12})", 0..30),
    ) {
        let text = description(&lines.join("\n"));
        let Ok(offer) = sdp::parse(text.as_bytes()) else { return Ok(()) };
        let Ok((answer, _)) = sdp::answer(local(), &offer, &BOTH) else { return Ok(()) };
        let answer = sdp::parse(&answer).expect("our own answer can be read");
        prop_assert_eq!(answer.media.len(), offer.media.len());
        prop_assert_eq!(answer.media.iter().filter(|media| media.port != 0).count(), 1);
    }
}
