//! Requests inside a dialog, both ways: re-INVITE, UPDATE, INFO, OPTIONS and what is refused (RFC 3261 sections 12.2 and
//! 14, RFC 3311, RFC 6086).

use super::{Exchange, Peer, Phase, Reoffer, Unacknowledged, body_fault, session_body};
use crate::{
    Body, DialogId, EndCause, Event,
    endpoint::{ALLOW, Endpoint, Request},
    message::{Message, Method},
    station::{Due, GIVE_UP, T1, body_of},
    transaction::{ClientKey, ClientUser, Ending, ReplyHead, ServerId},
};
use std::sync::Arc;

impl Endpoint {
    /// Any request but ACK and CANCEL that has a To tag.
    pub(crate) fn inside(&mut self, request: &Request<'_>, server: ServerId) {
        let id = self.dialogs.of_request(request.message);
        let Some((id, dialog)) = id.and_then(|id| Some((id, self.dialogs.get(id)?))) else {
            return self.refuse_request(request, server, 481, &[]);
        };
        let over = matches!(dialog.phase, Phase::Ended);
        if over {
            // A BYE that crossed ours, or came again with another branch, is as good as the first (H10).
            let status = if request.method == Method::Bye { 200 } else { 481 };
            return self.answer_request(request, server, status, None, &[]);
        }
        // Gaps are legal, going back is not (RFC 3261 section 12.2.2, H2).
        if dialog.remote_cseq.is_some_and(|last| request.cseq <= last) {
            return self.refuse_request(request, server, 500, &[]);
        }
        dialog.remote_cseq = Some(request.cseq);
        self.stop_probe(id);
        match &request.method {
            Method::Bye => self.bye_came(request, server, id),
            Method::Invite | Method::Update => self.reoffer_came(request, server, id),
            Method::Info => {
                self.answer_request(request, server, 200, None, &[]);
                let nothing = || Body { content_type: "".into(), bytes: bytes::Bytes::new() };
                let body = body_of(request.message).unwrap_or_else(nothing);
                self.station.say(Event::Info { dialog: id, body });
            }
            _ => self.common_request(request, server),
        }
    }

    /// re-INVITE and UPDATE: who may ask now, and who must wait (RFC 3261 section 14.2, RFC 3311 section 5.2).
    fn reoffer_came(&mut self, request: &Request<'_>, server: ServerId, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let invite = request.method == Method::Invite;
        let body = session_body(request.message);
        match &dialog.phase {
            // An UPDATE without offer only refreshes; it may cross anything.
            Phase::Confirmed(_) if !invite && body.is_none() => {
                dialog.refresh(request.message, request.flow);
                let contact = dialog.contact.to_string();
                return self.answer_request(request, server, 200, None, &[("Contact", contact)]);
            }
            Phase::Confirmed(Exchange::Idle) => {}
            Phase::Ringing(_) | Phase::Confirmed(Exchange::Theirs(_)) => {
                let seconds = (self.station.random() % 11).to_string();
                return self.refuse_request(request, server, 500, &[("Retry-After", seconds)]);
            }
            Phase::Accepted { .. } | Phase::Calling(_) | Phase::AnswerOwed { .. } => {
                return self.refuse_request(request, server, 491, &[]);
            }
            Phase::Confirmed(Exchange::TheirsAnswered(_) | Exchange::Ours { .. }) => {
                return self.refuse_request(request, server, 491, &[]);
            }
            Phase::Ended => return,
        }
        if let Some((status, name, value)) = body_fault(request.message) {
            return self.refuse_request(request, server, status, &[(name, value.to_owned())]);
        }
        dialog.refresh(request.message, request.flow);
        let head = ReplyHead::new(request.message, &request.flow);
        if invite {
            self.servers.attach(server, id);
            self.servers.reply(&mut self.station, server, 100, head.response(100, "Trying", None).finish(None));
        }
        let (flow, cseq, has_offer) = (request.flow, request.cseq, body.is_some());
        dialog.phase =
            Phase::Confirmed(Exchange::Theirs(Box::new(Reoffer { server, head, flow, cseq, invite, has_offer })));
        self.station.say(Event::Reoffered { dialog: id, body });
    }

    /// [`crate::Command::AnswerReoffer`], which also answers the offer that a 2xx brought.
    pub(crate) fn answer_reoffer(&mut self, id: DialogId, body: Option<&Body>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        if matches!(dialog.phase, Phase::AnswerOwed { .. }) {
            return self.answer_in_ack(id, body);
        }
        let Phase::Confirmed(exchange @ Exchange::Theirs(_)) = &mut dialog.phase else { return };
        let Exchange::Theirs(theirs) = std::mem::replace(exchange, Exchange::Idle) else { return };
        let response = theirs
            .head
            .response(200, "OK", None)
            .header("Contact", dialog.contact.as_bytes())
            .header("Allow", ALLOW)
            .finish(body);
        if theirs.invite {
            *exchange = Exchange::TheirsAnswered(Box::new(Unacknowledged {
                cseq: theirs.cseq,
                response: response.clone(),
                flow: theirs.flow,
                interval: T1,
                repeat: Some(self.station.after(T1, Due::Repeat2xx(id))),
                give_up: Some(self.station.after(GIVE_UP, Due::GiveUp(id))),
                answer_expected: !theirs.has_offer,
            }));
        }
        self.servers.reply(&mut self.station, theirs.server, 200, response);
    }

