//! The two server machines: INVITE (RFC 3261 section 17.2.1 with RFC 6026) and everything else (17.2.2).

use crate::{
    DialogId, Flow,
    message::{HeaderName, Message, Method, StartLine},
    station::{Due, GIVE_UP, Station, T1, T2, T4, is_reliable},
    timer::TimerKey,
};
use bytes::Bytes;
use std::{collections::BTreeMap, time::Duration};

/// A server transaction, numbered in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ServerId(u64);

/// Timers of server transactions, by the letters of RFC 3261 section 17 and RFC 6026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerTimer {
    /// G: send the refusal of an INVITE again.
    Retransmit,
    /// H, I, J and L: it is over.
    Forget,
}

/// What a request is to the transactions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A new request.
    New(Box<Keys>),
    /// A repeat, or the ACK of a refusal: dealt with.
    Handled,
    /// The same request by another way: to be answered 482 (RFC 3261 section 8.2.2.2).
    Merged,
}

/// How a request's repeats are known again (RFC 3261 section 17.2.3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    transaction: Box<[u8]>,
    /// From tag, Call-ID and CSeq, of a request outside dialogs.
    merge: Option<Box<[u8]>>,
}

#[derive(Debug)]
enum State {
    /// No final answer yet. `last` is the provisional one to repeat, empty if there is none.
    Open { last: Bytes },
    /// INVITE only: refused, no ACK yet.
    Refused { response: Bytes, interval: Duration },
    /// INVITE only: refused and acknowledged; repeats of the ACK are absorbed.
    Confirmed,
    /// INVITE only: accepted; the dialog repeats the 2xx, this absorbs the INVITE's repeats (RFC 6026 section 7.1).
    Accepted,
    /// Another request was answered; repeats get the same answer.
    Answered { response: Bytes },
}

#[derive(Debug)]
struct Server {
    keys: Keys,
    /// The dialog that an INVITE belongs to.
    dialog: Option<DialogId>,
    flow: Flow,
    invite: bool,
    state: State,
    retransmit: Option<TimerKey>,
    limit: Option<TimerKey>,
}

/// All server transactions.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    table: BTreeMap<ServerId, Server>,
    by_key: BTreeMap<Box<[u8]>, ServerId>,
    merges: BTreeMap<Box<[u8]>, ServerId>,
    last: u64,
}

