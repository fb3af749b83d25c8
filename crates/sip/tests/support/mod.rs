//! Endpoints in virtual time: helpers to drive one by hand, and a network between two that loses, repeats and delays.

#![allow(dead_code, reason = "each test file uses its part")]

use bytes::Bytes;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use sip::{
    Account, Body, Command, Config, DialogId, Endpoint, Event, Flow, Input, Invite, InviteSnapshot, Output, Target,
    Transport,
    digest::{ha1_md5, ha1_sha256},
    message::{Framing, HeaderName, Message, StartLine, parse},
};
use std::{collections::BTreeMap, time::Duration};

pub const REALM: &str = "strowger.test";

pub fn account(name: &str) -> Account {
    let password = format!("secret-{name}");
    Account {
        name: name.into(),
        ha1_md5: ha1_md5(name, REALM, &password).into(),
        ha1_sha256: ha1_sha256(name, REALM, &password).into(),
    }
}

pub fn config() -> Config {
    let mut config = Config::new(REALM);
    config.accounts = vec![account("8001"), account("8002")];
    config
}

pub fn udp() -> Flow {
    Flow {
        transport: Transport::Udp,
        local: "10.0.0.1:5060".parse().expect("address"),
        remote: "192.0.2.7:5070".parse().expect("address"),
        connection: 0,
    }
}

pub fn tcp() -> Flow {
    Flow { transport: Transport::Tcp, connection: 7, ..udp() }
}

pub fn sdp(text: &'static str) -> Body {
    Body { content_type: "application/sdp".into(), bytes: Bytes::from_static(text.as_bytes()) }
}

pub fn invite_to(dialog: u64, flow: Flow, body: Option<Body>) -> Command {
    Command::Invite(Box::new(Invite {
        dialog: DialogId(dialog),
        target: Target::Address { uri: "sip:601@192.0.2.7:5070".into(), flow },
        from_display: Some("Alice \"A\"".into()),
        from_user: "8001".into(),
        headers: vec![("Alert-Info".into(), "<sip:x>;answer-after=0".into()), ("Via".into(), "forged".into())],
        body,
    }))
}

/// One endpoint, driven by hand.
pub struct Desk {
    pub endpoint: Endpoint,
    pub now: Duration,
    pub flow: Flow,
    pub sent: Vec<Message>,
    pub events: Vec<Event>,
    /// INVITEs that were about to be sent, as they would be kept for a restart.
    pub inviting: Vec<InviteSnapshot>,
    /// Numbers of the connections used.
    pub connections: Vec<u64>,
}

impl Desk {
    pub fn new(flow: Flow) -> Self {
        Self::with(config(), flow)
    }

    pub fn with(config: Config, flow: Flow) -> Self {
        Self {
            endpoint: Endpoint::new(config, 1),
            now: Duration::ZERO,
            flow,
            sent: Vec::new(),
            events: Vec::new(),
            inviting: Vec::new(),
            connections: Vec::new(),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { flow, bytes } => {
                    assert_eq!(flow.remote, self.flow.remote, "answers and requests go down the flow");
                    let message = parse(&bytes, Framing::Stream).expect("we write SIP");
                    assert_eq!(message.fault, None, "we write good SIP: {}", String::from_utf8_lossy(&bytes));
                    self.connections.push(flow.connection);
                    self.sent.push(message);
                }
                Output::Event(Event::Inviting { snapshot, .. }) => {
                    let sent = self.sent.iter().filter(|message| name(message) == "INVITE");
                    let branch = snapshot.branch.as_bytes();
                    let early = !sent.filter_map(Message::top_via).any(|via| via.branch() == Some(branch));
                    assert!(early, "who keeps the snapshot keeps it before the INVITE is out");
                    self.inviting.push(*snapshot);
                }
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    pub fn give(&mut self, input: Input) {
        self.endpoint.handle(self.now, input);
        self.drain();
    }

    pub fn command(&mut self, command: Command) {
        self.give(Input::Command(command));
    }

    pub fn receive(&mut self, text: &str) {
        self.give(Input::Received { flow: self.flow, bytes: Bytes::copy_from_slice(text.as_bytes()) });
    }

    /// Lets time pass, timer by timer.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(next) = self.endpoint.next_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.give(Input::Timeout);
        }
        self.now = end;
    }

    pub fn pass_ms(&mut self, milliseconds: u64) {
        self.pass(Duration::from_millis(milliseconds));
    }

    /// What was sent since the last look: a status or method each.
    pub fn sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent).iter().map(name).collect()
    }

    /// The last message sent.
    pub fn last(&self) -> &Message {
        self.sent.last().expect("something was sent")
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The dialog of the one INVITE that came.
    pub fn invited(&mut self) -> DialogId {
        match self.events().pop() {
            Some(Event::Invited(invited)) => invited.dialog,
            other => panic!("expected Invited, got {other:?}"),
        }
    }

    /// How often `Ended` was said.
    pub fn ended(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Ended { .. })).count()
    }

    /// After all that lingers is over nothing may be left.
    pub fn assert_empty_at_last(&mut self) {
        self.pass(Duration::from_secs(70));
        assert_eq!(self.endpoint.counts(), sip::Counts::default(), "nothing may be left over");
    }
}

