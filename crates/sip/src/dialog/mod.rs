//! INVITE dialogs (RFC 3261 sections 12 to 15) and *when* an offer or answer may be sent in them (RFC 3264, 6337).
//!
//! Owns the table of dialogs, and what is needed to send and judge requests inside one. Bodies pass through unread. It
//! must never know why a call is made or taken.

mod ending;
mod incoming;
mod inside;
mod outgoing;
mod probe;
mod restored;

pub(crate) use incoming::RETRY_AFTER_S;

use crate::{
    Body, DialogId, DialogSnapshot, Flow, Invite, InviteSnapshot,
    message::{HeaderName, Message, Method, NameAddress, Uri, Writer, text},
    station::{Station, branch_text, connected},
    timer::{TimerKey, Timers},
    transaction::{ClientKey, ReplyHead, ServerId},
};
use bytes::Bytes;
use probe::Probe;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Answers of forks remembered per call, so that each repeat of their 2xx gets its ACK again; more phones than this do
/// not ring for one INVITE of ours.
const ACKNOWLEDGED_MAX: usize = 8;

/// The far end of a dialog, as learnt from its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peer {
    /// None while unknown, and for ever with a peer of RFC 2543.
    pub(crate) tag: Option<Arc<str>>,
    /// Its From or To without the tag.
    pub(crate) address: Arc<str>,
    /// Its Contact URI.
    pub(crate) target: Arc<str>,
    /// Route headers in the order to send.
    pub(crate) route_set: Vec<Arc<str>>,
}

/// An INVITE that came and has no final answer yet.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub(crate) server: ServerId,
    pub(crate) head: ReplyHead,
    /// Without a body the 2xx is our offer and the ACK has the answer.
    pub(crate) has_offer: bool,
    /// The last provisional answer, to be repeated (H9).
    pub(crate) provisional: Option<Bytes>,
    pub(crate) repeat: Option<TimerKey>,
}

/// A 2xx of ours that waits for its ACK. Repeated over any transport (RFC 3261 section 13.3.1.4).
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    pub(crate) cseq: u32,
    pub(crate) response: Bytes,
    /// The flow of the INVITE, which may differ from the dialog's by now.
    pub(crate) flow: Flow,
    pub(crate) interval: Duration,
    pub(crate) repeat: Option<TimerKey>,
    pub(crate) give_up: Option<TimerKey>,
    /// The 2xx was an offer: the ACK answers it.
    pub(crate) answer_expected: bool,
}

/// Whether an outgoing call is given up (H4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancellation {
    No,
    /// Wanted, but a CANCEL may not be sent before the first 1xx.
    Wanted,
    /// CANCEL is sent.
    Sent,
}

/// An INVITE of ours that has no final answer yet.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(crate) client: ClientKey,
    pub(crate) invite: Box<Invite>,
    pub(crate) uri: Arc<str>,
    /// A 1xx came.
    pub(crate) heard: bool,
    pub(crate) cancellation: Cancellation,
    /// Runs from the CANCEL on; of an INVITE from before a restart, also until the CANCEL.
    pub(crate) give_up: Option<TimerKey>,
    /// Challenges answered.
    pub(crate) attempts: u8,
}

/// A change of the session asked for by the far end that the exchange has to answer.
#[derive(Debug)]
pub(crate) struct Reoffer {
    pub(crate) server: ServerId,
    pub(crate) head: ReplyHead,
    pub(crate) flow: Flow,
    pub(crate) cseq: u32,
    /// INVITE, not UPDATE: the 2xx needs an ACK.
    pub(crate) invite: bool,
    pub(crate) has_offer: bool,
}

/// What goes on inside a confirmed dialog. One offer at a time (RFC 3264 section 4).
#[derive(Debug)]
pub(crate) enum Exchange {
    Idle,
    /// Their re-INVITE or UPDATE waits for our answer.
    Theirs(Box<Reoffer>),
    /// Our 2xx to their re-INVITE waits for its ACK.
    TheirsAnswered(Box<Unacknowledged>),
    /// Our re-INVITE waits for their answer.
    Ours {
        client: ClientKey,
    },
}

/// Where a dialog stands.
#[derive(Debug)]
pub(crate) enum Phase {
    Ringing(Box<Ringing>),
    /// We said 2xx and wait for the ACK. A BYE may not be sent before it (RFC 3261 section 15), so a wish to end waits.
    Accepted {
        waiting: Box<Unacknowledged>,
        bye: Option<Option<Arc<str>>>,
    },
    Calling(Box<Calling>),
    /// Their 2xx has the offer; our ACK waits for the exchange's answer.
    AnswerOwed {
        client: ClientKey,
        cseq: u32,
        give_up: Option<TimerKey>,
    },
    Confirmed(Exchange),
    /// Over, and remembered for 32 s for what is still under way (H10).
    Ended,
}

/// The ACK of a 2xx, sent again for each repeat of that.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    client: ClientKey,
    tag: Option<Arc<str>>,
    cseq: u32,
    ack: Bytes,
}

