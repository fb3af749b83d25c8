//! SIP from bytes to dialogs, without I/O: messages, transactions, dialogs, digest, registrar.
//!
//! One [`Endpoint`] holds all of a node's transactions, dialogs and registrations. It is told what arrived and what the
//! exchange wants ([`Input`]), and says what to send and what happened ([`Output`]). Bodies are bytes: it never reads SDP.
//! It never reads a clock, opens a socket, or knows what a call, queue or agent is.

mod boundary;
mod checks;
mod config;
mod dialog;
pub mod digest;
mod endpoint;
mod error;
mod framer;
mod guard;
pub mod message;
mod registrar;
mod registration;
mod station;
mod timer;
mod transaction;

pub use boundary::*;
pub use config::{Config, Limits};
pub use endpoint::{Counts, Endpoint};
pub use error::Error;
pub use framer::{Framed, Framer};
