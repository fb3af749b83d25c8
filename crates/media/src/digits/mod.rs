//! Keys of a phone: as events in RTP (RFC 4733), and as pairs of tones in the sound (ITU-T Q.23, Q.24).

mod event;
mod tone;

pub use event::{EVENT_BYTES, Press, Receiver, Sender, Step};
pub use tone::{Detector, pair_hz};

/// Keys in the order of their event codes (RFC 4733 section 3.2).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// The key of an event code.
pub fn key(code: u8) -> Option<char> {
    KEYS.get(usize::from(code)).map(|key| char::from(*key))
}

/// The event code of a key.
pub fn code(key: char) -> Option<u8> {
    let key = u8::try_from(key).ok()?.to_ascii_uppercase();
    KEYS.iter().position(|known| *known == key).map(|code| code as u8)
}
