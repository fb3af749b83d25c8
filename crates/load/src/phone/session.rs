//! The phone itself: one SIP endpoint, one call at a time, and a loop that ticks every 20 ms.

use super::{
    Args, Error, Exit,
    report::{Reporter, Telling},
    script::Step,
    seconds,
    sound::{Heard, Sound},
};
use bytes::Bytes;
use media::wav::{self, Format};
use sip::{
    Body, ClientCredentials, Command, Config, DialogId, EndCause, Endpoint, Event, Flow, Input, Invite, Invited,
    Output, Registration, Target, Transport,
};
use std::{
    fs,
    io::{self, Write},
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use wire::datagram::{self, Receiver, Wait};

const TICK: Duration = media::TICK;
/// Refreshed by the endpoint at half of it.
const EXPIRES_S: u32 = 300;
/// For the answers to a BYE, a CANCEL and the end of a registration when we leave.
const LEAVE_PATIENCE: Duration = Duration::from_secs(3);
/// For a registration: what the retransmissions of a REGISTER take (64·T1).
const REGISTER_PATIENCE: Duration = Duration::from_secs(33);
/// Ticks made up after a pause of the process; more are skipped, or the far end would hear a burst.
const LATE_TICKS_MAX: u32 = 10;

/// Where the phone is.
#[derive(Debug)]
enum Stage {
    Registering,
    /// Registered; somebody may call.
    Waiting,
    Calling {
        dialog: DialogId,
        since: Duration,
    },
    /// Somebody calls.
    Ringing {
        dialog: DialogId,
        offer: Option<Bytes>,
        answer_at: Option<Duration>,
    },
    Talking(Talk),
    /// Nothing more to do but to unregister.
    Leaving {
        until: Duration,
        exit: Exit,
    },
}

#[derive(Debug)]
struct Talk {
    dialog: DialogId,
    since: Duration,
    seconds: u64,
    /// The script's next step, and when it may be done.
    step: usize,
    step_at: Duration,
    hung_up: bool,
}

/// See the module.
pub(super) struct Phone<'a, W> {
    args: &'a Args,
    server: SocketAddr,
    flow: Flow,
    endpoint: Endpoint,
    socket: UdpSocket,
    receiver: Receiver,
    sound: Sound,
    reporter: Reporter<W>,
    began: Instant,
    stage: Stage,
    registered: bool,
    /// Interrupted from outside.
    stopped: bool,
    answered: u32,
    dialogs: u64,
    /// Decided before the end is confirmed; the first reason counts.
    verdict: Option<Exit>,
    over: Option<Exit>,
}

impl<'a, W: Write> Phone<'a, W> {
    pub(super) fn open(
        args: &'a Args,
        server: SocketAddr,
        local: IpAddr,
        sound: Sound,
        out: W,
        seed: u64,
    ) -> Result<Self, Error> {
        let socket = UdpSocket::bind(SocketAddr::new(local, 0))?;
        socket.set_nonblocking(true)?;
        let flow = Flow { transport: Transport::Udp, local: socket.local_addr()?, remote: server, connection: 0 };
        Ok(Self {
            args,
            server,
            flow,
            endpoint: Endpoint::new(Config::new("strowger-call"), seed),
            socket,
            receiver: Receiver::new(datagram::PAYLOAD_BYTES_MAX),
            sound,
            reporter: Reporter { out, json: args.json },
            began: Instant::now(),
            stage: Stage::Registering,
            registered: false,
            stopped: false,
            answered: 0,
            dialogs: 0,
            verdict: None,
            over: None,
        })
    }

