//! Calls that come in: from the INVITE to the ACK of our 2xx, CANCEL, and refusals (RFC 3261 section 13.3).

use super::{Dialog, Exchange, Peer, Phase, Probe, Ringing, Unacknowledged, body_fault, session_body};
use crate::{
    Body, DialogId, EndCause, Event, Identity, Invited,
    endpoint::{Endpoint, Request},
    guard::Verdict,
    message::{HeaderName, Uri, text, unquote},
    station::{Due, GIVE_UP, T1, contact},
    timer::TimerKey,
    transaction::{ReplyHead, ServerId},
};
use std::{sync::Arc, time::Duration};

/// RFC 3261 section 13.3.1.1: a proxy forgets an INVITE that was silent for three minutes, so it is told every minute.
const PROVISIONAL_REPEAT: Duration = Duration::from_secs(60);
/// What a caller is told to wait when a table is full.
pub(crate) const RETRY_AFTER_S: u32 = 5;

impl Endpoint {
    /// An INVITE outside dialogs.
    pub(crate) fn invited(&mut self, request: &Request<'_>, server: ServerId) {
        if let Some((status, name, value)) = body_fault(request.message) {
            return self.refuse_request(request, server, status, &[(name, value.to_owned())]);
        }
        if self.dialogs.len() >= self.station.config.limits.dialogs_max {
            return self.refuse_request(request, server, 503, &[("Retry-After", RETRY_AFTER_S.to_string())]);
        }
        let head = ReplyHead::new(request.message, &request.flow);
        let trying = head.response(100, "Trying", None).finish(None);
        self.servers.reply(&mut self.station, server, 100, trying);
        let identity = match self.guard.verdict(&self.station, request) {
            Verdict::Proven(account) => {
                self.credentials_were_right(&account, request);
                Identity::Account(account)
            }
            Verdict::Missing => Identity::Unproven,
            Verdict::Stale => return self.challenge_request(request, server, true),
            Verdict::Wrong { account, reason } => return self.refuse_credentials(request, server, account, reason),
        };
        let Some(peer) = Peer::of(request.message, true) else { return };
        let id = self.dialogs.next_incoming();
        self.servers.attach(server, id);
        let invited = invited_event(id, request, identity, &peer);
        let has_offer = invited.body.is_some();
        let ringing = Ringing { server, head, has_offer, provisional: None, repeat: None };
        let dialog = Dialog {
            call_id: invited.call_id.clone(),
            local_tag: self.station.token(),
            local_address: request.message.to().map_or("".into(), |to| text(to.without_parameters)),
            contact: contact(&invited.to_user, &request.flow).into(),
            peer,
            local_cseq: 0,
            remote_cseq: Some(request.cseq),
            flow: request.flow,
            phase: Phase::Ringing(Box::new(ringing)),
            probe: Probe::None,
            acknowledged: Vec::new(),
            authorization: None,
        };
        self.dialogs.insert(id, dialog);
        self.station.say(Event::Invited(Box::new(invited)));
    }

