//! From the media plane to dialogs, calls and flows.

use crate::{
    Switch,
    legs::{Dialog, Stream, dialog_of, leg_of_stream},
};
use call::LegEvent;
use media::Event;
use vocab::{LegId, Now, RecordingId};

impl Switch {
    pub(crate) fn media_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Described { stream, description, .. } => self.described(now, leg_of_stream(stream), description),
            Event::Negotiated { stream, .. } => self.negotiated(now, leg_of_stream(stream)),
            Event::Failed { stream, .. } => self.failed(now, leg_of_stream(stream)),
            Event::Digit { stream, digit, .. } => self.digit(now, leg_of_stream(stream), digit),
            Event::Played { stream, playback, finished } => {
                let play = flow::PlayNumber(playback.0);
                if let Some(leg) = self.legs.get(leg_of_stream(stream)) {
                    let call = leg.call;
                    self.tell_run(now, call, flow::Outcome::Played { play, finished });
                }
            }
            Event::Recorded { recording, ms, .. } => {
                let recording = RecordingId(uuid::Uuid::from_u128(recording.0));
                if let Some(call) = self.recordings.remove(&recording) {
                    self.tell_call(now, call, call::Input::Recorded { recording, ms });
                }
            }
            Event::Closed { stream, .. } => {
                let id = leg_of_stream(stream);
                if let Some(leg) = self.legs.get_mut(id) {
                    leg.stream = Stream::Closed;
                }
                self.forget_leg_if_closed(now, id);
            }
            Event::Silent { stream } => self.silent(now, leg_of_stream(stream)),
            Event::Heard { stream } => self.heard(now, leg_of_stream(stream)),
            Event::Latched { .. } => {}
        }
    }

    /// A muted or holding phone may send nothing for long; it is told apart from a dead one by asking it. A dialog not yet up
    /// has its own deadlines.
    fn silent(&mut self, now: Now, id: LegId) {
        if self.legs.get(id).is_some_and(|leg| matches!(leg.dialog, Dialog::Up { .. })) {
            self.sip(now, sip::Command::Probe { dialog: dialog_of(id) });
        }
    }

    /// Who sends sound is there, whether or not his equipment answers questions about it.
    fn heard(&mut self, now: Now, id: LegId) {
        if self.legs.get(id).is_some_and(|leg| matches!(leg.dialog, Dialog::Up { .. })) {
            self.sip(now, sip::Command::StopProbe { dialog: dialog_of(id) });
        }
    }

    fn negotiated(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        if matches!(leg.dialog, Dialog::Agreeing) {
            leg.dialog = Dialog::Up { reoffered: false };
            self.leg_event(now, id, LegEvent::Up);
        }
    }

    /// The leg cannot carry sound. A changed session that cannot be had leaves the old one as it was (RFC 3261 14.2).
    fn failed(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(id) else { return };
        match &leg.dialog {
            Dialog::Up { reoffered: true } => {
                leg.dialog = Dialog::Up { reoffered: false };
                self.sip(now, sip::Command::RefuseReoffer { dialog: dialog_of(id), status: 488 });
            }
            Dialog::Accepting { .. } => {
                self.refuse_leg(now, id, 488);
                self.leg_event(now, id, LegEvent::Unusable);
            }
            Dialog::Preparing(_) | Dialog::Agreeing => self.leg_event(now, id, LegEvent::Unusable),
            Dialog::Invited { .. }
            | Dialog::Accepted { .. }
            | Dialog::Inviting
            | Dialog::Up { reoffered: false }
            | Dialog::Ending
            | Dialog::Over => {}
        }
    }

    /// A key of the caller goes to the flow; keys of others only pass through the bridge.
    pub(crate) fn digit(&mut self, now: Now, id: LegId, digit: char) {
        let Some(leg) = self.legs.get(id) else { return };
        let call = leg.call;
        if self.calls.get(&call).is_some_and(|e| e.call.caller_leg() == id) {
            self.tell_run(now, call, flow::Outcome::Digit { digit });
        }
    }
}
