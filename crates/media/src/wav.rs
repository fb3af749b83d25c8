//! WAV: reading prompts, and the header of our recordings. Bytes in, bytes out; files belong to `wire`.

/// Length of a header for recordings.
pub const HEADER_BYTES: usize = 58;
/// Longest sound read from one file: 10 minutes of stereo at 48 kHz.
const DATA_BYTES_MAX: usize = 115_200_000;
/// Sampling rate of everything that is played and recorded here.
const RATE_HZ: u32 = 8_000;

/// How samples are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Linear, 16 bits.
    Pcm16,
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
}

impl Format {
    fn tag(self) -> u16 {
        match self {
            Format::Pcm16 => 1,
            Format::Pcma => 6,
            Format::Pcmu => 7,
        }
    }

    fn sample_bytes(self) -> u16 {
        match self {
            Format::Pcm16 => 2,
            Format::Pcma | Format::Pcmu => 1,
        }
    }
}

/// Why a file is no prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// Not RIFF/WAVE, or a chunk that cannot be read.
    #[error("not a WAV file")]
    NotWav,
    /// A coding other than 16-bit linear, A-law and µ-law.
    #[error("unsupported coding {tag} with {bits} bits")]
    Coding {
        /// The format tag.
        tag: u16,
        /// Bits per sample.
        bits: u16,
    },
    /// A rate that is no multiple of 8 kHz up to 48 kHz, or more than two channels.
    #[error("unsupported shape: {rate_hz} Hz, {channels} channels")]
    Shape {
        /// Sampling rate.
        rate_hz: u32,
        /// Channels.
        channels: u16,
    },
    /// Longer than ten minutes of the richest form.
    #[error("sound too long")]
    TooLong,
}

/// The header of a recording at 8 kHz with so many bytes of sound behind it. `fact` is there because players want it
/// for everything that is not linear.
pub fn header(format: Format, channels: u16, data_bytes: u32) -> [u8; HEADER_BYTES] {
    let frame_bytes = format.sample_bytes() * channels;
    let mut header = [0; HEADER_BYTES];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        header[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&data_bytes.saturating_add(HEADER_BYTES as u32 - 8).to_le_bytes());
    put(b"WAVEfmt ");
    put(&18u32.to_le_bytes());
    put(&format.tag().to_le_bytes());
    put(&channels.to_le_bytes());
    put(&RATE_HZ.to_le_bytes());
    put(&(RATE_HZ * u32::from(frame_bytes)).to_le_bytes());
    put(&frame_bytes.to_le_bytes());
    put(&(format.sample_bytes() * 8).to_le_bytes());
    put(&0u16.to_le_bytes());
    put(b"fact");
    put(&4u32.to_le_bytes());
    put(&(data_bytes / u32::from(frame_bytes)).to_le_bytes());
    put(b"data");
    put(&data_bytes.to_le_bytes());
    header
}

/// Where the sound of a file lies and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its coding.
    pub format: Format,
    /// 1 or 2.
    pub channels: u16,
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// First byte of sound.
    pub data_start: usize,
    /// Bytes of sound, as the header claims them.
    pub data_bytes: usize,
}

/// Reads the chunks up to the sound. `bytes` may be the beginning of a file only.
pub fn layout(bytes: &[u8]) -> Result<Layout, WavError> {
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav);
    }
    let mut at = 12;
    let mut shape = None;
    loop {
        let name = bytes.get(at..at + 4).ok_or(WavError::NotWav)?;
        let length = word(bytes, at + 4).ok_or(WavError::NotWav)? as usize;
        at += 8;
        match name {
            b"fmt " => shape = Some(format_chunk(bytes.get(at..).ok_or(WavError::NotWav)?, length)?),
            b"data" => {
                let (format, channels, rate_hz) = shape.ok_or(WavError::NotWav)?;
                return Ok(Layout { format, channels, rate_hz, data_start: at, data_bytes: length });
            }
            _ => {}
        }
        // Chunks begin on even bytes.
        at = at.checked_add(length + length % 2).ok_or(WavError::NotWav)?;
    }
}

/// Reads a prompt as mono at 8 kHz; channels are mixed, higher rates filtered and thinned out.
pub fn read(bytes: &[u8]) -> Result<Vec<i16>, WavError> {
    let layout = layout(bytes)?;
    let end = layout.data_start.saturating_add(layout.data_bytes).min(bytes.len());
    let data = bytes.get(layout.data_start..end).ok_or(WavError::NotWav)?;
    if data.len() > DATA_BYTES_MAX {
        return Err(WavError::TooLong);
    }
    let samples: Vec<i16> = match layout.format {
        Format::Pcm16 => data.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect(),
        Format::Pcma => data.iter().map(|byte| crate::g711::pcma_to_linear(*byte)).collect(),
        Format::Pcmu => data.iter().map(|byte| crate::g711::pcmu_to_linear(*byte)).collect(),
    };
    let mono = match layout.channels {
        1 => samples,
        _ => samples.as_chunks::<2>().0.iter().map(|[l, r]| ((i32::from(*l) + i32::from(*r)) / 2) as i16).collect(),
    };
    Ok(thin_out(mono, (layout.rate_hz / RATE_HZ) as usize))
}

