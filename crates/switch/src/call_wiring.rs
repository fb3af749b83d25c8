//! From a call to its neighbours: legs, media plane, flow, dispatcher.

use crate::{
    Switch,
    legs::{dialog_of, group_of, stream_of},
};
use call::{DispatcherReport, Output, Progress};
use vocab::{CallId, Now, OfferEnd, RecordingId};

impl Switch {
    pub(crate) fn call_output(&mut self, now: Now, id: CallId, output: Output) {
        let group = group_of(id);
        match output {
            Output::Answer { leg } => self.answer_leg(leg),
            Output::Ring { leg } => {
                self.sip(now, sip::Command::Provisional { dialog: dialog_of(leg), status: 180, body: None });
            }
            Output::Refuse { leg, status } => self.refuse_leg(now, leg, status),
            Output::Dial { leg, extension, ringing } => self.dial_leg(now, id, leg, extension, ringing),
            Output::Drop { leg } => self.drop_leg(now, leg),
            Output::Bridge { one, other } => {
                self.media(media::Command::Bridge { group, one: stream_of(one), other: stream_of(other) });
            }
            Output::Unbridge { one, other } => {
                self.media(media::Command::Unbridge { group, one: stream_of(one), other: stream_of(other) });
            }
            Output::Record { recording, left, right, .. } => {
                self.recordings.insert(recording, id);
                let (left, right) = (stream_of(left), right.map(stream_of));
                self.media(media::Command::Record { group, recording: key(recording), left, right });
            }
            Output::StopRecording { recording } => self.stop_recording(id, recording),
            Output::Tell(progress) => self.tell_run(now, id, outcome(progress)),
            Output::Report(report) => self.call_report(now, id, report),
            Output::Fact(fact) => self.fact(now, fact),
            Output::Over => {
                if let Some(entry) = self.calls.get_mut(&id) {
                    entry.over = true;
                }
            }
        }
    }

    pub(crate) fn stop_recording(&mut self, call: CallId, recording: RecordingId) {
        self.media(media::Command::StopRecording { group: group_of(call), recording: key(recording) });
    }

    fn call_report(&mut self, now: Now, call: CallId, report: DispatcherReport) {
        match report {
            DispatcherReport::Enqueue { .. } => {
                if let Some(waiting) = self.waiting(now, call) {
                    self.report(now, acd::Report::Enqueue(waiting));
                }
            }
            DispatcherReport::Dequeue { exit } => self.report(now, acd::Report::Dequeue { call, exit }),
            DispatcherReport::Reserved { offer } => self.report(now, acd::Report::Reserved { offer }),
            DispatcherReport::OfferEnded { offer, agent, end } => {
                if let Some(offered) = self.offers.remove(&offer)
                    && end == OfferEnd::Answered
                {
                    self.conversations.insert(agent.clone(), (call, offered.queue));
                }
                self.report(now, acd::Report::OfferEnded { offer, call, agent, end });
            }
            DispatcherReport::Parted { agent } => {
                self.conversations.remove(&agent);
                self.report(now, acd::Report::Parted { call, agent });
            }
        }
    }

    /// A call's place in line in the form that crosses.
    pub(crate) fn waiting(&self, now: Now, call: CallId) -> Option<acd::Waiting> {
        let line = self.calls.get(&call)?.call.in_line()?;
        Some(acd::Waiting {
            call,
            queue: line.queue.clone(),
            enqueued: line.enqueued,
            waited: vocab::Age::between(line.since, now.mono),
            priority: line.priority,
            tried: line.tried.clone(),
        })
    }
}

fn key(recording: RecordingId) -> media::RecordingKey {
    media::RecordingKey(recording.0.as_u128())
}

fn outcome(progress: Progress) -> flow::Outcome {
    match progress {
        Progress::Answered => flow::Outcome::Answered,
        Progress::Recorded { ms } => flow::Outcome::Recorded { ms },
        Progress::QueueRefused { why } => flow::Outcome::QueueRefused { why },
        Progress::Placed { place } => flow::Outcome::Placed { place },
        Progress::QueueLeft => flow::Outcome::QueueLeft,
        Progress::Connected => flow::Outcome::Connected,
        Progress::Parted => flow::Outcome::Parted,
        Progress::TransferFailed { why } => flow::Outcome::TransferFailed { why: why.to_owned() },
        Progress::CallerGone => flow::Outcome::CallerGone,
    }
}
