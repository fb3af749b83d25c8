//! What the exchange asks, one method per command.

use super::{Engine, Recording, Sink, Slot, Tap, stream::Stream};
use crate::{
    boundary::{Codec, Command, Event, PlaybackId, RecordingKey, Sound, Statistics, StreamId},
    outgoing::Outgoing,
    player::Playback,
    sdp,
};
use bytes::Bytes;
use rand_core::Rng as _;
use std::time::Duration;

/// Most sounds of one playback; a menu in many parts has a few dozen.
const SOUNDS_MAX: usize = 256;

impl Engine {
    /// Does what is asked. What cannot be done is told as [`Event::Failed`].
    pub fn handle(&mut self, now: Duration, command: Command, sink: &mut impl Sink) {
        match command {
            Command::Open { stream, .. } => self.open(stream, sink),
            Command::Offer { stream, codecs, .. } => self.offer(stream, codecs, sink),
            Command::Answer { stream, offer, codecs, .. } => self.answer(now, stream, &offer, &codecs, sink),
            Command::Accept { stream, answer, .. } => self.accept(now, stream, &answer, sink),
            Command::Play { stream, playback, language, sounds, repeat, .. } => {
                self.play(stream, playback, &language, &sounds, repeat, sink);
            }
            Command::Stop { stream, playback, .. } => self.stop(stream, playback, sink),
            Command::Bridge { one, other, .. } => self.bridge(one, other, sink),
            Command::Unbridge { one, other, .. } => self.unbridge(one, other),
            Command::Record { recording, left, right, .. } => self.record(recording, left, right, sink),
            Command::StopRecording { recording, .. } => self.stop_recordings(sink, |known| known.key == recording),
            Command::SendDigits { stream, digits, .. } => match self.find(stream) {
                Some((_, stream)) => stream.keys_out.press(digits.chars()),
                None => unknown(stream, sink),
            },
            Command::Close { stream, .. } => self.close(stream, sink),
        }
    }

    fn open(&mut self, id: StreamId, sink: &mut impl Sink) {
        if self.slots.contains_key(&id) {
            return;
        }
        let slot = self.free_slot();
        let Some(address) = sink.open(Slot(slot), id) else {
            self.free.push(slot);
            sink.event(Event::Failed { stream: id, reason: "no_ports" });
            return;
        };
        let outgoing = Outgoing::new(&mut self.random);
        // 32 bits: some phones read the session number of `o=` into a signed word of 64.
        let session = u64::from(self.random.next_u32());
        self.streams[slot] = Some(Stream::new(id, Slot(slot), address, session, outgoing));
        self.slots.insert(id, slot);
    }

    fn offer(&mut self, id: StreamId, codecs: Vec<Codec>, sink: &mut impl Sink) {
        let Some((_, stream)) = self.find(id) else { return unknown(id, sink) };
        let description = sdp::offer(stream.next_local(), &codecs);
        stream.offered = codecs;
        sink.event(Event::Described { stream: id, description, codec: None, direction: crate::Direction::SendReceive });
    }

    fn answer(&mut self, now: Duration, id: StreamId, offer: &Bytes, codecs: &[Codec], sink: &mut impl Sink) {
        let Some((_, stream)) = self.find(id) else { return unknown(id, sink) };
        let Ok(offer) = sdp::parse(offer) else { return failed(id, "bad_description", sink) };
        match sdp::answer(stream.next_local(), &offer, codecs) {
            Ok((description, agreement)) => {
                stream.agree(now, agreement, sink);
                let (codec, direction) = (Some(agreement.codec), agreement.direction);
                sink.event(Event::Described { stream: id, description, codec, direction });
            }
            Err(refusal) => failed(id, reason(refusal), sink),
        }
    }

    fn accept(&mut self, now: Duration, id: StreamId, answer: &Bytes, sink: &mut impl Sink) {
        let Some((_, stream)) = self.find(id) else { return unknown(id, sink) };
        let Ok(answer) = sdp::parse(answer) else { return failed(id, "bad_description", sink) };
        match sdp::accept(&answer, &stream.offered) {
            Ok(agreement) => {
                stream.agree(now, agreement, sink);
                let (codec, direction) = (agreement.codec, agreement.direction);
                sink.event(Event::Negotiated { stream: id, codec, direction });
            }
            Err(refusal) => failed(id, reason(refusal), sink),
        }
    }

