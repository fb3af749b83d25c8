//! A scripted phone on the production SIP endpoint: callers, and agents' phones that register.

use crate::{PhoneManner, Silence};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How long one that is deaf to questions is muted: longer than the exchange waits before it asks (30 s), shorter than it
/// then waits for an answer (32 s).
const MUTED: Duration = Duration::from_secs(45);

/// What a phone is doing with its one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Idle,
    /// Ringing here; answers at that moment, if ever.
    Ringing {
        dialog: sip::DialogId,
        answer_at: Option<Duration>,
    },
    /// Dialling, or talking; hangs up at that moment.
    Calling {
        dialog: sip::DialogId,
        hang_up_at: Duration,
    },
    Talking {
        dialog: sip::DialogId,
        hang_up_at: Duration,
    },
    Ending {
        dialog: sip::DialogId,
    },
}

/// A phone.
pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    pub(crate) sip: sip::Endpoint,
    pub(crate) line: Line,
    pub(crate) manner: PhoneManner,
    pub(crate) talk: Duration,
    pub(crate) dead: bool,
    /// How it falls silent in each of its calls.
    silence: Option<Silence>,
    /// When that is due in the present one.
    falls_silent_at: Option<Duration>,
    /// When it sends sound again in the present one.
    speaks_again_at: Option<Duration>,
    /// Since when it sends no sound in its call.
    pub(crate) silent_since: Option<Duration>,
    /// When it last sent sound again after a silence.
    pub(crate) spoke_at: Option<Duration>,
    /// Times it was answered, as the phone saw it.
    pub(crate) answered: u32,
    number: usize,
}

impl Phone {
    pub(crate) fn new(
        number: usize,
        address: SocketAddr,
        sip: sip::Endpoint,
        manner: PhoneManner,
        talk: Duration,
        silence: Option<Silence>,
    ) -> Phone {
        Phone {
            address,
            sip,
            line: Line::Idle,
            manner,
            talk,
            dead: false,
            silence,
            falls_silent_at: None,
            speaks_again_at: None,
            silent_since: None,
            spoke_at: None,
            answered: 0,
            number,
        }
    }

    fn flow(&self, exchange: SocketAddr) -> sip::Flow {
        sip::Flow { transport: sip::Transport::Udp, local: self.address, remote: exchange, connection: 0 }
    }

    fn body(&self) -> sip::Body {
        sip::Body { content_type: "application/sdp".into(), bytes: format!("phone {}", self.number).into() }
    }

    pub(crate) fn received(&mut self, now: Duration, exchange: SocketAddr, bytes: bytes::Bytes) {
        let unheard = matches!(self.silence, Some(Silence::Deaf { .. })) && bytes.starts_with(b"OPTIONS ");
        if !self.dead && !unheard {
            let flow = self.flow(exchange);
            self.sip.handle(now, sip::Input::Received { flow, bytes });
        }
    }

    pub(crate) fn register(&mut self, now: Duration, exchange: SocketAddr, account: &str, password: &str) {
        let credentials = sip::ClientCredentials { name: account.into(), password: password.into() };
        self.command(now, sip::Command::Credentials(credentials));
        let registration = sip::Registration {
            flow: self.flow(exchange),
            account: account.into(),
            domain: "exchange".into(),
            expires_s: 120,
        };
        self.command(now, sip::Command::Register(Box::new(registration)));
    }

    pub(crate) fn dial(&mut self, now: Duration, exchange: SocketAddr, called: &str, patience: Duration) {
        let dialog = sip::DialogId(1);
        let uri: Arc<str> = format!("sip:{called}@{exchange}").into();
        self.line = Line::Calling { dialog, hang_up_at: now + patience };
        let invite = sip::Invite {
            dialog,
            target: sip::Target::Address { uri, flow: self.flow(exchange) },
            from_display: None,
            from_user: format!("1380013{:04}", self.number).into(),
            headers: Vec::new(),
            body: Some(self.body()),
        };
        self.command(now, sip::Command::Invite(Box::new(invite)));
    }

