//! Messages to bytes. Whatever is given as a value cannot end its header line.

use crate::Body;
use bytes::Bytes;
use std::{fmt::Arguments, io::Write};

/// A message being written.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins a request.
    pub fn request(method: &[u8], uri: &str) -> Self {
        // A usual message with SDP has 700 to 1,100 bytes; it then is allocated once.
        let mut writer = Self { bytes: Vec::with_capacity(1200) };
        writer.bytes.extend_from_slice(method);
        writer.bytes.push(b' ');
        writer.append(uri.as_bytes());
        writer.bytes.extend_from_slice(b" SIP/2.0\r\n");
        writer
    }

    /// Begins a response.
    pub fn response(status: u16, reason: &str) -> Self {
        let mut writer = Self { bytes: Vec::with_capacity(1200) };
        let _ = write!(writer.bytes, "SIP/2.0 {status} ");
        writer.append(reason.as_bytes());
        writer.bytes.extend_from_slice(b"\r\n");
        writer
    }

    /// Adds a header line.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.append(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        self.append(value.as_ref());
        self.bytes.extend_from_slice(b"\r\n");
        self
    }

    /// Adds a header line whose value is put together; for values that cannot hold a line end.
    pub fn put(mut self, name: &str, value: Arguments<'_>) -> Self {
        let _ = write!(self.bytes, "{name}: {value}\r\n");
        self
    }

    /// Adds whole header lines as they are.
    pub(crate) fn lines(mut self, lines: &[u8]) -> Self {
        self.bytes.extend_from_slice(lines);
        self
    }

    /// Adds Content-Type and Content-Length and the body, and gives the message.
    pub fn finish(mut self, body: Option<&Body>) -> Bytes {
        if let Some(body) = body {
            self = self.header("Content-Type", body.content_type.as_bytes());
        }
        let body = body.map_or(&[][..], |body| &body.bytes);
        let _ = write!(self.bytes, "Content-Length: {}\r\n\r\n", body.len());
        self.bytes.extend_from_slice(body);
        // Answers and ACKs are kept for 32 s each; without their spare room a busy node holds half as much.
        self.bytes.into_boxed_slice().into()
    }

    /// A line end or NUL inside a value would let whoever chose the value write headers of his own.
    fn append(&mut self, value: &[u8]) {
        self.bytes.extend(value.iter().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { *byte }));
    }
}

/// Text that cannot end its header line.
pub(crate) fn sanitized(value: &str) -> String {
    value.replace(['\r', '\n', '\0'], " ")
}

/// A display name as a quoted string.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", sanitized(value).replace('\\', "\\\\").replace('"', "\\\""))
}

/// The usual phrase of a status (RFC 3261 section 21).
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        603 => "Decline",
        _ => class_phrase(status),
    }
}

/// What a status means whose phrase nobody needs to know.
fn class_phrase(status: u16) -> &'static str {
    match status / 100 {
        1 => "Progress",
        2 => "Success",
        3 => "Redirect",
        4 => "Request Failure",
        5 => "Server Failure",
        _ => "Global Failure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_write_a_header_of_its_own() {
        let bytes = Writer::request(b"INVITE", "sip:a@b\r\nEvil: 1").header("Subject", "x\r\nEvil: 2").finish(None);
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        assert!(!text.contains("\r\nEvil"), "{text}");
        assert_eq!(quoted("a\"b\\\n"), "\"a\\\"b\\\\ \"");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let body = Body { content_type: "application/sdp".into(), bytes: Bytes::from_static(b"v=0\r\n") };
        let bytes = Writer::response(486, "Busy Here").header("Call-ID", "1").finish(Some(&body));
        let message = super::super::parse(&bytes, super::super::Framing::Stream).expect("SIP");
        assert_eq!(message.fault, None);
        assert_eq!(message.body, body.bytes);
        assert_eq!(message.start, super::super::StartLine::Response { status: 486, reason: "Busy Here".into() });
    }
}
