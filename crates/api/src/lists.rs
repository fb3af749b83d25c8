//! Lists as all nouns answer them: `{items, next_cursor}`.

use serde::{Deserialize, Serialize};
use store::{Listed, Page};
use utoipa::{IntoParams, ToSchema};

/// What part of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// At most this many items; 50 when absent, 500 at most.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Text that the key or a name contains; for records, how a number begins.
    pub q: Option<String>,
}

impl From<Paging> for Page {
    fn from(paging: Paging) -> Page {
        Page { limit: paging.limit, cursor: paging.cursor, q: paging.q }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// The store's page with each item as the interface shows it.
    pub fn of<U>(listed: Listed<U>, show: impl FnMut(U) -> T) -> List<T> {
        List { items: listed.items.into_iter().map(show).collect(), next_cursor: listed.next_cursor }
    }
}
