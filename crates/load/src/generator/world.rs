//! The loop: sockets, alarms, and whose turn it is. The parts of callers and phones are in `caller` and `agent`.

use super::{
    Error, HangUp, Outcome, Plan, Usage,
    agent::{AgentLeg, Phone},
    caller::{Caller, CallerState},
    stream::{Hearing, PACKET_MS, Stream},
    text::{self, Start},
};
use crate::process::Reading;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::{Duration, Instant, SystemTime},
};
use wire::datagram::{self, Receiver, Wait};

/// SIP's first retransmission (RFC 3261 section 17, T1).
pub(super) const T1: Duration = Duration::from_millis(500);
/// Longest distance of retransmissions of everything but INVITE (T2).
pub(super) const T2: Duration = Duration::from_secs(4);
/// Retransmissions after which a message is given up: 64·T1.
pub(super) const ATTEMPTS_MAX: u8 = 10;
/// A burst of a second at 20,000 packets fits.
const RECEIVE_BUFFER_BYTES: usize = 8 << 20;
/// Longest message or packet we take.
const ROOM_BYTES: usize = 4_096;
/// Batches taken from one socket before the others have their turn.
const TURN_BATCHES: usize = 4;
/// Sound is looked at this often and wakes nobody: the kernel stamps it, and a phone's wake-ups are not the server's to
/// pay, as they would be when its packet ends our sleep on the same machine.
const SOUND_LOOK: Duration = Duration::from_millis(5);
/// Packets leave in this many groups per 20 ms, as those of the raw relay loop do.
const GROUPS: usize = 20;
/// For the BYEs to the agents after the last caller is gone.
const SETTLE: Duration = Duration::from_secs(5);
/// For all phones to be registered: a REGISTER is sent again for 32 s.
const REGISTER_PATIENCE: Duration = Duration::from_secs(32);

/// Something to do at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// The next caller begins.
    Begin,
    /// This caller's INVITE again.
    Invite(usize),
    /// This caller hangs up.
    HangUp(usize),
    /// All callers hang up.
    HangUpAll,
    /// This caller's BYE again.
    Bye(usize),
    /// This caller has waited long enough.
    GiveUp(usize),
    /// This phone's REGISTER again.
    Register(usize),
    /// This agent answers.
    Answer(usize),
    /// This agent's 200 again.
    Ok(usize),
    /// This stream's next packet.
    Packet(usize),
    /// Agents had their time to be released.
    Settled,
}

/// When something arrived: since our beginning, and since the Unix epoch as the kernel says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) arrived: Duration,
}

/// One of the four sockets.
#[derive(Debug)]
pub(super) struct Port {
    socket: UdpSocket,
    pub(super) address: SocketAddr,
    dropped: u64,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) caller_signalling: Port,
    pub(super) phone_signalling: Port,
    pub(super) caller_sound: Port,
    pub(super) phone_sound: Port,
    pub(super) began: Instant,
    /// Tells this run's calls from an earlier run's.
    pub(super) run: u64,
    alarms: BinaryHeap<Reverse<(Duration, Alarm)>>,
    pub(super) callers: Vec<Caller>,
    pub(super) phones: Vec<Phone>,
    pub(super) agents: Vec<AgentLeg>,
    pub(super) agent_by_call: HashMap<String, usize>,
    pub(super) streams: Vec<Stream>,
    /// By side and the far end's address.
    stream_by_remote: [HashMap<SocketAddr, usize>; 2],
    pub(super) hearing: Hearing,
    pub(super) tally: Outcome,
    pub(super) joined_now: usize,
    pub(super) over: usize,
    first_reading: Option<(Duration, Reading)>,
    steady_reading: Option<(Duration, Reading)>,
    settled: bool,
    first_end: Option<Duration>,
    drops_before: u64,
}

