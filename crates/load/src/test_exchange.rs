//! A small server for tests, made of `sip::Endpoint`, with a thread and sockets of its own.

use bytes::Bytes;
use sip::{
    Account, Body, Command, DialogId, Endpoint, Event, Flow, Input, Invite, Invited, Output, Target, Transport, digest,
};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const REALM: &str = "test";

/// What a number does: `answer`, `echo` (sends sound back), `queue` (rings the phones in turn), `brief` (answers and
/// hangs up), `busy` (486), anything else nothing at all.
struct Exchange {
    endpoint: Endpoint,
    socket: UdpSocket,
    began: Instant,
    /// Sockets behind our descriptions, and whether they send sound back.
    sound: Vec<(UdpSocket, bool)>,
    phones: Vec<Arc<str>>,
    offered: u64,
    numbers: BTreeMap<DialogId, String>,
    /// Caller's leg and agent's leg, both ways.
    other: BTreeMap<DialogId, DialogId>,
}

/// A running one. Stops its thread when it goes.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
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

pub(crate) fn exchange() -> Running {
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
        for (socket, _) in self.sound.iter().filter(|(_, echoes)| *echoes) {
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
    fn description(&mut self, echoes: bool) -> Body {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let port = socket.local_addr().unwrap().port();
        self.sound.push((socket, echoes));
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
                let body = self.description(&*invited.to_user == "echo");
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
        let body = Some(self.description(false));
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