    /// [`crate::Command::Provisional`].
    pub(crate) fn provisional(&mut self, id: DialogId, status: u16, body: Option<Body>) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Ringing(ringing) = &mut dialog.phase else { return };
        if !(101..200).contains(&status) {
            return;
        }
        let phrase = crate::message::reason_phrase(status);
        let response = ringing
            .head
            .response(status, phrase, Some(&dialog.local_tag))
            .lines(ringing.head.routes())
            .header("Contact", dialog.contact.as_bytes())
            .finish(body.as_ref());
        ringing.provisional = Some(response);
        self.repeat_provisional(id);
    }

    /// Sends the provisional answer that is due, and again in a minute.
    pub(crate) fn repeat_provisional(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Ringing(ringing) = &mut dialog.phase else { return };
        let Some(response) = ringing.provisional.clone() else { return };
        self.station.timers.stop(&mut ringing.repeat);
        ringing.repeat = Some(self.station.after(PROVISIONAL_REPEAT, Due::Provisional(id)));
        self.servers.reply(&mut self.station, ringing.server, 180, response);
    }

    /// [`crate::Command::Accept`].
    pub(crate) fn accept(&mut self, id: DialogId, body: &Body) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Ringing(ringing) = &mut dialog.phase else { return };
        self.station.timers.stop(&mut ringing.repeat);
        let response = ringing
            .head
            .response(200, "OK", Some(&dialog.local_tag))
            .lines(ringing.head.routes())
            .header("Contact", dialog.contact.as_bytes())
            .header("Allow", crate::endpoint::ALLOW)
            .header("Server", self.station.config.user_agent.as_bytes())
            .finish(Some(body));
        let (server, answer_expected) = (ringing.server, !ringing.has_offer);
        let waiting = Unacknowledged {
            cseq: dialog.remote_cseq.unwrap_or_default(),
            response: response.clone(),
            flow: dialog.flow,
            interval: T1,
            repeat: Some(self.station.after(T1, Due::Repeat2xx(id))),
            give_up: Some(self.station.after(GIVE_UP, Due::GiveUp(id))),
            answer_expected,
        };
        dialog.phase = Phase::Accepted { waiting: Box::new(waiting), bye: None };
        self.servers.reply(&mut self.station, server, 200, response);
    }

    /// [`crate::Command::Refuse`].
    pub(crate) fn refuse(&mut self, id: DialogId, status: u16, reason: &str, retry_after_s: Option<u32>) {
        let status = if (300..700).contains(&status) { status } else { 500 };
        let extra = retry_after_s.map(|seconds| ("Retry-After", seconds.to_string()));
        self.refuse_ringing(id, status, reason, extra.as_slice(), EndCause::Local);
    }

    /// [`crate::Command::Challenge`].
    pub(crate) fn challenge(&mut self, id: DialogId) {
        let headers = self.guard.challenges(&self.station, b"", false);
        self.refuse_ringing(id, 401, "Unauthorized", &headers, EndCause::Local);
    }

    /// Ends an incoming call that was not answered with this final answer.
    pub(crate) fn refuse_ringing(
        &mut self,
        id: DialogId,
        status: u16,
        reason: &str,
        headers: &[(&'static str, String)],
        cause: EndCause,
    ) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let Phase::Ringing(ringing) = &dialog.phase else { return };
        let mut writer = ringing.head.response(status, reason, Some(&dialog.local_tag));
        for (name, value) in headers {
            writer = writer.header(name, value.as_bytes());
        }
        let server = ringing.server;
        self.servers.reply(&mut self.station, server, status, writer.finish(None));
        self.end(id, cause);
    }

    /// CANCEL: always answered; it ends the INVITE only if that has no final answer yet (RFC 3261 section 9.2).
    pub(crate) fn cancelled(&mut self, request: &Request<'_>, server: ServerId) {
        let Some((invite, dialog)) = self.servers.cancelled(request.message) else {
            return self.refuse_request(request, server, 481, &[]);
        };
        let tag = dialog.and_then(|id| self.dialogs.get(id)).map(|dialog| dialog.local_tag.clone());
        self.answer_request(request, server, 200, tag.as_deref(), &[]);
        let Some(id) = dialog else { return };
        self.refuse_ringing(id, 487, "Request Terminated", &[], EndCause::RemoteCancel);
        self.cancel_reoffer(id, invite);
    }

    /// ACK of a 2xx, matched by dialog and CSeq number, not by branch (H3).
    pub(crate) fn acknowledged(&mut self, request: &Request<'_>) {
        let Some(id) = self.dialogs.of_request(request.message) else { return };
        let Some(dialog) = self.dialogs.get(id) else { return };
        let body = session_body(request.message);
        match &mut dialog.phase {
            Phase::Accepted { waiting, bye } if waiting.cseq == request.cseq => {
                let bye = bye.take();
                waiting.stop(&mut self.station.timers);
                dialog.flow = request.flow;
                dialog.phase = Phase::Confirmed(Exchange::Idle);
                let snapshot = Box::new(dialog.snapshot());
                match bye {
                    Some(reason) => self.bye(id, reason.as_deref()),
                    None => self.station.say(Event::Confirmed { dialog: id, snapshot, body }),
                }
            }
            Phase::Confirmed(Exchange::TheirsAnswered(waiting)) if waiting.cseq == request.cseq => {
                waiting.stop(&mut self.station.timers);
                let answer_expected = waiting.answer_expected;
                dialog.phase = Phase::Confirmed(Exchange::Idle);
                if answer_expected {
                    self.station.say(Event::ReofferAnswered { dialog: id, body });
                }
            }
            // The ACK of a repeated 2xx, or of a dialog that is over: nothing is owed any more.
            _ => {}
        }
    }

    /// Sends an unacknowledged 2xx again.
    pub(crate) fn repeat_2xx(&mut self, id: DialogId) {
        let Some(dialog) = self.dialogs.get(id) else { return };
        let (Phase::Accepted { waiting, .. } | Phase::Confirmed(Exchange::TheirsAnswered(waiting))) = &mut dialog.phase
        else {
            return;
        };
        waiting.interval = crate::station::T2.min(waiting.interval * 2);
        let repeat: TimerKey = self.station.after(waiting.interval, Due::Repeat2xx(id));
        waiting.repeat = Some(repeat);
        self.station.send(waiting.flow, waiting.response.clone());
    }
}

fn invited_event(id: DialogId, request: &Request<'_>, identity: Identity, peer: &Peer) -> Invited {
    let message = request.message;
    let from = message.from();
    let user = |uri: Option<&[u8]>| uri.and_then(Uri::parse).map_or("".into(), |uri| uri.user_text());
    Invited {
        dialog: id,
        flow: request.flow,
        identity,
        from_user: user(from.map(|from| from.uri)),
        from_display: from.map_or_else(|| peer.address.clone(), |from| text(&unquote(from.display))),
        to_user: user(Some(request.uri)),
        call_id: message.first(&HeaderName::CallId).map_or("".into(), |value| text(value)),
        body: session_body(message),
        headers: message.headers.iter().filter(|header| is_for_the_exchange(&header.name)).map(lossy).collect(),
    }
}

fn lossy(header: &crate::message::Header) -> (Arc<str>, Arc<str>) {
    (text(header.name.name()), text(&header.value))
}

/// Headers that the endpoint has no use for itself, or that a call passed on needs as well.
fn is_for_the_exchange(name: &HeaderName) -> bool {
    use HeaderName as H;
    match name {
        H::Via | H::From | H::To | H::CallId | H::CSeq | H::Contact | H::RecordRoute | H::Route => false,
        H::ContentLength | H::ContentType | H::ContentEncoding | H::ContentDisposition => false,
        H::Authorization | H::ProxyAuthorization | H::WwwAuthenticate | H::ProxyAuthenticate => false,
        H::Require | H::ProxyRequire | H::Supported | H::Allow | H::Accept | H::Unsupported => false,
        H::MaxForwards | H::UserAgent | H::AllowEvents | H::Event | H::Expires | H::MinExpires | H::Server => true,
        H::Reason | H::RetryAfter | H::CallInfo | H::AlertInfo | H::PAssertedIdentity | H::Diversion => true,
        H::Subject | H::Date | H::Other(_) => true,
    }
}