impl World {
    pub(super) fn open(plan: Plan, local: IpAddr) -> io::Result<Self> {
        let phones = plan.phones.as_ref().map_or(0, |phones| phones.accounts.len());
        Ok(Self {
            caller_signalling: Port::open(local)?,
            phone_signalling: Port::open(local)?,
            caller_sound: Port::open(local)?,
            phone_sound: Port::open(local)?,
            began: Instant::now(),
            run: wall().as_nanos() as u64,
            alarms: BinaryHeap::new(),
            callers: Vec::with_capacity(plan.calls),
            phones: (0..phones).map(|_| Phone::default()).collect(),
            agents: Vec::new(),
            agent_by_call: HashMap::new(),
            streams: Vec::new(),
            stream_by_remote: Default::default(),
            hearing: Hearing::default(),
            tally: Outcome::default(),
            joined_now: 0,
            over: 0,
            first_reading: None,
            steady_reading: None,
            settled: false,
            first_end: None,
            drops_before: 0,
            plan,
        })
    }

    pub(super) fn register(&mut self) -> Result<(), Error> {
        for phone in 0..self.phones.len() {
            self.send_register(phone, self.began.elapsed());
        }
        let deadline = self.began.elapsed() + REGISTER_PATIENCE;
        let mut receiver = Receiver::new(ROOM_BYTES);
        while self.phones.iter().any(|phone| !phone.registered && phone.refused.is_none())
            && self.began.elapsed() < deadline
        {
            self.turn(&mut receiver)?;
        }
        match self.phones.iter().filter(|phone| !phone.registered).count() {
            0 => Ok(()),
            missing => Err(Error::NotRegistered {
                missing,
                all: self.phones.len(),
                last_status: self.phones.iter().find_map(|phone| phone.refused),
            }),
        }
    }

    pub(super) fn run(&mut self) -> io::Result<Outcome> {
        let mut receiver = Receiver::new(ROOM_BYTES);
        let began = self.began.elapsed();
        self.forget_last_run();
        self.first_reading = self.read_process(began);
        self.set(began, Alarm::Begin);
        while !self.settled {
            self.turn(&mut receiver)?;
        }
        let end = self.began.elapsed();
        self.tally.took = end - began;
        self.tally.whole = self.usage_since(self.first_reading, end);
        Ok(self.finish())
    }

    /// The phones stay registered; everything else begins anew.
    fn forget_last_run(&mut self) {
        self.run += 1;
        self.alarms.clear();
        self.callers.clear();
        self.agents.clear();
        self.agent_by_call.clear();
        self.streams.clear();
        self.stream_by_remote = Default::default();
        (self.hearing, self.tally) = Default::default();
        (self.joined_now, self.over, self.settled) = (0, 0, false);
        (self.steady_reading, self.first_end) = (None, None);
        self.drops_before = self.drops();
    }

    fn drops(&self) -> u64 {
        let ports = [&self.caller_signalling, &self.phone_signalling, &self.caller_sound, &self.phone_sound];
        ports.iter().map(|port| port.dropped).sum()
    }

    fn finish(&mut self) -> Outcome {
        let (mut outcome, hearing) = (std::mem::take(&mut self.tally), std::mem::take(&mut self.hearing));
        outcome.agents_stuck = self.agents.iter().filter(|leg| !leg.is_over()).count();
        outcome.packets_heard = hearing.heard;
        outcome.packets_lost = hearing.lost;
        outcome.spacing = hearing.spacing;
        outcome.first_sound = hearing.first_sound;
        outcome.own_drops = self.drops() - self.drops_before;
        outcome
    }

