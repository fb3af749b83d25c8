//! The web door: REST under `/api/v1` with its OpenAPI document, the live feed of facts, log-in and rights, and the
//! embedded console.
//!
//! Authorises and translates; decides nothing about calls, which is the exchange's part behind [`switch::Gateway`], and
//! holds no SQL, which is the store's.

mod agents;
mod audit;
mod body;
mod calls;
mod console;
mod digest;
mod extensions;
mod flows;
mod identity;
mod lists;
mod live;
mod nouns;
mod numbers;
mod openapi;
mod passwords;
mod plain;
mod probes;
mod problem;
mod queues;
mod recordings;
mod records;
mod rights;
mod router;
mod schema;
mod security;
mod serve;
mod sessions;
mod sound;
mod stall;
mod state;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;
mod trunks;
mod users;
mod visitors;
mod wording;

pub use digest::{Ha1, ha1};
pub use live::{LiveHub, Phone};
pub use openapi::openapi;
pub use passwords::{hash_password, new_token, token_hash};
pub use serve::serve;
pub use state::{Config, ConfigurationChanged, Library, State};
pub use tls::{Tls, TlsError};
