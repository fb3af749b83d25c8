//! What records and boards make of facts.

mod board;
mod fold;
mod walk;
