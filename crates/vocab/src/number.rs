//! Phone numbers, and how they may be written to a log.

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A number as dialled or shown: digits with an optional leading `+`, or whatever a peer sent as its user part.
/// `Debug` and [`Masked`] hide the middle; only `as_str` gives the whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(Arc<str>);

impl PhoneNumber {
    /// Wraps the text as it stands; a caller's number is data, not something to reject.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        PhoneNumber(text.into())
    }

    /// The whole number, for dialling, records and screens of those with the right.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as logs show it.
    pub fn masked(&self) -> Masked<'_> {
        Masked(&self.0)
    }
}

impl From<&str> for PhoneNumber {
    fn from(text: &str) -> Self {
        PhoneNumber(text.into())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.masked(), f)
    }
}

/// Shows the first three and last four characters of a long number, and of a short one (an extension) everything.
pub struct Masked<'a>(pub &'a str);

/// Up to this many characters a number is an inside one and not personal data.
const SHORT_NUMBER_CHARACTERS_MAX: usize = 5;

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters: Vec<char> = self.0.chars().collect();
        let count = characters.len();
        if count <= SHORT_NUMBER_CHARACTERS_MAX {
            return f.write_str(self.0);
        }
        let (head, tail) = if count >= 9 { (3, 4) } else { (1, 2) };
        let shown = |slice: &[char]| slice.iter().collect::<String>();
        write!(f, "{}****{}", shown(&characters[..head]), shown(&characters[count - tail..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_shows_extensions_whole_and_hides_the_middle_of_outside_numbers() {
        for (number, shown) in
            [("8001", "8001"), ("13800138000", "138****8000"), ("+8613800138000", "+86****8000"), ("555666", "5****66")]
        {
            assert_eq!(format!("{:?}", PhoneNumber::from(number)), shown);
        }
    }
}
