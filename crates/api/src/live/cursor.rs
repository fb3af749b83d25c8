//! The opaque place in the stream from which a link resumes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// A place after a batch. The epoch is drawn at each start of the process, so that a place of an earlier one is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which run of the process.
    pub epoch: u64,
    /// Everything up to this batch was seen.
    pub batch: u64,
}

impl Cursor {
    /// As readers keep it.
    pub fn text(self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[8..].copy_from_slice(&self.batch.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// None for what was never given out.
    pub fn parse(text: &str) -> Option<Cursor> {
        let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let number = |half: &[u8]| half.try_into().map(u64::from_be_bytes).ok();
        Some(Cursor { epoch: number(&bytes[..8])?, batch: number(&bytes[8..])? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_and_nonsense_is_none() {
        let cursor = Cursor { epoch: u64::MAX - 7, batch: 42 };
        assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        for nonsense in ["", "42", "AAAA", "////////////////////////", "沪沪沪沪沪沪沪沪"] {
            assert_eq!(Cursor::parse(nonsense), None, "{nonsense}");
        }
    }
}
