//! Calls that go out: from the INVITE to the ACK of their 2xx, forks, CANCEL and its races, challenges (RFC 3261
//! section 13.2).

use super::{
    ACKNOWLEDGED_MAX, Acknowledged, Calling, Cancellation, Dialog, Exchange, Peer, Phase, Probe, session_body,
};
use crate::{
    Body, DialogId, EndCause, Event, Flow, Invite, Target,
    endpoint::{ALLOW, Endpoint},
    message::{Message, Method, escaped_user, quoted, sanitized, text},
    registration::Asked,
    station::{Due, GIVE_UP, contact, host},
    transaction::{ClientKey, ClientUser, Ending},
};
use std::sync::Arc;

/// Challenges answered per INVITE: the first, and one more for a nonce that grew stale.
const ATTEMPTS_MAX: u8 = 2;
/// Headers that the endpoint writes itself and nobody may add to an INVITE, the compact names included.
const OWN_HEADERS: [&str; 24] = [
    "via",
    "v",
    "from",
    "f",
    "to",
    "t",
    "call-id",
    "i",
    "cseq",
    "contact",
    "m",
    "content-length",
    "l",
    "content-type",
    "c",
    "route",
    "record-route",
    "max-forwards",
    "user-agent",
    "allow",
    "require",
    "proxy-require",
    "authorization",
    "proxy-authorization",
];

impl Endpoint {
    /// [`crate::Command::Invite`].
    pub(crate) fn invite(&mut self, invite: Box<Invite>) {
        let id = invite.dialog;
        assert!(id.0 & DialogId::INCOMING == 0, "outgoing dialogs are numbered with the top bit clear");
        assert!(!self.dialogs.contains(id), "a dialog number is used once");
        let way = match &invite.target {
            Target::Address { uri, flow } => Some((sanitized(uri).into(), *flow)),
            Target::Account(account) => self.registrar.newest(account),
        };
        let Some((uri, flow)) = way else { return self.not_invited(id, 480, "Nobody is registered") };
        if self.dialogs.len() >= self.station.config.limits.dialogs_max {
            return self.not_invited(id, 503, "Too many calls");
        }
        let display = invite.from_display.as_ref().map_or(String::new(), |display| format!("{} ", quoted(display)));
        let host = host(flow.local);
        let client = ClientKey { branch: 0, cancel: false };
        let user = invite.from_user.clone();
        let calling = Calling {
            client,
            invite,
            uri: Arc::clone(&uri),
            heard: false,
            cancellation: Cancellation::No,
            give_up: None,
            attempts: 0,
        };
        let dialog = Dialog {
            call_id: self.station.token(),
            local_tag: self.station.token(),
            local_address: format!("{display}<sip:{}@{host}>", escaped_user(&user)).into(),
            contact: contact(&user, &flow).into(),
            peer: Peer { address: format!("<{}>", without_parameters(&uri)).into(), target: uri, ..Peer::default() },
            local_cseq: 0,
            remote_cseq: None,
            flow,
            phase: Phase::Calling(Box::new(calling)),
            probe: Probe::None,
            acknowledged: Vec::new(),
            authorization: None,
        };
        self.dialogs.insert(id, dialog);
        self.send_invite(id);
    }

    fn not_invited(&mut self, dialog: DialogId, status: u16, reason: &str) {
        self.station.say(Event::Refused { dialog, status, reason: reason.into() });
        self.station.say(Event::Ended { dialog, cause: EndCause::Local });
    }

