//! Folds facts into call records and live boards. Reads facts, feeds nobody back.

mod record;

pub use record::*;