pub fn name(message: &Message) -> String {
    match &message.start {
        StartLine::Request { method, .. } => String::from_utf8_lossy(method.name()).into_owned(),
        StartLine::Response { status, .. } => status.to_string(),
    }
}

pub fn value(message: &Message, name: &HeaderName) -> String {
    message.first(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

pub fn to_tag(message: &Message) -> String {
    let tag = message.to().and_then(|to| to.tag()).unwrap_or_default();
    String::from_utf8_lossy(tag).into_owned()
}

/// A request of the far end: its method, branch, CSeq and To tag, and what else it has.
pub fn request(method: &str, branch: &str, cseq: u32, to_tag: &str, more: &str, body: &str) -> String {
    let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let cseq_method = method;
    format!(
        "{method} sip:601@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 172.16.0.9:5099;branch=z9hG4bK{branch};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Caller\" <sip:13800@192.0.2.7>;tag=far\r\nTo: <sip:601@10.0.0.1>{tag}\r\n\
         Call-ID: call-1\r\nCSeq: {cseq} {cseq_method}\r\nContact: <sip:13800@172.16.0.9:5099>\r\n{more}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn invite(branch: &str, cseq: u32, to_tag: &str, body: &str) -> String {
    let more = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    request("INVITE", branch, cseq, to_tag, more, body)
}

/// A response of the far end to a request of ours.
pub fn response(to: &Message, status: u16, tag: &str, more: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status} Whatever\r\n");
    for header in &to.headers {
        let line = String::from_utf8_lossy(&header.value).into_owned();
        match header.name {
            HeaderName::To if !tag.is_empty() && to_tag(to).is_empty() => text += &format!("To: {line};tag={tag}\r\n"),
            HeaderName::Via | HeaderName::From | HeaderName::CallId | HeaderName::CSeq | HeaderName::To => {
                text += &format!("{}: {line}\r\n", String::from_utf8_lossy(header.name.name()));
            }
            _ => {}
        }
    }
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text + &format!("Contact: <sip:phone@172.16.0.9:5099>\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// How bad a network is, in thousandths.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    pub lost: u32,
    pub repeated: u32,
    pub delay_ms_max: u64,
}

/// Two endpoints and the network between them.
pub struct Pair {
    pub endpoints: [Endpoint; 2],
    pub events: [Vec<Event>; 2],
    pub now: Duration,
    flows: [Flow; 2],
    weather: Weather,
    chance: Pcg64Mcg,
    network: BTreeMap<(Duration, u64), (usize, Bytes)>,
    sequence: u64,
}

impl Pair {
    pub fn new(seed: u64, transport: Transport, weather: Weather) -> Self {
        let addresses = ["10.0.0.1:5060".parse().expect("address"), "10.0.0.2:5060".parse().expect("address")];
        let flow = |near: usize| Flow { transport, local: addresses[near], remote: addresses[1 - near], connection: 0 };
        Self {
            endpoints: [Endpoint::new(config(), seed), Endpoint::new(config(), !seed)],
            events: [Vec::new(), Vec::new()],
            now: Duration::ZERO,
            flows: [flow(0), flow(1)],
            weather,
            chance: Pcg64Mcg::seed_from_u64(seed ^ 0x5eed),
            network: BTreeMap::new(),
            sequence: 0,
        }
    }

    pub fn flow(&self, side: usize) -> Flow {
        self.flows[side]
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.chance.next_u64() % bound
    }

    fn happens(&mut self, thousandths: u32) -> bool {
        self.below(1000) < u64::from(thousandths)
    }

    pub fn command(&mut self, side: usize, command: Command) {
        self.endpoints[side].handle(self.now, Input::Command(command));
        self.drain(side);
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.endpoints[side].poll() {
            match output {
                Output::Event(event) => self.events[side].push(event),
                Output::Send { bytes, .. } => {
                    let copies = if self.happens(self.weather.lost) {
                        0
                    } else {
                        1 + u8::from(self.happens(self.weather.repeated))
                    };
                    for _ in 0..copies {
                        let delay = Duration::from_millis(1 + self.below(self.weather.delay_ms_max));
                        self.sequence += 1;
                        self.network.insert((self.now + delay, self.sequence), (1 - side, bytes.clone()));
                    }
                }
            }
        }
    }

    /// The next thing that happens, if it happens before `end`.
    pub fn step(&mut self, end: Duration) -> bool {
        let arrival = self.network.first_key_value().map(|((at, _), _)| *at);
        let timeouts = [0, 1].map(|side| self.endpoints[side].next_timeout());
        let Some(next) = [arrival, timeouts[0], timeouts[1]].into_iter().flatten().min().filter(|next| *next <= end)
        else {
            self.now = end;
            return false;
        };
        self.now = self.now.max(next);
        if arrival == Some(next) {
            let (_, (side, bytes)) = self.network.pop_first().expect("it was there");
            self.endpoints[side].handle(self.now, Input::Received { flow: self.flows[side], bytes });
            self.drain(side);
        } else {
            let side = usize::from(timeouts[0] != Some(next));
            self.endpoints[side].handle(self.now, Input::Timeout);
            self.drain(side);
        }
        true
    }
}
