//! How lists are asked for and answered: keyset pages with an opaque cursor, never offsets.

use serde::Serialize;

/// Items of a page when the caller names no number.
pub const LIST_LIMIT_DEFAULT: u32 = 50;
/// More items than this are not given at once, so that one request cannot hold the database.
pub const LIST_LIMIT_MAX: u32 = 500;

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// At most this many items; [`LIST_LIMIT_DEFAULT`] when none, capped at [`LIST_LIMIT_MAX`].
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Text that the key or a name must begin with or contain; each noun says which.
    pub q: Option<String>,
}

impl Page {
    /// The limit in force.
    pub fn rows_max(&self) -> u64 {
        u64::from(self.limit.unwrap_or(LIST_LIMIT_DEFAULT).clamp(1, LIST_LIMIT_MAX))
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// Cuts what was read (one row more than wanted) to a page.
    pub(crate) fn cut(mut items: Vec<T>, rows_max: u64, cursor: impl Fn(&T) -> String) -> Listed<T> {
        let rows_max = usize::try_from(rows_max).unwrap_or(usize::MAX);
        let more = items.len() > rows_max;
        items.truncate(rows_max);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Listed { items, next_cursor }
    }
}
