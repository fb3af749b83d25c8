//! What a phone hears, each second: how loud, and which tones. Knows samples only.

use std::f64::consts::TAU;

/// Samples of a second.
pub(super) const SECOND_SAMPLES: usize = 8_000;
/// 50 ms: a window whose main lobe is as wide as two steps of the search, so that no tone falls between.
const BLOCK_SAMPLES: usize = 400;
/// Steps of the search.
const STEP_HZ: usize = 10;
/// Below is hum, above the telephone band ends.
const FIRST_HZ: usize = 100;
const LAST_HZ: usize = 3_700;
/// A peak must stand alone this far: the main lobe of the window.
const APART_STEPS: usize = 5;
/// A tone holds at least this share of all energy; speech rarely does over a whole second.
const SHARE_MIN: f64 = 0.12;
/// Quieter is silence: two steps of the smallest µ-law interval.
const SILENCE_DBFS: f64 = -70.0;

/// One second as heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Second {
    /// Root mean square below full scale; -99 for perfect silence.
    pub level_dbfs: f64,
    /// Loudest first.
    pub tones_hz: Vec<u32>,
}

/// Collects samples and gives a [`Second`] for each full one.
#[derive(Debug)]
pub(super) struct Ear {
    samples: Vec<f64>,
    window: Vec<f64>,
}

impl Ear {
    pub(super) fn new() -> Self {
        let hann = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / BLOCK_SAMPLES as f64).cos();
        Self { samples: Vec::with_capacity(SECOND_SAMPLES), window: (0..BLOCK_SAMPLES).map(hann).collect() }
    }

    pub(super) fn take(&mut self, samples: impl Iterator<Item = i16>) -> Option<Second> {
        self.samples.extend(samples.map(|sample| f64::from(sample) / 32_768.0));
        if self.samples.len() < SECOND_SAMPLES {
            return None;
        }
        let second = self.listen();
        self.samples.clear();
        Some(second)
    }

    fn listen(&self) -> Second {
        let energy = self.samples.iter().map(|sample| sample * sample).sum::<f64>() / self.samples.len() as f64;
        let level_dbfs = if energy > 0.0 { (10.0 * energy.log10()).max(-99.0) } else { -99.0 };
        let tones_hz = if level_dbfs < SILENCE_DBFS { Vec::new() } else { self.tones(energy) };
        Second { level_dbfs, tones_hz }
    }

    fn tones(&self, energy: f64) -> Vec<u32> {
        let shares: Vec<f64> = (FIRST_HZ..=LAST_HZ).step_by(STEP_HZ).map(|hz| self.power(hz) / energy).collect();
        let is_peak = |at: usize| {
            let around = at.saturating_sub(APART_STEPS)..(at + APART_STEPS + 1).min(shares.len());
            shares[at] >= SHARE_MIN && around.clone().all(|other| shares[other] <= shares[at])
        };
        let mut peaks: Vec<usize> = (0..shares.len()).filter(|&at| is_peak(at)).collect();
        peaks.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
        peaks.into_iter().map(|at| (FIRST_HZ + at * STEP_HZ) as u32).collect()
    }

    /// Mean power of this frequency over the blocks, as if it were a steady sine (Goertzel's recurrence).
    fn power(&self, hz: usize) -> f64 {
        let turn = 2.0 * (TAU * hz as f64 / SECOND_SAMPLES as f64).cos();
        let blocks = self.samples.chunks_exact(BLOCK_SAMPLES);
        let count = blocks.len() as f64;
        let sum: f64 = blocks
            .map(|block| {
                let (mut last, mut before) = (0.0, 0.0);
                for (sample, window) in block.iter().zip(&self.window) {
                    (last, before) = (sample * window + turn * last - before, last);
                }
                last * last + before * before - turn * last * before
            })
            .sum();
        // A sine of amplitude a gives a²·(N/4)² through a Hann window, and has the power a²/2.
        sum / count * 8.0 / (BLOCK_SAMPLES * BLOCK_SAMPLES) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(amplitude: f64, tones: &[f64]) -> Second {
        let sample =
            |n: usize| tones.iter().map(|hz| amplitude * (TAU * hz * n as f64 / 8_000.0).sin()).sum::<f64>() * 32_767.0;
        Ear::new().take((0..SECOND_SAMPLES).map(|n| sample(n) as i16)).unwrap()
    }

    #[test]
    fn tones_are_named_and_levelled() {
        let cases: [(f64, &[f64], &[u32], f64); 5] = [
            (0.5, &[400.0], &[400], -9.0),
            (0.1, &[600.0], &[600], -23.0),
            (0.25, &[400.0, 600.0], &[400, 600], -12.0),
            (0.3, &[697.0, 1_209.0], &[700, 1_210], -10.5),
            (0.0, &[400.0], &[], -99.0),
        ];
        for (amplitude, tones, expected, level) in cases {
            let second = heard(amplitude, tones);
            let mut found = second.tones_hz.clone();
            found.sort_unstable();
            assert_eq!(found, expected, "{tones:?}");
            assert!((second.level_dbfs - level).abs() < 0.5, "{tones:?} {}", second.level_dbfs);
        }
    }

    #[test]
    fn every_frequency_of_the_band_is_found_within_a_step() {
        for hz in (150..3_600).step_by(37) {
            let found = heard(0.3, &[f64::from(hz)]).tones_hz;
            assert!(found.len() == 1 && found[0].abs_diff(hz as u32) <= 5, "{hz} heard as {found:?}");
        }
    }

    #[test]
    fn noise_has_no_tone() {
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16 / 4
        });
        let second = Ear::new().take(noise.take(SECOND_SAMPLES)).unwrap();
        assert_eq!(second.tones_hz, Vec::<u32>::new());
    }
}
