//! What the clock brings: a frame of every playback, keys that are sent, recordings' blocks, and silence that lasts.

use super::{
    Engine, Sink, Tap,
    stream::{SILENT, Stream},
};
use crate::{
    FRAME_SAMPLES,
    boundary::Event,
    digits::Step,
    player::{Filled, Tones},
    rtp::HEADER_BYTES,
};
use std::{net::SocketAddr, time::Duration};

/// A packet of ours: header and one frame.
const PACKET_BYTES: usize = HEADER_BYTES + FRAME_SAMPLES;

impl Engine {
    /// Advances by 20 ms. Must be called once for each tick, late ones included: recordings count ticks.
    pub fn tick(&mut self, now: Duration, sink: &mut impl Sink) {
        for stream in self.streams.iter_mut().flatten() {
            stream.listen_tick(now, sink);
            stream.speak(now, sink);
            stream.watch(now, sink);
            stream.lock(now, sink);
        }
        for number in 0..self.recordings.len() {
            self.write_block(number, sink);
        }
    }

    fn write_block(&mut self, number: usize, sink: &mut impl Sink) {
        let recording = &mut self.recordings[number];
        recording.blocks += 1;
        let heard = |slot: usize| self.streams[slot].as_ref().map(|stream| &stream.heard);
        let Some(left) = heard(recording.left) else { return };
        match recording.right.and_then(heard) {
            None => sink.tap(recording.key, Tap::Block(left)),
            Some(right) => {
                let mut block = [0; 2 * FRAME_SAMPLES];
                for (pair, (left, right)) in block.as_chunks_mut::<2>().0.iter_mut().zip(left.iter().zip(right)) {
                    *pair = [*left, *right];
                }
                sink.tap(recording.key, Tap::Block(&block));
            }
        }
    }
}

impl Stream {
    /// Takes this tick's sound out of the jitter buffer, and looks for keys.
    fn listen_tick(&mut self, now: Duration, sink: &mut impl Sink) {
        let mut press = self.keys_in.tick(now);
        if let Some(jitter) = self.jitter.as_mut() {
            jitter.take(&mut self.heard);
            if let Some(detector) = self.detector.as_mut() {
                press = press.or(detector.take(&self.heard));
            }
        }
        if let Some(press) = press {
            sink.event(Event::Digit { stream: self.id, digit: press.key, ms: press.ms });
        }
    }

    /// Sends this tick's key or frame. A playback goes on behind keys and while the far end holds, unheard.
    fn speak(&mut self, now: Duration, sink: &mut impl Sink) {
        let Some(agreement) = self.agreement else { return };
        let listens = self.listens_alone();
        if self.playback.is_none() && !self.keys_out.is_busy() && !listens {
            return;
        }
        let mut packet = [0; PACKET_BYTES];
        let (header, frame) = packet.split_first_chunk_mut::<HEADER_BYTES>().expect("a packet is longer than a header");
        let frame: &mut [u8; FRAME_SAMPLES] = frame.try_into().expect("a frame follows the header");
        let filled = self.playback.as_mut().map(|playback| playback.fill(agreement.codec, &mut self.music, frame));
        if listens {
            frame.fill(crate::player::silence(agreement.codec));
        }
        let to = self.destination();
        if let Some(step) = self.keys_out.tick() {
            self.speak_key(now, step, to, sink);
        } else if let (true, Some(to)) = (filled.is_some() || listens, to) {
            self.outgoing.own(now, agreement.payload_type, header);
            sink.send(self.slot, to, &packet);
        } else {
            self.outgoing.pause();
        }
        if filled == Some(Filled::Last)
            && let Some(playback) = self.playback.take()
        {
            self.outgoing.pause();
            sink.event(Event::Played { stream: self.id, playback: playback.id, finished: true });
        }
    }

    /// Nobody speaks to it while it leaves a message. Carriers cut calls off that carry no sound for long, so it is sent
    /// silence.
    fn listens_alone(&self) -> bool {
        self.recordings > 0 && self.peer.is_none() && self.playback.is_none()
    }

    fn speak_key(&mut self, now: Duration, step: Step, to: Option<SocketAddr>, sink: &mut impl Sink) {
        let (Some(agreement), Some(to)) = (self.agreement, to) else { return };
        let mut packet = [0; PACKET_BYTES];
        let (header, body) = packet.split_first_chunk_mut::<HEADER_BYTES>().expect("a packet is longer than a header");
        match (agreement.event_payload_type, step.payload) {
            (Some(payload_type), Some(payload)) => {
                self.outgoing.event(now, step.tick == 0, payload_type, header);
                body[..payload.len()].copy_from_slice(&payload);
                sink.send(self.slot, to, &packet[..HEADER_BYTES + payload.len()]);
            }
            (Some(_), None) => {}
            (None, _) => {
                if let Some(tones) = Tones::key(step.key).filter(|_| step.sounding) {
                    tones.write(usize::from(step.tick) * FRAME_SAMPLES, agreement.codec, body);
                } else {
                    body.fill(crate::player::silence(agreement.codec));
                }
                self.outgoing.own(now, agreement.payload_type, header);
                sink.send(self.slot, to, &packet);
            }
        }
    }

    /// A far end that holds may send nothing, but may be dead all the same.
    fn watch(&mut self, now: Duration, sink: &mut impl Sink) {
        if self.agreement.is_some() && now >= self.silent_at {
            self.silent_at = now + SILENT;
            self.missed = true;
            sink.event(Event::Silent { stream: self.id });
        }
    }
}
