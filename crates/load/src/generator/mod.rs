//! Many calls at once, from one thread: callers, agents' phones, and their sound.
//!
//! One loop over four sockets (signalling and sound of callers and of phones) and one heap of alarms, so that the load
//! costs little beside the server it loads on the same machine. Arrival times are the kernel's. Knows SIP as text
//! (`text`) and nothing of queues or flows: what it dials decides what it measures.

mod agent;
mod caller;
mod outcome;
mod stream;
mod text;
mod world;

pub use outcome::{Outcome, Sample, Usage};

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use world::World;

/// What to do to the server.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its SIP address.
    pub server: SocketAddr,
    /// Its process, for CPU time and memory.
    pub process: Option<u32>,
    /// User part that callers dial.
    pub called: String,
    /// How many calls in all.
    pub calls: usize,
    /// New calls a second, evenly spaced.
    pub rate_per_s: f64,
    /// When the caller hangs up.
    pub hang_up: HangUp,
    /// Both sides send 50 packets of PCMU a second; what comes back is measured either way.
    pub sound: bool,
    /// A call that is not where it should be by then is stuck.
    pub patience: Duration,
    /// Agents' phones.
    pub phones: Option<Phones>,
}

/// When a caller hangs up. Joined means that an agent's phone confirmed its part, or without phones that the call is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUp {
    /// This long after its own joining.
    AfterJoined(Duration),
    /// This long after the last of all calls has joined or failed: everything between is a steady state to measure.
    Together(Duration),
}

/// Agents' phones, all behind one socket.
#[derive(Clone, Debug)]
pub struct Phones {
    /// Extension and password of each.
    pub accounts: Vec<(String, String)>,
    /// How long they ring.
    pub answer_after: Duration,
}

/// Why no load could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A socket could not be opened.
    #[error("cannot open a socket: {0}")]
    Socket(#[from] io::Error),
    /// Phones that did not get registered in time.
    #[error("{missing} of {all} phones are not registered; last answer {last_status:?}")]
    NotRegistered {
        /// How many.
        missing: usize,
        /// Of how many.
        all: usize,
        /// The last refusal.
        last_status: Option<u16>,
    },
}

/// The load, with its sockets open.
#[derive(Debug)]
pub struct Generator {
    world: World,
}

impl Generator {
    /// Opens the sockets on this address of ours.
    ///
    /// # Errors
    /// [`Error::Socket`].
    pub fn open(plan: Plan, local: IpAddr) -> Result<Self, Error> {
        Ok(Self { world: World::open(plan, local)? })
    }

    /// Registers the phones; their agents can log in afterwards.
    ///
    /// # Errors
    /// [`Error::NotRegistered`].
    pub fn register(&mut self) -> Result<(), Error> {
        self.world.register()
    }

    /// Makes all calls and waits until each is over or stuck. May be run again with the same phones.
    ///
    /// # Errors
    /// [`Error::Socket`].
    pub fn run(&mut self) -> Result<Outcome, Error> {
        Ok(self.world.run()?)
    }
}

#[cfg(test)]
mod tests;