/// One dialog.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: Arc<str>,
    pub(crate) local_tag: Arc<str>,
    /// Our From or To without the tag.
    pub(crate) local_address: Arc<str>,
    /// Our Contact.
    pub(crate) contact: Arc<str>,
    pub(crate) peer: Peer,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: Option<u32>,
    pub(crate) flow: Flow,
    pub(crate) phase: Phase,
    pub(crate) probe: Probe,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// Header name and value that answered the challenge of our INVITE; its ACK must carry the same (section 22.3).
    pub(crate) authorization: Option<(&'static str, String)>,
}

impl Dialog {
    /// Begins a request inside the dialog, with the next CSeq number or, for an ACK, that of its INVITE.
    pub(crate) fn request(&mut self, station: &mut Station, method: &Method, cseq: Option<u32>) -> (u64, Writer) {
        let cseq = cseq.unwrap_or_else(|| {
            self.local_cseq += 1;
            self.local_cseq
        });
        let (uri, routes) = self.peer.way();
        let (branch, writer) = station.request(method, &uri, &self.flow);
        let remote_tag = self.peer.tag.as_ref().map_or(String::new(), |tag| format!(";tag={tag}"));
        let name = String::from_utf8_lossy(method.name());
        let mut writer = writer
            .put("Max-Forwards", format_args!("70"))
            .put("From", format_args!("{};tag={}", self.local_address, self.local_tag))
            .put("To", format_args!("{}{remote_tag}", self.peer.address))
            .put("Call-ID", format_args!("{}", self.call_id))
            .put("CSeq", format_args!("{cseq} {name}"));
        for route in routes {
            writer = writer.header("Route", route.as_bytes());
        }
        (branch, writer)
    }

    /// The dialog as a value.
    pub(crate) fn snapshot(&self) -> DialogSnapshot {
        DialogSnapshot {
            call_id: self.call_id.clone(),
            local_tag: self.local_tag.clone(),
            remote_tag: self.peer.tag.clone().unwrap_or_default(),
            local_address: self.local_address.clone(),
            remote_address: self.peer.address.clone(),
            remote_target: self.peer.target.clone(),
            route_set: self.peer.route_set.clone(),
            local_cseq: self.local_cseq,
            remote_cseq: self.remote_cseq,
            flow: self.flow,
        }
    }

    /// The INVITE that is about to be sent as a value.
    fn invite_snapshot(&self, branch: u64) -> InviteSnapshot {
        InviteSnapshot {
            uri: self.peer.target.clone(),
            call_id: self.call_id.clone(),
            local_tag: self.local_tag.clone(),
            local_address: self.local_address.clone(),
            remote_address: self.peer.address.clone(),
            cseq: self.local_cseq,
            branch: branch_text(branch).into(),
            route_set: self.peer.route_set.clone(),
            flow: self.flow,
        }
    }

    /// Takes a new Contact of a target refresh (RFC 3261 section 12.2.2), and the flow it came by: a phone behind NAT, or
    /// one that opened a new connection, is reached where it spoke last.
    pub(crate) fn refresh(&mut self, message: &Message, flow: Flow) {
        if let Some(target) = contact_uri(message) {
            self.peer.target = target;
        }
        self.flow = flow;
    }
}

impl Peer {
    /// The far end that sent a request (`incoming`) or a response.
    pub(crate) fn of(message: &Message, incoming: bool) -> Option<Self> {
        let address = if incoming { message.from() } else { message.to() }?;
        let mut route_set: Vec<_> = message.elements(&HeaderName::RecordRoute).map(text).collect();
        if !incoming {
            route_set.reverse();
        }
        Some(Self {
            tag: address.tag().map(text),
            address: text(address.without_parameters),
            // RFC 2543 allowed an INVITE without Contact.
            target: contact_uri(message).unwrap_or_else(|| text(address.uri)),
            route_set,
        })
    }

    /// Request URI and Route headers (RFC 3261 section 12.2.1.1): a first route without `lr` is of a strict router, which
    /// wants its own URI in the request line and ours at the end.
    fn way(&self) -> (Arc<str>, Vec<Arc<str>>) {
        let Some(first) = self.route_set.first() else { return (self.target.clone(), Vec::new()) };
        let strict = NameAddress::parse(first.as_bytes()).filter(|route| {
            Uri::parse(route.uri).is_some_and(|uri| crate::message::parameter(uri.parameters, "lr").is_none())
        });
        match strict {
            Some(route) => {
                let rest = self.route_set[1..].iter().cloned();
                let target = std::iter::once(format!("<{}>", self.target).into());
                (text(route.uri), rest.chain(target).collect())
            }
            None => (self.target.clone(), self.route_set.clone()),
        }
    }
}

/// The URI of the first Contact.
fn contact_uri(message: &Message) -> Option<Arc<str>> {
    let contact = NameAddress::parse(message.elements(&HeaderName::Contact).next()?)?;
    Uri::parse(contact.uri).is_some_and(|uri| uri.is_sip()).then(|| text(contact.uri))
}

