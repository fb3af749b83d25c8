//! The keys of a telephone, and those pressed before anybody asked.

use std::collections::VecDeque;

/// Keys kept until a menu takes them: more than any menu tree is deep.
const TYPED_KEYS_MAX: usize = 32;

/// What a telephone can send that a caller can press (A–D are on no telephone's keyboard).
pub(crate) fn is_key(key: char) -> bool {
    key.is_ascii_digit() || key == '*' || key == '#'
}

/// Keys pressed ahead, in order; when there are too many, the later ones are lost.
#[derive(Default)]
pub(crate) struct Typed(VecDeque<char>);

impl Typed {
    pub(crate) fn push(&mut self, key: char) {
        if self.0.len() < TYPED_KEYS_MAX {
            self.0.push_back(key);
        }
    }

    pub(crate) fn take(&mut self) -> Option<char> {
        self.0.pop_front()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
