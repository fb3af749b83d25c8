//! The two client machines: INVITE (RFC 3261 section 17.1.1 with RFC 6026) and everything else (17.1.2).

use crate::{
    DialogId, Flow,
    message::{Framing, HeaderName, Message, Method, StartLine, Writer, parse},
    station::{Due, GIVE_UP, Station, T1, T2, T4, branch_number, connected, is_reliable},
    timer::TimerKey,
};
use bytes::Bytes;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A client transaction: the number in our branch, and whether it is the CANCEL, which shares its INVITE's branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKey {
    pub(crate) branch: u64,
    pub(crate) cancel: bool,
}

/// Timers of client transactions, by the letters of RFC 3261 section 17 and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientTimer {
    /// A and E: send the request again.
    Retransmit,
    /// B and F: nobody answers.
    GiveUp,
    /// D, K and M: the repeats of the final response have ceased.
    Forget,
}

/// Whose transaction it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientUser {
    /// The INVITE that makes a dialog.
    Invite(DialogId),
    /// An INVITE inside a dialog.
    Reinvite(DialogId),
    /// An OPTIONS that asks whether a dialog's far end is still there.
    Probe(DialogId),
    /// A registration of ours, by account.
    Register(Arc<str>),
    /// Nobody waits for the answer (BYE, CANCEL, NOTIFY).
    Nobody,
}

/// Why a transaction ended without a final response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nobody answered in 64·T1.
    Timeout,
    /// Its stream is gone.
    FlowClosed,
    /// It had its final response long ago; the last repeats of that are over.
    Forgotten,
}

#[derive(Debug)]
enum State {
    /// INVITE sent, or another request: no answer yet. Repeated by timer A or E.
    Calling { interval: Duration },
    /// A provisional answer came. An INVITE now waits as long as its user wants (H9), another request goes on by timer E
    /// at T2.
    Proceeding,
    /// INVITE only: refused; its repeats get the same ACK again.
    Refused { ack: Bytes },
    /// INVITE only: accepted; each 2xx goes to the user, who acknowledges it (RFC 6026 section 7.2).
    Accepted,
    /// Another request had its final answer; repeats are absorbed.
    Answered,
}

#[derive(Debug)]
struct Client {
    user: ClientUser,
    flow: Flow,
    invite: bool,
    /// The request, kept until its final answer: to repeat it, and to make ACK and CANCEL of it.
    request: Bytes,
    state: State,
    retransmit: Option<TimerKey>,
    /// Give up, then forget.
    limit: Option<TimerKey>,
}

/// All client transactions.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    table: BTreeMap<ClientKey, Client>,
}

impl Clients {
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether this branch is one of ours that is still open.
    pub(crate) fn owns(&self, branch: &[u8]) -> bool {
        branch_number(branch).is_some_and(|branch| self.table.contains_key(&ClientKey { branch, cancel: false }))
    }

    /// Sends a request and watches over it.
    pub(crate) fn begin(
        &mut self,
        station: &mut Station,
        key: ClientKey,
        invite: bool,
        user: ClientUser,
        flow: Flow,
        request: Bytes,
    ) {
        station.send(flow, request.clone());
        let retransmit = (!is_reliable(&flow)).then(|| station.after(T1, Due::Client(key, ClientTimer::Retransmit)));
        let limit = Some(station.after(GIVE_UP, Due::Client(key, ClientTimer::GiveUp)));
        let state = State::Calling { interval: T1 };
        self.table.insert(key, Client { user, flow, invite, request, state, retransmit, limit });
    }

    /// Takes up an INVITE that was sent before a restart: nothing is repeated, and its answer is awaited as long as the
    /// user wants. Of the request only what its CANCEL and ACK repeat is needed.
    pub(crate) fn resume(&mut self, key: ClientKey, user: ClientUser, flow: Flow, request: Bytes) {
        let state = State::Proceeding;
        let client = Client { user, flow, invite: true, request, state, retransmit: None, limit: None };
        self.table.insert(key, client);
    }

    /// Takes a response. Gives its user if he must hear of it; repeats and strays end here.
    pub(crate) fn response(
        &mut self,
        station: &mut Station,
        flow: &Flow,
        status: u16,
        message: &Message,
    ) -> Option<(ClientKey, ClientUser)> {
        let cseq = message.cseq()?;
        let branch = branch_number(message.top_via()?.branch()?)?;
        let key = ClientKey { branch, cancel: cseq.method == b"CANCEL" };
        let client = self.table.get_mut(&key)?;
        if client.invite != (cseq.method == b"INVITE") {
            return None;
        }
        connected(&mut client.flow, flow);
        let heard = if client.invite {
            client.invite_response(station, key, status, message)
        } else {
            client.other_response(station, key, status)
        };
        let user = client.user.clone();
        if matches!(client.state, State::Answered | State::Refused { .. }) && client.limit.is_none() {
            self.table.remove(&key);
        }
        heard.then_some((key, user))
    }

    /// A timer of a transaction. Gives its user if the transaction ended with it.
    pub(crate) fn timer(
        &mut self,
        station: &mut Station,
        key: ClientKey,
        timer: ClientTimer,
    ) -> Option<(ClientUser, Ending)> {
        let client = self.table.get_mut(&key)?;
        match timer {
            ClientTimer::Retransmit => {
                client.retransmit(station, key);
                None
            }
            ClientTimer::GiveUp => self.end(station, key).map(|user| (user, Ending::Timeout)),
            ClientTimer::Forget => self.end(station, key).map(|user| (user, Ending::Forgotten)),
        }
    }

    /// Removes a transaction.
    pub(crate) fn end(&mut self, station: &mut Station, key: ClientKey) -> Option<ClientUser> {
        let mut client = self.table.remove(&key)?;
        station.timers.stop(&mut client.retransmit);
        station.timers.stop(&mut client.limit);
        Some(client.user)
    }

