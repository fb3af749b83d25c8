//! Bytes to [`Message`]. Tolerant where equipment errs harmlessly (bare LF, folding, compact names, leading line ends,
//! garbage behind a datagram), and exact about what is wrong otherwise. Never copies except to unfold.

use super::{Fault, HEADERS_MAX, Header, HeaderName, MESSAGE_BYTES_MAX, Message, Method, StartLine};
use crate::Error;
use bytes::Bytes;

/// Where the end of the body comes from when Content-Length does not say (RFC 3261 section 18.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A datagram or WebSocket message: the body runs to its end.
    Datagram,
    /// A stream: there is none.
    Stream,
}

/// Reads one message.
///
/// # Errors
/// When the bytes are not SIP at all. A message with an error that can be told to its sender has [`Message::fault`].
pub fn parse(bytes: &Bytes, framing: Framing) -> Result<Message, Error> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).ok_or(Error::KeepAlive)?;
    let mut reader = Reader { bytes, at: start, fault: None };
    let start = reader.start_line()?;
    let headers = reader.headers();
    let body = reader.body(&headers, framing);
    Ok(Message { start, headers, body, fault: reader.fault })
}

/// True for the bytes of a token (RFC 3261 section 25.1).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(byte))
}

struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
    fault: Option<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, reason: &'static str) {
        self.fault.get_or_insert(Fault::bad_request(reason));
    }

    /// The next line without its end, and whether it had one.
    fn line(&mut self) -> (usize, usize, bool) {
        let start = self.at;
        let Some(length) = memchr::memchr(b'\n', &self.bytes[start..]) else {
            self.at = self.bytes.len();
            return (start, self.at, false);
        };
        self.at = start + length + 1;
        let end = start + length;
        let end = if end > start && self.bytes[end - 1] == b'\r' { end - 1 } else { end };
        (start, end, true)
    }

    fn start_line(&mut self) -> Result<StartLine, Error> {
        let (start, end, _) = self.line();
        let line = self.bytes.slice(start..end);
        if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"SIP/") {
            self.status_line(&line)
        } else {
            self.request_line(&line)
        }
    }

    fn status_line(&mut self, line: &Bytes) -> Result<StartLine, Error> {
        let mut parts = line.splitn(3, |byte| *byte == b' ');
        let version = parts.next().unwrap_or_default();
        let code = parts.next().unwrap_or_default();
        let reason = parts.next().unwrap_or_default();
        let digits = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
        let status = code.iter().fold(0_u16, |value, digit| value.wrapping_mul(10).wrapping_add(u16::from(digit & 15)));
        if !version.eq_ignore_ascii_case(b"SIP/2.0") || !digits || !(100..700).contains(&status) {
            return Err(Error::StartLine);
        }
        Ok(StartLine::Response { status, reason: line.slice_ref(reason) })
    }

    fn request_line(&mut self, line: &Bytes) -> Result<StartLine, Error> {
        let trimmed = line.trim_ascii_end();
        let first = memchr::memchr(b' ', trimmed).ok_or(Error::StartLine)?;
        let last = memchr::memrchr(b' ', trimmed).ok_or(Error::StartLine)?;
        let (method, version) = (&trimmed[..first], &trimmed[last + 1..]);
        if first >= last || !is_token(method) || version.len() < 4 || !version[..4].eq_ignore_ascii_case(b"SIP/") {
            return Err(Error::StartLine);
        }
        let uri = &trimmed[first + 1..last];
        if !version.eq_ignore_ascii_case(b"SIP/2.0") {
            self.fault.get_or_insert(Fault { status: 505, reason: "Version Not Supported" });
        }
        if trimmed.len() != line.len() || uri.is_empty() || uri.iter().any(|byte| b" \t<>\"".contains(byte)) {
            self.fault("Malformed request line");
        }
        Ok(StartLine::Request { method: Method::of(&line.slice_ref(method)), uri: line.slice_ref(uri.trim_ascii()) })
    }

    fn headers(&mut self) -> Vec<Header> {
        // Sixteen lines is what a usual phone sends; growing the table again and again costs more than the rest.
        let mut headers = Vec::with_capacity(16);
        loop {
            let (start, end, ended) = self.line();
            if start == end {
                if !ended {
                    self.fault("No empty line after the headers");
                }
                return headers;
            }
            let end = self.folded_to(end);
            if headers.len() == HEADERS_MAX {
                self.fault.get_or_insert(Fault { status: 513, reason: "Too many headers" });
                continue;
            }
            match self.header(start, end) {
                Some(header) => headers.push(header),
                None => self.fault("Malformed header line"),
            }
        }
    }

    /// Takes the lines that continue this one, and gives the end of the last.
    fn folded_to(&mut self, mut end: usize) -> usize {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t')) {
            end = self.line().1;
        }
        end
    }

    fn header(&self, start: usize, end: usize) -> Option<Header> {
        let line = &self.bytes[start..end];
        let colon = memchr::memchr(b':', line)?;
        let name = line[..colon].trim_ascii_end();
        let value = line[colon + 1..].trim_ascii();
        is_token(name).then(|| Header {
            name: HeaderName::of(&self.bytes.slice_ref(name)),
            value: if memchr::memchr(b'\n', value).is_some() { unfolded(value) } else { self.bytes.slice_ref(value) },
        })
    }

    fn body(&mut self, headers: &[Header], framing: Framing) -> Bytes {
        let rest = self.bytes.slice(self.at..);
        let mut length = None;
        for header in headers.iter().filter(|header| header.name == HeaderName::ContentLength) {
            match content_length(&header.value) {
                Some(value) if length.is_none_or(|known| known == value) => length = Some(value),
                _ => self.fault("Content-Length cannot be used"),
            }
        }
        match length {
            Some(length) if length <= rest.len() => rest.slice(..length),
            Some(_) => {
                self.fault("Content-Length larger than the message");
                rest
            }
            None if framing == Framing::Datagram => rest,
            None => Bytes::new(),
        }
    }
}

