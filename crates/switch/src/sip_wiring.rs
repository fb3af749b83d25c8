//! Between the SIP endpoint and the calls: dialogs' events to legs' events, calls' outputs to dialogs' commands.

use crate::{
    Output, Promise, Switch,
    exchange::RETRY_AFTER_S,
    legs::{Dialling, Dialog, Leg, Stream, dialog_of, group_of, leg_of, stream_of},
};
use call::{Admission, Arrival, Destination, LegEvent, Ringing};
use rand_core::Rng;
use std::sync::Arc;
use vocab::{CallId, ExtensionId, Fact, LegId, Now, PhoneNumber};

impl Switch {
    pub(crate) fn sip_output(&mut self, now: Now, output: sip::Output) {
        match output {
            sip::Output::Send { flow, bytes } => self.send(Output::Send { flow, bytes }),
            sip::Output::Event(event) => self.sip_event(now, event),
        }
    }

    fn sip_event(&mut self, now: Now, event: sip::Event) {
        match event {
            sip::Event::Invited(invited) => self.invited(now, *invited),
            sip::Event::Inviting { dialog, snapshot } => self.inviting(leg_of(dialog), snapshot),
            sip::Event::Progress { dialog, status, .. } => {
                if status == 180 || status == 183 {
                    self.leg_event(now, leg_of(dialog), LegEvent::Ringing);
                }
            }
            sip::Event::Answered { dialog, body } => self.answered(now, leg_of(dialog), body),
            sip::Event::Refused { dialog, status, .. } => {
                self.leg_event(now, leg_of(dialog), LegEvent::Refused { status });
            }
            sip::Event::Confirmed { dialog, snapshot, body } => self.confirmed(now, leg_of(dialog), snapshot, body),
            sip::Event::Reoffered { dialog, body } => self.reoffered(leg_of(dialog), body),
            // We never change a session ourselves yet, so no answer to that can come.
            sip::Event::ReofferAnswered { .. } | sip::Event::ReofferRefused { .. } => {}
            sip::Event::Info { dialog, body } => {
                if let Some(digit) = relayed_digit(&body) {
                    self.digit(now, leg_of(dialog), digit);
                }
            }
            sip::Event::Ended { dialog, cause } => self.dialog_ended(now, leg_of(dialog), cause),
            sip::Event::Registered { binding, fresh } => self.registered(now, binding, fresh),
            sip::Event::Unregistered { account, contact, .. } => self.unregistered(now, account, contact),
            sip::Event::AuthenticationRefused { account, source, reason } => {
                let (account, reason) = (account.as_ref().to_owned(), reason.to_owned());
                self.fact(now, Fact::AuthenticationRefused { account, source, reason });
            }
            // Counted by the endpoint; nothing here follows from it.
            sip::Event::BadMessage { .. } => {}
            // This exchange registers nowhere.
            sip::Event::RegistrationGranted { .. } | sip::Event::RegistrationRefused { .. } => {}
        }
    }

    fn invited(&mut self, now: Now, invited: sip::Invited) {
        let extension = match &invited.identity {
            sip::Identity::Account(name) => Some(ExtensionId::new(Arc::clone(name))),
            sip::Identity::Unproven => None,
        };
        let caller = extension.as_ref().map_or_else(|| Arc::clone(&invited.from_user), |e| e.as_str().into());
        let (caller, called) = (PhoneNumber::new(caller), PhoneNumber::new(Arc::clone(&invited.to_user)));
        let arrival = Arrival { extension, source: invited.flow.remote, called };
        let refuse = |status, reason, trunk| Admission::Refuse { status, reason, trunk };
        let admission = if self.draining {
            refuse(503, "draining", None)
        } else if self.calls.len() >= self.config.calls_max {
            refuse(503, "overload", None)
        } else {
            self.doors.admit(&arrival)
        };
        match admission {
            Admission::Take { direction, trunk, destination } => {
                let opening = call::Opening {
                    call: self.new_call_id(now),
                    caller_leg: leg_of(invited.dialog),
                    direction,
                    caller,
                    called: arrival.called,
                    trunk,
                    extension: arrival.extension,
                    source: arrival.source,
                    record_conversations: self.config.record_conversations,
                };
                self.take(now, opening, destination, invited.body);
            }
            Admission::Challenge => self.sip(now, sip::Command::Challenge { dialog: invited.dialog }),
            Admission::Refuse { status, reason, .. } => {
                self.refuse(now, invited.dialog, caller, &arrival, status, reason);
            }
        }
    }

