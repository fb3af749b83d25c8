//! Stand-in for `sip::Framer` until it lands.
use bytes::{Buf, Bytes, BytesMut};

#[derive(Debug)]
pub(super) struct FrameError;
pub(super) struct Framer {
    held: BytesMut,
}
impl Framer {
    pub(super) fn new() -> Self {
        Self { held: BytesMut::new() }
    }
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes)
    }
    pub(super) fn within_message(&self) -> bool {
        !self.held.is_empty()
    }
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        while self.held.starts_with(b"\r\n") {
            self.held.advance(2);
        }
        let Some(head) = self.held.windows(4).position(|w| w == b"\r\n\r\n") else {
            return if self.held.len() > 65_536 { Err(FrameError) } else { Ok(None) };
        };
        let text = String::from_utf8_lossy(&self.held[..head]).to_ascii_lowercase();
        let length: usize = text
            .split("\r\n")
            .find_map(|l| {
                l.strip_prefix("content-length:").or(l.strip_prefix("l:")).and_then(|v| v.trim().parse().ok())
            })
            .ok_or(FrameError)?;
        if head + 4 + length > 65_536 {
            return Err(FrameError);
        }
        if self.held.len() < head + 4 + length {
            return Ok(None);
        }
        Ok(Some(self.held.split_to(head + 4 + length).freeze()))
    }
}
