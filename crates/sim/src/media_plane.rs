//! A media plane that answers commands as the real one does, with virtual delays and no sound.

use crate::chance::Chance;
use media::{Codec, Command, Direction, Event, GroupId, PlaybackId, RecordingKey, Sound, Statistics, StreamId};
use std::{collections::BTreeMap, time::Duration};

/// How long a recording takes to be on disk at the most.
const RECORDED_MS_MAX: u64 = 40;

#[derive(Debug)]
struct Stream {
    group: GroupId,
    playing: Option<(PlaybackId, u64)>,
    bridged: Option<StreamId>,
    phone: Option<usize>,
}

#[derive(Debug)]
struct Recording {
    left: StreamId,
    right: Option<StreamId>,
    since: Duration,
}

/// What the world must deliver later.
pub(crate) struct Later {
    pub(crate) after: Duration,
    pub(crate) event: Event,
    /// A playback that was replaced in the meantime does not end by itself any more.
    pub(crate) playing: Option<(StreamId, u64)>,
}

/// Streams, bridges and recordings that are open.
#[derive(Default)]
pub(crate) struct MediaPlane {
    streams: BTreeMap<StreamId, Stream>,
    recordings: BTreeMap<RecordingKey, Recording>,
    plays: u64,
    /// Offers that hold no codec of ours, of 1,000.
    codec_mismatch_per_mille: u64,
}

impl MediaPlane {
    pub(crate) fn new(codec_mismatch_per_mille: u64) -> MediaPlane {
        MediaPlane { codec_mismatch_per_mille, ..MediaPlane::default() }
    }

    pub(crate) fn open(&self) -> (usize, usize) {
        (self.streams.len(), self.recordings.len())
    }

    /// The stream of this phone's call.
    pub(crate) fn stream_of(&self, phone: usize) -> Option<StreamId> {
        self.streams.iter().find(|(_, s)| s.phone == Some(phone)).map(|(id, _)| *id)
    }

    pub(crate) fn still_plays(&self, (stream, play): (StreamId, u64)) -> bool {
        self.streams.get(&stream).and_then(|s| s.playing).is_some_and(|(_, p)| p == play)
    }

    pub(crate) fn finished(&mut self, stream: StreamId) {
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.playing = None;
        }
    }

    pub(crate) fn command(&mut self, now: Duration, command: Command, chance: &mut Chance) -> Vec<Later> {
        let mut later = Vec::new();
        let delay = chance.ms(0, 5);
        let mut say = |event| later.push(Later { after: delay, event, playing: None });
        match command {
            Command::Open { group, stream } => {
                let opened = Stream { group, playing: None, bridged: None, phone: None };
                assert!(self.streams.insert(stream, opened).is_none(), "{stream:?} opened twice");
            }
            Command::Offer { stream, .. } => say(described(stream, None)),
            Command::Answer { stream, offer, .. } => match self.streams.get_mut(&stream) {
                Some(opened) if !chance.per_mille(self.codec_mismatch_per_mille) => {
                    opened.phone = phone_of(&offer);
                    say(described(stream, Some(Codec::Pcma)));
                }
                _ => say(Event::Failed { stream, reason: "no_common_codec" }),
            },
            Command::Accept { stream, answer, .. } => {
                if let Some(opened) = self.streams.get_mut(&stream) {
                    opened.phone = phone_of(&answer);
                }
                say(Event::Negotiated { stream, codec: Codec::Pcma, direction: Direction::SendReceive });
            }
            Command::Play { stream, playback, sounds, repeat, .. } => {
                self.stop_playing(stream, &mut say);
                self.plays += 1;
                let play = self.plays;
                if let Some(open) = self.streams.get_mut(&stream) {
                    open.playing = Some((playback, play));
                    if !repeat {
                        let after = sounds.iter().map(length).sum();
                        let event = Event::Played { stream, playback, finished: true };
                        later.push(Later { after, event, playing: Some((stream, play)) });
                    }
                }
            }
            Command::Stop { stream, playback, .. } => {
                if self.streams.get(&stream).and_then(|s| s.playing).is_some_and(|(p, _)| p == playback) {
                    self.stop_playing(stream, &mut say);
                }
            }
            Command::Bridge { group, one, other } => {
                for (this, that) in [(one, other), (other, one)] {
                    self.stop_playing(this, &mut say);
                    if let Some(stream) = self.streams.get_mut(&this) {
                        assert_eq!(stream.group, group, "a bridge crosses calls");
                        assert!(stream.bridged.is_none(), "{this:?} hears two");
                        stream.bridged = Some(that);
                    }
                }
            }
            Command::Unbridge { one, other, .. } => {
                for this in [one, other] {
                    if let Some(stream) = self.streams.get_mut(&this) {
                        stream.bridged = None;
                    }
                }
            }
            Command::Record { recording, left, right, .. } => {
                self.recordings.insert(recording, Recording { left, right, since: now });
            }
            Command::StopRecording { recording, .. } => self.stop_recording(now, recording, &mut later, chance),
            Command::SendDigits { .. } => {}
            Command::Close { stream, .. } => {
                let of_stream = |r: &Recording| r.left == stream || r.right == Some(stream);
                let ending: Vec<_> = self.recordings.iter().filter(|(_, r)| of_stream(r)).map(|(k, _)| *k).collect();
                self.stop_playing(stream, &mut say);
                if let Some(closed) = self.streams.remove(&stream) {
                    if let Some(other) = closed.bridged.and_then(|other| self.streams.get_mut(&other)) {
                        other.bridged = None;
                    }
                    say(Event::Closed { stream, statistics: Statistics::default() });
                }
                for recording in ending {
                    self.stop_recording(now, recording, &mut later, chance);
                }
            }
        }
        later
    }

    fn stop_playing(&mut self, stream: StreamId, say: &mut impl FnMut(Event)) {
        if let Some((playback, _)) = self.streams.get_mut(&stream).and_then(|s| s.playing.take()) {
            say(Event::Played { stream, playback, finished: false });
        }
    }

    fn stop_recording(&mut self, now: Duration, recording: RecordingKey, later: &mut Vec<Later>, chance: &mut Chance) {
        if let Some(ended) = self.recordings.remove(&recording) {
            let ms = u64::try_from(now.saturating_sub(ended.since).as_millis()).unwrap_or(u64::MAX);
            let event = Event::Recorded { recording, ms, lost_ms: 0 };
            later.push(Later { after: chance.ms(0, RECORDED_MS_MAX), event, playing: None });
        }
    }
}

/// The phone that wrote this description.
fn phone_of(description: &[u8]) -> Option<usize> {
    std::str::from_utf8(description).ok()?.strip_prefix("phone ")?.parse().ok()
}

fn described(stream: StreamId, codec: Option<Codec>) -> Event {
    let description = bytes::Bytes::from_static(b"exchange");
    Event::Described { stream, description, codec, direction: Direction::SendReceive }
}

fn length(sound: &Sound) -> Duration {
    match sound {
        Sound::Prompt(_) => Duration::from_secs(2),
        Sound::Number(_) => Duration::from_millis(800),
        Sound::Digits(digits) => Duration::from_millis(400 * digits.len() as u64),
        Sound::Tone { ms, .. } | Sound::Silence { ms } => Duration::from_millis((*ms).into()),
        Sound::Music(_) => Duration::from_secs(60),
    }
}
