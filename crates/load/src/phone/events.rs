//! What the endpoint tells the phone, and what the phone does about it.

use super::{
    Exit,
    report::Telling,
    session::{Phone, Stage, Talk, description},
};
use media::wav::{self, Format};
use sip::{Body, Command, DialogId, EndCause, Event, Invited, Output};
use std::{fs, io::Write, time::Duration};

impl<W: Write> Phone<'_, W> {
    pub(super) fn follow_endpoint(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { flow, bytes } => {
                    // What is lost here is sent again like any loss.
                    let _ = self.socket.send_to(&bytes, flow.remote);
                }
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Invited(invited) => self.on_invited(&invited),
            Event::Progress { dialog, status, body } if self.is_mine(dialog) => {
                if let Some(body) = body {
                    self.sound.accept(&body.bytes);
                }
                self.tell(&Telling::Ringing { status });
            }
            Event::Answered { dialog, body } if self.is_mine(dialog) => {
                let usable = body.is_some_and(|body| self.sound.accept(&body.bytes));
                if !usable {
                    self.tell(&Telling::Problem { text: "the answer describes no sound of ours".to_owned() });
                }
            }
            Event::Confirmed { dialog, body, .. } if self.is_mine(dialog) => self.on_confirmed(dialog, body),
            Event::Refused { dialog, status, reason } if self.is_mine(dialog) => {
                let verdict = if status == 408 { Exit::NoAnswer } else { Exit::Refused };
                self.verdict.get_or_insert(verdict);
                self.tell(&Telling::Refused { status, reason: reason.to_string() });
            }
            Event::Reoffered { dialog, body } => self.on_reoffered(dialog, body),
            Event::Ended { dialog, cause } => self.on_ended(dialog, cause),
            Event::RegistrationGranted { account, .. } => self.on_registered(&account),
            Event::RegistrationRefused { status, .. } => {
                self.tell(&Telling::Refused { status, reason: "not registered".to_owned() });
                self.verdict.get_or_insert(Exit::NotRegistered);
                self.registered = false;
                self.leave();
            }
            // A phone has no other use for these, and what comes for a dialog that is over is late.
            Event::Inviting { .. }
            | Event::Progress { .. }
            | Event::Answered { .. }
            | Event::Confirmed { .. }
            | Event::Refused { .. }
            | Event::ReofferAnswered { .. }
            | Event::ReofferRefused { .. }
            | Event::Info { .. }
            | Event::Registered { .. }
            | Event::Unregistered { .. }
            | Event::AuthenticationRefused { .. }
            | Event::BadMessage { .. } => {}
        }
    }

    fn is_mine(&self, other: DialogId) -> bool {
        match &self.stage {
            Stage::Calling { dialog, .. } | Stage::Ringing { dialog, .. } => *dialog == other,
            Stage::Talking(talk) => talk.dialog == other,
            Stage::Leaving { .. } => other.0 == self.dialogs,
            Stage::Registering | Stage::Waiting => false,
        }
    }

    fn on_registered(&mut self, account: &str) {
        match self.stage {
            Stage::Registering => {
                self.registered = true;
                self.tell(&Telling::Registered { account: account.to_owned() });
                self.dial();
            }
            Stage::Leaving { exit, .. } => self.over = Some(exit),
            // A refresh.
            Stage::Waiting | Stage::Calling { .. } | Stage::Ringing { .. } | Stage::Talking(_) => {}
        }
    }

    fn on_invited(&mut self, invited: &Invited) {
        if !matches!(self.stage, Stage::Waiting) {
            return self.refuse(invited.dialog, 486, "Busy Here");
        }
        let headers: Vec<(String, String)> =
            invited.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let wanted = self.args.answer || asks_for_answer(&headers);
        self.tell(&Telling::Invited { from: invited.from_user.to_string(), to: invited.to_user.to_string(), headers });
        self.stage = Stage::Ringing {
            dialog: invited.dialog,
            offer: invited.body.as_ref().map(|body| body.bytes.clone()),
            answer_at: wanted.then(|| self.now() + Duration::from_millis(self.args.answer_after)),
        };
        if wanted && self.args.answer_after == 0 {
            self.answer();
        } else {
            self.command(Command::Provisional { dialog: invited.dialog, status: 180, body: None });
        }
    }

    fn on_confirmed(&mut self, dialog: DialogId, body: Option<Body>) {
        let now = self.now();
        let began = match &self.stage {
            Stage::Calling { since, .. } => *since,
            // The 200 won the race against our CANCEL: the endpoint ends that call itself.
            Stage::Leaving { .. } => return,
            Stage::Registering | Stage::Waiting | Stage::Ringing { .. } | Stage::Talking(_) => now,
        };
        if let Some(body) = body {
            self.sound.accept(&body.bytes);
        }
        self.answered += 1;
        self.tell(&Telling::Up { milliseconds: (now - began).as_millis() as u64 });
        self.stage = Stage::Talking(Talk { dialog, since: now, seconds: 0, step: 0, step_at: now, hung_up: false });
    }

    fn on_reoffered(&mut self, dialog: DialogId, body: Option<Body>) {
        let answer = match &body {
            Some(offer) => self.sound.answer(&offer.bytes),
            None => Some(self.sound.offer()),
        };
        self.command(match answer {
            Some(answer) => Command::AnswerReoffer { dialog, body: Some(description(answer)) },
            None => Command::RefuseReoffer { dialog, status: 488 },
        });
    }

    fn on_ended(&mut self, dialog: DialogId, cause: EndCause) {
        if !self.is_mine(dialog) {
            return;
        }
        let talked = match &self.stage {
            Stage::Talking(talk) => Some(self.now() - talk.since),
            Stage::Registering
            | Stage::Waiting
            | Stage::Calling { .. }
            | Stage::Ringing { .. }
            | Stage::Leaving { .. } => None,
        };
        if let Some(time) = talked {
            let packets = self.sound.packets();
            self.tell(&Telling::Ended { by: ended_by(cause), seconds: time.as_secs_f64(), packets });
            self.write_recording();
            if packets == 0 && matches!(self.verdict, None | Some(Exit::Done)) {
                self.verdict = Some(Exit::Deaf);
            }
        }
        self.sound.end();
        let last = self.args.calls.is_some_and(|calls| self.answered >= calls);
        if self.args.uri.is_some() || last || self.stopped {
            self.verdict.get_or_insert(if talked.is_some() { Exit::Done } else { Exit::NoAnswer });
            self.leave();
        } else {
            self.verdict = None;
            self.stage = Stage::Waiting;
        }
    }

    fn write_recording(&mut self) {
        let (Some(path), Some(sound)) = (&self.args.record, self.sound.recording()) else { return };
        let header = wav::header(Format::Pcmu, 1, sound.len() as u32);
        let file = path.display().to_string();
        let telling = match fs::write(path, [&header[..], sound].concat()) {
            Ok(()) => Telling::Recorded { file, seconds: sound.len() as f64 / 8_000.0 },
            Err(error) => Telling::Problem { text: format!("{file}: {error}") },
        };
        self.tell(&telling);
    }
}

fn ended_by(cause: EndCause) -> &'static str {
    match cause {
        EndCause::RemoteBye => "far_end",
        EndCause::RemoteCancel => "cancel",
        EndCause::Local => "phone",
        EndCause::Unknown => "unknown_there",
        EndCause::Timeout => "timeout",
        EndCause::Transport => "transport",
    }
}

/// What desks put into an INVITE for a phone to go off-hook by itself: `Call-Info: …;answer-after=0` (RFC draft used by
/// Polycom, Grandstream and Yealink), `Alert-Info: …info=alert-autoanswer`.
fn asks_for_answer(headers: &[(String, String)]) -> bool {
    headers.iter().any(|(name, value)| {
        let value = value.to_ascii_lowercase();
        (name == "Call-Info" && value.contains("answer-after=0"))
            || (name == "Alert-Info"
                && (value.contains("auto answer") || value.contains("autoanswer") || value.contains("auto-answer")))
    })
}