    fn send_invite(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        // An early dialog's tag and routes are not those of the next attempt.
        dialog.peer.tag = None;
        dialog.peer.route_set.clear();
        let (branch, mut writer) = dialog.request(&mut self.station, &Method::Invite, None);
        writer = writer.header("Contact", dialog.contact.as_bytes()).header("Allow", ALLOW);
        if let Some((name, value)) = &dialog.authorization {
            writer = writer.header(name, value.as_bytes());
        }
        let Phase::Calling(calling) = &mut dialog.phase else { return };
        for (name, value) in &calling.invite.headers {
            if is_header_name(name) && !OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                writer = writer.header(name, value.as_bytes());
            }
        }
        calling.client = ClientKey { branch, cancel: false };
        calling.heard = false;
        let (client, bytes) = (calling.client, writer.finish(calling.invite.body.as_ref()));
        let snapshot = Box::new(dialog.invite_snapshot(branch));
        self.station.say(Event::Inviting { dialog: id, snapshot });
        self.clients.begin(&mut self.station, client, true, ClientUser::Invite(id), dialog.flow, bytes);
    }

    /// A response to the INVITE that makes a dialog.
    pub(crate) fn invite_response(&mut self, key: ClientKey, id: DialogId, status: u16, message: &Message) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        match (&mut dialog.phase, status) {
            (Phase::Calling(_), 100..200) => self.progress(id, status, message),
            (Phase::Calling(_), 200..300) => self.answered(key, id, message),
            (Phase::Calling(_), _) => self.refused(id, status, message),
            (_, 200..300) => self.another_2xx(key, id, message),
            _ => {}
        }
    }

    fn progress(&mut self, id: DialogId, status: u16, message: &Message) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Calling(calling) = &mut dialog.phase else { return };
        calling.heard = true;
        match calling.cancellation {
            Cancellation::Wanted => return self.send_cancel(id),
            Cancellation::Sent => return,
            Cancellation::No => {}
        }
        if status > 100 {
            // Early dialog: a NOTIFY that makes the phone talk needs its tag and Contact.
            if let Some(peer) = Peer::of(message, false).filter(|peer| peer.tag.is_some()) {
                dialog.peer = peer;
            }
            self.station.say(Event::Progress { dialog: id, status, body: session_body(message) });
        }
    }

    fn answered(&mut self, key: ClientKey, id: DialogId, message: &Message) {
        let (Some(peer), Some(cseq)) = (Peer::of(message, false), message.cseq()) else { return };
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Calling(calling) = &mut dialog.phase else { return };
        self.station.timers.stop(&mut calling.give_up);
        let cancelled = calling.cancellation != Cancellation::No;
        let late = calling.invite.body.is_none();
        dialog.peer = peer;
        let body = session_body(message);
        if late && !cancelled {
            let give_up = Some(self.station.after(GIVE_UP, Due::GiveUp(id)));
            dialog.phase = Phase::AnswerOwed { client: key, cseq: cseq.number, give_up };
            return self.station.say(Event::Answered { dialog: id, body });
        }
        dialog.phase = Phase::Confirmed(Exchange::Idle);
        self.acknowledge(key, id, cseq.number, None);
        // The 200 won the race against our CANCEL (H4).
        if cancelled {
            return self.bye(id, None);
        }
        self.station.say(Event::Answered { dialog: id, body });
        self.confirmed(id);
    }

    fn confirmed(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let snapshot = Box::new(dialog.snapshot());
        self.station.say(Event::Confirmed { dialog: id, snapshot, body: None });
    }

    /// The exchange answers the offer of their 2xx, in our ACK.
    pub(crate) fn answer_in_ack(&mut self, id: DialogId, body: Option<&Body>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::AnswerOwed { client, cseq, give_up } = &mut dialog.phase else { return };
        let (client, cseq) = (*client, *cseq);
        self.station.timers.stop(give_up);
        dialog.phase = Phase::Confirmed(Exchange::Idle);
        self.acknowledge(client, id, cseq, body);
        self.confirmed(id);
    }

    /// Sends the ACK of a 2xx, and keeps it for the repeats of that (H3).
    pub(crate) fn acknowledge(&mut self, client: ClientKey, id: DialogId, cseq: u32, body: Option<&Body>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (_, mut writer) = dialog.request(&mut self.station, &Method::Ack, Some(cseq));
        if let Some((name, value)) = &dialog.authorization {
            writer = writer.header(name, value.as_bytes());
        }
        let ack = writer.finish(body);
        self.station.send(dialog.flow, ack.clone());
        if dialog.acknowledged.len() < ACKNOWLEDGED_MAX {
            dialog.acknowledged.push(Acknowledged { client, tag: dialog.peer.tag.clone(), cseq, ack });
        }
    }

    /// A 2xx when the call already has its answer: a repeat, another fork, or one that came after we had given up (both
    /// are acknowledged and ended).
    fn another_2xx(&mut self, client: ClientKey, id: DialogId, message: &Message) {
        let (Some(peer), Some(cseq)) = (Peer::of(message, false), message.cseq()) else { return };
        if self.acknowledge_again(id, peer.tag.as_ref(), cseq.number) {
            return;
        }
        let Some(dialog) = self.dialogs.get(id) else { return };
        let winner = dialog.peer.tag == peer.tag && !matches!(dialog.phase, Phase::Ended);
        if winner || dialog.acknowledged.len() >= ACKNOWLEDGED_MAX {
            return;
        }
        let winner = std::mem::replace(&mut dialog.peer, peer);
        self.acknowledge(client, id, cseq.number, None);
        self.send_bye(id, None);
        if let Some(dialog) = self.dialogs.get(id) {
            dialog.peer = winner;
        }
    }

    /// Sends the ACK of a repeated 2xx again; false if it had none yet.
    pub(crate) fn acknowledge_again(&mut self, id: DialogId, tag: Option<&Arc<str>>, cseq: u32) -> bool {
        let Some(dialog) = self.dialogs.get(id) else { return false };
        let known = dialog.acknowledged.iter().find(|known| known.tag.as_ref() == tag && known.cseq == cseq);
        let Some(known) = known else { return false };
        self.station.send(dialog.flow, known.ack.clone());
        true
    }

    fn refused(&mut self, id: DialogId, status: u16, message: &Message) {
        if matches!(status, 401 | 407) && self.answer_challenge(id, status, message) {
            return;
        }
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Calling(calling) = &dialog.phase else { return };
        if calling.cancellation != Cancellation::No {
            return self.end(id, EndCause::Local);
        }
        let reason = match &message.start {
            crate::message::StartLine::Response { reason, .. } => text(reason),
            crate::message::StartLine::Request { .. } => "".into(),
        };
        self.station.say(Event::Refused { dialog: id, status, reason });
        self.end(id, EndCause::RemoteBye);
    }

    /// Tries again with credentials. Only those of the caller himself are used: a phone that is called could otherwise ask
    /// for the digest of any secret we hold.
    fn answer_challenge(&mut self, id: DialogId, status: u16, message: &Message) -> bool {
        let Some(dialog) = self.dialogs.get(id) else { return false };
        let Phase::Calling(calling) = &mut dialog.phase else { return false };
        if calling.attempts == ATTEMPTS_MAX || calling.cancellation != Cancellation::No {
            return false;
        }
        let first = calling.attempts == 0;
        let asked = Asked { status, message, method: &Method::Invite, uri: &calling.uri, first };
        let answer = self.secrets.answer(&mut self.station, &calling.invite.from_user, &asked);
        let Some(authorization) = answer else { return false };
        calling.attempts += 1;
        dialog.authorization = Some(authorization);
        dialog.peer = Peer {
            address: format!("<{}>", without_parameters(&calling.uri)).into(),
            target: calling.uri.clone(),
            ..Peer::default()
        };
        self.send_invite(id);
        true
    }

    /// [`crate::Command::Cancel`].
    pub(crate) fn cancel(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        match &mut dialog.phase {
            Phase::Calling(calling) if calling.cancellation != Cancellation::No => {}
            Phase::Calling(calling) if calling.heard => self.send_cancel(id),
            Phase::Calling(calling) => calling.cancellation = Cancellation::Wanted,
            _ => self.bye(id, None),
        }
    }

    pub(super) fn send_cancel(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Calling(calling) = &mut dialog.phase else { return };
        calling.cancellation = Cancellation::Sent;
        self.station.timers.stop(&mut calling.give_up);
        // RFC 3261 section 9.1: who never answers the INVITE after CANCEL is given up after 64·T1.
        calling.give_up = Some(self.station.after(GIVE_UP, Due::GiveUp(id)));
        self.clients.cancel(&mut self.station, calling.client);
    }

    /// The transaction of an INVITE ended without an answer, or long after it.
    pub(crate) fn invite_over(&mut self, key: ClientKey, id: DialogId, ending: Ending) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (status, reason, cause) = match ending {
            Ending::Forgotten => return dialog.acknowledged.retain(|known| known.client != key),
            Ending::Timeout => (408, "Nothing answered", EndCause::Timeout),
            Ending::FlowClosed => (503, "The connection is gone", EndCause::Transport),
        };
        let Phase::Calling(calling) = &dialog.phase else { return };
        if calling.cancellation != Cancellation::No {
            return self.end(id, EndCause::Local);
        }
        self.station.say(Event::Refused { dialog: id, status, reason: reason.into() });
        self.end(id, cause);
    }

    /// Everything of a stream is told that it is gone.
    pub(crate) fn flow_closed(&mut self, flow: &Flow) {
        self.dialogs.flow_closed(flow);
        self.registrar.flow_closed(&mut self.station, flow);
        self.registrations.flow_closed(&mut self.station, flow);
        for (key, user, ending) in self.clients.flow_closed(&mut self.station, flow) {
            self.client_over(key, user, ending);
        }
    }
}

/// A URI for a To header: parameters like `transport` belong to the request line only.
fn without_parameters(uri: &str) -> &str {
    let host = uri.find('@').unwrap_or(0);
    uri[host..].find([';', '?']).map_or(uri, |end| &uri[..host + end])
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte))
}
