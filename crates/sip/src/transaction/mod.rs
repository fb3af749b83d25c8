//! The four transaction machines (RFC 3261 section 17 as amended by RFC 6026): who repeats what until when.
//!
//! Owns the tables of client and server transactions. Whatever is above learns of each request once, and of each
//! response that matters. Must never know what a dialog or registration is beyond whose transaction it is.

mod client;
mod reply;
mod server;

pub(crate) use client::{ClientKey, ClientTimer, ClientUser, Clients, Ending};
pub(crate) use reply::ReplyHead;
pub(crate) use server::{Arrival, ServerId, ServerTimer, Servers};
