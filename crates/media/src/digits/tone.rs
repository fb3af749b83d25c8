//! Keys as pairs of tones in the sound, found by Goertzel filters (ITU-T Q.24 limits).

use super::Press;
use crate::{FRAME_SAMPLES, g711::pcmu_to_linear};
use std::f32::consts::TAU;

const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS_HZ: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// 12.75 ms at 8 kHz: long enough to part neighbouring rows, short enough for three in a 40 ms tone.
const BLOCK_SAMPLES: usize = 102;
/// Each tone at least this loud: about -33 dBm0, as power of a sine in a block.
const TONE_POWER_MIN: f32 = 150.0 * 150.0;
/// Columns may be 8 dB louder than rows, rows 4 dB louder than columns (Q.24), with a little tolerance.
const TWIST_MAX: f32 = 8.0;
const REVERSE_TWIST_MAX: f32 = 4.0;
/// The tones against every other tone of their group: 8 dB.
const SELECTIVITY_MIN: f32 = 6.3;
/// Share of the block's energy that the two tones hold; speech spreads, and stays below.
const PURITY_MIN: f32 = 0.75;
/// Blocks in a row that make a key: two whole ones fit in any tone of 40 ms.
const BLOCKS_MIN: u32 = 2;
/// Blocks without it that end it.
const GAP_BLOCKS: u32 = 2;
/// A key is told when it was held so long, or ended before.
const TOLD_MS: u32 = 100;

/// The two tones of a key, in Hz.
pub fn pair_hz(key: char) -> Option<(u16, u16)> {
    let key = key.to_ascii_uppercase();
    KEYS.iter().zip(ROWS_HZ).find_map(|(row, row_hz)| {
        let column = row.iter().position(|known| *known == key)?;
        Some((row_hz as u16, COLUMNS_HZ[column] as u16))
    })
}

/// Hears keys in µ-law sound.
#[derive(Clone, Debug)]
pub struct Detector {
    block: [f32; BLOCK_SAMPLES],
    filled: usize,
    coefficients: [f32; 8],
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Quiet,
    Maybe { key: char, blocks: u32 },
    Held { key: char, blocks: u32, gap: u32, told: bool },
}

impl Default for Detector {
    fn default() -> Self {
        let mut coefficients = [0.0; 8];
        for (coefficient, hz) in coefficients.iter_mut().zip(ROWS_HZ.iter().chain(&COLUMNS_HZ)) {
            *coefficient = 2.0 * (TAU * hz / 8_000.0).cos();
        }
        Detector { block: [0.0; BLOCK_SAMPLES], filled: 0, coefficients, state: State::Quiet }
    }
}

impl Detector {
    /// Listens to a frame; at most one key becomes known by it.
    pub fn take(&mut self, frame: &[u8; FRAME_SAMPLES]) -> Option<Press> {
        let mut press = None;
        for byte in frame {
            self.block[self.filled] = f32::from(pcmu_to_linear(*byte));
            self.filled += 1;
            if self.filled == BLOCK_SAMPLES {
                self.filled = 0;
                let key = self.key_of_block();
                press = press.or(self.advance(key));
            }
        }
        press
    }

    fn advance(&mut self, found: Option<char>) -> Option<Press> {
        let (state, press) = match (self.state, found) {
            (State::Maybe { key, blocks }, Some(same)) if same == key => (after(key, blocks + 1), None),
            (State::Held { key, blocks, gap, told }, Some(same)) if same == key => {
                let blocks = blocks + gap + 1;
                let tell = !told && ms(blocks) >= TOLD_MS;
                (State::Held { key, blocks, gap: 0, told: told || tell }, tell.then(|| Press { key, ms: ms(blocks) }))
            }
            (State::Held { key, blocks, gap, told }, _) if gap + 1 < GAP_BLOCKS => {
                (State::Held { key, blocks, gap: gap + 1, told }, None)
            }
            (State::Held { key, blocks, told, .. }, next) => {
                let press = (!told).then(|| Press { key, ms: ms(blocks) });
                (next.map_or(State::Quiet, |key| after(key, 1)), press)
            }
            (State::Quiet | State::Maybe { .. }, Some(key)) => (after(key, 1), None),
            (State::Quiet | State::Maybe { .. }, None) => (State::Quiet, None),
        };
        self.state = state;
        press
    }