    /// Nobody waits for the final answer of an INVITE any more, and it may never come (the BYE of a caller who missed our
    /// ACK overtook it). It stays as long as its dialog is remembered, for a late 2xx.
    pub(crate) fn abandon(&mut self, station: &mut Station, key: ClientKey) {
        if let Some(client) = self.table.get_mut(&key)
            && client.limit.is_none()
        {
            client.limit = Some(station.after(GIVE_UP, Due::Client(key, ClientTimer::Forget)));
        }
    }

    /// Removes all transactions of a stream that is gone; gives the users of those still without a final answer.
    pub(crate) fn flow_closed(&mut self, station: &mut Station, flow: &Flow) -> Vec<(ClientKey, ClientUser, Ending)> {
        let gone = self.table.iter().filter(|(_, client)| client.flow == *flow);
        let gone: Vec<_> = gone.map(|(key, client)| (*key, client.is_open())).collect();
        let ended = gone.into_iter().filter_map(|(key, open)| {
            let user = self.end(station, key)?;
            Some((key, user, if open { Ending::FlowClosed } else { Ending::Forgotten }))
        });
        ended.collect()
    }

    /// Sends the CANCEL of an INVITE (RFC 3261 section 9.1): its branch, CSeq number, To without tag, and Route.
    pub(crate) fn cancel(&mut self, station: &mut Station, invite: ClientKey) {
        let Some(client) = self.table.get(&invite) else { return };
        let (flow, request) = (client.flow, client.request.clone());
        if let Some(cancel) = derived(&request, &Method::Cancel, None) {
            self.begin(station, ClientKey { cancel: true, ..invite }, false, ClientUser::Nobody, flow, cancel);
        }
    }
}

impl Client {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding)
    }

    fn invite_response(&mut self, station: &mut Station, key: ClientKey, status: u16, message: &Message) -> bool {
        match (&self.state, status) {
            (State::Calling { .. } | State::Proceeding, 100..200) => {
                station.timers.stop(&mut self.retransmit);
                station.timers.stop(&mut self.limit);
                self.state = State::Proceeding;
                true
            }
            (State::Calling { .. } | State::Proceeding, 200..300) => {
                self.state = State::Accepted;
                self.settle(station, key, Some(GIVE_UP));
                true
            }
            (State::Calling { .. } | State::Proceeding, _) => {
                let to = message.first(&HeaderName::To);
                let ack = derived(&self.request, &Method::Ack, to.map(|to| &to[..])).unwrap_or_default();
                station.send(self.flow, ack.clone());
                self.state = State::Refused { ack };
                self.settle(station, key, (!is_reliable(&self.flow)).then_some(GIVE_UP));
                true
            }
            (State::Refused { ack }, 300..) => {
                station.send(self.flow, ack.clone());
                false
            }
            (State::Accepted, 200..300) => true,
            (State::Refused { .. } | State::Accepted | State::Answered, _) => false,
        }
    }

    fn other_response(&mut self, station: &mut Station, key: ClientKey, status: u16) -> bool {
        match (&self.state, status) {
            (State::Calling { .. } | State::Proceeding, 100..200) => {
                self.state = State::Proceeding;
                false
            }
            (State::Calling { .. } | State::Proceeding, _) => {
                self.state = State::Answered;
                self.settle(station, key, (!is_reliable(&self.flow)).then_some(T4));
                true
            }
            (State::Refused { .. } | State::Accepted | State::Answered, _) => false,
        }
    }

    /// The final answer is here: nothing is repeated any more, and the transaction lingers as long as the answer may be.
    fn settle(&mut self, station: &mut Station, key: ClientKey, linger: Option<Duration>) {
        station.timers.stop(&mut self.retransmit);
        station.timers.stop(&mut self.limit);
        self.request = Bytes::new();
        self.limit = linger.map(|linger| station.after(linger, Due::Client(key, ClientTimer::Forget)));
    }

    fn retransmit(&mut self, station: &mut Station, key: ClientKey) {
        let next = match &mut self.state {
            // Timer A doubles without limit, timer E up to T2.
            State::Calling { interval } => {
                *interval = if self.invite { *interval * 2 } else { T2.min(*interval * 2) };
                *interval
            }
            State::Proceeding if !self.invite => T2,
            State::Proceeding | State::Refused { .. } | State::Accepted | State::Answered => return,
        };
        station.send(self.flow, self.request.clone());
        self.retransmit = Some(station.after(next, Due::Client(key, ClientTimer::Retransmit)));
    }
}

/// ACK (of a refusal) or CANCEL made of an INVITE of ours: RFC 3261 sections 17.1.1.3 and 9.1.
fn derived(invite: &Bytes, method: &Method, to: Option<&[u8]>) -> Option<Bytes> {
    let invite = parse(invite, Framing::Stream).ok()?;
    let StartLine::Request { uri, .. } = &invite.start else { return None };
    let value = |name: &HeaderName| invite.first(name).map(|value| &value[..]).unwrap_or_default();
    let mut writer = Writer::request(method.name(), std::str::from_utf8(uri).ok()?)
        .header("Via", value(&HeaderName::Via))
        .header("Max-Forwards", "70")
        .header("From", value(&HeaderName::From))
        .header("To", to.unwrap_or(value(&HeaderName::To)))
        .header("Call-ID", value(&HeaderName::CallId));
    for route in invite.all(&HeaderName::Route) {
        writer = writer.header("Route", route);
    }
    let method = String::from_utf8_lossy(method.name());
    Some(writer.put("CSeq", format_args!("{} {method}", invite.cseq()?.number)).finish(None))
}
