//! Behaviour of the whole door: requests against a real store in a folder of its own and a stand-in for the exchange.

mod connections;
mod harness;
mod live;
mod login;
mod matrix;
mod nouns;
mod openapi;
mod recordings;
