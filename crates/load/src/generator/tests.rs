//! The generator against a small server made of `sip::Endpoint`: another implementation of SIP than the generator's.

use super::*;
use bytes::Bytes;
use sip::{
    Account, Body, Command, DialogId, Endpoint, Event, Flow, Input, Invite, Invited, Output, Target, Transport, digest,
};
use std::{
    collections::BTreeMap,
    net::UdpSocket,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

const REALM: &str = "test";

/// What a number does: `answer`, `echo` (sends sound back), `queue` (rings the phones in turn), `brief` (answers and
/// hangs up), `busy` (486), anything else nothing at all.
struct Exchange {
    endpoint: Endpoint,
    socket: UdpSocket,
    began: Instant,
    sound: Vec<UdpSocket>,
    phones: Vec<Arc<str>>,
    offered: u64,
    numbers: BTreeMap<DialogId, String>,
    /// Caller's leg and agent's leg, both ways.
    other: BTreeMap<DialogId, DialogId>,
}

/// Stops its thread when it goes.
struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic in the exchange");
        }
    }
}

fn exchange() -> Running {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let address = socket.local_addr().unwrap();
    let accounts: Vec<Account> = ["8001", "8002"].map(account).into();
    let mut exchange = Exchange {
        endpoint: Endpoint::new(sip::Config { accounts, ..sip::Config::new(REALM) }, 1),
        socket,
        began: Instant::now(),
        sound: Vec::new(),
        phones: ["8001", "8002"].map(Arc::from).into(),
        offered: 0,
        numbers: BTreeMap::new(),
        other: BTreeMap::new(),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = thread::spawn(move || {
        while !stopped.load(Relaxed) {
            exchange.turn();
        }
    });
    Running { address, stop, thread: Some(thread) }
}

fn account(name: &str) -> Account {
    let password = format!("demo-{name}");
    Account {
        name: name.into(),
        ha1_md5: digest::ha1_md5(name, REALM, &password).into(),
        ha1_sha256: digest::ha1_sha256(name, REALM, &password).into(),
    }
}

impl Exchange {
    fn turn(&mut self) {
        let mut buffer = [0; 65_535];
        if let Ok((length, remote)) = self.socket.recv_from(&mut buffer) {
            let local = self.socket.local_addr().unwrap();
            let flow = Flow { transport: Transport::Udp, local, remote, connection: 0 };
            let bytes = Bytes::copy_from_slice(&buffer[..length]);
            self.endpoint.handle(self.began.elapsed(), Input::Received { flow, bytes });
        }
        if self.endpoint.next_timeout().is_some_and(|at| at <= self.began.elapsed()) {
            self.endpoint.handle(self.began.elapsed(), Input::Timeout);
        }
        for socket in &self.sound {
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                socket.send_to(&buffer[..length], from).unwrap();
            }
        }
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Send { flow, bytes } => drop(self.socket.send_to(&bytes, flow.remote)),
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.endpoint.handle(self.began.elapsed(), Input::Command(command));
    }

    /// A description with a socket of its own behind it.
    fn description(&mut self) -> Body {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let port = socket.local_addr().unwrap().port();
        self.sound.push(socket);
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        );
        Body { content_type: "application/sdp".into(), bytes: text.into() }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Invited(invited) => self.on_invited(&invited),
            Event::Confirmed { dialog, .. } if self.numbers.get(&dialog).is_some_and(|to| to == "brief") => {
                self.command(Command::Bye { dialog, reason: None });
            }
            Event::Ended { dialog, .. } => {
                if let Some(other) = self.other.remove(&dialog) {
                    self.other.remove(&other);
                    self.command(Command::Bye { dialog: other, reason: None });
                }
            }
            _ => {}
        }
    }

    fn on_invited(&mut self, invited: &Invited) {
        let dialog = invited.dialog;
        self.numbers.insert(dialog, invited.to_user.to_string());
        match &*invited.to_user {
            "answer" | "echo" | "brief" | "queue" => {
                let body = self.description();
                self.command(Command::Accept { dialog, body });
            }
            "busy" => {
                let reason = "Busy Here".into();
                self.command(Command::Refuse { dialog, status: 486, reason, retry_after_s: None });
            }
            _ => {}
        }
        if &*invited.to_user == "queue" {
            self.offer(dialog, &invited.from_user);
        }
    }

    fn offer(&mut self, caller: DialogId, from: &Arc<str>) {
        self.offered += 1;
        let (dialog, phone) = (DialogId(self.offered), self.phones[self.offered as usize % self.phones.len()].clone());
        let body = Some(self.description());
        self.other.extend([(caller, dialog), (dialog, caller)]);
        self.command(Command::Invite(Box::new(Invite {
            dialog,
            target: Target::Account(phone),
            from_display: None,
            from_user: from.clone(),
            headers: Vec::new(),
            body,
        })));
    }
}

