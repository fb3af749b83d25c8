//! The dispatcher by its borders only: reports in, decisions out, in virtual time.

mod agents;
mod floor;
mod invariants;
mod lines;
mod offers;
mod rebuild;
mod speed;
