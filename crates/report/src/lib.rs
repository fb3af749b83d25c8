//! Folds facts into call records and live boards. Reads facts, feeds nobody back; knows no database and no screen.

mod board;
mod fold;
mod live;
mod phase;
mod record;

pub use board::{AgentNames, Board, Changed, Names, QueueNames};
pub use fold::Fold;
pub use live::{AgentLive, CallLive, Changes, OfferedLive, QueueLive, RefusedLive, Snapshot};
pub use phase::Phase;
pub use record::*;
