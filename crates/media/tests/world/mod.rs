//! Phones of paper and a clock of our own around an engine.

use media::{
    Codec, Command, Config, Direction, Engine, Event, GroupId, Library, RecordingKey, Sink, Slot, StreamId, TICK, Tap,
    g711::{linear_to_pcma, linear_to_pcmu, pcma_to_linear, pcmu_to_linear},
    rtp,
};
use std::{collections::BTreeMap, f32::consts::TAU, net::SocketAddr, time::Duration};

pub const GROUP: GroupId = GroupId(1);

pub struct World {
    engine: Engine,
    now: Duration,
    outbox: Outbox,
    pub events: Vec<Event>,
    pub taps: BTreeMap<RecordingKey, Taps>,
    pub open: BTreeMap<Slot, StreamId>,
    locked: BTreeMap<Slot, SocketAddr>,
    /// Packets to addresses that no phone of the round has.
    pub sent_elsewhere: Vec<SocketAddr>,
    pub ports: usize,
}

#[derive(Default)]
struct Outbox {
    packets: Vec<(SocketAddr, Vec<u8>)>,
}

#[derive(Default)]
pub struct Taps {
    pub channels: u16,
    pub sound: Vec<u8>,
    pub ended_ms: Option<u64>,
}

/// A packet as a phone got it.
#[derive(Clone, Debug)]
pub struct Got {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

pub struct Phone {
    pub stream: StreamId,
    pub address: SocketAddr,
    pub codec: Codec,
    pub events: bool,
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub mute: bool,
    pub swap_next_two: bool,
    pub replay: Vec<Vec<u8>>,
    pub received: Vec<Got>,
    hz: Option<f32>,
    key: Option<(u8, u32)>,
    held: Option<Vec<u8>>,
}

impl Default for World {
    fn default() -> Self {
        World {
            engine: Engine::new(Config { seed: 3, library: Library::default().into() }),
            now: Duration::from_secs(100),
            outbox: Outbox::default(),
            events: Vec::new(),
            taps: BTreeMap::new(),
            open: BTreeMap::new(),
            locked: BTreeMap::new(),
            sent_elsewhere: Vec::new(),
            ports: 100,
        }
    }
}

struct Collect<'a> {
    outbox: &'a mut Outbox,
    events: &'a mut Vec<Event>,
    taps: &'a mut BTreeMap<RecordingKey, Taps>,
    open: &'a mut BTreeMap<Slot, StreamId>,
    locked: &'a mut BTreeMap<Slot, SocketAddr>,
    ports: usize,
}

impl Sink for Collect<'_> {
    fn open(&mut self, slot: Slot, stream: StreamId) -> Option<SocketAddr> {
        if self.open.len() >= self.ports {
            return None;
        }
        assert_eq!(self.open.insert(slot, stream), None, "two streams in one slot");
        Some(SocketAddr::new([198, 51, 100, 1].into(), 20_000 + 2 * stream.0 as u16))
    }

    fn close(&mut self, slot: Slot) {
        assert!(self.open.remove(&slot).is_some(), "closed twice");
        self.locked.remove(&slot);
    }

    fn lock(&mut self, slot: Slot, far_end: Option<SocketAddr>) {
        assert!(self.open.contains_key(&slot));
        match far_end {
            Some(address) => drop(self.locked.insert(slot, address)),
            None => drop(self.locked.remove(&slot)),
        }
    }

    fn send(&mut self, slot: Slot, to: SocketAddr, packet: &[u8]) {
        assert!(self.open.contains_key(&slot));
        assert!(self.locked.get(&slot).is_none_or(|locked| *locked == to), "sent past the lock");
        self.outbox.packets.push((to, packet.to_vec()));
    }

    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn tap(&mut self, recording: RecordingKey, tap: Tap<'_>) {
        let taps = self.taps.entry(recording).or_default();
        assert_eq!(taps.ended_ms, None, "sound after the end");
        match tap {
            Tap::Begin { channels } => taps.channels = channels,
            Tap::Block(block) => taps.sound.extend_from_slice(block),
            Tap::End { ms } => taps.ended_ms = Some(ms),
        }
    }
}

