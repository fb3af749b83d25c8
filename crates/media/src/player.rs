//! A playback: a list of sounds turned into frames, one per tick. Knows nothing of packets.

use crate::{
    FRAME_SAMPLES,
    boundary::{Codec, PlaybackId, Sound},
    digits::pair_hz,
    g711::{PCMA_SILENCE, PCMU_SILENCE, linear_to_pcma, linear_to_pcmu},
    numbers,
    sound::{Audio, Library},
};
use std::{f32::consts::TAU, sync::Arc};

/// Longest list of segments; a number has at most 15 words, an announcement a few sentences.
const SEGMENTS_MAX: usize = 1_000;
/// Longest tone or silence; longer ones are for `repeat`.
const SEGMENT_MS_MAX: u32 = 3_600_000;
/// Peak of a 0 dBm0 sine on the 16-bit scale: G.711's overload lies 3.17 dB above it.
const PEAK_0_DBM0: f32 = 22_655.0;

/// Where each piece of music was left by a stream.
#[derive(Clone, Debug, Default)]
pub struct MusicPlaces(Vec<(Arc<str>, usize)>);

/// A playback in progress.
#[derive(Clone, Debug)]
pub struct Playback {
    /// The exchange's name for it.
    pub id: PlaybackId,
    segments: Vec<Segment>,
    current: usize,
    position: usize,
    repeat: bool,
}

#[derive(Clone, Debug)]
enum Segment {
    Take(Arc<Audio>),
    Music(Arc<Audio>),
    Tones(Tones, usize),
    Silence(usize),
}

/// One or two sines; the second is absent at 0 Hz.
#[derive(Clone, Copy, Debug)]
pub struct Tones {
    hz: [f32; 2],
    peak: f32,
}

impl Tones {
    /// A single sine.
    pub fn single(hz: u16, level_dbm0: i8) -> Self {
        Tones { hz: [f32::from(hz), 0.0], peak: PEAK_0_DBM0 * 10f32.powf(f32::from(level_dbm0.min(0)) / 20.0) }
    }

    /// A key's pair, at -9 dBm0 each.
    pub fn key(key: char) -> Option<Self> {
        let (row, column) = pair_hz(key)?;
        Some(Tones { hz: [f32::from(row), f32::from(column)], ..Tones::single(0, -9) })
    }

    /// Writes samples of the tones from a position on.
    pub fn write(&self, position: usize, codec: Codec, out: &mut [u8]) {
        for (n, byte) in out.iter_mut().enumerate() {
            // Whole turns are taken off in integers of a second, as f32 cannot count samples of an hour.
            let at = ((position + n) % 8_000) as f32 / 8_000.0;
            let value: f32 = self.hz.iter().map(|hz| (TAU * (hz * at).fract()).sin()).sum();
            *byte = encode((value * self.peak) as i16, codec);
        }
    }
}

/// How much of a frame was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// All of it; more follows.
    Whole,
    /// The last frame, padded with silence.
    Last,
}

impl Playback {
    /// Composes a list. What the library does not have is left out.
    pub fn new(id: PlaybackId, sounds: &[Sound], language: &str, library: &Library, repeat: bool) -> Self {
        let mut segments = Vec::new();
        for sound in sounds {
            compose(sound, language, library, &mut segments);
        }
        segments.truncate(SEGMENTS_MAX);
        segments.retain(|segment| segment.len() > 0);
        Playback { id, segments, current: 0, position: 0, repeat }
    }

    /// Whether there is nothing to play at all.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Fills the frame of this tick.
    pub fn fill(&mut self, codec: Codec, music: &mut MusicPlaces, frame: &mut [u8; FRAME_SAMPLES]) -> Filled {
        let mut filled = 0;
        while filled < FRAME_SAMPLES {
            let Some(segment) = self.segments.get(self.current) else {
                frame[filled..].fill(silence(codec));
                return Filled::Last;
            };
            if self.position == 0
                && let Segment::Music(audio) = segment
            {
                self.position = music.place(audio);
            }
            let count = (FRAME_SAMPLES - filled).min(segment.len() - self.position);
            segment.write(self.position, codec, &mut frame[filled..filled + count]);
            filled += count;
            self.position += count;
            if let Segment::Music(audio) = segment {
                music.keep(audio, self.position % audio.len());
            }
            if self.position == segment.len() {
                self.next_segment();
            }
        }
        if self.current == self.segments.len() { Filled::Last } else { Filled::Whole }
    }

    fn next_segment(&mut self) {
        self.position = 0;
        self.current += 1;
        if self.repeat && self.current == self.segments.len() {
            self.current = 0;
        }
    }
}

impl Segment {
    fn len(&self) -> usize {
        match self {
            Segment::Take(audio) | Segment::Music(audio) => audio.len(),
            Segment::Tones(_, samples) | Segment::Silence(samples) => *samples,
        }
    }

    fn write(&self, position: usize, codec: Codec, out: &mut [u8]) {
        match self {
            Segment::Take(audio) | Segment::Music(audio) => {
                out.copy_from_slice(&audio.encoded(codec)[position..position + out.len()]);
            }
            Segment::Tones(tones, _) => tones.write(position, codec, out),
            Segment::Silence(_) => out.fill(silence(codec)),
        }
    }
}

