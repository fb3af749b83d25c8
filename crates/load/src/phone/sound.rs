//! The phone's sound: one RTP socket, what is sent each 20 ms, and what is heard. Knows no SIP.

use super::ear::{Ear, Second};
use bytes::Bytes;
use media::{
    Codec, FRAME_SAMPLES, digits, g711,
    jitter::JitterBuffer,
    rtp::{self, Reception},
    sdp::{self, Agreement},
};
use std::{
    f64::consts::TAU,
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};
use wire::datagram::{Receiver, Wait};

/// In order of preference.
const CODECS: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];
/// Peak of the tone we send: about -10 dBm0, as test tones are.
const TONE_PEAK: f64 = 8_000.0;
/// An RTP packet fits; anything longer is none.
const ROOM_BYTES: usize = 2_048;
/// The sound kept for a file: an hour.
const RECORDING_BYTES_MAX: usize = 3_600 * 8_000;

/// What the phone says.
#[derive(Clone, Debug)]
pub(super) enum Voice {
    Silence,
    Tone { hz: f64, at: u64 },
    Samples { samples: Vec<i16>, at: usize },
}

impl Voice {
    fn frame(&mut self) -> [i16; FRAME_SAMPLES] {
        let mut frame = [0; FRAME_SAMPLES];
        match self {
            Self::Silence => {}
            Self::Tone { hz, at } => {
                for sample in &mut frame {
                    *sample = (TONE_PEAK * (TAU * *hz * *at as f64 / 8_000.0).sin()) as i16;
                    *at += 1;
                }
            }
            Self::Samples { samples, at } => {
                for (to, from) in frame.iter_mut().zip(samples.iter().skip(*at)) {
                    *to = *from;
                }
                *at += FRAME_SAMPLES;
            }
        }
        frame
    }

    /// Another call hears it from its beginning.
    fn rewind(&mut self) {
        match self {
            Self::Silence | Self::Tone { .. } => {}
            Self::Samples { at, .. } => *at = 0,
        }
    }
}

/// What a tick brought.
#[derive(Debug)]
pub(super) enum Heard {
    Second { second: Second, packets: u64, lost: u64 },
    Digit(char),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) socket: UdpSocket,
    address: SocketAddr,
    receiver: Receiver,
    descriptions: u64,
    source: u32,
    sequence: u16,
    timestamp: u32,
    voice: Voice,
    keys: digits::Sender,
    key_timestamp: u32,
    agreement: Option<Agreement>,
    ears: Ears,
    recording: Option<Vec<u8>>,
}

/// What belongs to one call's hearing.
#[derive(Debug)]
struct Ears {
    jitter: JitterBuffer,
    reception: Reception,
    keys: digits::Receiver,
    ear: Ear,
    packets: u64,
    told_packets: u64,
    told_lost: u64,
}

impl Ears {
    fn new() -> Self {
        Self {
            jitter: JitterBuffer::default(),
            reception: Reception::default(),
            keys: digits::Receiver::default(),
            ear: Ear::new(),
            packets: 0,
            told_packets: 0,
            told_lost: 0,
        }
    }
}

