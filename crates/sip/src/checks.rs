//! What every request must have before anything is done with it (RFC 3261 sections 8.1.1 and 8.2.2). Owns no state.

use crate::message::{CSeq, Fault, HeaderName, Message, Method, NameAddress, Uri, Via};

/// Finds what makes a request unusable, in the order in which RFC 3261 section 8.2 looks.
pub(crate) fn fault(message: &Message, method: &Method, uri: &[u8]) -> Option<Fault> {
    let bad = |reason| Some(Fault::bad_request(reason));
    if message.fault.is_some() {
        return message.fault;
    }
    for name in [HeaderName::To, HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
        match message.all(&name).count() {
            1 => {}
            0 => return bad("A mandatory header is missing"),
            _ => return bad("A header is there twice"),
        }
    }
    if message.all(&HeaderName::MaxForwards).count() > 1 {
        return bad("A header is there twice");
    }
    let mut vias = message.elements(&HeaderName::Via).peekable();
    if vias.peek().is_none() || vias.any(|via| Via::parse(via).is_none()) {
        return bad("Malformed Via");
    }
    if message.from().and_then(|from| Uri::parse(from.uri)).is_none() {
        return bad("Malformed From");
    }
    if message.to().and_then(|to| Uri::parse(to.uri)).is_none() {
        return bad("Malformed To");
    }
    if message.first(&HeaderName::CallId).is_none_or(|value| value.is_empty()) {
        return bad("Malformed Call-ID");
    }
    match message.first(&HeaderName::CSeq).and_then(|value| CSeq::parse(value)) {
        None => return bad("Malformed CSeq"),
        Some(cseq) if cseq.method != method.name() => return bad("CSeq of another method"),
        Some(_) => {}
    }
    let forwards = message.first(&HeaderName::MaxForwards);
    if forwards.is_some() && message.number(&HeaderName::MaxForwards).is_none_or(|number| number > 255) {
        return bad("Malformed Max-Forwards");
    }
    uri_fault(uri).or_else(|| contact_fault(message))
}

fn uri_fault(uri: &[u8]) -> Option<Fault> {
    match Uri::parse(uri) {
        None => Some(Fault::bad_request("Malformed request URI")),
        // RFC 3261 section 19.1.1: headers may not stand in a request URI.
        Some(uri) if uri.headers.is_some() => Some(Fault::bad_request("Headers in the request URI")),
        Some(_) => None,
    }
}

fn contact_fault(message: &Message) -> Option<Fault> {
    let mut contacts = message.elements(&HeaderName::Contact);
    let good = |contact: &[u8]| {
        contact == b"*" || NameAddress::parse(contact).is_some_and(|contact| Uri::parse(contact.uri).is_some())
    };
    (!contacts.all(good)).then_some(Fault::bad_request("Malformed Contact"))
}
