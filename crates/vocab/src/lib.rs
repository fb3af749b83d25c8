//! The words every crate speaks: identities, time, numbers, and what happened ([`Fact`]).
//!
//! This crate decides nothing and performs no I/O. A word belongs here only when two rings need it.

mod agent;
mod envelope;
mod fact;
mod identity;
mod number;
mod reason;
mod time;

pub use agent::{AgentState, NotReadyReason, PendingState};
pub use envelope::{Envelope, NodeId};
pub use fact::{
    Digits, Direction, EndState, EndedBy, Fact, FactRecord, OfferEnd, QueueExit, RecordingPurpose, SourceAddress,
};
pub use identity::{
    AgentId, CallId, ExtensionId, FlowId, LegId, NodeName, OfferId, QueueId, RecordingId, RequestId, TrunkId,
};
pub use number::{Masked, PhoneNumber};
pub use reason::{AssignmentReason, Candidate, PassedOver};
pub use time::{Age, Now, Timestamp};
