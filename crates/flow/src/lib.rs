//! IVR documents: their model, their check, and their run.
//!
//! A run is a pure interpreter: it emits [`Effect`]s and is resumed with [`Outcome`]s. It never waits, looks anything up,
//! or knows a leg, a packet or a SIP message.
//!
//! [`Flow::parse`] reads a document, [`check`] finds what is wrong with it at a site, [`Run`] carries one call through it,
//! [`simulate`] shows what a caller would hear.

mod boundary;
mod check;
mod document;
mod keys;
mod parse;
mod problem;
mod run;
#[cfg(test)]
mod schema;
mod simulate;
mod waiting;

pub use boundary::*;
pub use check::{Site, check};
pub use document::*;
pub use problem::{Code, Language, Problem, Severity};
pub use run::Run;
pub use simulate::{Heard, Script, simulate};