    /// Fires what is due, waits for a datagram or the next alarm, and takes what came.
    fn turn(&mut self, receiver: &mut Receiver) -> io::Result<()> {
        let mut now = self.began.elapsed();
        while let Some(&Reverse((at, alarm))) = self.alarms.peek()
            && at <= now
        {
            self.alarms.pop();
            self.fire(alarm, now, now - at);
            now = self.began.elapsed();
        }
        let next = self.alarms.peek().map_or(T1, |Reverse((at, _))| at.saturating_sub(now));
        let longest = if self.stream_by_remote.iter().all(HashMap::is_empty) { T1 } else { SOUND_LOOK };
        let sockets = [&self.caller_signalling.socket as _, &self.phone_signalling.socket as _];
        match datagram::wait_readable(sockets, next.min(longest)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Signalling first: its times are measured, those of sound are the kernel's.
        self.drain(receiver, |world| &mut world.phone_signalling, Self::on_phone_message);
        self.drain(receiver, |world| &mut world.caller_signalling, Self::on_caller_message);
        self.drain(receiver, |world| &mut world.phone_sound, |world, packet, from, at| world.hear(1, packet, from, at));
        self.drain(
            receiver,
            |world| &mut world.caller_sound,
            |world, packet, from, at| world.hear(0, packet, from, at),
        );
        Ok(())
    }

    fn drain(
        &mut self,
        receiver: &mut Receiver,
        port: impl Fn(&mut Self) -> &mut Port,
        mut take: impl FnMut(&mut Self, &[u8], SocketAddr, Moment),
    ) {
        for _ in 0..TURN_BATCHES {
            let Ok(count) = receiver.receive(&port(self).socket, Wait::No) else { return };
            for datagram in receiver.datagrams() {
                if let Some(dropped) = datagram.notes.dropped {
                    port(self).dropped = dropped.into();
                }
                let arrived = datagram.notes.arrived.unwrap_or_else(wall);
                let moment = Moment { now: self.began.elapsed(), arrived };
                take(self, datagram.payload, datagram.remote, moment);
            }
            if count < datagram::BATCH {
                return;
            }
        }
    }

    fn on_caller_message(&mut self, bytes: &[u8], _from: SocketAddr, at: Moment) {
        let Some(heard) = text::read(bytes) else { return };
        match heard.start {
            Start::Response { status } => self.on_caller_response(&heard, status, at),
            Start::Request { method } => self.on_caller_request(&heard, method, at),
        }
    }

    fn on_phone_message(&mut self, bytes: &[u8], _from: SocketAddr, at: Moment) {
        let Some(heard) = text::read(bytes) else { return };
        match heard.start {
            Start::Response { status } => self.on_phone_response(&heard, status, at),
            Start::Request { method } => self.on_phone_request(&heard, method, bytes, at),
        }
    }

    fn hear(&mut self, side: usize, packet: &[u8], from: SocketAddr, at: Moment) {
        if let Some(&stream) = self.stream_by_remote[side].get(&from) {
            self.streams[stream].hear(packet, at.arrived, &mut self.hearing);
        }
    }

    fn fire(&mut self, alarm: Alarm, now: Duration, late: Duration) {
        match alarm {
            Alarm::Begin => self.begin_caller(now),
            Alarm::Invite(caller) => self.invite_again(caller, now),
            Alarm::HangUp(caller) => self.hang_up(caller, now),
            Alarm::HangUpAll => self.hang_up_all(now),
            Alarm::Bye(caller) => self.bye_again(caller, now),
            Alarm::GiveUp(caller) => self.give_up(caller, now),
            Alarm::Register(phone) => self.register_again(phone, now),
            Alarm::Answer(leg) => self.answer(leg, now),
            Alarm::Ok(leg) => self.ok_again(leg, now),
            Alarm::Packet(stream) => self.send_packet(stream, now, late),
            Alarm::Settled => self.settled = true,
        }
    }

    fn hang_up_all(&mut self, now: Duration) {
        self.tally.steady = self.usage_since(self.steady_reading, now);
        for caller in 0..self.callers.len() {
            self.hang_up(caller, now);
        }
    }

    fn send_packet(&mut self, number: usize, now: Duration, late: Duration) {
        let stream = &mut self.streams[number];
        if !stream.open {
            return;
        }
        let port = if stream.phone { &self.phone_sound } else { &self.caller_sound };
        let remote = stream.remote;
        // A full buffer here shows as a loss at the other side.
        if port.socket.send_to(stream.next_packet(), remote).is_ok() {
            self.tally.packets_sent += 1;
        }
        self.tally.own_lateness.add(late);
        stream.due += PACKET_MS;
        let due = stream.due.max(now.saturating_sub(PACKET_MS * 5));
        stream.due = due;
        self.set(due, Alarm::Packet(number));
    }

    /// Opens a leg's sound. Packets of legs are spread over the groups of 20 ms, and those of a group leave together.
    pub(super) fn open_stream(
        &mut self,
        phone: bool,
        remote: SocketAddr,
        answered: Option<Duration>,
        now: Duration,
    ) -> usize {
        let number = self.streams.len();
        let turns = now.as_nanos().div_ceil(PACKET_MS.as_nanos()) as u32;
        let due = PACKET_MS * turns + PACKET_MS / GROUPS as u32 * (number % GROUPS) as u32;
        self.streams.push(Stream::new(number, phone, remote, due, answered));
        self.stream_by_remote[usize::from(phone)].insert(remote, number);
        if self.plan.sound {
            self.set(due, Alarm::Packet(number));
        }
        number
    }

    pub(super) fn close_stream(&mut self, number: Option<usize>) {
        let Some(number) = number else { return };
        let stream = &mut self.streams[number];
        stream.open = false;
        let by_remote = &mut self.stream_by_remote[usize::from(stream.phone)];
        // The server may already use that port for another leg.
        if by_remote.get(&stream.remote) == Some(&number) {
            by_remote.remove(&stream.remote);
        }
    }

    pub(super) fn set(&mut self, at: Duration, alarm: Alarm) {
        self.alarms.push(Reverse((at, alarm)));
    }

    /// A caller talks.
    pub(super) fn joined(&mut self, caller: usize, now: Duration) {
        self.tally.joined += 1;
        self.joined_now += 1;
        self.tally.joined_max = self.tally.joined_max.max(self.joined_now);
        self.callers[caller].joined = true;
        match self.plan.hang_up {
            HangUp::AfterJoined(after) => self.set(now + after, Alarm::HangUp(caller)),
            HangUp::Together(_) => self.perhaps_steady(now),
        }
    }

    /// Everybody is where they will be until they hang up together.
    fn perhaps_steady(&mut self, now: Duration) {
        if let HangUp::Together(after) = self.plan.hang_up
            && self.steady_reading.is_none()
            && self.joined_now + self.over == self.plan.calls
        {
            self.steady_reading = Some(self.read_process(now).unwrap_or((now, Reading::default())));
            self.set(now + after, Alarm::HangUpAll);
        }
    }

    /// A caller's call is over, however it went.
    pub(super) fn caller_over(&mut self, caller: usize, now: Duration) {
        let gone = &mut self.callers[caller];
        gone.state = CallerState::Over;
        let (stream, joined) = (gone.stream.take(), std::mem::take(&mut gone.joined));
        gone.forget();
        self.close_stream(stream);
        self.joined_now -= usize::from(joined);
        self.over += 1;
        let first_end = *self.first_end.get_or_insert(now);
        self.tally.first_to_last_end = now.saturating_sub(first_end);
        if self.over == self.plan.calls {
            self.set(now + SETTLE, Alarm::Settled);
        } else {
            self.perhaps_steady(now);
        }
        self.perhaps_settled();
    }

    /// No need to wait when every leg is over.
    pub(super) fn perhaps_settled(&mut self) {
        let over = self.over == self.plan.calls && self.agent_by_call.is_empty();
        self.settled |= over;
    }

    fn read_process(&self, now: Duration) -> Option<(Duration, Reading)> {
        Some((now, Reading::of(self.plan.process?).ok()?))
    }

    fn usage_since(&self, before: Option<(Duration, Reading)>, now: Duration) -> Option<Usage> {
        Some(Usage::between(before?, self.read_process(now)?))
    }

    pub(super) fn send_as_caller(&self, text: &str) {
        self.caller_signalling.send(text, self.plan.server);
    }

    pub(super) fn send_as_phone(&self, text: &str) {
        self.phone_signalling.send(text, self.plan.server);
    }
}

impl Port {
    fn open(local: IpAddr) -> io::Result<Self> {
        let address = SocketAddr::new(local, 0);
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.bind(&address.into())?;
        socket.set_nonblocking(true)?;
        datagram::enlarge_receive_buffer(&socket, RECEIVE_BUFFER_BYTES)?;
        datagram::ask_for_drops(&socket)?;
        datagram::ask_for_arrival(&socket)?;
        let socket = UdpSocket::from(socket);
        Ok(Self { address: socket.local_addr()?, socket, dropped: 0 })
    }

    fn send(&self, text: &str, to: SocketAddr) {
        // What is lost here is sent again like any loss.
        let _ = self.socket.send_to(text.as_bytes(), to);
    }
}

/// Since the Unix epoch, as the kernel stamps arrivals.
pub(super) fn wall() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