fn format_chunk(chunk: &[u8], length: usize) -> Result<(Format, u16, u32), WavError> {
    let half = |at: usize| chunk.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let (Some(mut tag), Some(channels), Some(rate_hz), Some(bits)) = (half(0), half(2), word(chunk, 4), half(14))
    else {
        return Err(WavError::NotWav);
    };
    // WAVE_FORMAT_EXTENSIBLE: the tag is the start of the sub-format.
    if tag == 0xFFFE && length >= 26 {
        tag = half(24).ok_or(WavError::NotWav)?;
    }
    let format = match (tag, bits) {
        (1, 16) => Format::Pcm16,
        (6, 8) => Format::Pcma,
        (7, 8) => Format::Pcmu,
        _ => return Err(WavError::Coding { tag, bits }),
    };
    let whole = rate_hz != 0 && rate_hz.is_multiple_of(RATE_HZ) && rate_hz <= 48_000;
    if whole && matches!(channels, 1 | 2) {
        Ok((format, channels, rate_hz))
    } else {
        Err(WavError::Shape { rate_hz, channels })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// Taps of the filter for each sample that is dropped: the transition from 3.4 to 4.6 kHz needs about so many.
const TAPS_PER_FACTOR: usize = 32;
/// Edge of the filter as share of the new rate's half: telephone sound ends at 3.4 kHz.
const EDGE: f64 = 0.92;

/// Keeps every `factor`th sample behind a low-pass (windowed sinc, Blackman), so that nothing above 4 kHz folds down.
fn thin_out(samples: Vec<i16>, factor: usize) -> Vec<i16> {
    if factor <= 1 {
        return samples;
    }
    let half = (TAPS_PER_FACTOR * factor / 2) as isize;
    let width = 2.0 * half as f64;
    let mut taps: Vec<f64> = (-half..=half)
        .map(|n| {
            let turn = std::f64::consts::PI * n as f64;
            let edge = EDGE / factor as f64;
            let sinc = if n == 0 { edge } else { (turn * edge).sin() / turn };
            let phase = std::f64::consts::TAU * (n + half) as f64 / width;
            sinc * (0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos())
        })
        .collect();
    let gain: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= gain);
    (0..samples.len().div_ceil(factor))
        .map(|n| {
            let centre = (n * factor) as isize;
            let weighted = taps.iter().zip(centre - half..).map(|(tap, at)| {
                let sample = usize::try_from(at).ok().and_then(|at| samples.get(at)).copied().unwrap_or(0);
                tap * f64::from(sample)
            });
            weighted.sum::<f64>().round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(rate_hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut file = header(Format::Pcm16, channels, data.len() as u32).to_vec();
        file[24..28].copy_from_slice(&rate_hz.to_le_bytes());
        [file, data].concat()
    }

    fn sine(hz: f64, rate_hz: f64, count: usize) -> Vec<i16> {
        (0..count).map(|n| ((std::f64::consts::TAU * hz * n as f64 / rate_hz).sin() * 10_000.0) as i16).collect()
    }

    fn level(samples: &[i16]) -> f64 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        (middle.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / middle.len() as f64).sqrt()
    }

    #[test]
    fn a_written_header_reads_back() {
        for (format, channels) in [(Format::Pcmu, 2), (Format::Pcma, 1), (Format::Pcm16, 2)] {
            let layout = layout(&header(format, channels, 640)).unwrap();
            assert_eq!((layout.format, layout.channels, layout.rate_hz), (format, channels, 8_000));
            assert_eq!((layout.data_start, layout.data_bytes), (HEADER_BYTES, 640));
        }
    }

    #[test]
    fn prompts_of_other_rates_keep_speech_and_lose_what_would_fold() {
        for rate in [16_000u32, 24_000, 48_000] {
            let speech = read(&file(rate, 1, &sine(1_000.0, f64::from(rate), rate as usize))).unwrap();
            assert_eq!(speech.len(), 8_000);
            assert!((level(&speech) - 7_071.0).abs() < 100.0, "{rate}: {}", level(&speech));
            let above = read(&file(rate, 1, &sine(5_000.0, f64::from(rate), rate as usize))).unwrap();
            assert!(level(&above) < 20.0, "{rate}: {}", level(&above));
        }
    }

    #[test]
    fn stereo_is_mixed() {
        assert_eq!(read(&file(8_000, 2, &[100, 300, -50, 50])).unwrap(), [200, 0]);
    }

    #[test]
    fn what_cannot_be_played_is_named() {
        assert_eq!(read(b"RIFFxxxxAVI "), Err(WavError::NotWav));
        assert_eq!(read(&file(11_025, 1, &[0])), Err(WavError::Shape { rate_hz: 11_025, channels: 1 }));
        let mut float = file(8_000, 1, &[0]);
        float[20] = 3;
        assert_eq!(read(&float), Err(WavError::Coding { tag: 3, bits: 16 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), real in any::<bool>()) {
            if real {
                let mut file = header(Format::Pcmu, 1, 100).to_vec();
                for (place, byte) in file.iter_mut().skip(12).zip(&bytes) {
                    if *byte < 10 { *place = *byte; }
                }
                file.append(&mut bytes);
                bytes = file;
            }
            let _ = read(&bytes);
        }
    }
}