    fn play(
        &mut self,
        id: StreamId,
        playback: PlaybackId,
        language: &str,
        sounds: &[Sound],
        repeat: bool,
        sink: &mut impl Sink,
    ) {
        let library = self.library.clone();
        let Some((_, stream)) = self.find(id) else { return unknown(id, sink) };
        if let Some(event) = stream.stop_playback() {
            sink.event(event);
        }
        let sounds = &sounds[..sounds.len().min(SOUNDS_MAX)];
        let composed = Playback::new(playback, sounds, language, &library, repeat);
        if composed.is_empty() {
            sink.event(Event::Played { stream: id, playback, finished: true });
        } else {
            stream.playback = Some(composed);
        }
    }

    fn stop(&mut self, id: StreamId, playback: PlaybackId, sink: &mut impl Sink) {
        let Some((_, stream)) = self.find(id) else { return };
        if stream.playback.as_ref().is_some_and(|playing| playing.id == playback)
            && let Some(event) = stream.stop_playback()
        {
            sink.event(event);
        }
    }

    fn bridge(&mut self, one: StreamId, other: StreamId, sink: &mut impl Sink) {
        let Some((one_slot, _)) = self.find(one) else { return unknown(one, sink) };
        let Some((other_slot, _)) = self.find(other) else { return unknown(other, sink) };
        if one_slot == other_slot {
            return;
        }
        for (slot, peer) in [(one_slot, other_slot), (other_slot, one_slot)] {
            self.part(slot);
            let stream = self.at(slot);
            stream.peer = Some(peer);
            if let Some(event) = stream.stop_playback() {
                sink.event(event);
            }
        }
    }

    fn unbridge(&mut self, one: StreamId, other: StreamId) {
        let Some(other_slot) = self.slots.get(&other).copied() else { return };
        if let Some((slot, stream)) = self.find(one)
            && stream.peer == Some(other_slot)
        {
            self.part(slot);
        }
    }

    /// Takes a stream and whoever it was bridged with apart.
    fn part(&mut self, slot: usize) {
        let stream = self.at(slot);
        stream.outgoing.pause();
        if let Some(peer) = stream.peer.take() {
            let peer = self.at(peer);
            peer.peer = None;
            peer.outgoing.pause();
        }
    }

    fn record(&mut self, key: RecordingKey, left: StreamId, right: Option<StreamId>, sink: &mut impl Sink) {
        let Some((left_slot, _)) = self.find(left) else { return unknown(left, sink) };
        let right_slot = match right {
            None => None,
            Some(right) => match self.find(right) {
                Some((slot, _)) => Some(slot),
                None => return unknown(right, sink),
            },
        };
        if self.recordings.iter().any(|known| known.key == key) {
            return;
        }
        for slot in [Some(left_slot), right_slot].into_iter().flatten() {
            let stream = self.at(slot);
            stream.recordings += 1;
            stream.listen_if_needed();
        }
        sink.tap(key, Tap::Begin { channels: if right.is_some() { 2 } else { 1 } });
        self.recordings.push(Recording { key, left: left_slot, right: right_slot, blocks: 0 });
    }

    fn stop_recordings(&mut self, sink: &mut impl Sink, ends: impl Fn(&Recording) -> bool) {
        while let Some(place) = self.recordings.iter().position(&ends) {
            let recording = self.recordings.swap_remove(place);
            sink.tap(recording.key, Tap::End { ms: recording.blocks * crate::TICK.as_millis() as u64 });
            for slot in [Some(recording.left), recording.right].into_iter().flatten() {
                let stream = self.at(slot);
                stream.recordings -= 1;
                stream.listen_if_needed();
            }
        }
    }

    /// A stream that is not there is closed already: told again, so that every close has its end.
    fn close(&mut self, id: StreamId, sink: &mut impl Sink) {
        let Some(slot) = self.slots.get(&id).copied() else {
            sink.event(Event::Closed { stream: id, statistics: Statistics::default() });
            return;
        };
        self.stop_recordings(sink, |recording| recording.left == slot || recording.right == Some(slot));
        if let Some(event) = self.at(slot).stop_playback() {
            sink.event(event);
        }
        self.part(slot);
        let statistics = self.at(slot).statistics();
        self.streams[slot] = None;
        self.slots.remove(&id);
        self.free.push(slot);
        sink.close(Slot(slot));
        sink.event(Event::Closed { stream: id, statistics });
    }
}

fn reason(refusal: sdp::Refusal) -> &'static str {
    match refusal {
        sdp::Refusal::NoAudio => "no_audio",
        sdp::Refusal::NoCommonCodec => "no_common_codec",
        sdp::Refusal::NoAddress => "bad_description",
    }
}

fn failed(stream: StreamId, reason: &'static str, sink: &mut impl Sink) {
    sink.event(Event::Failed { stream, reason });
}

fn unknown(stream: StreamId, sink: &mut impl Sink) {
    failed(stream, "unknown_stream", sink);
}
