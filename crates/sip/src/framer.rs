//! Cuts a TCP byte stream into messages by Content-Length (RFC 3261 section 18.3). Owns the bytes of one connection that
//! are not yet a message, and never holds more than one message with its headers; knows nothing of what they mean.

use crate::{
    Error,
    message::{self, MESSAGE_BYTES_MAX},
};
use bytes::{Buf, Bytes, BytesMut};

/// What was cut from a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// One message, for [`crate::Input::Received`].
    Message(Bytes),
    /// A keep-alive of two line ends, to be answered with one (RFC 5626 section 4.4.1).
    Ping,
}

/// The framer of one connection. After an error the connection is of no use and must be closed.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    /// Bytes already searched for the end of the headers, so that a slow sender does not cost a search per byte.
    searched: usize,
    lost: bool,
}

impl Framer {
    /// For a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next message; none if more bytes are needed.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Binary`] and [`Error::FramingLost`]: close the connection. A message whose
    /// Content-Length cannot be used is still given, without its body, so that it gets its 400; the error comes after it.
    pub fn take(&mut self) -> Result<Option<Framed>, Error> {
        if self.lost {
            return Err(Error::FramingLost);
        }
        if self.take_line_ends() {
            return Ok(Some(Framed::Ping));
        }
        match self.buffer.first() {
            None | Some(b'\r') => return Ok(None),
            // A request or status line begins with a letter or another byte of a token.
            Some(byte) if !byte.is_ascii_graphic() => return Err(Error::Binary),
            Some(_) => {}
        }
        let Some(head) = self.head_length() else {
            return if self.buffer.len() > MESSAGE_BYTES_MAX { Err(Error::TooLong) } else { Ok(None) };
        };
        match body_length(&self.buffer[..head]) {
            None => {
                self.lost = true;
                Ok(Some(self.cut(head)))
            }
            Some(body) if body > MESSAGE_BYTES_MAX || head + body > MESSAGE_BYTES_MAX => Err(Error::TooLong),
            Some(body) if self.buffer.len() < head + body => Ok(None),
            Some(body) => Ok(Some(self.cut(head + body))),
        }
    }

    /// Drops line ends in front of a message; true for a ping.
    fn take_line_ends(&mut self) -> bool {
        loop {
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.advance(4);
                return true;
            }
            match &self.buffer[..] {
                [b'\r', b'\n', next, ..] if *next != b'\r' => self.buffer.advance(2),
                [b'\n', ..] => self.buffer.advance(1),
                _ => return false,
            }
        }
    }

    /// The length of start line and headers with the empty line, if all of it is here.
    fn head_length(&mut self) -> Option<usize> {
        let mut at = self.searched;
        while let Some(line_end) = memchr::memchr(b'\n', &self.buffer[at..]).map(|found| at + found + 1) {
            match &self.buffer[line_end..] {
                [b'\n', ..] => return Some(line_end + 1),
                [b'\r', b'\n', ..] => return Some(line_end + 2),
                [] | [b'\r'] => return None,
                _ => at = line_end,
            }
            self.searched = at;
        }
        None
    }

    fn cut(&mut self, length: usize) -> Framed {
        self.searched = 0;
        Framed::Message(self.buffer.split_to(length).freeze())
    }
}

/// Content-Length of a head; 0 if there is none, none if it cannot be used.
fn body_length(head: &[u8]) -> Option<usize> {
    let mut length = None;
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else { continue };
        let name = line[..colon].trim_ascii_end();
        if name.eq_ignore_ascii_case(b"Content-Length") || name.eq_ignore_ascii_case(b"l") {
            let value = message::content_length(line[colon + 1..].trim_ascii())?;
            if length.is_some_and(|known| known != value) {
                return None;
            }
            length = Some(value);
        }
    }
    Some(length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &[u8] = b"INFO sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc";

    fn message(bytes: &'static [u8]) -> Result<Option<Framed>, Error> {
        Ok(Some(Framed::Message(Bytes::from_static(bytes))))
    }

    #[test]
    fn messages_are_cut_wherever_the_stream_was_split() {
        let stream = [INFO, b"\r\n\r\n", INFO, b"\r\n", INFO].concat();
        for split in 1..stream.len() {
            let mut framer = Framer::new();
            let mut cut = Vec::new();
            for part in [&stream[..split], &stream[split..]] {
                framer.push(part);
                while let Some(framed) = framer.take().expect("good") {
                    cut.push(framed);
                }
            }
            let info = Framed::Message(Bytes::from_static(INFO));
            assert_eq!(cut, [info.clone(), Framed::Ping, info.clone(), info], "split at {split}");
        }
    }

    #[test]
    fn a_lying_or_missing_length_and_other_protocols() {
        let mut framer = Framer::new();
        framer.push(b"INFO sip:a SIP/2.0\r\nl: -1\r\n\r\nabc");
        assert_eq!(framer.take(), message(b"INFO sip:a SIP/2.0\r\nl: -1\r\n\r\n"));
        assert_eq!(framer.take(), Err(Error::FramingLost));

        let mut framer = Framer::new();
        framer.push(b"INFO sip:a SIP/2.0\n\nBYE");
        assert_eq!(framer.take(), message(b"INFO sip:a SIP/2.0\n\n"));
        assert_eq!(framer.take(), Ok(None));

        let mut framer = Framer::new();
        framer.push(b"\x16\x03\x01\x02\x00");
        assert_eq!(framer.take(), Err(Error::Binary));
    }

    #[test]
    fn nothing_grows_beyond_its_limit() {
        let mut endless = Framer::new();
        endless.push(&vec![b'a'; MESSAGE_BYTES_MAX + 1]);
        assert_eq!(endless.take(), Err(Error::TooLong));
        let mut promised = Framer::new();
        promised.push(b"INFO sip:a SIP/2.0\r\nl: 99999\r\n\r\n");
        assert_eq!(promised.take(), Err(Error::TooLong));
        let mut overflowing = Framer::new();
        overflowing.push(b"INFO sip:a SIP/2.0\r\nl: 18446744073709551615\r\n\r\n");
        assert_eq!(overflowing.take(), Err(Error::TooLong));
    }
}
