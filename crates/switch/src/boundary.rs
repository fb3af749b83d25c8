//! The door of the exchange: what people and programs may ask ([`Gateway`]), and the site it works with ([`Config`]).

use call::{Number, Trunk};
use std::{future::Future, pin::Pin, sync::Arc};
use vocab::{AgentId, CallId, ExtensionId, FactRecord, LegId, NodeId, RequestId};

/// What may be asked of the running exchange.
#[derive(Clone, Debug)]
pub enum Command {
    /// Change an agent's state.
    Agent {
        /// Whose.
        agent: AgentId,
        /// To what.
        request: acd::AgentRequest,
    },
    /// Answer the call that rings at the agent's phone, on that phone.
    Answer {
        /// Whose phone.
        agent: AgentId,
    },
    /// End the agent's part in the call: declines while it rings, hangs up while it talks.
    HangUp {
        /// Whose part.
        agent: AgentId,
    },
    /// End a whole call (supervisor).
    EndCall {
        /// Which.
        call: CallId,
    },
    /// Work with this configuration from now on; calls in progress finish on theirs.
    Configure(Box<Config>),
    /// Take no new calls (503 with Retry-After), let the present ones finish.
    Drain,
}

/// Why the exchange did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The dispatcher refused the agent's request.
    Agent(acd::AgentRefusal),
    /// No call rings at this agent's phone.
    NothingRinging,
    /// The agent has no call.
    NoCall,
    /// No such call.
    UnknownCall,
    /// The phone can neither be told to answer nor called again with auto-answer.
    PhoneCannotAnswer,
}

/// The exchange's answer. `Accepted` means understood and begun; what follows arrives as facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Begun.
    Accepted,
    /// Not done, for this reason.
    Refused(Refusal),
    /// The exchange's queue is full; ask again.
    Busy,
}

/// The one door to the exchange.
pub trait Gateway: Send + Sync + 'static {
    /// Hands a command in; resolves when the exchange has answered, `Busy` after 5 s without an answer.
    fn submit(&self, command: Command) -> Pin<Box<dyn Future<Output = Answer> + Send>>;
}

/// The site as the exchange works with it; built by the edge from the store's nouns.
#[derive(Clone, Debug)]
pub struct Config {
    /// Grows with every change.
    pub revision: u64,
    /// This node.
    pub node: NodeId,
    /// SIP accounts.
    pub extensions: Vec<Extension>,
    /// Numbers and what they lead to.
    pub numbers: Vec<Number>,
    /// Peers for outside calls.
    pub trunks: Vec<Trunk>,
    /// IVR documents.
    pub flows: Vec<Arc<flow::Flow>>,
    /// Agents and queues.
    pub acd: acd::Config,
    /// Record every conversation with an agent.
    pub record_conversations: bool,
    /// More calls than this at once are refused with 503.
    pub calls_max: usize,
    /// How long a directly called extension rings, milliseconds.
    pub extension_ring_ms: u64,
    /// Codecs offered and accepted, best first.
    pub codecs: Vec<media::Codec>,
}

/// A SIP account.
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its number and digest user.
    pub extension: ExtensionId,
    /// Digest secrets.
    pub account: sip::Account,
}

/// What the exchange is given.
#[derive(Clone, Debug)]
pub enum Input {
    /// A SIP message arrived.
    Received {
        /// How.
        flow: sip::Flow,
        /// The message.
        bytes: bytes::Bytes,
    },
    /// A SIP stream is gone.
    FlowClosed {
        /// Which.
        flow: sip::Flow,
    },
    /// The media plane says something.
    Media(media::Event),
    /// The dispatcher's end of the link says something.
    Dispatcher(cluster::Frame<acd::Decision>),
    /// Somebody asks.
    Gateway {
        /// Names the answer.
        request: RequestId,
        /// What is asked.
        command: Command,
    },
    /// What the journal kept of an earlier life; the first input, if any.
    Restore(Box<Restored>),
    /// A moment named by `next_timeout` has come.
    Timeout,
    /// The next step of this machine panics. Only simulation says so: it proves that a panic ends one call, not the node.
    Break(Machine),
}

/// A machine that simulation may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// A call's own machine.
    Call(CallId),
    /// A call's flow.
    Flow(CallId),
}

/// What is left of an earlier life of this node.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// Registrations; phones stay reachable without registering again.
    pub bindings: Vec<sip::Binding>,
    /// Confirmed dialogs of calls that died: each gets a BYE.
    pub dialogs: Vec<sip::DialogSnapshot>,
    /// INVITEs of calls that died, not known to be answered: each gets a CANCEL, so that no phone rings for nobody.
    pub ringing: Vec<sip::InviteSnapshot>,
    /// Agents as last confirmed, with the calls that died.
    pub agents: Vec<acd::AgentReport>,
    /// The next fact's number.
    pub next_fact: u64,
}

/// What the exchange says. The edge writes every `Fact` and `Promise` of a batch to the journal before it acts on the rest.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a SIP message.
    Send {
        /// How.
        flow: sip::Flow,
        /// The message.
        bytes: bytes::Bytes,
    },
    /// To the media plane.
    Media(media::Command),
    /// To the dispatcher's end of the link.
    Dispatcher(cluster::Frame<acd::Report>),
    /// The answer to a command.
    Reply {
        /// The question.
        request: RequestId,
        /// The answer.
        answer: Answer,
    },
    /// Something happened.
    Fact(FactRecord),
    /// Something the next life must know.
    Promise(Promise),
}

/// What the journal keeps besides facts.
#[derive(Clone, Debug)]
pub enum Promise {
    /// A phone is about to be called; after a crash its INVITE gets a CANCEL. Over when the leg is confirmed
    /// ([`Promise::Dialog`]) or ended ([`Promise::DialogOver`]); the newest of a leg counts.
    Inviting {
        /// The call.
        call: CallId,
        /// The leg.
        leg: LegId,
        /// The INVITE.
        snapshot: Box<sip::InviteSnapshot>,
    },
    /// A leg is confirmed; after a crash its dialog gets a BYE.
    Dialog {
        /// The call.
        call: CallId,
        /// The leg.
        leg: LegId,
        /// The dialog.
        snapshot: Box<sip::DialogSnapshot>,
    },
    /// That dialog, or the INVITE that should have made one, is over.
    DialogOver {
        /// The leg.
        leg: LegId,
    },
    /// A phone registered or refreshed.
    Binding(Box<sip::Binding>),
    /// A registration ended.
    BindingOver {
        /// The account.
        account: Arc<str>,
        /// Its contact.
        contact: Arc<str>,
    },
}