/// The number of a Content-Length value; none if it is not one that a message could have.
pub(crate) fn content_length(value: &[u8]) -> Option<usize> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok()?.parse().ok())?
}

/// A folded value on one line: each fold with the white space around it is one space (RFC 3261 section 7.3.1).
fn unfolded(value: &[u8]) -> Bytes {
    let mut flat = Vec::with_capacity(value.len());
    for line in value.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if !flat.is_empty() && !line.is_empty() {
            flat.push(b' ');
        }
        flat.extend_from_slice(line);
    }
    flat.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(text: &str) -> Message {
        parse(&Bytes::copy_from_slice(text.as_bytes()), Framing::Datagram).expect("is SIP")
    }

    #[test]
    fn compact_folded_and_bare_lf_headers_are_read() {
        let message =
            datagram("\r\nOPTIONS sip:a@b SIP/2.0\r\nv : SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\nl:3\r\n\r\nabcdef");
        assert_eq!(message.fault, None);
        assert_eq!(message.first(&HeaderName::Via).map(|v| &v[..]), Some(&b"SIP/2.0/UDP h ;branch=z9hG4bK1"[..]));
        assert_eq!(&message.body[..], b"abc");
    }

    #[test]
    fn without_content_length_a_datagram_is_body_to_its_end_and_a_stream_has_none() {
        let bytes = Bytes::from_static(b"INFO sip:a SIP/2.0\r\nCSeq: 1 INFO\r\n\r\nSignal=1\r\n");
        assert_eq!(&parse(&bytes, Framing::Datagram).expect("SIP").body[..], b"Signal=1\r\n");
        assert_eq!(&parse(&bytes, Framing::Stream).expect("SIP").body[..], b"");
    }

    #[test]
    fn latin_1_in_one_header_loses_no_other() {
        let bytes = Bytes::from_static(b"BYE sip:a SIP/2.0\r\nSubject: M\xfcller\r\nCSeq: 7 BYE\r\n\r\n");
        let message = parse(&bytes, Framing::Datagram).expect("SIP");
        assert_eq!(message.cseq().map(|cseq| cseq.number), Some(7));
        assert_eq!(&*super::super::text(message.first(&HeaderName::Subject).expect("there")), "M\u{fffd}ller");
    }

    #[test]
    fn faults_are_found_and_the_rest_is_still_read() {
        let table = [
            ("INVITE  sip:a  SIP/2.0\r\n\r\n", 400),
            ("INVITE sip:a SIP/2.0 \r\n\r\n", 400),
            ("INVITE <sip:a> SIP/2.0\r\n\r\n", 400),
            ("INVITE sip:a SIP/3.0\r\n\r\n", 505),
            ("INVITE sip:a SIP/2.0\r\nno colon\r\n\r\n", 400),
            ("INVITE sip:a SIP/2.0\r\nl: 0\r\n", 400),
            ("INVITE sip:a SIP/2.0\r\nl: -1\r\n\r\n", 400),
            ("INVITE sip:a SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\nab", 400),
            ("INVITE sip:a SIP/2.0\r\nl: 9\r\n\r\nab", 400),
        ];
        for (text, status) in table {
            assert_eq!(datagram(text).fault.map(|fault| fault.status), Some(status), "{text:?}");
        }
        let many = format!("INVITE sip:a SIP/2.0\r\n{}\r\n", "X: 1\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(datagram(&many).fault.map(|fault| fault.status), Some(513));
    }

    #[test]
    fn what_is_not_sip_is_an_error() {
        let table = [
            ("\r\n\r\n", Error::KeepAlive),
            ("GET / HTTP/1.1\r\n\r\n", Error::StartLine),
            ("SIP/2.0 99 Low\r\n\r\n", Error::StartLine),
            ("SIP/2.0 4294967301 Big\r\n\r\n", Error::StartLine),
            ("\u{0}\u{1}\u{2}", Error::StartLine),
        ];
        for (text, error) in table {
            assert_eq!(parse(&Bytes::copy_from_slice(text.as_bytes()), Framing::Datagram), Err(error), "{text:?}");
        }
        let long = Bytes::from(vec![b'a'; MESSAGE_BYTES_MAX + 1]);
        assert_eq!(parse(&long, Framing::Datagram), Err(Error::TooLong));
    }
}