impl Phase {
    /// Stops whatever timers the phase has.
    fn stop(&mut self, timers: &mut Timers<crate::station::Due>) {
        match self {
            Self::Ringing(ringing) => timers.stop(&mut ringing.repeat),
            Self::Accepted { waiting, .. } | Self::Confirmed(Exchange::TheirsAnswered(waiting)) => waiting.stop(timers),
            Self::Calling(calling) => timers.stop(&mut calling.give_up),
            Self::AnswerOwed { give_up, .. } => timers.stop(give_up),
            Self::Confirmed(Exchange::Idle | Exchange::Theirs(_) | Exchange::Ours { .. }) | Self::Ended => {}
        }
    }
}

impl Unacknowledged {
    fn stop(&mut self, timers: &mut Timers<crate::station::Due>) {
        timers.stop(&mut self.repeat);
        timers.stop(&mut self.give_up);
    }
}

/// All dialogs.
#[derive(Debug, Default)]
pub(crate) struct Dialogs {
    table: BTreeMap<DialogId, Box<Dialog>>,
    /// By our tag, which is 64 random bits and therefore enough to find one; the rest is compared then.
    by_tag: BTreeMap<Arc<str>, DialogId>,
    last: u64,
}

impl Dialogs {
    /// Numbers of incoming dialogs go up from here. A random start keeps those of one run of the program apart from those
    /// of the run before, which may have been restored.
    pub(crate) fn new(first: u64) -> Self {
        Self { last: first & (u64::MAX >> 16), ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        assert!(self.by_tag.len() <= self.table.len(), "no tag outlives its dialog");
        self.table.len()
    }

    pub(crate) fn get(&mut self, id: DialogId) -> Option<&mut Dialog> {
        self.table.get_mut(&id).map(|dialog| &mut **dialog)
    }

    pub(crate) fn contains(&self, id: DialogId) -> bool {
        self.table.contains_key(&id)
    }

    pub(crate) fn insert(&mut self, id: DialogId, dialog: Dialog) {
        self.by_tag.insert(dialog.local_tag.clone(), id);
        self.table.insert(id, Box::new(dialog));
    }

    pub(crate) fn next_incoming(&mut self) -> DialogId {
        loop {
            self.last += 1;
            let id = DialogId(self.last | DialogId::INCOMING);
            if !self.table.contains_key(&id) {
                return id;
            }
        }
    }

    fn remove(&mut self, id: DialogId) {
        if let Some(dialog) = self.table.remove(&id) {
            self.by_tag.remove(&dialog.local_tag);
        }
    }

    /// The dialog of a request that has a To tag. While an INVITE of ours rings, any fork may send requests.
    pub(crate) fn of_request(&mut self, request: &Message) -> Option<DialogId> {
        let local_tag = text(request.to()?.tag()?);
        let id = *self.by_tag.get(&local_tag)?;
        let dialog = self.table.get(&id)?;
        let same_peer = request.from()?.tag().map(text) == dialog.peer.tag || matches!(dialog.phase, Phase::Calling(_));
        (same_peer && dialog.call_id == text(request.first(&HeaderName::CallId)?)).then_some(id)
    }

    /// Something came down the stream that a request opened.
    pub(crate) fn connected(&mut self, id: DialogId, flow: &Flow) {
        if let Some(dialog) = self.table.get_mut(&id) {
            connected(&mut dialog.flow, flow);
        }
    }

    /// Those that send down this flow lose its connection: their next request opens a new one.
    pub(crate) fn flow_closed(&mut self, flow: &Flow) {
        for dialog in self.table.values_mut().filter(|dialog| dialog.flow == *flow) {
            dialog.flow.connection = 0;
        }
    }
}

/// The bodies of a session that can be understood, or why not (RFC 3261 sections 8.2.3 and 13.3.1).
pub(crate) fn body_fault(message: &Message) -> Option<(u16, &'static str, &'static str)> {
    let media_type =
        |value: &[u8]| value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let content_type = message.first(&HeaderName::ContentType).map(|value| media_type(value));
    let optional = message
        .first(&HeaderName::ContentDisposition)
        .is_some_and(|value| value.windows(17).any(|part| part == b"handling=optional"));
    if !message.body.is_empty() && !optional && content_type.is_some_and(|kind| kind != b"application/sdp") {
        return Some((415, "Accept", "application/sdp"));
    }
    let encoding = message.first(&HeaderName::ContentEncoding);
    if !message.body.is_empty() && encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return Some((415, "Accept-Encoding", "identity"));
    }
    let mut accepted = message.elements(&HeaderName::Accept).map(media_type).peekable();
    let any = accepted.peek().is_none();
    let ours = [&b"application/sdp"[..], b"application/*", b"*/*"];
    (!any && !accepted.any(|kind| ours.contains(&&kind[..]))).then_some((406, "Accept", "application/sdp"))
}

/// The body of an offer or answer: nothing of a body that was optional and is not SDP.
pub(crate) fn session_body(message: &Message) -> Option<Body> {
    crate::station::body_of(message)
        .filter(|body| body.content_type.to_ascii_lowercase().starts_with("application/sdp"))
}