    fn key_of_block(&self) -> Option<char> {
        let energy: f32 = self.block.iter().map(|sample| sample * sample).sum();
        if energy < TONE_POWER_MIN * BLOCK_SAMPLES as f32 / 2.0 {
            return None;
        }
        let mut powers = [0.0; 8];
        for (power, coefficient) in powers.iter_mut().zip(self.coefficients) {
            *power = goertzel(&self.block, coefficient);
        }
        let (row, row_power) = strongest(&powers[..4])?;
        let (column, column_power) = strongest(&powers[4..])?;
        let twist = column_power / row_power;
        let loud = row_power >= TONE_POWER_MIN && column_power >= TONE_POWER_MIN;
        // A sine of amplitude a has power a² here and energy a²/2 per sample.
        let purity = (row_power + column_power) * BLOCK_SAMPLES as f32 / 2.0 / energy;
        let is_key = loud && (1.0 / REVERSE_TWIST_MAX..=TWIST_MAX).contains(&twist) && purity >= PURITY_MIN;
        is_key.then_some(KEYS[row][column])
    }
}

fn after(key: char, blocks: u32) -> State {
    if blocks >= BLOCKS_MIN { State::Held { key, blocks, gap: 0, told: false } } else { State::Maybe { key, blocks } }
}

fn ms(blocks: u32) -> u32 {
    blocks * BLOCK_SAMPLES as u32 / 8
}

/// Squared amplitude of one frequency in a block.
fn goertzel(block: &[f32; BLOCK_SAMPLES], coefficient: f32) -> f32 {
    let (mut last, mut before) = (0.0f32, 0.0f32);
    for sample in block {
        let next = sample + coefficient * last - before;
        before = last;
        last = next;
    }
    let half = BLOCK_SAMPLES as f32 / 2.0;
    (last * last + before * before - coefficient * last * before) / (half * half)
}

/// The strongest of a group, if it stands out.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (best, power) = powers.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let stands_out = powers.iter().enumerate().all(|(other, p)| other == best || p * SELECTIVITY_MIN <= power);
    stands_out.then_some((best, power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::linear_to_pcmu;
    use rand_core::{Rng as _, SeedableRng as _};
    use rand_pcg::Pcg64Mcg;

    fn tone(key: char, ms: usize, amplitude: f32, noise: f32, random: &mut Pcg64Mcg) -> Vec<u8> {
        let (row, column) = pair_hz(key).unwrap();
        (0..ms * 8)
            .map(|n| {
                let at = TAU * n as f32 / 8_000.0;
                let hiss = (random.next_u32() as f32 / u32::MAX as f32 - 0.5) * 2.0 * noise;
                linear_to_pcmu(
                    (((at * f32::from(row)).sin() + (at * f32::from(column)).sin()) * amplitude + hiss) as i16,
                )
            })
            .collect()
    }

    fn heard(sound: &[u8]) -> Vec<Press> {
        let mut detector = Detector::default();
        sound.as_chunks::<FRAME_SAMPLES>().0.iter().filter_map(|frame| detector.take(frame)).collect()
    }

    #[test]
    fn every_key_is_heard_once_loud_and_faint_long_and_short() {
        let mut random = Pcg64Mcg::seed_from_u64(4);
        for (amplitude, noise, on_ms) in
            [(12_000.0, 0.0, 50), (400.0, 0.0, 50), (4_000.0, 600.0, 50), (4_000.0, 0.0, 700)]
        {
            let mut sound = vec![0xFF; 333];
            for key in "0123456789*#ABCD".chars() {
                sound.extend(tone(key, on_ms, amplitude, noise, &mut random));
                sound.extend(vec![0xFF; 400]);
            }
            sound.extend(vec![0xFF; 800]);
            let keys: String = heard(&sound).iter().map(|press| press.key).collect();
            assert_eq!(keys, "0123456789*#ABCD", "amplitude {amplitude}, noise {noise}, {on_ms} ms");
        }
    }

    #[test]
    fn a_long_key_is_told_at_a_hundred_ms() {
        let mut random = Pcg64Mcg::seed_from_u64(4);
        let presses = heard(&tone('5', 140, 4_000.0, 0.0, &mut random));
        assert_eq!(presses.len(), 1);
        assert!((100..=120).contains(&presses[0].ms), "{presses:?}");
    }

    #[test]
    fn single_tones_noise_and_bad_twist_are_no_keys() {
        let mut random = Pcg64Mcg::seed_from_u64(4);
        let sine = |hz: f32, amplitude: f32, n: usize| (TAU * hz * n as f32 / 8_000.0).sin() * amplitude;
        let sounds: [Vec<i16>; 4] = [
            (0..80_000).map(|n| sine(697.0, 8_000.0, n) as i16).collect(),
            (0..80_000).map(|n| sine(400.0, 8_000.0, n) as i16).collect(),
            (0..80_000).map(|_| random.next_u32() as i16 / 4).collect(),
            (0..80_000).map(|n| (sine(697.0, 8_000.0, n) + sine(1209.0, 1_000.0, n)) as i16).collect(),
        ];
        for (number, sound) in sounds.iter().enumerate() {
            let sound: Vec<u8> = sound.iter().map(|sample| linear_to_pcmu(*sample)).collect();
            assert_eq!(heard(&sound), [], "sound {number}");
        }
    }
}