impl Sound {
    pub(super) fn open(local: IpAddr, voice: Voice, record: bool, seed: u64) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::new(local, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            address: socket.local_addr()?,
            socket,
            receiver: Receiver::new(ROOM_BYTES),
            descriptions: 0,
            source: seed as u32,
            sequence: (seed >> 32) as u16,
            timestamp: (seed >> 16) as u32,
            voice,
            keys: digits::Sender::default(),
            key_timestamp: 0,
            agreement: None,
            ears: Ears::new(),
            recording: record.then(Vec::new),
        })
    }

    fn local(&mut self) -> sdp::Local {
        self.descriptions += 1;
        sdp::Local { address: self.address, session: self.source.into(), version: self.descriptions }
    }

    pub(super) fn offer(&mut self) -> Bytes {
        sdp::offer(self.local(), &CODECS)
    }

    /// Takes their offer; none if there is nothing we can do with it.
    pub(super) fn answer(&mut self, offer: &[u8]) -> Option<Bytes> {
        let offer = sdp::parse(offer).ok()?;
        let (answer, agreement) = sdp::answer(self.local(), &offer, &CODECS).ok()?;
        self.agreement = Some(agreement);
        Some(answer)
    }

    /// Takes their answer; says whether sound can flow.
    pub(super) fn accept(&mut self, answer: &[u8]) -> bool {
        let agreed = sdp::parse(answer).ok().and_then(|answer| sdp::accept(&answer, &CODECS).ok());
        self.agreement = agreed.or(self.agreement);
        agreed.is_some()
    }

    /// The call is over; the next one starts afresh, and a recording goes on behind this one's.
    pub(super) fn end(&mut self) {
        self.agreement = None;
        self.ears = Ears::new();
        self.keys = digits::Sender::default();
        self.voice.rewind();
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keys.press(keys.chars());
    }

    pub(super) fn is_pressing(&self) -> bool {
        self.keys.is_busy()
    }

    /// Whether the far end takes keys as events.
    pub(super) fn takes_keys(&self) -> bool {
        self.agreement.is_some_and(|agreement| agreement.event_payload_type.is_some())
    }

    /// Packets of sound heard in this call.
    pub(super) fn packets(&self) -> u64 {
        self.ears.packets
    }

    /// What was heard so far, G.711 µ-law.
    pub(super) fn recording(&self) -> Option<&[u8]> {
        self.recording.as_deref()
    }

    /// Every 20 ms of a call: sends a packet and listens to a frame.
    pub(super) fn tick(&mut self, now: Duration, mut tell: impl FnMut(Heard)) {
        self.send();
        if let Some(press) = self.ears.keys.tick(now) {
            tell(Heard::Digit(press.key));
        }
        let mut frame = [0; FRAME_SAMPLES];
        self.ears.jitter.take(&mut frame);
        if let Some(recording) = &mut self.recording
            && recording.len() < RECORDING_BYTES_MAX
        {
            recording.extend_from_slice(&frame);
        }
        let second = self.ears.ear.take(frame.iter().map(|&byte| g711::pcmu_to_linear(byte)));
        if let Some(second) = second {
            let (packets, lost) = (self.ears.packets, self.ears.reception.lost());
            tell(Heard::Second {
                second,
                packets: packets - self.ears.told_packets,
                lost: lost.saturating_sub(self.ears.told_lost),
            });
            (self.ears.told_packets, self.ears.told_lost) = (packets, lost);
        }
    }

    fn send(&mut self) {
        let Some(Agreement { codec, payload_type, event_payload_type, remote: Some(remote), .. }) = self.agreement
        else {
            return;
        };
        match (self.keys.tick(), event_payload_type) {
            (Some(step), Some(events)) => {
                if step.tick == 0 {
                    self.key_timestamp = self.timestamp;
                }
                if let Some(payload) = step.payload {
                    self.send_packet(remote, step.tick == 0, events, self.key_timestamp, &payload);
                }
            }
            (Some(_), None) => {}
            (None, _) => {
                let encode = match codec {
                    Codec::Pcmu => g711::linear_to_pcmu,
                    Codec::Pcma => g711::linear_to_pcma,
                };
                let payload = self.voice.frame().map(encode);
                self.send_packet(remote, false, payload_type, self.timestamp, &payload);
            }
        }
        self.timestamp = self.timestamp.wrapping_add(FRAME_SAMPLES as u32);
    }

    fn send_packet(&mut self, remote: SocketAddr, marker: bool, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let mut header = [0; rtp::HEADER_BYTES];
        self.sequence = self.sequence.wrapping_add(1);
        rtp::write_header(&mut header, marker, payload_type, self.sequence, timestamp, self.source);
        // A packet that cannot leave is one the far end counts as lost.
        let _ = self.socket.send_to(&[&header[..], payload].concat(), remote);
    }

    /// Takes everything that has arrived.
    pub(super) fn receive(&mut self, now: Duration, mut tell: impl FnMut(Heard)) {
        while let Ok(1..) = self.receiver.receive(&self.socket, Wait::No) {
            let Some(agreement) = self.agreement else { continue };
            for datagram in self.receiver.datagrams() {
                if let Some(key) = self.ears.take(now, &agreement, datagram.payload) {
                    tell(Heard::Digit(key));
                }
            }
        }
    }
}

impl Ears {
    fn take(&mut self, now: Duration, agreement: &Agreement, datagram: &[u8]) -> Option<char> {
        let packet = rtp::parse(datagram)?;
        let payload = &datagram[packet.payload.clone()];
        match self.reception.take(packet.ssrc, packet.sequence) {
            rtp::Arrival::New { .. } => {}
            rtp::Arrival::Restarted { .. } => self.jitter.restart(),
            rtp::Arrival::Duplicate | rtp::Arrival::Late => return None,
        }
        self.packets += 1;
        if Some(packet.payload_type) == agreement.event_payload_type {
            return self.keys.take(now, packet.ssrc, packet.timestamp, payload).map(|press| press.key);
        }
        if packet.payload_type == agreement.payload_type {
            match agreement.codec {
                Codec::Pcmu => self.jitter.put(packet.timestamp, payload),
                Codec::Pcma => {
                    let sound: Vec<u8> = payload.iter().map(|&byte| g711::pcma_to_pcmu(byte)).collect();
                    self.jitter.put(packet.timestamp, &sound)
                }
            };
        }
        None
    }
}