impl World {
    fn with<T>(&mut self, act: impl FnOnce(&mut Engine, Duration, &mut Collect<'_>) -> T) -> T {
        let mut sink = Collect {
            outbox: &mut self.outbox,
            events: &mut self.events,
            taps: &mut self.taps,
            open: &mut self.open,
            locked: &mut self.locked,
            ports: self.ports,
        };
        act(&mut self.engine, self.now, &mut sink)
    }

    pub fn command(&mut self, command: Command) {
        self.with(|engine, now, sink| engine.handle(now, command, sink));
    }

    /// A phone whose offer was answered.
    pub fn phone(&mut self, number: u64, codec: Codec) -> Phone {
        let phone = Phone::new(number, codec, true);
        self.command(Command::Open { group: GROUP, stream: phone.stream });
        self.answer(&phone, "a=sendrecv");
        phone
    }

    pub fn phone_without_events(&mut self, number: u64, codec: Codec) -> Phone {
        let phone = Phone::new(number, codec, false);
        self.command(Command::Open { group: GROUP, stream: phone.stream });
        self.answer(&phone, "a=sendrecv");
        phone
    }

    /// A phone that answered our offer.
    pub fn offered_phone(&mut self, number: u64, codec: Codec) -> Phone {
        let phone = Phone::new(number, codec, true);
        self.command(Command::Open { group: GROUP, stream: phone.stream });
        let codecs = vec![Codec::Pcmu, Codec::Pcma];
        self.command(Command::Offer { group: GROUP, stream: phone.stream, codecs });
        assert!(matches!(
            self.events.last(),
            Some(Event::Described { codec: None, direction: Direction::SendReceive, .. })
        ));
        let answer = phone.description("a=sendrecv").into();
        self.command(Command::Accept { group: GROUP, stream: phone.stream, answer });
        phone
    }

    /// Lets a phone offer (again).
    pub fn answer(&mut self, phone: &Phone, attribute: &str) {
        let offer = phone.description(attribute).into();
        let codecs = vec![Codec::Pcmu, Codec::Pcma];
        self.command(Command::Answer { group: GROUP, stream: phone.stream, offer, codecs });
    }

    /// A stranger's packet.
    pub fn inject(&mut self, stream: StreamId, from: SocketAddr, sequence: u16) {
        let mut packet = vec![0; 172];
        let header = packet.first_chunk_mut().unwrap();
        rtp::write_header(header, false, 0, sequence, u32::from(sequence) * 160, 666);
        let slot = self.slot(stream);
        self.with(|engine, now, sink| engine.packet(now, slot, from, &mut packet, sink));
    }

    /// Where a stream is; behind all others when it is closed.
    fn slot(&self, stream: StreamId) -> Slot {
        self.open.iter().find(|(_, open)| **open == stream).map_or(Slot(usize::MAX), |(slot, _)| *slot)
    }

    /// So many ticks in which each phone sends its packet and takes what came.
    pub fn run(&mut self, ticks: usize, phones: &mut [&mut Phone]) {
        for _ in 0..ticks {
            for phone in phones.iter_mut() {
                for mut packet in phone.speak() {
                    let (slot, from) = (self.slot(phone.stream), phone.address);
                    self.with(|engine, now, sink| engine.packet(now, slot, from, &mut packet, sink));
                }
            }
            self.now += TICK;
            self.with(|engine, now, sink| engine.tick(now, sink));
            for (to, packet) in std::mem::take(&mut self.outbox.packets) {
                match phones.iter_mut().find(|phone| phone.address == to) {
                    Some(phone) => phone.take(&packet),
                    None => self.sent_elsewhere.push(to),
                }
            }
        }
    }
}

impl Phone {
    fn new(number: u64, codec: Codec, events: bool) -> Self {
        Phone {
            stream: StreamId(number),
            address: SocketAddr::new([192, 0, 2, number as u8].into(), 4_000),
            codec,
            events,
            ssrc: 0x1000 + number as u32,
            sequence: 100,
            timestamp: 1_000,
            mute: false,
            swap_next_two: false,
            replay: Vec::new(),
            received: Vec::new(),
            hz: None,
            key: None,
            held: None,
        }
    }

    pub fn speaks(&mut self, hz: u16) {
        self.hz = Some(f32::from(hz));
    }

    /// Presses a key for 100 ms, from the next packet on.
    pub fn press(&mut self, code: u8) {
        self.key = Some((code, 0));
    }

    /// Loses packets on the way.
    pub fn skip(&mut self, packets: u16) {
        self.sequence = self.sequence.wrapping_add(packets);
        self.timestamp = self.timestamp.wrapping_add(u32::from(packets) * 160);
    }

