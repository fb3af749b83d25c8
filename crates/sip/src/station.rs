//! What every part of the endpoint works with: the time, the timers, chance, and the way out. Decides nothing.

use crate::{
    Body, Config, DialogId, Event, Flow, Output, Transport,
    message::{self, Message, Method, Writer},
    timer::Timers,
    transaction::{ClientKey, ClientTimer, ServerId, ServerTimer},
};
use bytes::Bytes;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// Estimate of a round trip (RFC 3261 section 17.1.1.1).
pub(crate) const T1: Duration = Duration::from_millis(500);
/// Longest pause between repeats of a request or 2xx.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network.
pub(crate) const T4: Duration = Duration::from_secs(5);
/// 64·T1: when RFC 3261 gives up, and how long whatever was finished is remembered.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(32);

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Client(ClientKey, ClientTimer),
    Server(ServerId, ServerTimer),
    /// Repeat the last provisional answer (H9).
    Provisional(DialogId),
    /// Repeat our unacknowledged 2xx.
    Repeat2xx(DialogId),
    /// Nothing came for 64·T1: the ACK of our 2xx, or the final answer to our CANCEL, or an answer for our ACK.
    GiveUp(DialogId),
    /// The 32 s after the end are over (H10).
    Forget(DialogId),
    /// A registration runs out.
    BindingExpired {
        account: Arc<str>,
        serial: u64,
    },
    /// A refusal that was held back.
    Refusal(ServerId),
    /// As a client: register again.
    Register(Arc<str>),
}

/// The common ground of the endpoint's parts.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) config: Config,
    pub(crate) now: Duration,
    pub(crate) timers: Timers<Due>,
    pub(crate) outputs: VecDeque<Output>,
    chance: Pcg64Mcg,
}

impl Station {
    pub(crate) fn new(config: Config, seed: u64) -> Self {
        let chance = Pcg64Mcg::seed_from_u64(seed);
        Self { config, now: Duration::ZERO, timers: Timers::new(), outputs: VecDeque::new(), chance }
    }

    pub(crate) fn after(&mut self, delay: Duration, due: Due) -> crate::timer::TimerKey {
        self.timers.set(self.now + delay, due)
    }

    pub(crate) fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.outputs.push_back(Output::Send { flow, bytes });
    }

    pub(crate) fn say(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn random(&mut self) -> u64 {
        self.chance.next_u64()
    }

    pub(crate) fn random_secret(&mut self) -> [u8; 32] {
        let mut secret = [0; 32];
        self.chance.fill_bytes(&mut secret);
        secret
    }

    /// A tag, Call-ID or cnonce: 64 random bits.
    pub(crate) fn token(&mut self) -> Arc<str> {
        format!("{:016x}", self.random()).into()
    }

    /// Begins a request of ours: Via with our branch, Max-Forwards and User-Agent.
    pub(crate) fn request(&mut self, method: &Method, uri: &str, flow: &Flow) -> (u64, Writer) {
        let branch = self.random();
        let writer = Writer::request(method.name(), uri)
            .header("Via", via(flow, &branch_text(branch)))
            .header("User-Agent", self.config.user_agent.as_bytes());
        (branch, writer)
    }
}

/// Streams deliver for themselves; only datagrams are repeated.
pub(crate) fn is_reliable(flow: &Flow) -> bool {
    flow.transport != Transport::Udp
}

/// A stream that was to be opened is known by its number once something came down it; it is then used again.
pub(crate) fn connected(known: &mut Flow, heard: &Flow) {
    if known.connection == 0 && known.transport == heard.transport && known.remote == heard.remote {
        *known = *heard;
    }
}

/// A flow as the next life of the program finds it. Its connection died with the program, and the port a phone called
/// from takes no calls: a new connection goes to the port of the Contact, if that is the same host (RFC 3261 section
/// 18.1.1). A phone behind NAT names another and is out of reach until it registers again.
pub(crate) fn restored(flow: Flow, contact: &str) -> Flow {
    let mut flow = Flow { connection: 0, ..flow };
    let default_port = match flow.transport {
        Transport::Udp | Transport::Ws | Transport::Wss => return flow,
        Transport::Tcp => 5060,
        Transport::Tls => 5061,
    };
    if let Some(uri) = message::Uri::parse(contact.as_bytes())
        && uri.host == host(flow.remote).as_bytes()
    {
        flow.remote.set_port(uri.port.unwrap_or(default_port));
    }
    flow
}

fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
        Transport::Ws => "WS",
        Transport::Wss => "WSS",
    }
}

/// Our Via on a flow.
pub(crate) fn via(flow: &Flow, branch: &str) -> String {
    format!("SIP/2.0/{} {};rport;branch={branch}", transport_name(flow.transport), flow.local)
}

/// Our Contact on a flow.
pub(crate) fn contact(user: &str, flow: &Flow) -> String {
    let parameter = match flow.transport {
        Transport::Udp => "",
        Transport::Tcp => ";transport=tcp",
        Transport::Tls => ";transport=tls",
        Transport::Ws => ";transport=ws",
        Transport::Wss => ";transport=wss",
    };
    let at = if user.is_empty() { "" } else { "@" };
    format!("<sip:{}{at}{}{parameter}>", message::escaped_user(user), flow.local)
}

/// The host of an address as it stands in a URI.
pub(crate) fn host(address: std::net::SocketAddr) -> String {
    match address.ip() {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The text of a branch of ours.
pub(crate) fn branch_text(branch: u64) -> String {
    format!("z9hG4bK{branch:016x}")
}

/// The number of a branch of ours; none for anybody else's.
pub(crate) fn branch_number(branch: &[u8]) -> Option<u64> {
    let hex = branch.get(7..).filter(|hex| hex.len() == 16)?;
    u64::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

/// The body of a message with its type.
pub(crate) fn body_of(message: &Message) -> Option<Body> {
    let content_type =
        message.first(&message::HeaderName::ContentType).map_or("application/sdp".into(), |v| message::text(v));
    (!message.body.is_empty()).then(|| Body { content_type, bytes: message.body.clone() })
}
