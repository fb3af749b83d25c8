//! ITU-T G.711: µ-law and A-law to linear sound and to each other. Tables, made when compiled.

/// What µ-law calls silence: positive zero.
pub const PCMU_SILENCE: u8 = 0xFF;
/// What A-law calls silence: the smallest positive step.
pub const PCMA_SILENCE: u8 = 0xD5;

/// µ-law adds this to the magnitude (16-bit scale) before it looks for the segment.
const PCMU_BIAS: i32 = 132;
/// The largest magnitude µ-law can say, on the 16-bit scale.
const PCMU_CLIP: i32 = 32_635;

static PCMU_LINEAR: [i16; 256] = table_linear(true);
static PCMA_LINEAR: [i16; 256] = table_linear(false);
static PCMU_PCMA: [u8; 256] = table_across(true);
static PCMA_PCMU: [u8; 256] = table_across(false);

/// Linear 16-bit value of a µ-law byte.
pub fn pcmu_to_linear(byte: u8) -> i16 {
    PCMU_LINEAR[byte as usize]
}

/// Linear 16-bit value of an A-law byte.
pub fn pcma_to_linear(byte: u8) -> i16 {
    PCMA_LINEAR[byte as usize]
}

/// The A-law byte nearest to a µ-law byte.
pub fn pcmu_to_pcma(byte: u8) -> u8 {
    PCMU_PCMA[byte as usize]
}

/// The µ-law byte nearest to an A-law byte.
pub fn pcma_to_pcmu(byte: u8) -> u8 {
    PCMA_PCMU[byte as usize]
}

/// The µ-law byte of a linear 16-bit value.
pub const fn linear_to_pcmu(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let mut magnitude = (sample as i32).abs();
    if magnitude > PCMU_CLIP {
        magnitude = PCMU_CLIP;
    }
    magnitude += PCMU_BIAS;
    let segment = 24 - magnitude.leading_zeros() as i32;
    let step = (magnitude >> (segment + 3)) & 0x0F;
    !(sign | ((segment as u8) << 4) | step as u8)
}

/// The A-law byte of a linear 16-bit value.
pub const fn linear_to_pcma(sample: i16) -> u8 {
    // 13 bits; a negative value is counted from -1, as A-law has no zero.
    let value = (sample >> 3) as i32;
    let (mask, magnitude) = if value >= 0 { (0xD5, value) } else { (0x55, -value - 1) };
    let bits = 32 - magnitude.leading_zeros() as i32;
    let segment = if bits > 5 { bits - 5 } else { 0 };
    let step = (magnitude >> if segment < 2 { 1 } else { segment }) & 0x0F;
    mask ^ (((segment as u8) << 4) | step as u8)
}

const fn pcmu_value(byte: u8) -> i16 {
    let bits = !byte;
    let segment = (bits >> 4) & 7;
    let magnitude = (((((bits & 0x0F) as i32) << 3) + PCMU_BIAS) << segment) - PCMU_BIAS;
    (if bits & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn pcma_value(byte: u8) -> i16 {
    let bits = byte ^ 0x55;
    let segment = (bits >> 4) & 7;
    let step = ((bits & 0x0F) as i32) << 4;
    let magnitude = if segment == 0 { step + 8 } else { (step + 0x108) << (segment - 1) };
    (if bits & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

const fn table_linear(pcmu: bool) -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = if pcmu { pcmu_value(byte as u8) } else { pcma_value(byte as u8) };
        byte += 1;
    }
    table
}

const fn table_across(from_pcmu: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            if from_pcmu { linear_to_pcma(pcmu_value(byte as u8)) } else { linear_to_pcmu(pcma_value(byte as u8)) };
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_recommendation() {
        for (byte, linear) in [(0xFF, 0), (0x7F, 0), (0x00, -32_124), (0x80, 32_124), (0xFE, 8), (0xEF, 132)] {
            assert_eq!(pcmu_to_linear(byte), linear, "µ-law {byte:#x}");
        }
        for (byte, linear) in [(0xD5, 8), (0x55, -8), (0xAA, 32_256), (0x2A, -32_256), (0xD4, 24), (0xC5, 264)] {
            assert_eq!(pcma_to_linear(byte), linear, "A-law {byte:#x}");
        }
    }

    #[test]
    fn every_byte_survives_the_way_through_linear() {
        for byte in 0..=255u8 {
            // 0x7F is µ-law's negative zero; it comes back as the positive one.
            if byte != 0x7F {
                assert_eq!(linear_to_pcmu(pcmu_to_linear(byte)), byte);
            }
            assert_eq!(linear_to_pcma(pcma_to_linear(byte)), byte);
        }
    }

    #[test]
    fn quantisation_error_stays_within_half_a_step() {
        for sample in (i16::MIN..=i16::MAX).step_by(7) {
            for back in [pcmu_to_linear(linear_to_pcmu(sample)), pcma_to_linear(linear_to_pcma(sample))] {
                let (wanted, got) = (i32::from(sample), i32::from(back));
                let allowed = wanted.abs() / 32 + 16 + if wanted.abs() > PCMU_CLIP { 700 } else { 0 };
                assert!((wanted - got).abs() <= allowed, "{wanted} became {got}");
            }
        }
    }

    #[test]
    fn crossing_laws_keeps_loudness() {
        for byte in 0..=255u8 {
            let (here, there) = (i32::from(pcmu_to_linear(byte)), i32::from(pcma_to_linear(pcmu_to_pcma(byte))));
            assert!((here - there).abs() <= here.abs() / 16 + 16, "{here} became {there}");
            let (here, there) = (i32::from(pcma_to_linear(byte)), i32::from(pcmu_to_linear(pcma_to_pcmu(byte))));
            assert!((here - there).abs() <= here.abs() / 16 + 16, "{here} became {there}");
        }
    }
}
