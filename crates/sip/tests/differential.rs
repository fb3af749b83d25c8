//! Our parser beside rsipstack's, on messages that both must understand: the legal ones of RFC 4475, and generated ones.
//!
//! Left out is what rsipstack is known to get wrong: a datagram without Content-Length, bytes that are not UTF-8, brackets
//! inside a quoted display name, methods it does not know.

use bytes::Bytes;
use proptest::prelude::*;
use rsipstack::sip as other;
use rsipstack::sip::prelude::*;
use sip::message::{Framing, HeaderName, Message, StartLine, Uri, parameter, parse};
use sipx_testkit::rfc4475::CASES;

/// What a stack needs of a message before it does anything else.
#[derive(Debug, PartialEq, Eq)]
struct Gist {
    start: String,
    via_host: String,
    branch: Option<String>,
    from_tag: Option<String>,
    from_user: Option<String>,
    to_tag: Option<String>,
    call_id: String,
    cseq: (u32, String),
    headers: usize,
    body: Vec<u8>,
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ours(message: &Message) -> Gist {
    assert_eq!(message.fault, None);
    let via = message.top_via().expect("Via");
    let from = message.from().expect("From");
    let user = Uri::parse(from.uri).expect("URI").user;
    let cseq = message.cseq().expect("CSeq");
    Gist {
        start: match &message.start {
            StartLine::Request { method, .. } => lossy(method.name()),
            StartLine::Response { status, .. } => status.to_string(),
        },
        via_host: lossy(via.host).to_lowercase(),
        branch: parameter(via.parameters, "branch").map(lossy),
        from_tag: from.tag().map(lossy),
        from_user: (!user.is_empty()).then(|| lossy(user)),
        to_tag: message.to().expect("To").tag().map(lossy),
        call_id: lossy(message.first(&HeaderName::CallId).expect("Call-ID")),
        cseq: (cseq.number, lossy(cseq.method)),
        headers: message.headers.len(),
        body: message.body.to_vec(),
    }
}

fn theirs(bytes: &[u8]) -> Option<Gist> {
    let message = other::SipMessage::try_from(bytes).ok()?;
    let (start, body, count) = match &message {
        other::SipMessage::Request(request) => {
            (request.method.to_string(), request.body.clone(), request.headers.iter().count())
        }
        other::SipMessage::Response(response) => {
            (response.status_code.code().to_string(), response.body.clone(), response.headers.iter().count())
        }
    };
    let via = message.top_via_header().ok()?.typed().ok()?;
    let from = message.from_header().ok()?.typed().ok()?;
    let to = message.to_header().ok()?.typed().ok()?;
    let cseq = message.cseq_header().ok()?.typed().ok()?;
    Some(Gist {
        start,
        via_host: via.uri.host().to_string().to_lowercase(),
        branch: via.branch().map(|branch| branch.value().to_owned()),
        from_tag: from.tag().map(|tag| tag.value().to_owned()),
        from_user: from.uri.user().map(str::to_owned),
        to_tag: to.tag().map(|tag| tag.value().to_owned()),
        call_id: message.call_id_header().ok()?.value().to_owned(),
        cseq: (cseq.seq, cseq.method.to_string()),
        headers: count,
        body,
    })
}

#[test]
fn both_read_the_legal_torture_messages_alike() {
    let known = [
        ("wsinv", "white space around a parameter's name hides it"),
        ("intmeth", "a method it does not know"),
        ("esc02", "the same"),
        ("inv2543", "without Content-Length the body is lost"),
    ];
    let legal = CASES.iter().filter(|case| case.section.starts_with("3.1.1.") || case.section.starts_with("3.4"));
    let mut compared = 0;
    let mut strange = Vec::new();
    for case in legal {
        let message = parse(&Bytes::from_static(case.bytes), Framing::Datagram).expect(case.name);
        let mine = ours(&message);
        match theirs(case.bytes) {
            Some(read) if read == mine => compared += 1,
            read if known.iter().any(|(name, _)| *name == case.name) => drop(read),
            read => strange.push((case.name, mine, read)),
        }
    }
    assert!(strange.is_empty(), "{strange:#?}");
    assert_eq!(compared, 10, "the others were alike");
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.!%*_+`'~-]{1,20}"
}

prop_compose! {
    fn any_message()(
        method in "(INVITE|ACK|BYE|CANCEL|OPTIONS|REGISTER|INFO|UPDATE)",
        status in proptest::option::of(100_u16..700),
        user in "[a-z0-9+]{1,12}",
        display in "(|\"[ a-zA-Z,;@]{0,12}\" |[a-zA-Z]{1,8} )",
        host in "([a-z]{1,8}\\.example\\.com|192\\.0\\.2\\.[1-9]|\\[2001:db8::[1-9]\\])",
        port in "(|:5060|:65535)",
        (branch, tag, call_id) in (token(), token(), "[a-zA-Z0-9-]{1,20}@?[a-z0-9]{1,9}"),
        to_tag in proptest::option::of(token()),
        cseq in 0_u32..(1 << 31),
        compact: bool,
        folded: bool,
        extra in proptest::collection::vec("X-[A-Za-z]{1,8}: [ -~]{0,40}", 0..6),
        body in "[ -~\r\n]{0,200}",
    ) -> String {
        let name = |long: &'static str, short: &'static str| if compact { short } else { long };
        let fold = if folded { "\r\n  " } else { "" };
        let start = match status {
            Some(status) => format!("SIP/2.0 {status} Some reason"),
            None => format!("{method} sip:{user}@{host}{port} SIP/2.0"),
        };
        let to_tag = to_tag.map_or(String::new(), |tag| format!(";tag={tag}"));
        let extra: String = extra.iter().map(|line| format!("{}\r\n", line.trim_end())).collect();
        format!(
            "{start}\r\n{}: SIP/2.0/UDP {host}{port};rport{fold};branch=z9hG4bK{branch}\r\n\
             {}: {display}<sip:{user}@{host}{port};transport=udp>;{fold}tag={tag}\r\n{}: <sip:{host}>{to_tag}\r\n\
             {}: {call_id}\r\nCSeq: {cseq} {method}\r\n{extra}{}: {}\r\n\r\n{body}",
            name("Via", "v"), name("From", "f"), name("To", "t"), name("Call-ID", "i"), name("Content-Length", "l"), body.len(),
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_read_any_valid_message_alike(text in any_message()) {
        let bytes = Bytes::from(text.clone().into_bytes());
        let mine = ours(&parse(&bytes, Framing::Datagram).expect("valid"));
        let read = theirs(&bytes).expect("valid for rsipstack too");
        prop_assert_eq!(mine, read, "{}", text);
    }

    #[test]
    fn a_stream_of_valid_messages_is_cut_where_they_end(texts in proptest::collection::vec(any_message(), 1..5), cut in 1_usize..40) {
        let stream = texts.concat();
        let mut framer = sip::Framer::new();
        let mut messages = Vec::new();
        for part in stream.as_bytes().chunks(cut) {
            framer.push(part);
            while let Some(framed) = framer.take().expect("valid") {
                if let sip::Framed::Message(bytes) = framed {
                    messages.push(String::from_utf8(bytes.to_vec()).expect("text"));
                }
            }
        }
        prop_assert_eq!(messages, texts);
    }
}