    /// The next moment at which the phone's person does something.
    pub(crate) fn next_act(&self) -> Option<Duration> {
        match self.line {
            Line::Ringing { answer_at, .. } => answer_at,
            Line::Calling { hang_up_at, .. } => Some(hang_up_at),
            Line::Talking { hang_up_at, .. } => {
                [Some(hang_up_at), self.falls_silent_at, self.speaks_again_at].into_iter().flatten().min()
            }
            Line::Idle | Line::Ending { .. } => None,
        }
        .filter(|_| !self.dead)
    }

    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        [self.next_act(), self.sip.next_timeout().filter(|_| !self.dead)].into_iter().flatten().min()
    }

    pub(crate) fn timeout(&mut self, now: Duration) {
        if self.dead {
            return;
        }
        self.sip.handle(now, sip::Input::Timeout);
        if self.next_act().is_some_and(|at| at <= now) {
            match self.line.clone() {
                Line::Ringing { dialog, .. } => self.answer(now, dialog),
                Line::Calling { dialog, .. } => {
                    self.line = Line::Ending { dialog };
                    self.command(now, sip::Command::Cancel { dialog });
                }
                Line::Talking { .. } if self.falls_silent_at.is_some_and(|at| at <= now) => self.fall_silent(now),
                Line::Talking { .. } if self.speaks_again_at.is_some_and(|at| at <= now) => {
                    self.speaks_again_at = None;
                    self.silent_since = None;
                    self.spoke_at = Some(now);
                }
                Line::Talking { dialog, .. } => {
                    self.line = Line::Ending { dialog };
                    self.command(now, sip::Command::Bye { dialog, reason: None });
                }
                Line::Idle | Line::Ending { .. } => {}
            }
        }
    }

    /// Handles the endpoint's events; returns what it wants to send.
    pub(crate) fn drain(&mut self, now: Duration) -> Vec<bytes::Bytes> {
        let mut sent = Vec::new();
        while let Some(output) = self.sip.poll() {
            match output {
                sip::Output::Send { bytes, .. } => sent.push(bytes),
                sip::Output::Event(event) => self.event(now, event),
            }
        }
        sent
    }

    /// What remains in the phone when everything should be over.
    pub(crate) fn in_call(&self) -> bool {
        !self.dead && self.line != Line::Idle
    }

    fn event(&mut self, now: Duration, event: sip::Event) {
        match event {
            sip::Event::Invited(invited) => self.invited(now, invited.dialog),
            sip::Event::Answered { dialog, .. } => {
                if let Line::Calling { hang_up_at, .. } = self.line {
                    self.begin_talk(now, dialog, hang_up_at);
                }
            }
            sip::Event::Reoffered { dialog, .. } => {
                let body = Some(self.body());
                self.command(now, sip::Command::AnswerReoffer { dialog, body });
            }
            sip::Event::Ended { dialog, .. } if self.dialog() == Some(dialog) => self.line = Line::Idle,
            _ => {}
        }
    }

    fn dialog(&self) -> Option<sip::DialogId> {
        match self.line {
            Line::Idle => None,
            Line::Ringing { dialog, .. }
            | Line::Calling { dialog, .. }
            | Line::Talking { dialog, .. }
            | Line::Ending { dialog } => Some(dialog),
        }
    }

    fn invited(&mut self, now: Duration, dialog: sip::DialogId) {
        let refuse = |status| sip::Command::Refuse { dialog, status, reason: "Busy Here".into(), retry_after_s: None };
        if self.line != Line::Idle {
            return self.command(now, refuse(486));
        }
        match self.manner {
            PhoneManner::Answers { after_ms: 0 } => self.answer(now, dialog),
            PhoneManner::Answers { after_ms } => {
                self.ring(now, dialog, Some(now + Duration::from_millis(after_ms)));
            }
            PhoneManner::LetsRing => self.ring(now, dialog, None),
            PhoneManner::Declines => self.command(now, refuse(486)),
            PhoneManner::Dies if self.answered > 0 => self.dead = true,
            PhoneManner::Dies => self.answer(now, dialog),
        }
    }

    fn ring(&mut self, now: Duration, dialog: sip::DialogId, answer_at: Option<Duration>) {
        self.line = Line::Ringing { dialog, answer_at };
        self.command(now, sip::Command::Provisional { dialog, status: 180, body: None });
    }

    fn answer(&mut self, now: Duration, dialog: sip::DialogId) {
        self.begin_talk(now, dialog, now + self.talk);
        let body = self.body();
        self.command(now, sip::Command::Accept { dialog, body });
    }

    fn begin_talk(&mut self, now: Duration, dialog: sip::DialogId, hang_up_at: Duration) {
        self.answered += 1;
        self.line = Line::Talking { dialog, hang_up_at };
        (self.silent_since, self.speaks_again_at) = (None, None);
        self.falls_silent_at = self.silence.map(|silence| match silence {
            Silence::Muted { after } | Silence::Dead { after } | Silence::Deaf { after } => now + after,
        });
    }

    fn fall_silent(&mut self, now: Duration) {
        self.falls_silent_at = None;
        self.silent_since = Some(now);
        self.dead = matches!(self.silence, Some(Silence::Dead { .. }));
        self.speaks_again_at = matches!(self.silence, Some(Silence::Deaf { .. })).then(|| now + MUTED);
    }

    fn command(&mut self, now: Duration, command: sip::Command) {
        self.sip.handle(now, sip::Input::Command(command));
    }
}
