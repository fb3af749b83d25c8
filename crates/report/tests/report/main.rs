//! What records and boards make of facts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod board;
mod fold;
mod walk;
