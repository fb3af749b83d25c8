//! SIP from bytes to dialogs, without I/O: messages, transactions, dialogs, digest, registrar.
//!
//! One [`Endpoint`] holds all of a node's transactions, dialogs and registrations. It is told what arrived and what the
//! exchange wants ([`Input`]), and says what to send and what happened ([`Output`]). Bodies are bytes: it never reads SDP.
//! It never reads a clock, opens a socket, or knows what a call, queue or agent is.

mod boundary;

pub use boundary::*;
