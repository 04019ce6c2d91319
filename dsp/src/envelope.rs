//! Everything that is read off the samples themselves, in one pass.

use rustfft::num_complex::Complex32;

/// Sums kept side by side, so that the compiler can use vector registers.
const LANES: usize = 16;

/// Samples summed in single precision before the sums go to double: 64 terms in each lane, which
/// costs at most 64 / 2 roundings of 6e-8, random in sign.
const BLOCK: usize = 64 * LANES;

/// Power and magnitude of a chunk, in units of the samples (squared for powers).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    /// Mean of `|x|^2`.
    pub mean_power: f64,
    /// Maximum of `|x|^2`.
    pub max_power: f64,
    /// Mean of `|x|`.
    pub mean: f64,
    /// Population standard deviation of `|x|`.
    pub std: f64,
    /// Changes of the real part's sign from one sample to the next, zero being a sign of its own.
    pub sign_changes: usize,
    /// Whether single precision was good enough for `std`.
    pub certain: bool,
}

/// Measures at least one sample. The magnitudes must lie within 1e-15 to 1e15, so that squares do not
/// leave the range of single precision.
pub(crate) fn measure(samples: &[Complex32]) -> Envelope {
    let n = samples.len() as f64;
    // Sums of differences to a magnitude that occurs lose no digits where the envelope is constant.
    let origin = samples[0].norm_sqr().sqrt();
    let (mut power, mut difference, mut square) = (0.0, 0.0, 0.0);
    let mut max_power = 0.0_f32;
    for block in samples.chunks(BLOCK) {
        let mut sums = [[0.0_f32; LANES]; 4];
        let (groups, rest) = block.as_chunks::<LANES>();
        for group in groups {
            add(&mut sums, group, origin);
        }
        for (lane, sample) in rest.iter().enumerate() {
            add_one(&mut sums, lane, *sample, origin);
        }
        power += total(&sums[0]);
        difference += total(&sums[1]);
        square += total(&sums[2]);
        max_power = sums[3].iter().copied().fold(max_power, f32::max);
    }

    let shift = difference / n;
    let variance = (square / n - shift * shift).max(0.0);
    let mean = f64::from(origin) + shift;
    // Each magnitude is rounded to 3e-8 of itself, which adds 1e-15 of its square to the variance, and the
    // sums to 1e-7 of theirs: both stay below 1e-4 of the variance, thus 5e-5 of its root, if:
    let certain = variance > 1e-11 * mean * mean && variance > 1e-3 * square / n;
    Envelope {
        mean_power: power / n,
        max_power: f64::from(max_power),
        mean,
        std: variance.sqrt(),
        sign_changes: sign_changes(samples),
        certain,
    }
}

#[inline]
fn add(sums: &mut [[f32; LANES]; 4], group: &[Complex32; LANES], origin: f32) {
    for (lane, sample) in group.iter().enumerate() {
        add_one(sums, lane, *sample, origin);
    }
}

#[inline]
fn add_one(sums: &mut [[f32; LANES]; 4], lane: usize, sample: Complex32, origin: f32) {
    let power = sample.re * sample.re + sample.im * sample.im;
    let difference = power.sqrt() - origin;
    sums[0][lane] += power;
    sums[1][lane] += difference;
    sums[2][lane] += difference * difference;
    sums[3][lane] = if power > sums[3][lane] { power } else { sums[3][lane] };
}

fn total(lanes: &[f32; LANES]) -> f64 {
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

fn sign(value: f32) -> i8 {
    i8::from(value > 0.0) - i8::from(value < 0.0)
}

/// How often `sign(re)` differs from that of the sample before; the sign of either zero is 0.
pub(crate) fn sign_changes(samples: &[Complex32]) -> usize {
    let pairs = samples.iter().zip(samples.iter().skip(1));
    pairs
        .map(|(a, b)| u32::from(sign(a.re) != sign(b.re)))
        .fold(0_usize, |sum, change| sum + change as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_a_sign_of_their_own() {
        let of = |values: &[f32]| sign_changes(&values.iter().map(|re| Complex32::new(*re, 1.0)).collect::<Vec<_>>());
        assert_eq!(of(&[1.0, -1.0, -2.0, 3.0]), 2);
        assert_eq!(of(&[1.0, 0.0, -1.0]), 2);
        assert_eq!(of(&[0.0, -0.0, 0.0]), 0);
        assert_eq!(of(&[5.0]), 0);
    }

    #[test]
    fn a_constant_envelope_is_not_trusted_to_single_precision() {
        let steady = vec![Complex32::new(0.6, 0.8); 3000];
        let envelope = measure(&steady);
        assert!(!envelope.certain);
        assert!((envelope.mean_power - 1.0).abs() < 1e-6 && (envelope.mean - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_ramp_has_the_moments_of_a_ramp() {
        let ramp: Vec<_> = (0..2500).map(|i| Complex32::new(0.0, i as f32 / 2500.0)).collect();
        let envelope = measure(&ramp);
        assert!(envelope.certain);
        assert!((envelope.mean - 0.4998).abs() < 1e-6, "{envelope:?}");
        assert!((envelope.std - (1.0_f64 / 12.0).sqrt()).abs() < 1e-5, "{envelope:?}");
        assert!((envelope.mean_power - (2499.0 * 4999.0) / (6.0 * 2500.0 * 2500.0)).abs() < 1e-6);
        assert_eq!(envelope.sign_changes, 0);
    }
}