    /// [`crate::Command::RefuseReoffer`].
    pub(crate) fn refuse_reoffer(&mut self, id: DialogId, status: u16) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Confirmed(exchange @ Exchange::Theirs(_)) = &mut dialog.phase else { return };
        let Exchange::Theirs(theirs) = std::mem::replace(exchange, Exchange::Idle) else { return };
        let status = if (300..700).contains(&status) { status } else { 488 };
        let response = theirs.head.response(status, crate::message::reason_phrase(status), None).finish(None);
        self.servers.reply(&mut self.station, theirs.server, status, response);
    }

    /// They took their re-INVITE back.
    pub(crate) fn cancel_reoffer(&mut self, id: DialogId, invite: ServerId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        if matches!(&dialog.phase, Phase::Confirmed(Exchange::Theirs(theirs)) if theirs.server == invite) {
            self.refuse_reoffer(id, 487);
        }
    }

    /// [`crate::Command::Reoffer`]: refused at once with 491 while another offer is open.
    pub(crate) fn reoffer(&mut self, id: DialogId, body: &Body) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        match &dialog.phase {
            Phase::Confirmed(Exchange::Idle) => {}
            Phase::Ended => return,
            _ => return self.station.say(Event::ReofferRefused { dialog: id, status: 491 }),
        }
        let (branch, writer) = dialog.request(&mut self.station, &Method::Invite, None);
        let bytes = writer.header("Contact", dialog.contact.as_bytes()).header("Allow", ALLOW).finish(Some(body));
        let client = ClientKey { branch, cancel: false };
        dialog.phase = Phase::Confirmed(Exchange::Ours { client });
        self.clients.begin(&mut self.station, client, true, ClientUser::Reinvite(id), dialog.flow, bytes);
    }

    /// A response to our re-INVITE. It is never tried again with credentials: nobody but a trunk that asked for them at
    /// the first INVITE may have them, and such a trunk does not ask inside a dialog.
    pub(crate) fn reinvite_response(&mut self, key: ClientKey, id: DialogId, status: u16, message: &Message) {
        let Some(cseq) = message.cseq() else { return };
        let Some(dialog) = self.dialogs.get(id) else { return };
        let open = matches!(&dialog.phase, Phase::Confirmed(Exchange::Ours { client }) if *client == key);
        match status {
            100..200 => {}
            200..300 => {
                let tag = dialog.peer.tag.clone();
                if self.acknowledge_again(id, tag.as_ref(), cseq.number) {
                    return;
                }
                if open && let Some(dialog) = self.dialogs.get(id) {
                    dialog.phase = Phase::Confirmed(Exchange::Idle);
                    if let Some(peer) = Peer::of(message, false) {
                        dialog.peer.target = peer.target;
                    }
                    self.station.say(Event::ReofferAnswered { dialog: id, body: session_body(message) });
                }
                // Also when a BYE overtook it: their 2xx wants its ACK.
                self.acknowledge(key, id, cseq.number, None);
            }
            _ if !open => {}
            // The far end knows nothing of this dialog any more (RFC 3261 section 12.2.1.2).
            408 | 481 => self.give_up(id, EndCause::Timeout),
            _ => {
                dialog.phase = Phase::Confirmed(Exchange::Idle);
                self.station.say(Event::ReofferRefused { dialog: id, status });
            }
        }
    }

    /// The transaction of a re-INVITE ended without an answer, or long after it.
    pub(crate) fn reinvite_over(&mut self, key: ClientKey, id: DialogId, ending: Ending) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let open = matches!(&dialog.phase, Phase::Confirmed(Exchange::Ours { client }) if *client == key);
        match ending {
            Ending::Forgotten => dialog.acknowledged.retain(|known| known.client != key),
            Ending::Timeout if open => self.give_up(id, EndCause::Timeout),
            Ending::FlowClosed if open => {
                dialog.phase = Phase::Confirmed(Exchange::Idle);
                self.station.say(Event::ReofferRefused { dialog: id, status: 503 });
            }
            Ending::Timeout | Ending::FlowClosed => {}
        }
    }

    /// [`crate::Command::Notify`]: inside a confirmed dialog, or the early one of a ringing phone.
    pub(crate) fn notify(&mut self, id: DialogId, event: &Arc<str>, body: Option<&Body>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let early = matches!(&dialog.phase, Phase::Calling(calling) if calling.heard) && dialog.peer.tag.is_some();
        if !early && !matches!(dialog.phase, Phase::Confirmed(_)) {
            return;
        }
        let (branch, writer) = dialog.request(&mut self.station, &Method::Notify, None);
        let bytes = writer
            .header("Event", event.as_bytes())
            .header("Subscription-State", "active")
            .header("Contact", dialog.contact.as_bytes())
            .finish(body);
        let key = ClientKey { branch, cancel: false };
        self.clients.begin(&mut self.station, key, false, ClientUser::Nobody, dialog.flow, bytes);
    }
}
