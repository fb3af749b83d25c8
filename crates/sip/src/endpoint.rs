//! The endpoint: where every input goes first. Owns all tables and hands each message, timer and command to the part
//! that knows; it decides only what concerns all requests alike.

use crate::{
    Command, Config, Event, Flow, Input, Output, Transport, checks,
    dialog::Dialogs,
    guard::Guard,
    message::{Fault, Framing, HeaderName, Message, Method, StartLine, Uri, Via, parse, reason_phrase},
    registrar::Registrar,
    registration::{Registrations, Secrets},
    station::{Due, Station, restored},
    transaction::{Arrival, ClientKey, ClientUser, Clients, Ending, ReplyHead, ServerId, Servers},
};
use bytes::Bytes;
use std::time::Duration;

/// The methods we serve.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER";

/// How much of everything an endpoint holds, for those who look for leaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests of ours not yet forgotten.
    pub client_transactions: usize,
    /// Requests of others not yet forgotten.
    pub server_transactions: usize,
    /// Dialogs, those that ended in the last 32 s included.
    pub dialogs: usize,
    /// Timers set.
    pub timers: usize,
    /// Registered phones.
    pub bindings: usize,
}

/// A request that passed its checks.
pub(crate) struct Request<'a> {
    pub(crate) message: &'a Message,
    pub(crate) flow: Flow,
    pub(crate) method: Method,
    pub(crate) uri: &'a [u8],
    pub(crate) cseq: u32,
}

/// All of a node's SIP: transactions, dialogs and registrations.
#[derive(Debug)]
pub struct Endpoint {
    pub(crate) station: Station,
    pub(crate) clients: Clients,
    pub(crate) servers: Servers,
    pub(crate) dialogs: Dialogs,
    pub(crate) guard: Guard,
    pub(crate) registrar: Registrar,
    pub(crate) registrations: Registrations,
    pub(crate) secrets: Secrets,
}

impl Endpoint {
    /// A new endpoint. All chance in it (tags, branches, nonces) comes from `seed`, which a real one takes from the
    /// operating system and a simulated one from its list.
    pub fn new(mut config: Config, seed: u64) -> Self {
        let accounts = std::mem::take(&mut config.accounts);
        let mut station = Station::new(config, seed);
        let (secret, first_dialog) = (station.random_secret(), station.random());
        Self {
            station,
            clients: Clients::default(),
            servers: Servers::default(),
            dialogs: Dialogs::new(first_dialog),
            guard: Guard::new(accounts, secret),
            registrar: Registrar::default(),
            registrations: Registrations::default(),
            secrets: Secrets::default(),
        }
    }

    /// Takes one input at `now`, the time since start, which never goes back. What comes of it is fetched by `poll`.
    pub fn handle(&mut self, now: Duration, input: Input) {
        assert!(now >= self.station.now, "time never goes back");
        self.station.now = now;
        match input {
            Input::Received { flow, bytes } => self.receive(flow, &bytes),
            Input::FlowClosed { flow } => self.flow_closed(&flow),
            Input::Timeout => {}
            Input::Command(command) => self.command(command),
        }
        while let Some(due) = self.station.timers.take_due(now) {
            self.due(due);
        }
    }