    fn refuse(
        &mut self,
        now: Now,
        dialog: sip::DialogId,
        caller: PhoneNumber,
        arrival: &Arrival,
        status: u16,
        reason: &str,
    ) {
        let call = self.new_call_id(now);
        let (called, source) = (arrival.called.clone(), arrival.source);
        self.fact(now, Fact::CallRefused { call, caller, called, source, status, reason: reason.to_owned() });
        let retry_after_s = (status == 503).then_some(RETRY_AFTER_S);
        self.sip(now, sip::Command::Refuse { dialog, status, reason: phrase(status).into(), retry_after_s });
    }

    fn take(&mut self, now: Now, opening: call::Opening, destination: Destination, offer: Option<sip::Body>) {
        let (id, caller_leg) = (opening.call, opening.caller_leg);
        let (caller, called) = (opening.caller.clone(), opening.called.clone());
        let run = match &destination {
            Destination::Flow(flow) => match self.config.flows.iter().find(|f| f.flow == *flow) {
                Some(document) => Some(flow::Run::new(Arc::clone(document), self.random.next_u64())),
                None => {
                    let arrival = Arrival { extension: opening.extension, source: opening.source, called };
                    let dialog = dialog_of(caller_leg);
                    return self.refuse(now, dialog, caller, &arrival, 404, "number_unbound");
                }
            },
            Destination::Extension(_) => None,
        };
        let busies = opening.extension.clone();
        let started = run.as_ref().map(|_| destination.clone());
        self.keep_busy(now, busies.as_ref());
        let leg = Leg { call: id, busies, dialog: Dialog::Invited { offer }, stream: Stream::None };
        self.insert_leg(caller_leg, leg);
        self.open_call(opening, run);
        self.run_call(now, id);
        match destination {
            Destination::Extension(extension) => {
                let (leg, ring_ms) = (self.next_leg(), self.config.extension_ring_ms);
                self.tell_call(now, id, call::Input::DialExtension { leg, extension, ring_ms });
            }
            Destination::Flow(_) => {
                if let Some(Destination::Flow(flow)) = started {
                    let version = self.flow_revision(&flow);
                    self.fact(now, Fact::FlowStarted { call: id, flow, version });
                }
                self.tell_run(now, id, flow::Outcome::Start { caller, called });
            }
        }
    }

    fn flow_revision(&self, flow: &vocab::FlowId) -> u32 {
        self.config.flows.iter().find(|f| f.flow == *flow).map_or(0, |f| f.revision)
    }

    fn new_call_id(&mut self, now: Now) -> CallId {
        let mut random = [0; 10];
        self.random.fill_bytes(&mut random);
        CallId::new(now.wall, random)
    }

    fn inviting(&mut self, leg: LegId, snapshot: Box<sip::InviteSnapshot>) {
        if let Some(call) = self.legs.get(leg).map(|leg| leg.call) {
            self.promise(Promise::Inviting { call, leg, snapshot });
        }
    }