fn plan(server: &Running, called: &str, calls: usize) -> Plan {
    Plan {
        server: server.address,
        process: Some(std::process::id()),
        called: called.to_owned(),
        calls,
        rate_per_s: 200.0,
        hang_up: HangUp::AfterJoined(Duration::from_millis(20)),
        sound: false,
        patience: Duration::from_secs(20),
        phones: None,
    }
}

fn load(plan: Plan) -> Outcome {
    let mut generator = Generator::open(plan, [127, 0, 0, 1].into()).unwrap();
    generator.register().unwrap();
    generator.run().unwrap()
}

fn phones(password: &str) -> Option<Phones> {
    let accounts = ["8001", "8002"].map(|name| (name.to_owned(), format!("{password}-{name}"))).into();
    Some(Phones { accounts, answer_after: Duration::from_millis(10) })
}

#[test]
fn every_call_is_set_up_and_ended() {
    let server = exchange();
    let outcome = load(plan(&server, "answer", 60));
    assert_eq!((outcome.offered, outcome.answered, outcome.completed, outcome.failed()), (60, 60, 60, 0));
    assert_eq!((outcome.stuck, outcome.own_drops), (0, 0));
    assert_eq!(outcome.setup.count(), 60);
    assert!(outcome.whole.is_some_and(|usage| usage.resident_after_bytes > 0));
}

#[test]
fn refusals_are_counted_by_status() {
    let server = exchange();
    let outcome = load(plan(&server, "busy", 10));
    assert_eq!(outcome.refused, BTreeMap::from([(486, 10)]));
    assert_eq!((outcome.completed, outcome.failed()), (0, 10));
}

#[test]
fn calls_that_the_server_ends_are_told_apart() {
    let server = exchange();
    let outcome = load(Plan { hang_up: HangUp::AfterJoined(Duration::from_secs(20)), ..plan(&server, "brief", 5) });
    assert_eq!((outcome.ended_by_server, outcome.completed), (5, 0));
}

#[test]
fn calls_that_nobody_answers_are_stuck() {
    let server = exchange();
    let outcome = load(Plan { patience: Duration::from_millis(100), ..plan(&server, "nothing", 3) });
    assert_eq!((outcome.stuck, outcome.answered), (3, 0));
}

#[test]
fn sound_that_comes_back_is_heard_without_loss() {
    let server = exchange();
    let hang_up = HangUp::Together(Duration::from_millis(400));
    let outcome = load(Plan { sound: true, hang_up, ..plan(&server, "echo", 4) });
    assert_eq!((outcome.completed, outcome.joined_max, outcome.packets_lost), (4, 4, 0));
    assert!(outcome.packets_heard >= 4 * 15, "{} heard of {}", outcome.packets_heard, outcome.packets_sent);
    assert!(outcome.spacing.count() > 0 && outcome.own_lateness.count() > 0);
    assert!(outcome.steady.is_some_and(|usage| usage.wall >= Duration::from_millis(400)));
}

#[test]
fn callers_meet_the_agents_phones() {
    let server = exchange();
    let outcome = load(Plan { phones: phones("demo"), sound: true, ..plan(&server, "queue", 8) });
    assert_eq!((outcome.joined, outcome.completed, outcome.agents_stuck), (8, 8, 0));
    assert_eq!(outcome.invite_to_invite.count(), 8);
    assert_eq!(outcome.agents_released_early, 0);
}

#[test]
fn agents_that_answer_at_once_lose_no_call() {
    let server = exchange();
    let phones = phones("demo").map(|phones| Phones { answer_after: Duration::ZERO, ..phones });
    let outcome = load(Plan { phones, ..plan(&server, "queue", 8) });
    assert_eq!((outcome.joined, outcome.completed), (8, 8));
}

#[test]
fn a_wrong_password_stops_the_load() {
    let server = exchange();
    let plan = Plan { phones: phones("wrong"), ..plan(&server, "queue", 1) };
    let error = Generator::open(plan, [127, 0, 0, 1].into()).unwrap().register().unwrap_err();
    assert!(error.to_string().contains("2 of 2"), "{error}");
}