impl MusicPlaces {
    /// Where to go on; the start when the music was replaced by something shorter.
    fn place(&self, audio: &Audio) -> usize {
        let left = self.0.iter().find(|(name, _)| name == audio.name());
        left.map_or(0, |(_, position)| *position % audio.len())
    }

    fn keep(&mut self, audio: &Audio, position: usize) {
        match self.0.iter_mut().find(|(name, _)| name == audio.name()) {
            Some((_, kept)) => *kept = position,
            None => self.0.push((audio.name().clone(), position)),
        }
    }
}

fn compose(sound: &Sound, language: &str, library: &Library, segments: &mut Vec<Segment>) {
    let mut say = |name: &str| segments.extend(library.prompt(name, language).cloned().map(Segment::Take));
    match sound {
        Sound::Prompt(name) => say(name),
        Sound::Number(value) => numbers::number(*value, language).iter().for_each(|name| say(name)),
        Sound::Digits(text) => numbers::digits(text, language).iter().for_each(|name| say(name)),
        Sound::Tone { hz, ms, level_dbm0 } => {
            segments.push(Segment::Tones(Tones::single(*hz, *level_dbm0), samples(*ms)));
        }
        Sound::Silence { ms } => segments.push(Segment::Silence(samples(*ms))),
        Sound::Music(name) => segments.extend(library.music(name).cloned().map(Segment::Music)),
    }
}

fn samples(ms: u32) -> usize {
    ms.min(SEGMENT_MS_MAX) as usize * 8
}

/// Silence of a codec.
pub fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => PCMU_SILENCE,
        Codec::Pcma => PCMA_SILENCE,
    }
}

fn encode(sample: i16, codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => linear_to_pcmu(sample),
        Codec::Pcma => linear_to_pcma(sample),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::pcmu_to_linear;

    const ID: PlaybackId = PlaybackId(1);

    fn library() -> Library {
        let mut library = Library::default();
        library.add_prompt(Audio::new("welcome", "zh", &[1_000; 200]));
        library.add_prompt(Audio::new("digit_3", "zh", &[3_000; 100]));
        library.add_music(Audio::new("calm", "", &(0..1_000).map(|n| n * 8).collect::<Vec<i16>>()));
        library
    }

    fn play(sounds: &[Sound], repeat: bool, frames: usize, music: &mut MusicPlaces) -> (Vec<i16>, bool) {
        let mut playback = Playback::new(ID, sounds, "zh", &library(), repeat);
        let (mut out, mut frame) = (Vec::new(), [0; FRAME_SAMPLES]);
        for _ in 0..frames {
            let filled = playback.fill(Codec::Pcmu, music, &mut frame);
            out.extend(frame.iter().map(|byte| pcmu_to_linear(*byte)));
            if filled == Filled::Last {
                return (out, true);
            }
        }
        (out, false)
    }

    #[test]
    fn sounds_follow_each_other_without_a_gap() {
        let sounds = [Sound::Prompt("welcome".into()), Sound::Number(3), Sound::Silence { ms: 5 }];
        let (out, over) = play(&sounds, false, 10, &mut MusicPlaces::default());
        assert!(over);
        assert_eq!(out.len(), 3 * FRAME_SAMPLES);
        assert!(out[..200].iter().all(|sample| (900..1_100).contains(sample)));
        assert!(out[200..300].iter().all(|sample| (2_800..3_200).contains(sample)));
        assert!(out[300..].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn a_list_of_nothing_is_empty_and_one_that_ends_on_a_frame_ends_there() {
        assert!(Playback::new(ID, &[Sound::Prompt("none".into())], "zh", &library(), true).is_empty());
        let (out, over) = play(&[Sound::Silence { ms: 40 }], false, 10, &mut MusicPlaces::default());
        assert_eq!((out.len(), over), (2 * FRAME_SAMPLES, true));
    }

    #[test]
    fn a_repeated_list_never_ends() {
        let (out, over) = play(&[Sound::Prompt("welcome".into())], true, 100, &mut MusicPlaces::default());
        assert!(!over && out.iter().all(|sample| *sample > 900));
    }

    #[test]
    fn music_goes_on_where_the_stream_left_it() {
        let mut music = MusicPlaces::default();
        let calm = [Sound::Music("calm".into())];
        let (first, _) = play(&calm, true, 2, &mut music);
        play(&[Sound::Prompt("welcome".into())], false, 10, &mut music);
        let (second, _) = play(&calm, true, 5, &mut music);
        assert!((first[319] - 319 * 8).abs() < 100);
        assert!((second[0] - 320 * 8).abs() < 100, "went on at {}", second[0] / 8);
        assert!(second[679] > 7_500 && second[681] < 100, "loops at its end");
    }

    #[test]
    fn a_tone_has_its_frequency_and_level() {
        let (out, _) =
            play(&[Sound::Tone { hz: 400, ms: 1_000, level_dbm0: -10 }], false, 50, &mut MusicPlaces::default());
        let crossings = out.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((398..=401).contains(&crossings), "{crossings}");
        let peak = out.iter().max().copied().unwrap_or(0);
        assert!((6_900..7_500).contains(&peak), "{peak}");
    }
}
