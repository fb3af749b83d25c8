//! The flow document: what an author writes and an editor saves. It knows how documents look, not what they do.

use crate::{Say, TransferTarget};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use vocab::{FlowId, NodeName, QueueId};

/// Version of the document format; a document of another version is refused.
pub const DOCUMENT_VERSION: u32 = 1;

/// Which node follows each outcome, by the outcome's name.
pub type Links = BTreeMap<String, NodeName>;

/// An IVR document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Where editors find the description of this format.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the format: 1.
    pub version: u32,
    /// The flow's name.
    #[cfg_attr(test, schemars(with = "String"))]
    pub flow: FlowId,
    /// Grows with each saved change.
    pub revision: u32,
    /// The node a call begins at.
    #[cfg_attr(test, schemars(with = "String"))]
    pub start: NodeName,
    /// Language of the prompts ("zh", "en").
    #[cfg_attr(test, schemars(with = "String"))]
    pub language: Arc<str>,
    /// All nodes by name.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, Node>"))]
    pub nodes: BTreeMap<NodeName, Node>,
}

/// One step of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Node {
    /// Answers the caller.
    Answer(AnswerNode),
    /// Says something.
    Play(PlayNode),
    /// Asks the caller to press a key.
    Menu(MenuNode),
    /// Waits in a queue until an agent talks with the caller.
    Queue(QueueNode),
    /// Takes a voice message.
    Message(MessageNode),
    /// Connects the caller with an extension or a queue.
    Transfer(TransferNode),
    /// Ends the call.
    Hangup(HangupNode),
}

/// Answers the caller. Outcome: `done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerNode {
    /// The node after each outcome.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub links: Links,
}

/// Says something. Outcome: `done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlayNode {
    /// What to say, one after the other.
    pub says: Vec<Say>,
    /// A key ends it, and is kept for the menu that follows.
    #[serde(default = "yes")]
    pub interruptible: bool,
    /// The node after each outcome.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub links: Links,
}

/// Asks the caller to press a key. Outcomes: each key that has a link (`0`–`9`, `*`, `#`), `no_key`, `invalid`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MenuNode {
    /// The question; a key ends it.
    pub says: Vec<Say>,
    /// How long to wait for a key after the question, milliseconds.
    #[serde(default = "menu_timeout_ms")]
    pub timeout_ms: u32,
    /// How often the question is asked again after no key or a wrong one.
    #[serde(default = "menu_retries")]
    pub retries: u32,
    /// Takes a key that was pressed before the question.
    #[serde(default = "yes")]
    pub type_ahead: bool,
    /// Said after a wrong key, before the question.
    #[serde(default)]
    pub invalid_key: Vec<Say>,
    /// Said after no key, before the question.
    #[serde(default)]
    pub no_key: Vec<Say>,
    /// Keys are not to be seen in records.
    #[serde(default)]
    pub secret: bool,
    /// The node after each outcome.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub links: Links,
}

/// Waits in a queue. Outcomes: `answered` (the conversation is over; without a link the call ends), `timeout`, `key`,
/// `refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QueueNode {
    /// The queue.
    #[cfg_attr(test, schemars(with = "String"))]
    pub queue: QueueId,
    /// Higher goes first.
    #[serde(default)]
    pub priority: i32,
    /// Said when the waiting begins.
    #[serde(default)]
    pub says: Vec<Say>,
    /// Music while waiting; silence without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub music: Option<Arc<str>>,
    /// Tells the place in line from time to time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Keys that leave the queue ("#").
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exit_keys: String,
    /// The longest wait, milliseconds.
    #[serde(default = "queue_max_wait_ms")]
    pub max_wait_ms: u32,
    /// The node after each outcome.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub links: Links,
}

/// How the place in line is told: `before`, the number, `after`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Every so many milliseconds.
    pub every_ms: u32,
    /// Before the number.
    #[serde(default)]
    pub before: Vec<Say>,
    /// After the number; what the exit keys do, for example.
    #[serde(default)]
    pub after: Vec<Say>,
}

/// Takes a voice message after a tone. Outcomes: `saved`, `too_short`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MessageNode {
    /// Said before the tone; a key ends it.
    #[serde(default)]
    pub says: Vec<Say>,
    /// The longest message, milliseconds.
    #[serde(default = "message_ms_max")]
    pub ms_max: u32,
    /// A shorter one is too short, milliseconds.
    #[serde(default = "message_ms_min")]
    pub ms_min: u32,
    /// Keys that end the message ("#").
    #[serde(default = "message_stop_keys")]
    pub stop_keys: String,
    /// The node after each outcome.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub links: Links,
}

/// Connects the caller with somebody. Outcomes: `answered` (the conversation is over; without a link the call ends),
/// `busy`, `no_answer`, `failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TransferNode {
    /// Whom to connect with. A queue is waited in as by a queue node that says nothing else about it.
    pub target: TransferTarget,
    /// How long an extension rings, milliseconds.
    #[serde(default = "transfer_ring_ms")]
    pub ring_ms: u32,
    /// Said before.
    #[serde(default)]
    pub says: Vec<Say>,
    /// The node after each outcome.
    #[cfg_attr(test, schemars(with = "BTreeMap<String, String>"))]
    pub links: Links,
}

/// Ends the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HangupNode {}

fn yes() -> bool {
    true
}

/// Long enough to look at the phone's keys.
fn menu_timeout_ms() -> u32 {
    5_000
}

fn menu_retries() -> u32 {
    2
}

/// Five minutes: few callers wait longer.
pub(crate) fn queue_max_wait_ms() -> u32 {
    300_000
}

/// Two minutes.
fn message_ms_max() -> u32 {
    120_000
}

/// A shorter message is a caller who hung up or pressed the key at once.
fn message_ms_min() -> u32 {
    1_000
}

fn message_stop_keys() -> String {
    "#".to_owned()
}

/// As long as an agent's phone rings where a site says nothing.
fn transfer_ring_ms() -> u32 {
    45_000
}

impl Node {
    /// The node after each outcome.
    pub fn links(&self) -> &Links {
        static NONE: Links = Links::new();
        match self {
            Node::Answer(node) => &node.links,
            Node::Play(node) => &node.links,
            Node::Menu(node) => &node.links,
            Node::Queue(node) => &node.links,
            Node::Message(node) => &node.links,
            Node::Transfer(node) => &node.links,
            Node::Hangup(_) => &NONE,
        }
    }

    /// The outcomes that must have a link, beside a menu's keys.
    pub fn outcomes_required(&self) -> &'static [&'static str] {
        match self {
            Node::Answer(_) | Node::Play(_) => &["done"],
            Node::Menu(_) => &["no_key", "invalid"],
            Node::Queue(_) => &["timeout", "refused"],
            Node::Message(_) => &["saved", "too_short"],
            Node::Transfer(_) => &["busy", "no_answer", "failed"],
            Node::Hangup(_) => &[],
        }
    }

    /// The outcomes that may have a link; without one, the call ends there.
    pub fn outcomes_optional(&self) -> &'static [&'static str] {
        match self {
            Node::Queue(_) => &["answered", "key"],
            Node::Transfer(_) => &["answered"],
            Node::Answer(_) | Node::Play(_) | Node::Menu(_) | Node::Message(_) | Node::Hangup(_) => &[],
        }
    }
}
