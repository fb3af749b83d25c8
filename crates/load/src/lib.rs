//! What calls Strowger from outside: a load generator, a command-line phone, and the rows of `strowger bench`.
//!
//! Nothing here is part of the server: it meets the server over sockets, like any phone, and reads what it used from
//! `/proc`.

pub mod bench;
pub mod generator;
pub mod http;
pub mod phone;
pub mod process;
pub mod relay;
#[cfg(test)]
mod test_exchange;