    /// The next output.
    pub fn poll(&mut self) -> Option<Output> {
        self.station.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is to be given at the latest.
    pub fn next_timeout(&self) -> Option<Duration> {
        self.station.timers.next()
    }

    /// How much is held now.
    pub fn counts(&self) -> Counts {
        Counts {
            client_transactions: self.clients.len(),
            server_transactions: self.servers.len(),
            dialogs: self.dialogs.len(),
            timers: self.station.timers.len(),
            bindings: self.registrar.len(),
        }
    }

    fn receive(&mut self, flow: Flow, bytes: &Bytes) {
        let framing = match flow.transport {
            Transport::Udp | Transport::Ws | Transport::Wss => Framing::Datagram,
            Transport::Tcp | Transport::Tls => Framing::Stream,
        };
        let message = match parse(bytes, framing) {
            Ok(message) => message,
            Err(crate::Error::KeepAlive) => return,
            Err(crate::Error::TooLong) => return self.bad(&flow, "message too long"),
            Err(_) => return self.bad(&flow, "not SIP"),
        };
        match &message.start {
            StartLine::Response { status, .. } => self.response(&flow, *status, &message),
            StartLine::Request { method, uri } => self.request(flow, &message, method, uri),
        }
    }

    fn bad(&mut self, flow: &Flow, reason: &'static str) {
        self.station.say(Event::BadMessage { source: flow.remote, reason });
    }

    /// A response with a fault, or with Vias below ours (RFC 3261 section 8.1.3.3), is dropped: nobody can be told.
    fn response(&mut self, flow: &Flow, status: u16, message: &Message) {
        if message.fault.is_some() || message.elements(&HeaderName::Via).count() != 1 {
            return self.bad(flow, "response that cannot be ours");
        }
        let Some((key, user)) = self.clients.response(&mut self.station, flow, status, message) else { return };
        match user {
            ClientUser::Invite(id) => {
                self.dialogs.connected(id, flow);
                self.invite_response(key, id, status, message);
            }
            ClientUser::Reinvite(id) => {
                self.dialogs.connected(id, flow);
                self.reinvite_response(key, id, status, message);
            }
            ClientUser::Probe(id) => {
                self.dialogs.connected(id, flow);
                self.probe_response(key, id, status);
            }
            ClientUser::Register(account) => {
                self.registrations.connected(&account, flow);
                self.register_response(&account, status, message);
            }
            ClientUser::Nobody => {}
        }
    }

    fn request(&mut self, flow: Flow, message: &Message, method: &Method, uri: &[u8]) {
        if let Some(fault) = checks::fault(message, method, uri) {
            return self.refuse_bad(&flow, message, method, fault);
        }
        let Some(cseq) = message.cseq() else { return };
        let request = Request { message, flow, method: method.clone(), uri, cseq: cseq.number };
        if request.method != Method::Ack && self.is_loop(message) {
            return self.answer_stateless(&flow, message, 482, reason_phrase(482), &[]);
        }
        let keys = match self.servers.arrival(&mut self.station, message, method) {
            Arrival::Handled => return,
            Arrival::Merged => return self.answer_stateless(&flow, message, 482, reason_phrase(482), &[]),
            Arrival::New(keys) => *keys,
        };
        if request.method == Method::Ack {
            return self.acknowledged(&request);
        }
        if self.servers.len() >= self.station.config.limits.transactions_max {
            let retry = crate::dialog::RETRY_AFTER_S.to_string();
            return self.answer_stateless(&flow, message, 503, "Overloaded", &[("Retry-After", retry)]);
        }
        let server = self.servers.begin(keys, request.method == Method::Invite, flow);
        self.new_request(&request, server);
    }

    /// A request of ours that came back to us.
    fn is_loop(&self, message: &Message) -> bool {
        let vias = message.elements(&HeaderName::Via).filter_map(Via::parse);
        vias.filter_map(|via| via.branch()).any(|branch| self.clients.owns(branch))
    }

    /// What cannot be used is answered if it can be: not an ACK, and nothing without a Via to repeat. It opens no
    /// transaction, since its keys may be what is wrong with it.
    fn refuse_bad(&mut self, flow: &Flow, message: &Message, method: &Method, fault: Fault) {
        self.bad(flow, fault.reason);
        if *method != Method::Ack && message.first(&HeaderName::Via).is_some() {
            self.answer_stateless(flow, message, fault.status, fault.reason, &[]);
        }
    }

    fn new_request(&mut self, request: &Request<'_>, server: ServerId) {
        let message = request.message;
        if request.method == Method::Cancel {
            return self.cancelled(request, server);
        }
        if Uri::parse(request.uri).is_none_or(|uri| !uri.is_understood()) {
            return self.refuse_request(request, server, 416, &[]);
        }
        let required: Vec<_> = message.all(&HeaderName::Require).map(|value| String::from_utf8_lossy(value)).collect();
        if !required.is_empty() {
            // No extension is needed to talk to us, and none is understood (RFC 3261 section 8.2.2.3).
            return self.refuse_request(request, server, 420, &[("Unsupported", required.join(", "))]);
        }
        if message.to().is_some_and(|to| to.tag().is_some()) {
            return self.inside(request, server);
        }
        match request.method {
            // We pass calls on, so the count of hops that a loop would need ends here (RFC 3261 section 16.3).
            Method::Invite if message.number(&HeaderName::MaxForwards) == Some(0) => {
                self.refuse_request(request, server, 483, &[]);
            }
            Method::Invite => self.invited(request, server),
            Method::Register => self.register_came(request, server),
            _ => self.common_request(request, server),
        }
    }

    /// Requests whose answer is the same inside and outside of dialogs.
    pub(crate) fn common_request(&mut self, request: &Request<'_>, server: ServerId) {
        let allow = || [("Allow", ALLOW.to_owned())];
        match request.method {
            Method::Options => {
                let [allow] = allow();
                let headers = [allow, ("Accept", "application/sdp".to_owned())];
                self.answer_request(request, server, 200, None, &headers);
            }
            // There is no such dialog, reliable answer or subscription.
            Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify => {
                self.refuse_request(request, server, 481, &[]);
            }
            Method::Subscribe | Method::Publish => self.refuse_request(request, server, 489, &[]),
            Method::Refer => self.refuse_request(request, server, 603, &[]),
            Method::Other(_) => self.refuse_request(request, server, 501, &allow()),
            Method::Message | Method::Register | Method::Invite | Method::Ack | Method::Cancel => {
                self.refuse_request(request, server, 405, &allow());
            }
        }
    }

    /// Answers a request with a final status and its usual phrase.
    pub(crate) fn refuse_request(
        &mut self,
        request: &Request<'_>,
        server: ServerId,
        status: u16,
        headers: &[(&'static str, String)],
    ) {
        self.answer_request(request, server, status, None, headers);
    }

    /// The same with a To tag that is already known.
    pub(crate) fn answer_request(
        &mut self,
        request: &Request<'_>,
        server: ServerId,
        status: u16,
        tag: Option<&str>,
        headers: &[(&'static str, String)],
    ) {
        let response =
            self.plain_response(&request.flow, request.message, (status, reason_phrase(status)), tag, headers);
        self.servers.reply(&mut self.station, server, status, response);
    }

    fn answer_stateless(
        &mut self,
        flow: &Flow,
        message: &Message,
        status: u16,
        reason: &str,
        headers: &[(&'static str, String)],
    ) {
        let response = self.plain_response(flow, message, (status, reason), None, headers);
        self.station.send(*flow, response);
    }

    fn plain_response(
        &mut self,
        flow: &Flow,
        message: &Message,
        (status, reason): (u16, &str),
        tag: Option<&str>,
        headers: &[(&'static str, String)],
    ) -> Bytes {
        let random = self.station.token();
        let mut writer = ReplyHead::new(message, flow).response(status, reason, Some(tag.unwrap_or(&random)));
        for (name, value) in headers {
            writer = writer.header(name, value.as_bytes());
        }
        writer.header("Server", self.station.config.user_agent.as_bytes()).finish(None)
    }

    fn due(&mut self, due: Due) {
        match due {
            Due::Client(key, timer) => {
                if let Some((user, ending)) = self.clients.timer(&mut self.station, key, timer) {
                    self.client_over(key, user, ending);
                }
            }
            Due::Server(id, timer) => self.servers.timer(&mut self.station, id, timer),
            Due::Provisional(id) => self.repeat_provisional(id),
            Due::Repeat2xx(id) => self.repeat_2xx(id),
            Due::GiveUp(id) => self.waited_in_vain(id),
            Due::Forget(id) => self.forget(id),
            Due::BindingExpired { account, serial } => self.registrar.expired(&mut self.station, &account, serial),
            Due::Refusal(server) => self.release_refusal(server),
            Due::Register(account) => self.register_again(&account),
        }
    }

    /// A client transaction ended otherwise than by an answer.
    pub(crate) fn client_over(&mut self, key: ClientKey, user: ClientUser, ending: Ending) {
        match user {
            ClientUser::Invite(id) => self.invite_over(key, id, ending),
            ClientUser::Reinvite(id) => self.reinvite_over(key, id, ending),
            ClientUser::Probe(id) => self.probe_over(key, id, ending),
            ClientUser::Register(account) => self.register_over(&account, ending),
            ClientUser::Nobody => {}
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Provisional { dialog, status, body } => self.provisional(dialog, status, body),
            Command::Accept { dialog, body } => self.accept(dialog, &body),
            Command::Refuse { dialog, status, reason, retry_after_s } => {
                self.refuse(dialog, status, &reason, retry_after_s)
            }
            Command::Challenge { dialog } => self.challenge(dialog),
            Command::Invite(invite) => self.invite(invite),
            Command::Cancel { dialog } => self.cancel(dialog),
            Command::Bye { dialog, reason } => self.bye(dialog, reason.as_deref()),
            Command::AnswerReoffer { dialog, body } => self.answer_reoffer(dialog, body.as_ref()),
            Command::RefuseReoffer { dialog, status } => self.refuse_reoffer(dialog, status),
            Command::Reoffer { dialog, body } => self.reoffer(dialog, &body),
            Command::Notify { dialog, event, body } => self.notify(dialog, &event, body.as_ref()),
            Command::Probe { dialog } => self.probe(dialog),
            Command::StopProbe { dialog } => self.stop_probe(dialog),
            Command::Restore { dialog, snapshot } => self.restore(dialog, *snapshot),
            Command::CancelRestored { dialog, snapshot } => self.cancel_restored(dialog, *snapshot),
            Command::RestoreBinding(mut binding) => {
                binding.flow = restored(binding.flow, &binding.contact);
                self.registrar.put(&mut self.station, *binding);
            }
            Command::Accounts(accounts) => {
                self.guard.replace_accounts(accounts);
                let guard = &self.guard;
                self.registrar.keep_accounts(&mut self.station, |account| guard.knows(account));
            }
            Command::Register(registration) => self.register(*registration),
            Command::Credentials(credentials) => self.secrets.put(credentials),
        }
    }
}
