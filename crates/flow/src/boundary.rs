//! What a running flow asks for ([`Effect`]) and what it is told ([`Outcome`]).

#![allow(missing_docs, reason = "fields of effects and outcomes are named in full")]

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use vocab::{NodeName, PhoneNumber, QueueExit, QueueId};

/// Version of the values below.
pub const EFFECT_VERSION: u32 = 1;

/// One playing asked for by a run, numbered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayNumber(pub u64);

/// One thing to say or play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Say {
    /// A prompt of the library ("welcome").
    Prompt {
        #[cfg_attr(test, schemars(with = "String"))]
        name: Arc<str>,
    },
    /// A whole number in words.
    Number { value: u32 },
    /// Digits one by one.
    Digits {
        #[cfg_attr(test, schemars(with = "String"))]
        digits: Arc<str>,
    },
    /// Music by name ("calm").
    Music {
        #[cfg_attr(test, schemars(with = "String"))]
        name: Arc<str>,
    },
    /// The tone before a message: 1 kHz, 300 ms.
    Beep,
    /// Nothing for this long.
    Silence { ms: u32 },
}

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum TransferTarget {
    /// An extension of ours.
    Extension {
        #[cfg_attr(test, schemars(with = "String"))]
        number: Arc<str>,
    },
    /// A queue (the run goes on waiting in it like a queue node with default settings).
    Queue {
        #[cfg_attr(test, schemars(with = "String"))]
        queue: QueueId,
    },
}

/// What a run asks for, in order. `Finished` is the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Answer the caller; resumed by `Answered`.
    Answer,
    /// Play these; replaces what plays. Resumed by `Played`.
    Play { play: PlayNumber, language: Arc<str>, says: Vec<Say>, repeat: bool },
    /// Stop that playing; resumed by `Played`.
    StopPlaying { play: PlayNumber },
    /// Record the caller's message from now on, up to this long; resumed by `Recorded`.
    RecordMessage { ms_max: u32 },
    /// End the message now; resumed by `Recorded`.
    StopRecording,
    /// Put the call in line. Resumed by `QueueRefused`, or `Placed`… and `Connected`, later `Parted`.
    Enqueue { queue: QueueId, priority: i32 },
    /// Take the call out of line; resumed by `QueueLeft` (or by `Connected` if an agent won the race).
    LeaveQueue { exit: QueueExit },
    /// Ring the target and join it; resumed by `Connected` or `TransferFailed`, later `Parted`.
    Transfer { target: TransferTarget, ring_ms: u64 },
    /// End the call.
    HangUp,
    /// A node was entered.
    Entered { node: NodeName },
    /// A node was left by an outcome.
    Left { node: NodeName, outcome: String },
    /// Keys were taken by a node; masked as asterisks when the node says `secret`.
    Digits { node: NodeName, digits: String },
    /// Nothing more will come.
    Finished,
}

/// What a run is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Begin. The run was made with its document.
    Start { caller: PhoneNumber, called: PhoneNumber },
    /// The caller's leg is up.
    Answered,
    /// A playing is over.
    Played { play: PlayNumber, finished: bool },
    /// The caller pressed a key.
    Digit { digit: char },
    /// The message is on disk.
    Recorded { ms: u64 },
    /// The queue does not take the call: `unknown_queue`, `full`, `nobody`.
    QueueRefused { why: String },
    /// The place in line is now this.
    Placed { place: u32 },
    /// The call is out of line, as asked.
    QueueLeft,
    /// An agent, or the transfer's target, talks with the caller; whatever played was stopped.
    Connected,
    /// That conversation is over and the caller is still there.
    Parted,
    /// The transfer's target could not be had: `unknown`, `busy`, `no_answer`, `unreachable`.
    TransferFailed { why: String },
    /// The caller hung up; the run ends without further effects but `Left` and `Finished`.
    CallerGone,
    /// A moment named by `next_timeout` has come.
    Timeout,
}