    pub fn description(&self, attribute: &str) -> String {
        let number = if self.codec == Codec::Pcmu { 0 } else { 8 };
        let (formats, map) = if self.events { (" 101", "a=rtpmap:101 telephone-event/8000\r\n") } else { ("", "") };
        let (ip, port) = (self.address.ip(), self.address.port());
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {number}{formats}\r\n{map}{attribute}\r\n"
        )
    }

    /// All sound that came, as linear samples.
    pub fn sound(&self) -> Vec<i16> {
        let sound = self.received.iter().filter(|packet| matches!(packet.payload_type, 0 | 8));
        sound
            .flat_map(|packet| {
                let law = if packet.payload_type == 0 { pcmu_to_linear } else { pcma_to_linear };
                packet.payload.iter().map(move |byte| law(*byte))
            })
            .collect()
    }

    /// One source, each number once and in order, timestamps that only go forward and keep step within a spurt.
    pub fn assert_continuous(&self) {
        for pair in self.received.windows(2) {
            let [one, next] = pair else { return };
            assert_eq!(one.ssrc, next.ssrc, "the source changed");
            assert_eq!(one.sequence.wrapping_add(1), next.sequence, "a number was left out");
            let step = next.timestamp.wrapping_sub(one.timestamp);
            assert!(step < 80_000, "timestamp went back or far away: {step}");
            assert!(step > 0 || next.payload_type == 101, "two packets of one moment");
            assert!(step.is_multiple_of(160) || next.marker, "{step} samples inside a spurt");
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let packet = rtp::parse(bytes).unwrap();
        let rtp::Packet { marker, payload_type, sequence, timestamp, ssrc, payload } = packet;
        self.received.push(Got { marker, payload_type, sequence, timestamp, ssrc, payload: bytes[payload].to_vec() });
    }

    /// The packets of this tick.
    fn speak(&mut self) -> Vec<Vec<u8>> {
        let (payload_type, marker, timestamp, payload) = match (self.key.take(), self.replay.is_empty(), self.hz) {
            (Some((code, tick)), ..) => {
                let samples = (tick + 1).min(5) * 160;
                let ended = if tick >= 4 { 0x80 } else { 0 };
                self.key = (tick < 6).then_some((code, tick + 1));
                let start = self.timestamp.wrapping_sub(tick * 160);
                (101, tick == 0, start, vec![code, ended | 10, (samples >> 8) as u8, samples as u8])
            }
            (None, false, _) => (self.payload_type(), false, self.timestamp, self.replay.remove(0)),
            (None, true, Some(hz)) if !self.mute => (self.payload_type(), false, self.timestamp, self.sine(hz)),
            _ => {
                self.timestamp = self.timestamp.wrapping_add(160);
                return Vec::new();
            }
        };
        let mut packet = vec![0; 12];
        let header = packet.first_chunk_mut().unwrap();
        rtp::write_header(header, marker, payload_type, self.sequence, timestamp, self.ssrc);
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        if std::mem::take(&mut self.swap_next_two) {
            self.held = Some(packet);
            return Vec::new();
        }
        std::iter::once(packet).chain(self.held.take()).collect()
    }

    fn payload_type(&self) -> u8 {
        if self.codec == Codec::Pcmu { 0 } else { 8 }
    }

    fn sine(&self, hz: f32) -> Vec<u8> {
        (0..160u32)
            .map(|n| {
                let at = (self.timestamp.wrapping_add(n) % 8_000) as f32 / 8_000.0;
                let sample = ((TAU * hz * at).sin() * 8_000.0) as i16;
                if self.codec == Codec::Pcmu { linear_to_pcmu(sample) } else { linear_to_pcma(sample) }
            })
            .collect()
    }
}

pub fn linear(pcmu: &[u8]) -> Vec<i16> {
    pcmu.iter().map(|byte| pcmu_to_linear(*byte)).collect()
}

/// Amplitude of a frequency in sound.
pub fn level(sound: &[i16], hz: f32) -> f32 {
    let (mut real, mut imaginary) = (0.0f32, 0.0f32);
    for (n, sample) in sound.iter().enumerate() {
        let (sine, cosine) = (TAU * ((hz * n as f32 / 8_000.0).fract())).sin_cos();
        real += f32::from(*sample) * cosine;
        imaginary += f32::from(*sample) * sine;
    }
    2.0 * real.hypot(imaginary) / sound.len().max(1) as f32
}