    /// A dialled phone answered: its answer goes to the media plane; without one the leg is useless.
    fn answered(&mut self, now: Now, id: LegId, body: Option<sip::Body>) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if !matches!(leg.dialog, Dialog::Inviting) {
            return;
        }
        leg.dialog = Dialog::Agreeing;
        let group = group_of(leg.call);
        match body {
            Some(body) => {
                self.media(media::Command::Accept { group, stream: stream_of(id), answer: body.bytes });
            }
            None => self.leg_event(now, id, LegEvent::Unusable),
        }
    }

    fn confirmed(&mut self, now: Now, id: LegId, snapshot: Box<sip::DialogSnapshot>, body: Option<sip::Body>) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        let call = leg.call;
        let group = group_of(call);
        let mut up = false;
        let mut answer = None;
        if let Dialog::Accepted { late_offer } = leg.dialog {
            leg.dialog = if late_offer { Dialog::Agreeing } else { Dialog::Up { reoffered: false } };
            up = !late_offer;
            answer = late_offer.then_some(body);
        }
        self.promise(Promise::Dialog { call, leg: id, snapshot });
        match answer {
            Some(Some(body)) => {
                self.media(media::Command::Accept { group, stream: stream_of(id), answer: body.bytes });
            }
            Some(None) => self.leg_event(now, id, LegEvent::Unusable),
            None if up => self.leg_event(now, id, LegEvent::Up),
            None => {}
        }
    }

    fn reoffered(&mut self, id: LegId, body: Option<sip::Body>) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        leg.dialog = Dialog::Up { reoffered: true };
        let (group, stream, codecs) = (group_of(leg.call), stream_of(id), self.config.codecs.clone());
        self.media(match body {
            Some(offer) => media::Command::Answer { group, stream, offer: offer.bytes, codecs },
            None => media::Command::Offer { group, stream, codecs },
        });
    }

    fn dialog_ended(&mut self, now: Now, id: LegId, cause: sip::EndCause) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        let promised = !matches!(leg.dialog, Dialog::Invited { .. } | Dialog::Preparing(_));
        leg.dialog = Dialog::Over;
        if promised {
            self.promise(Promise::DialogOver { leg: id });
        }
        let event = match cause {
            sip::EndCause::Timeout | sip::EndCause::Transport => LegEvent::Lost,
            // Whoever says that he knows nothing of the call is there, and has left it.
            sip::EndCause::RemoteBye | sip::EndCause::RemoteCancel | sip::EndCause::Unknown | sip::EndCause::Local => {
                LegEvent::Ended
            }
        };
        self.leg_event(now, id, event);
        self.close_stream(id);
        self.forget_leg_if_closed(now, id);
    }

    /// Hands a leg's event to its call.
    pub(crate) fn leg_event(&mut self, now: Now, id: LegId, event: LegEvent) {
        if let Some(leg) = self.legs.get(id) {
            let call = leg.call;
            self.tell_call(now, call, call::Input::Leg { leg: id, event });
        }
    }

    fn registered(&mut self, now: Now, binding: sip::Binding, fresh: bool) {
        let extension = ExtensionId::new(Arc::clone(&binding.account));
        if self.phones.register(&extension, &binding.contact, binding.takes_talk_event) {
            self.report(now, acd::Report::Reachable { extension: extension.clone(), reachable: true });
        }
        if fresh {
            let (contact, user_agent) = (binding.contact.as_ref().to_owned(), binding.user_agent.as_ref().to_owned());
            self.fact(now, Fact::ExtensionRegistered { extension, contact, user_agent });
        }
        self.promise(Promise::Binding(Box::new(binding)));
    }

    fn unregistered(&mut self, now: Now, account: Arc<str>, contact: Arc<str>) {
        let extension = ExtensionId::new(Arc::clone(&account));
        if self.phones.unregister(&extension, &contact) {
            self.report(now, acd::Report::Reachable { extension: extension.clone(), reachable: false });
            self.fact(now, Fact::ExtensionUnregistered { extension });
        }
        self.promise(Promise::BindingOver { account, contact });
    }

    /// Answers the caller: a stream is opened and its description asked for; the 200 follows when it is there.
    pub(crate) fn answer_leg(&mut self, id: LegId) {
        let codecs = self.config.codecs.clone();
        let Some(leg) = self.legs.get_mut(id) else { return };
        let Dialog::Invited { offer } = &mut leg.dialog else { return };
        let offer = offer.take();
        leg.dialog = Dialog::Accepting { late_offer: offer.is_none() };
        leg.stream = Stream::Open;
        let (group, stream) = (group_of(leg.call), stream_of(id));
        self.media(media::Command::Open { group, stream });
        self.media(match offer {
            Some(offer) => media::Command::Answer { group, stream, offer: offer.bytes, codecs },
            None => media::Command::Offer { group, stream, codecs },
        });
    }

    pub(crate) fn dial_leg(&mut self, now: Now, call: CallId, id: LegId, extension: ExtensionId, ringing: Ringing) {
        let entry = self.calls.get(&call);
        let offered = entry.is_some_and(|e| e.call.is_offered(id));
        let from_user = entry.map_or("".into(), |e| e.call.caller().as_str().into());
        let busies = (!offered).then(|| extension.clone());
        self.keep_busy(now, busies.as_ref());
        let dialling = Dialling { ringing, from_user, extension };
        let leg = Leg { call, busies, dialog: Dialog::Preparing(dialling), stream: Stream::Open };
        self.insert_leg(id, leg);
        let (group, stream, codecs) = (group_of(call), stream_of(id), self.config.codecs.clone());
        self.media(media::Command::Open { group, stream });
        self.media(media::Command::Offer { group, stream, codecs });
    }

    /// The description a dialog was waiting for is here.
    pub(crate) fn described(&mut self, now: Now, id: LegId, description: bytes::Bytes) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        let body = sip::Body { content_type: "application/sdp".into(), bytes: description };
        let dialog = dialog_of(id);
        match &mut leg.dialog {
            Dialog::Accepting { late_offer } => {
                leg.dialog = Dialog::Accepted { late_offer: *late_offer };
                self.sip(now, sip::Command::Accept { dialog, body });
            }
            Dialog::Preparing(dialling) => {
                let dialling = dialling.clone();
                leg.dialog = Dialog::Inviting;
                let call = leg.call;
                self.sip(now, invite(dialog, call, dialling, body));
            }
            Dialog::Up { reoffered: true } => {
                leg.dialog = Dialog::Up { reoffered: false };
                self.sip(now, sip::Command::AnswerReoffer { dialog, body: Some(body) });
            }
            Dialog::Invited { .. }
            | Dialog::Accepted { .. }
            | Dialog::Inviting
            | Dialog::Agreeing
            | Dialog::Up { reoffered: false }
            | Dialog::Ending
            | Dialog::Over => {}
        }
    }

    /// Ends a leg, whatever its dialog is doing.
    pub(crate) fn drop_leg(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        let dialog = dialog_of(id);
        let before = std::mem::replace(&mut leg.dialog, Dialog::Ending);
        match before {
            Dialog::Invited { .. } | Dialog::Accepting { .. } => self.refuse_leg_as(now, id, 480),
            Dialog::Preparing(_) => {
                leg.dialog = Dialog::Over;
            }
            Dialog::Inviting => self.sip(now, sip::Command::Cancel { dialog }),
            Dialog::Accepted { .. } | Dialog::Agreeing | Dialog::Up { .. } => {
                self.sip(now, sip::Command::Bye { dialog, reason: None });
            }
            Dialog::Ending | Dialog::Over => leg.dialog = before,
        }
        self.close_stream(id);
        self.forget_leg_if_closed(now, id);
    }

    pub(crate) fn refuse_leg(&mut self, now: Now, id: LegId, status: u16) {
        if let Some(leg) = self.legs.get_mut(id) {
            leg.dialog = Dialog::Ending;
            self.refuse_leg_as(now, id, status);
            self.close_stream(id);
        }
    }

    fn refuse_leg_as(&mut self, now: Now, id: LegId, status: u16) {
        let reason = phrase(status).into();
        self.sip(now, sip::Command::Refuse { dialog: dialog_of(id), status, reason, retry_after_s: None });
    }

    pub(crate) fn close_stream(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if leg.stream == Stream::Open {
            leg.stream = Stream::Closing;
            let group = group_of(leg.call);
            self.media(media::Command::Close { group, stream: stream_of(id) });
        }
    }

    pub(crate) fn forget_leg_if_closed(&mut self, now: Now, id: LegId) {
        if let Some(extension) = self.legs.forget_if_closed(id).and_then(|leg| leg.busies)
            && self.phones.end_own_call(&extension)
        {
            self.report(now, acd::Report::Busy { extension, busy: false });
        }
    }

    fn keep_busy(&mut self, now: Now, extension: Option<&ExtensionId>) {
        if let Some(extension) = extension
            && self.phones.begin_own_call(extension)
        {
            self.report(now, acd::Report::Busy { extension: extension.clone(), busy: true });
        }
    }
}

