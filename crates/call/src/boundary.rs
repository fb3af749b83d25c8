//! What a call is told and what it says. Every field speaks of legs, never of SIP or media messages.

#![allow(missing_docs, reason = "fields are named in full; what is not obvious has its line")]

use std::time::Duration;
use vocab::{
    AgentId, CallId, Direction, EndedBy, ExtensionId, Fact, LegId, OfferEnd, OfferId, PhoneNumber, QueueExit, QueueId,
    RecordingId, RecordingPurpose, SourceAddress, Timestamp, TrunkId,
};

/// What a call begins with.
#[derive(Clone, Debug)]
pub struct Opening {
    pub call: CallId,
    /// The caller's leg, ringing at our door.
    pub caller_leg: LegId,
    pub direction: Direction,
    pub caller: PhoneNumber,
    pub called: PhoneNumber,
    pub trunk: Option<TrunkId>,
    pub extension: Option<ExtensionId>,
    pub source: SourceAddress,
    /// Record conversations with agents.
    pub record_conversations: bool,
}

/// What a leg can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegEvent {
    /// The called phone rings.
    Ringing,
    /// Answered, acknowledged, and its sound is agreed.
    Up,
    /// The called phone refused with this SIP status.
    Refused { status: u16 },
    /// No common codec or no ports: the leg cannot carry sound.
    Unusable,
    /// The far end hung up.
    Ended,
    /// The far end is dead.
    Lost,
}

/// What the flow wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Answer,
    RecordMessage { ms_max: u32 },
    StopRecording,
    Enqueue { queue: QueueId, priority: i32 },
    LeaveQueue { exit: QueueExit },
    Transfer { leg: LegId, extension: ExtensionId, ring_ms: u64 },
    HangUp,
}

/// An agent chosen for this call.
#[derive(Clone, Debug)]
pub struct Offer {
    pub offer: OfferId,
    pub agent: AgentId,
    pub extension: ExtensionId,
    /// The leg to dial it by.
    pub leg: LegId,
    pub ring_ms: u64,
    pub reason: Box<vocab::AssignmentReason>,
}

/// What a call is told.
#[derive(Clone, Debug)]
pub enum Input {
    Leg {
        leg: LegId,
        event: LegEvent,
    },
    Flow(Wish),
    /// Call an extension directly, without a flow.
    DialExtension {
        leg: LegId,
        extension: ExtensionId,
        ring_ms: u64,
    },
    Offer(Offer),
    /// The dispatcher takes the offer back.
    Withdraw {
        offer: OfferId,
    },
    QueueRefused {
        queue: QueueId,
        why: String,
    },
    Placed {
        queue: QueueId,
        place: u32,
    },
    /// A recording is on disk.
    Recorded {
        recording: RecordingId,
        ms: u64,
    },
    /// The agent wishes to answer at the phone's side of `leg`: dial again with auto-answer by the new leg.
    RingAgain {
        agent: AgentId,
        leg: LegId,
    },
    /// The agent's part shall end.
    AgentHangUp {
        agent: AgentId,
    },
    /// The flow broke; the call cannot go on.
    Fault,
    /// The whole call shall end.
    End {
        by: EndedBy,
    },
    Timeout,
}

/// How to dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ringing {
    Normal,
    /// The phone shall answer by itself.
    AutoAnswer,
}

/// What a call says.
#[derive(Clone, Debug)]
pub enum Output {
    /// Answer the caller's leg.
    Answer {
        leg: LegId,
    },
    /// Let the caller hear ringing.
    Ring {
        leg: LegId,
    },
    /// Refuse the caller's leg.
    Refuse {
        leg: LegId,
        status: u16,
    },
    /// Dial an extension.
    Dial {
        leg: LegId,
        extension: ExtensionId,
        ringing: Ringing,
    },
    /// End a leg, whatever it is doing.
    Drop {
        leg: LegId,
    },
    Bridge {
        one: LegId,
        other: LegId,
    },
    Unbridge {
        one: LegId,
        other: LegId,
    },
    Record {
        recording: RecordingId,
        purpose: RecordingPurpose,
        left: LegId,
        right: Option<LegId>,
    },
    StopRecording {
        recording: RecordingId,
    },
    /// To the flow.
    Tell(Progress),
    /// To the dispatcher.
    Report(DispatcherReport),
    Fact(Fact),
    /// Nothing more will come.
    Over,
}

/// What the flow learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    Answered,
    Recorded {
        ms: u64,
    },
    QueueRefused {
        why: String,
    },
    Placed {
        place: u32,
    },
    QueueLeft,
    Connected,
    Parted,
    /// `busy`, `no_answer`, `unreachable`.
    TransferFailed {
        why: &'static str,
    },
    CallerGone,
}

/// What the dispatcher learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DispatcherReport {
    Enqueue { queue: QueueId, enqueued: Timestamp, priority: i32 },
    Dequeue { exit: QueueExit },
    Reserved { offer: OfferId },
    OfferEnded { offer: OfferId, agent: AgentId, end: OfferEnd },
    Parted { agent: AgentId },
}

/// A call's place in line as its edge knows it, for a dispatcher that starts anew.
#[derive(Clone, Debug)]
pub struct InLine {
    pub queue: QueueId,
    pub enqueued: Timestamp,
    pub since: Duration,
    pub priority: i32,
    pub tried: Vec<AgentId>,
}
