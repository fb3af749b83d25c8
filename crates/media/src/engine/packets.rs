//! What arrives: judged, booked, heard, and handed to the bridged far end with a new header.

use super::{
    Engine, Sink, Slot,
    stream::{Payload, SILENT, Stream, may_receive},
};
use crate::{
    boundary::{Codec, Event},
    digits::Press,
    g711::{pcma_to_pcmu, pcmu_to_pcma},
    jitter::Placed,
    latch::Verdict,
    outgoing::Relayed,
    rtp::{self, Arrival, HEADER_BYTES, Packet},
};
use std::{net::SocketAddr, time::Duration};

/// Longest sound of one packet that is listened to: 120 ms. Bridged packets pass whatever their length.
const SOUND_SAMPLES_MAX: usize = 960;

/// What the stream made of a packet of its far end.
struct Heard {
    payload: Payload,
    relayed: Relayed,
    /// A key that became known by it.
    press: Option<Press>,
}

impl Engine {
    /// Takes a datagram that came for the stream in this slot. The bytes are scratch afterwards: a bridged packet is sent on from
    /// where it lies.
    pub fn packet(&mut self, now: Duration, slot: Slot, source: SocketAddr, datagram: &mut [u8], sink: &mut impl Sink) {
        let Some(packet) = rtp::parse(datagram) else { return };
        let Some(Some(stream)) = self.streams.get_mut(slot.0) else { return };
        let Some(heard) = stream.hear(now, source, &packet, datagram, sink) else { return };
        if let Some(press) = heard.press {
            sink.event(Event::Digit { stream: stream.id, digit: press.key, ms: press.ms });
        }
        if let Some(peer) = stream.peer {
            self.at(peer).pass_on(now, &heard, &packet, datagram, sink);
        }
    }
}

impl Stream {
    /// Judges and books a packet; `None` when nothing more is to be done with it.
    fn hear(
        &mut self,
        now: Duration,
        source: SocketAddr,
        packet: &Packet,
        datagram: &[u8],
        sink: &mut impl Sink,
    ) -> Option<Heard> {
        let agreement = self.agreement?;
        match self.latch.judge(now, source, packet.ssrc, packet.sequence) {
            Verdict::Ours => {}
            Verdict::Locked => sink.event(Event::Latched { stream: self.id, source }),
            Verdict::Foreign => {
                self.foreign_packets += 1;
                return None;
            }
        }
        self.received_packets += 1;
        self.silent_at = now + SILENT;
        if std::mem::take(&mut self.missed) {
            sink.event(Event::Heard { stream: self.id });
        }
        let (extended, restarted) = match self.reception.take(packet.ssrc, packet.sequence) {
            Arrival::New { extended } => (extended, false),
            Arrival::Restarted { extended } => (extended, true),
            Arrival::Duplicate | Arrival::Late => {
                self.discarded_packets += 1;
                return None;
            }
        };
        if !may_receive(agreement.direction) {
            return None;
        }
        let payload = self.payload(&agreement, packet.payload_type)?;
        let bytes = &datagram[packet.payload.clone()];
        let press = match payload {
            Payload::Key => self.keys_in.take(now, packet.ssrc, packet.timestamp, bytes),
            Payload::Sound(codec) => {
                self.reception.time(now, packet.timestamp);
                self.listen(codec, packet.timestamp, restarted, bytes);
                None
            }
        };
        let Packet { ssrc, timestamp, marker, .. } = *packet;
        Some(Heard { payload, relayed: Relayed { ssrc, extended, timestamp, marker, restarted }, press })
    }

    /// Lays sound into the jitter buffer, if anybody listens.
    fn listen(&mut self, codec: Codec, timestamp: u32, restarted: bool, bytes: &[u8]) {
        let Some(jitter) = self.jitter.as_mut() else { return };
        if restarted {
            jitter.restart();
        }
        let bytes = &bytes[..bytes.len().min(SOUND_SAMPLES_MAX)];
        let placed = match codec {
            Codec::Pcmu => jitter.put(timestamp, bytes),
            Codec::Pcma => {
                let mut scratch = [0; SOUND_SAMPLES_MAX];
                for (out, byte) in scratch.iter_mut().zip(bytes) {
                    *out = pcma_to_pcmu(*byte);
                }
                jitter.put(timestamp, &scratch[..bytes.len()])
            }
        };
        if placed == Placed::Late {
            self.discarded_packets += 1;
        }
    }

    /// Sends what the bridged far end said to this one's, from the buffer it came in.
    fn pass_on(&mut self, now: Duration, heard: &Heard, packet: &Packet, datagram: &mut [u8], sink: &mut impl Sink) {
        let (Some(agreement), Some(to)) = (self.agreement, self.destination()) else { return };
        // A prompt or keys of ours have the line until they end.
        if self.playback.is_some() || self.keys_out.is_busy() {
            return;
        }
        let payload_type = match (heard.payload, agreement.event_payload_type) {
            (Payload::Sound(codec), _) => {
                recode(&mut datagram[packet.payload.clone()], codec, agreement.codec);
                agreement.payload_type
            }
            (Payload::Key, Some(event)) => event,
            (Payload::Key, None) => {
                // This far end knows no events: it gets the key as tones.
                self.keys_out.press(heard.press.iter().map(|press| press.key));
                return;
            }
        };
        // The payload never begins before the end of a whole header, so a new one fits in front of it.
        let start = packet.payload.start - HEADER_BYTES;
        let outgoing = &mut datagram[start..packet.payload.end];
        let Some(header) = outgoing.first_chunk_mut::<HEADER_BYTES>() else { return };
        if self.outgoing.relayed(now, heard.relayed, payload_type, header) {
            sink.send(self.slot, to, outgoing);
        }
    }
}

fn recode(bytes: &mut [u8], from: Codec, to: Codec) {
    match (from, to) {
        (Codec::Pcmu, Codec::Pcmu) | (Codec::Pcma, Codec::Pcma) => {}
        (Codec::Pcmu, Codec::Pcma) => bytes.iter_mut().for_each(|byte| *byte = pcmu_to_pcma(*byte)),
        (Codec::Pcma, Codec::Pcmu) => bytes.iter_mut().for_each(|byte| *byte = pcma_to_pcmu(*byte)),
    }
}
