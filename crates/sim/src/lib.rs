//! The exchange in virtual time: the production machines, scripted phones, a network and a link that lose, delay and
//! repeat, faults by seed, and oracles that say what may never happen.
//!
//! Everything of a run follows from its seed. Media commands are exchanged, not packets.

mod chance;
mod media_plane;
mod oracle;
mod phone;
mod scenario;
mod site;
mod world;

pub use oracle::Violation;
pub use scenario::{AgentPlan, CallerPlan, PhoneManner, Scenario, Silence};
pub use world::{Summary, World};

/// Plays the random scenario of a seed to its end.
pub fn play(seed: u64) -> Result<Summary, Box<Violation>> {
    World::new(Scenario::random(seed)).play()
}