fn invite(dialog: sip::DialogId, call: CallId, dialling: Dialling, body: sip::Body) -> sip::Command {
    // The call's id travels with each leg, so that a phone's log, a trace and a record can be laid side by side.
    let mut headers: Vec<(Arc<str>, Arc<str>)> = vec![("X-Call-ID".into(), call.to_string().into())];
    if dialling.ringing == Ringing::AutoAnswer {
        // Two dialects that phones understand: RFC-less Call-Info of most vendors, and Alert-Info of the Broadsoft family.
        headers.push(("Call-Info".into(), "<sip:answer>;answer-after=0".into()));
        headers.push(("Alert-Info".into(), "<http://localhost>;info=alert-autoanswer;delay=0".into()));
    }
    sip::Command::Invite(Box::new(sip::Invite {
        dialog,
        target: sip::Target::Account(dialling.extension.as_str().into()),
        from_display: None,
        from_user: dialling.from_user,
        headers,
        body: Some(body),
    }))
}

/// The digit of an INFO body as old phones send it: `application/dtmf-relay` with `Signal=5`, or `application/dtmf` with `5`.
fn relayed_digit(body: &sip::Body) -> Option<char> {
    let text = std::str::from_utf8(&body.bytes).ok()?;
    let value = match body.content_type.as_ref() {
        "application/dtmf-relay" => text.lines().find_map(|line| line.trim().strip_prefix("Signal="))?,
        "application/dtmf" => text,
        _ => return None,
    };
    match value.trim() {
        "10" => Some('*'),
        "11" => Some('#'),
        digit => digit.chars().next().filter(|c| c.is_ascii_digit() || "*#ABCD".contains(*c)),
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        404 => "Not Found",
        480 => "Temporarily Unavailable",
        486 => "Busy Here",
        488 => "Not Acceptable Here",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}