    pub(super) fn run(&mut self, stop: &AtomicBool) -> Result<Exit, Error> {
        self.begin();
        let mut due = self.now();
        loop {
            self.follow_endpoint();
            if let Some(exit) = self.over {
                return Ok(exit);
            }
            if !self.stopped && stop.load(Relaxed) {
                self.stopped = true;
                self.hang_up(Exit::Done);
            }
            let now = self.now();
            due = due.max(now.saturating_sub(TICK * LATE_TICKS_MAX));
            while due <= now {
                self.tick(due)?;
                due += TICK;
            }
            if self.endpoint.next_timeout().is_some_and(|at| at <= now) {
                self.endpoint.handle(now, Input::Timeout);
                continue;
            }
            let timeout = self.endpoint.next_timeout().unwrap_or(due).min(due);
            self.wait(timeout.saturating_sub(now))?;
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn tell(&mut self, telling: &Telling) {
        let now = self.now();
        self.reporter.tell(now, telling);
    }

    fn command(&mut self, command: Command) {
        let now = self.now();
        self.endpoint.handle(now, Input::Command(command));
    }

    fn begin(&mut self) {
        let Some(account) = &self.args.register else { return self.dial() };
        let (name, password): (Arc<str>, Arc<str>) =
            (account.extension.as_str().into(), account.password.as_str().into());
        self.command(Command::Credentials(ClientCredentials { name, password }));
        self.tell(&Telling::Registering { account: account.extension.clone() });
        self.register(EXPIRES_S);
    }

    fn register(&mut self, expires_s: u32) {
        let Some(account) = &self.args.register else { return };
        self.command(Command::Register(Box::new(Registration {
            flow: self.flow,
            account: account.extension.as_str().into(),
            domain: self.server.to_string().into(),
            expires_s,
        })));
    }

    fn dial(&mut self) {
        let Some(uri) = &self.args.uri else {
            self.stage = Stage::Waiting;
            return;
        };
        let uri = if uri.starts_with("sip:") { uri.clone() } else { format!("sip:{uri}") };
        self.dialogs += 1;
        let dialog = DialogId(self.dialogs);
        let own = self.args.register.as_ref().map_or("strowger", |account| &account.extension);
        let offer = self.sound.offer();
        self.tell(&Telling::Calling { uri: uri.clone() });
        self.command(Command::Invite(Box::new(Invite {
            dialog,
            target: Target::Address { uri: uri.into(), flow: self.flow },
            from_display: None,
            from_user: self.args.from.as_deref().unwrap_or(own).into(),
            headers: Vec::new(),
            body: Some(description(offer)),
        })));
        self.stage = Stage::Calling { dialog, since: self.now() };
    }

    /// Waits for a datagram or the time, and takes what came.
    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        match datagram::wait_readable([&self.socket, &self.sound.socket], patience) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let now = self.now();
        while let Ok(1..) = self.receiver.receive(&self.socket, Wait::No) {
            for datagram in self.receiver.datagrams() {
                let flow = Flow { remote: datagram.remote, ..self.flow };
                let bytes = Bytes::copy_from_slice(datagram.payload);
                self.endpoint.handle(now, Input::Received { flow, bytes });
            }
        }
        let mut heard = Vec::new();
        self.sound.receive(now, |what| heard.push(what));
        heard.into_iter().for_each(|what| self.tell_heard(what));
        Ok(())
    }

    fn tell_heard(&mut self, heard: Heard) {
        let telling = match heard {
            Heard::Digit(digit) => Telling::Digit { digit },
            Heard::Second { second, packets, lost } => {
                let Stage::Talking(talk) = &mut self.stage else { return };
                talk.seconds += 1;
                let (level_dbfs, tones_hz) = (second.level_dbfs, second.tones_hz);
                Telling::Heard { second: talk.seconds, level_dbfs, tones_hz, packets, lost }
            }
        };
        self.tell(&telling);
    }

    fn tick(&mut self, now: Duration) -> Result<(), Error> {
        match &self.stage {
            Stage::Registering if now >= REGISTER_PATIENCE && self.args.register.is_some() => {
                self.over = Some(Exit::NotRegistered);
            }
            Stage::Calling { since, .. } if now >= *since + seconds(self.args.ring_seconds) => {
                self.hang_up(Exit::NoAnswer);
            }
            Stage::Ringing { answer_at: Some(at), .. } if now >= *at => self.answer(),
            Stage::Leaving { until, exit } if now >= *until => self.over = Some(*exit),
            Stage::Talking(_) => self.tick_talk(now),
            Stage::Registering
            | Stage::Waiting
            | Stage::Calling { .. }
            | Stage::Ringing { .. }
            | Stage::Leaving { .. } => {}
        }
        Ok(())
    }

    fn tick_talk(&mut self, now: Duration) {
        let mut heard = Vec::new();
        self.sound.tick(now, |what| heard.push(what));
        heard.into_iter().for_each(|what| self.tell_heard(what));
        let Stage::Talking(talk) = &mut self.stage else { return };
        if !talk.hung_up && self.args.seconds.is_some_and(|limit| now >= talk.since + seconds(limit)) {
            return self.hang_up(Exit::Done);
        }
        if now < talk.step_at || self.sound.is_pressing() {
            return;
        }
        let Some(step) = self.args.digits.0.get(talk.step) else { return };
        talk.step += 1;
        match step {
            Step::Wait(time) => talk.step_at = now + *time,
            Step::Keys(_) if !self.sound.takes_keys() => {
                self.tell(&Telling::Problem { text: "the far end takes no keys (RFC 4733)".to_owned() });
            }
            Step::Keys(keys) => {
                self.sound.press(keys);
                self.tell(&Telling::Pressed { keys: keys.clone() });
            }
        }
    }

    /// Ends whatever goes on, then the phone.
    fn hang_up(&mut self, verdict: Exit) {
        self.verdict.get_or_insert(verdict);
        match &mut self.stage {
            Stage::Talking(talk) if !talk.hung_up => {
                talk.hung_up = true;
                let dialog = talk.dialog;
                self.command(Command::Bye { dialog, reason: None });
            }
            Stage::Talking(_) => {}
            Stage::Calling { dialog, .. } => {
                let dialog = *dialog;
                self.command(Command::Cancel { dialog });
                // Its end is an event; this is only for a server that never speaks.
                self.stage = Stage::Leaving { until: self.now() + LEAVE_PATIENCE, exit: verdict };
            }
            Stage::Ringing { dialog, .. } => {
                let dialog = *dialog;
                self.refuse(dialog, 480, "Temporarily Unavailable");
                self.leave();
            }
            Stage::Registering | Stage::Waiting | Stage::Leaving { .. } => self.leave(),
        }
    }

    /// Nothing more goes on: unregisters, then is over.
    fn leave(&mut self) {
        let exit = self.verdict.unwrap_or(Exit::Done);
        if std::mem::take(&mut self.registered) {
            self.register(0);
            self.stage = Stage::Leaving { until: self.now() + LEAVE_PATIENCE, exit };
        } else {
            self.over = Some(exit);
        }
    }

    fn refuse(&mut self, dialog: DialogId, status: u16, reason: &str) {
        self.command(Command::Refuse { dialog, status, reason: reason.into(), retry_after_s: None });
    }

    fn answer(&mut self) {
        let Stage::Ringing { dialog, offer, answer_at } = &mut self.stage else { return };
        let (dialog, offer) = (*dialog, offer.take());
        *answer_at = None;
        let answer = match &offer {
            Some(offer) => self.sound.answer(offer),
            None => Some(self.sound.offer()),
        };
        match answer {
            Some(answer) => self.command(Command::Accept { dialog, body: description(answer) }),
            None => {
                self.refuse(dialog, 488, "Not Acceptable Here");
                self.stage = Stage::Waiting;
            }
        }
    }

    fn follow_endpoint(&mut self) {
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

fn description(bytes: Bytes) -> Body {
    Body { content_type: "application/sdp".into(), bytes }
}

fn ended_by(cause: EndCause) -> &'static str {
    match cause {
        EndCause::RemoteBye => "far_end",
        EndCause::RemoteCancel => "cancel",
        EndCause::Local => "phone",
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
