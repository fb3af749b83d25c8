//! The door of the exchange: what people and programs may ask ([`Gateway`]), and the site it works with ([`Config`]).

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};
use vocab::{AgentId, CallId, ExtensionId, FlowId, NodeId, PhoneNumber, QueueId, TrunkId};

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
}

/// A SIP account.
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its number and digest user.
    pub extension: ExtensionId,
    /// Digest secrets.
    pub account: sip::Account,
}

/// A dialable number.
#[derive(Clone, Debug)]
pub struct Number {
    /// As dialled.
    pub number: PhoneNumber,
    /// Where it leads.
    pub destination: Destination,
    /// Trunk callers may dial it; otherwise only extensions.
    pub public: bool,
}

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An IVR document.
    Flow(FlowId),
    /// A queue, with the site's music and no menu.
    Queue(QueueId),
    /// An extension.
    Extension(ExtensionId),
}

/// A SIP peer for outside calls.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its name.
    pub trunk: TrunkId,
    /// Source networks from which its calls are taken without a password: address and prefix length.
    pub networks: Vec<(IpAddr, u8)>,
}
