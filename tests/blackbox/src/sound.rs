//! What a sound is: how loud, which tone it holds, whether it is a known prompt. Samples at 8 kHz in, numbers out.

use std::{f64::consts::TAU, path::Path};

/// Samples per second of all telephone sound.
pub const RATE_HZ: usize = 8_000;
/// One telephone packet.
pub const FRAME_SAMPLES: usize = 160;
/// A tone that fills a conversation holds nearly all of its energy; what prompts or noise hold by chance is far less.
const TONE_SHARE_MIN: f64 = 0.6;
/// Comfort noise and silence lie below, tones and prompts above.
const QUIET_RMS: f64 = 100.0;
/// Envelopes of the same prompt agree almost fully; of different speech they do not.
const ALIKE_MIN: f64 = 0.85;

/// Root mean square.
pub fn level(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (energy / samples.len().max(1) as f64).sqrt()
}

/// The part of the energy that this tone holds, 0 to 1. Blocks of 50 ms, so that a lost packet does not turn the phase.
pub fn share(samples: &[i16], hz: f64) -> f64 {
    let (mut tone, mut all) = (0.0, 0.0);
    for block in samples.chunks_exact(RATE_HZ / 20) {
        let (mut cosine, mut sine) = (0.0, 0.0);
        for (n, sample) in block.iter().enumerate() {
            let (sample, turn) = (f64::from(*sample), TAU * hz * n as f64 / RATE_HZ as f64);
            cosine += sample * turn.cos();
            sine += sample * turn.sin();
            all += sample * sample;
        }
        tone += 2.0 * (cosine * cosine + sine * sine) / block.len() as f64;
    }
    if all > 0.0 { tone / all } else { 0.0 }
}

/// Whether this is clearly that tone.
pub fn is_tone(samples: &[i16], hz: f64) -> bool {
    level(samples) > QUIET_RMS && share(samples, hz) > TONE_SHARE_MIN
}

/// Whether a second of this holds clearly that tone, wherever it lies.
pub fn holds_tone(samples: &[i16], hz: f64) -> bool {
    (0..samples.len().saturating_sub(RATE_HZ)).step_by(RATE_HZ / 4).any(|at| is_tone(&samples[at..at + RATE_HZ], hz))
}

/// Whether `sample` is somewhere in `heard`: their loudness goes up and down alike. Whole seconds are needed for that.
pub fn holds(heard: &[i16], sample: &[i16]) -> bool {
    let (heard, sample) = (envelope(heard), envelope(sample));
    !sample.is_empty() && heard.windows(sample.len()).any(|window| alike(window, &sample) > ALIKE_MIN)
}

fn envelope(samples: &[i16]) -> Vec<f64> {
    samples.chunks_exact(FRAME_SAMPLES).map(level).collect()
}

/// Pearson's correlation.
fn alike(one: &[f64], other: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (one_mean, other_mean) = (mean(one), mean(other));
    let (mut both, mut one_square, mut other_square) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().map(|a| a - one_mean).zip(other.iter().map(|b| b - other_mean)) {
        both += a * b;
        one_square += a * a;
        other_square += b * b;
    }
    if one_square * other_square > 0.0 { both / (one_square * other_square).sqrt() } else { 0.0 }
}

/// A tone of a level that every phone passes on.
pub fn tone(hz: f64, samples: usize) -> Vec<i16> {
    (0..samples).map(|n| ((TAU * hz * n as f64 / RATE_HZ as f64).sin() * 8_000.0) as i16).collect()
}

/// A WAV file of 16-bit mono sound.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut file = media::wav::header(media::wav::Format::Pcm16, 1, data.len() as u32).to_vec();
    file.extend_from_slice(&data);
    file
}

/// A prompt or music of the repository, by its path under `flows/`.
///
/// # Panics
/// There is none.
pub fn of_repository(path: &str) -> Vec<i16> {
    of_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows").join(path))
}

/// A file as the exchange itself reads prompts. Phones' headers often claim more or less than was written, so a strict
/// player is not asked about their files.
///
/// # Panics
/// There is no such file, or it is no WAV.
pub fn of_file(file: &Path) -> Vec<i16> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    media::wav::read(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The channels of a WAV file as `ffmpeg` decodes it: what any player makes of it.
///
/// # Panics
/// `ffmpeg` is missing or cannot read it.
pub fn decode(file: &Path, channels: usize) -> Vec<Vec<i16>> {
    let output = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-i"])
        .arg(file)
        .args(["-f", "s16le", "-ar", "8000", "-ac", &channels.to_string(), "-"])
        .output()
        .expect("ffmpeg runs; run `scripts/setup test`");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{} is not playable: {complaint}", file.display());
    let samples = output.stdout.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair));
    let samples: Vec<i16> = samples.collect();
    (0..channels).map(|channel| samples.iter().skip(channel).step_by(channels).copied().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_are_told_apart() {
        let (low, high) = (tone(400.0, 8_000), tone(600.0, 8_000));
        assert!(is_tone(&low, 400.0) && !is_tone(&low, 600.0));
        assert!(is_tone(&high, 600.0) && !is_tone(&high, 400.0));
        assert!(!is_tone(&[0; 8_000], 400.0));
    }

    #[test]
    fn a_prompt_is_found_where_it_is_and_nowhere_else() {
        let (welcome, menu) = (of_repository("prompts/zh/welcome.wav"), of_repository("prompts/zh/menu.wav"));
        let heard = [vec![0; 3_333], welcome.clone(), vec![0; 1_000]].concat();
        assert!(holds(&heard, &welcome));
        assert!(!holds(&menu, &welcome[..welcome.len().min(menu.len()) / 2]));
    }
}
