//! Facts on screens: the board that folds them, the recent past from which a link resumes, and the links themselves.
//!
//! Facts come in from the exchange and go out to readers; nothing here ever answers the exchange.

mod batch;
mod cursor;
mod hub;
mod link;
mod view;

pub use hub::{LiveHub, Phone};
pub(crate) use link::__path_live;
pub use link::live;