impl Servers {
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.by_key.len(), self.table.len(), "every transaction has one key");
        assert!(self.merges.len() <= self.table.len(), "no key outlives its transaction");
        self.table.len()
    }

    /// Sorts a request whose mandatory headers are known to be good.
    pub(crate) fn arrival(&mut self, station: &mut Station, request: &Message, method: &Method) -> Arrival {
        let transaction = transaction_key(request, if *method == Method::Ack { &Method::Invite } else { method });
        if let Some(id) = self.by_key.get(&transaction).copied() {
            return self.repeat(station, id, method, transaction);
        }
        // ACK and CANCEL have the number of their INVITE and are no copies of it.
        let may_merge =
            !matches!(method, Method::Ack | Method::Cancel) && request.to().is_none_or(|to| to.tag().is_none());
        let merge = may_merge.then(|| merge_key(request));
        match &merge {
            Some(merge) if self.merges.contains_key(merge) => Arrival::Merged,
            _ => Arrival::New(Box::new(Keys { transaction, merge })),
        }
    }

    fn repeat(&mut self, station: &mut Station, id: ServerId, method: &Method, transaction: Box<[u8]>) -> Arrival {
        let Some(server) = self.table.get_mut(&id) else { return Arrival::Handled };
        match (&server.state, *method == Method::Ack) {
            (State::Refused { .. }, true) => {
                station.timers.stop(&mut server.retransmit);
                station.timers.stop(&mut server.limit);
                server.state = State::Confirmed;
                if is_reliable(&server.flow) {
                    self.remove(station, id);
                } else {
                    server.limit = Some(station.after(T4, Due::Server(id, ServerTimer::Forget)));
                }
            }
            // The ACK of a 2xx has a branch of its own, but RFC 2543's matching puts it here.
            (State::Accepted, true) => return Arrival::New(Box::new(Keys { transaction, merge: None })),
            (
                State::Open { last: response } | State::Refused { response, .. } | State::Answered { response },
                false,
            ) => {
                if !response.is_empty() {
                    station.send(server.flow, response.clone());
                }
            }
            (State::Confirmed | State::Accepted, false)
            | (State::Open { .. } | State::Confirmed | State::Answered { .. }, true) => {}
        }
        Arrival::Handled
    }

    /// Opens a transaction for a new request.
    pub(crate) fn begin(&mut self, keys: Keys, invite: bool, flow: Flow) -> ServerId {
        self.last += 1;
        let id = ServerId(self.last);
        self.by_key.insert(keys.transaction.clone(), id);
        if let Some(merge) = &keys.merge {
            self.merges.insert(merge.clone(), id);
        }
        let state = State::Open { last: Bytes::new() };
        self.table.insert(id, Server { keys, dialog: None, flow, invite, state, retransmit: None, limit: None });
        id
    }

    /// Notes the dialog of an INVITE, for the CANCEL that may come.
    pub(crate) fn attach(&mut self, id: ServerId, dialog: DialogId) {
        if let Some(server) = self.table.get_mut(&id) {
            server.dialog = Some(dialog);
        }
    }

    /// The INVITE that a CANCEL is for (RFC 3261 section 9.2), if it is known at all, with its dialog.
    pub(crate) fn cancelled(&self, cancel: &Message) -> Option<(ServerId, Option<DialogId>)> {
        let id = *self.by_key.get(&transaction_key(cancel, &Method::Invite))?;
        Some((id, self.table.get(&id)?.dialog))
    }

    /// Sends a response and moves on by its status. Nothing happens if the final answer was given before.
    pub(crate) fn reply(&mut self, station: &mut Station, id: ServerId, status: u16, response: Bytes) {
        let Some(server) = self.table.get_mut(&id) else { return };
        if !matches!(server.state, State::Open { .. }) {
            return;
        }
        station.send(server.flow, response.clone());
        let reliable = is_reliable(&server.flow);
        let linger = match (server.invite, status) {
            (_, 100..200) => {
                server.state = State::Open { last: response };
                return;
            }
            (true, 200..300) => {
                server.state = State::Accepted;
                Some(GIVE_UP)
            }
            (true, _) => {
                server.state = State::Refused { response, interval: T1 };
                server.retransmit = (!reliable).then(|| station.after(T1, Due::Server(id, ServerTimer::Retransmit)));
                Some(GIVE_UP)
            }
            (false, _) => {
                server.state = State::Answered { response };
                (!reliable).then_some(GIVE_UP)
            }
        };
        match linger {
            Some(linger) => server.limit = Some(station.after(linger, Due::Server(id, ServerTimer::Forget))),
            None => self.remove(station, id),
        }
    }

    pub(crate) fn timer(&mut self, station: &mut Station, id: ServerId, timer: ServerTimer) {
        match timer {
            ServerTimer::Retransmit => self.retransmit(station, id),
            ServerTimer::Forget => self.remove(station, id),
        }
    }

    fn retransmit(&mut self, station: &mut Station, id: ServerId) {
        let Some(server) = self.table.get_mut(&id) else { return };
        if let State::Refused { response, interval } = &mut server.state {
            station.send(server.flow, response.clone());
            *interval = T2.min(*interval * 2);
            server.retransmit = Some(station.after(*interval, Due::Server(id, ServerTimer::Retransmit)));
        }
    }

    fn remove(&mut self, station: &mut Station, id: ServerId) {
        let Some(mut server) = self.table.remove(&id) else { return };
        station.timers.stop(&mut server.retransmit);
        station.timers.stop(&mut server.limit);
        self.by_key.remove(&server.keys.transaction);
        if let Some(merge) = &server.keys.merge
            && self.merges.get(merge) == Some(&id)
        {
            self.merges.remove(merge);
        }
    }
}

/// Branch, sent-by and method; without RFC 3261's branch, what RFC 2543 matched by.
fn transaction_key(request: &Message, method: &Method) -> Box<[u8]> {
    let mut key = Vec::with_capacity(96);
    let mut add = |part: &[u8]| {
        key.extend_from_slice(part);
        key.push(0);
    };
    if let Some(via) = request.top_via()
        && let Some(branch) = via.branch()
    {
        add(branch);
        add(&via.host.to_ascii_lowercase());
        add(&via.port.unwrap_or(5060).to_be_bytes());
    } else {
        if let StartLine::Request { uri, .. } = &request.start {
            add(uri);
        }
        add(request.elements(&HeaderName::Via).next().unwrap_or_default());
        add(&merge_key(request));
    }
    add(method.name());
    key.into()
}

/// What is the same in all copies of one request: From tag, Call-ID and CSeq number.
fn merge_key(request: &Message) -> Box<[u8]> {
    let mut key = Vec::with_capacity(96);
    key.extend_from_slice(request.first(&HeaderName::CallId).map(|value| &value[..]).unwrap_or_default());
    key.push(0);
    key.extend_from_slice(request.from().and_then(|from| from.tag()).unwrap_or_default());
    key.push(0);
    key.extend_from_slice(&request.cseq().map_or(0, |cseq| cseq.number).to_be_bytes());
    key.into()
}
