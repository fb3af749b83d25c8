//! What a response repeats of its request (RFC 3261 section 8.2.6.2), kept so that the request itself can go.

use crate::{
    Flow,
    message::{HeaderName, Message, Via, Writer, parameter},
};
use bytes::Bytes;
use std::io::Write;

/// The headers of every response to one request.
#[derive(Clone, Debug)]
pub(crate) struct ReplyHead {
    /// Via, From, Call-ID and CSeq lines.
    echoed: Bytes,
    /// Record-Route lines, for responses that make a dialog.
    routes: Bytes,
    to: Bytes,
    to_tagged: bool,
}

impl ReplyHead {
    /// Copies what is needed. The topmost Via tells the sender how we saw him: `received` always, the port if he asked
    /// for it with `rport` (RFC 3581 section 4). The answer itself goes down the arriving flow either way (H6).
    pub(crate) fn new(request: &Message, flow: &Flow) -> Self {
        let mut echoed = Vec::with_capacity(512);
        let mut top = true;
        for via in request.all(&HeaderName::Via) {
            echoed.extend_from_slice(b"Via: ");
            if std::mem::take(&mut top) {
                write_seen(&mut echoed, via, flow)
            } else {
                echoed.extend_from_slice(via)
            }
            echoed.extend_from_slice(b"\r\n");
        }
        for name in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
            if let Some(value) = request.first(&name) {
                write_line(&mut echoed, &name, value);
            }
        }
        let mut routes = Vec::new();
        for value in request.all(&HeaderName::RecordRoute) {
            write_line(&mut routes, &HeaderName::RecordRoute, value);
        }
        let to = request.first(&HeaderName::To).map(|to| Bytes::copy_from_slice(to)).unwrap_or_default();
        let to_tagged = request.to().is_some_and(|to| to.tag().is_some());
        Self { echoed: echoed.into(), routes: routes.into(), to, to_tagged }
    }

    /// Begins a response; `tag` is added to To unless the request had one.
    pub(crate) fn response(&self, status: u16, reason: &str, tag: Option<&str>) -> Writer {
        let writer = Writer::response(status, reason).lines(&self.echoed);
        match tag {
            _ if self.to.is_empty() => writer,
            Some(tag) if !self.to_tagged => writer.header("To", [&self.to[..], b";tag=", tag.as_bytes()].concat()),
            _ => writer.header("To", &self.to),
        }
    }

    /// The Record-Route lines (RFC 3261 section 12.1.1).
    pub(crate) fn routes(&self) -> &[u8] {
        &self.routes
    }
}

fn write_line(lines: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    lines.extend_from_slice(name.name());
    lines.extend_from_slice(b": ");
    lines.extend_from_slice(value);
    lines.extend_from_slice(b"\r\n");
}

/// The first element of the topmost Via line with the sender's address as it was seen, and the rest as it came.
fn write_seen(line: &mut Vec<u8>, value: &[u8], flow: &Flow) {
    let element = crate::message::list(value).next().unwrap_or_default();
    // Values are trimmed, so the first element begins where the value does.
    let rest = &value[element.len()..];
    let Some(via) = Via::parse(element) else { return line.extend_from_slice(value) };
    let wants_port = parameter(via.parameters, "rport").is_some();
    let before_parameters = element.len() - via.parameters.len();
    let head = element[..before_parameters].trim_ascii_end();
    line.extend_from_slice(head.strip_suffix(b";").unwrap_or(head).trim_ascii_end());
    for part in via.parameters.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
        let (name, _) = crate::message::pair(part);
        if !part.is_empty() && !name.eq_ignore_ascii_case(b"rport") && !name.eq_ignore_ascii_case(b"received") {
            line.push(b';');
            line.extend_from_slice(part);
        }
    }
    let _ = write!(line, ";received={}", flow.remote.ip());
    if wants_port {
        let _ = write!(line, ";rport={}", flow.remote.port());
    }
    line.extend_from_slice(rest);
}
