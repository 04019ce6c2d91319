//! Everything that is read off the samples themselves, in one pass.

use rustfft::num_complex::Complex32;

use crate::lanes::{LANES, count, larger, total, widest};

/// Samples summed in single precision before the sums go to double: 64 terms in each lane, which
/// costs at most 64 / 2 roundings of 6e-8, random in sign.
const BLOCK: usize = 64 * LANES;

/// Parts of a chunk whose powers are kept: 4 ms each, within the 1 to 10 ms in which transmitters are keyed.
pub(crate) const FRAMES: usize = 50;

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
    /// Mean of `|x|^4` over the square of the mean of `|x|^2`; 0 for silence.
    pub kurtosis: f64,
    /// Changes of the real part's sign from one sample to the next, zero being a sign of its own.
    pub sign_changes: usize,
    /// Samples equal to the one before.
    pub repeats: usize,
    /// Samples of which both components are zero.
    pub zeros: usize,
    /// Components at or beyond the rails.
    pub rails: Rails<usize>,
    /// Whether single precision was good enough for `std`.
    pub certain: bool,
}

/// Where components stop: the ends of an integer format, or a little within the largest component of a float one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rails<T> {
    /// At or below this; how many.
    pub low: T,
    /// At or above this; how many.
    pub high: T,
    /// At least this in size, those at the rails included; how many.
    pub near: T,
    /// At least this in size, a little further from the rails; how many.
    pub around: T,
}

/// Sums of one block, lane by lane.
struct Sums {
    power: [f32; LANES],
    difference: [f32; LANES],
    square: [f32; LANES],
    fourth: [f32; LANES],
    largest: [f32; LANES],
    sign_changes: [u32; LANES],
    repeats: [u32; LANES],
    zeros: [u32; LANES],
    low: [u32; LANES],
    high: [u32; LANES],
    near: [u32; LANES],
    around: [u32; LANES],
}

impl Sums {
    const ZERO: Self = Self {
        power: [0.0; LANES],
        difference: [0.0; LANES],
        square: [0.0; LANES],
        fourth: [0.0; LANES],
        largest: [0.0; LANES],
        sign_changes: [0; LANES],
        repeats: [0; LANES],
        zeros: [0; LANES],
        low: [0; LANES],
        high: [0; LANES],
        near: [0; LANES],
        around: [0; LANES],
    };

    #[inline(always)]
    fn add(&mut self, lane: usize, sample: Complex32, before: Complex32, origin: f32, rails: Rails<f32>) {
        let Complex32 { re, im } = sample;
        let power = re * re + im * im;
        let difference = power.sqrt() - origin;
        self.power[lane] += power;
        self.difference[lane] += difference;
        self.square[lane] += difference * difference;
        self.fourth[lane] += power * power;
        self.largest[lane] = larger(power, self.largest[lane]);
        self.sign_changes[lane] += u32::from((re > 0.0) != (before.re > 0.0) || (re < 0.0) != (before.re < 0.0));
        self.repeats[lane] += u32::from(sample == before);
        self.zeros[lane] += u32::from(sample == Complex32::ZERO);
        self.low[lane] += u32::from(re <= rails.low) + u32::from(im <= rails.low);
        self.high[lane] += u32::from(re >= rails.high) + u32::from(im >= rails.high);
        self.near[lane] += u32::from(re.abs() >= rails.near) + u32::from(im.abs() >= rails.near);
        self.around[lane] += u32::from(re.abs() >= rails.around) + u32::from(im.abs() >= rails.around);
    }
}

/// Measures at least one sample. The magnitudes must lie within 1e-9 to 1e9, so that fourth powers do not
/// leave the range of single precision. `frames` becomes the mean `|x|^2` of [`FRAMES`] equal parts, fewer where there are
/// fewer samples.
pub(crate) fn measure(samples: &[Complex32], rails: Rails<f32>, frames: &mut Vec<f64>) -> Envelope {
    widest(|| measure_in_lanes(samples, rails, frames))
}

#[inline(always)]
fn measure_in_lanes(samples: &[Complex32], rails: Rails<f32>, frames: &mut Vec<f64>) -> Envelope {
    let n = samples.len();
    // Sums of differences to a magnitude that occurs lose no digits where the envelope is constant.
    let origin = samples[0].norm_sqr().sqrt();
    let (mut power, mut difference, mut square, mut fourth) = (0.0, 0.0, 0.0, 0.0);
    let mut max_power = 0.0_f32;
    let (mut sign_changes, mut repeats, mut zeros) = (0, 0, 0);
    let mut counted = Rails::<usize>::default();
    let parts = FRAMES.min(n);
    frames.clear();
    for frame in 0..parts {
        let (from, to) = (frame * n / parts, (frame + 1) * n / parts);
        let mut frame_power = 0.0;
        for start in (from..to).step_by(BLOCK) {
            let end = to.min(start + BLOCK);
            let mut sums = Sums::ZERO;
            // The first sample has none before it: it stands for its own, and is no repetition.
            let second = start.max(1);
            if start == 0 {
                sums.add(0, samples[0], samples[0], origin, rails);
                sums.repeats[0] = 0;
            }
            let (groups, rest) = samples[second..end].as_chunks::<LANES>();
            let (groups_before, rest_before) = samples[second - 1..end - 1].as_chunks::<LANES>();
            for (group, before) in groups.iter().zip(groups_before) {
                for lane in 0..LANES {
                    sums.add(lane, group[lane], before[lane], origin, rails);
                }
            }
            for (lane, (sample, before)) in rest.iter().zip(rest_before).enumerate() {
                sums.add(lane, *sample, *before, origin, rails);
            }
            frame_power += total(&sums.power);
            difference += total(&sums.difference);
            square += total(&sums.square);
            fourth += total(&sums.fourth);
            max_power = sums.largest.iter().fold(max_power, |a, b| larger(a, *b));
            sign_changes += count(&sums.sign_changes);
            repeats += count(&sums.repeats);
            zeros += count(&sums.zeros);
            counted.low += count(&sums.low);
            counted.high += count(&sums.high);
            counted.near += count(&sums.near);
            counted.around += count(&sums.around);
        }
        power += frame_power;
        frames.push(frame_power / (to - from) as f64);
    }

    let n = n as f64;
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
        kurtosis: if power > 0.0 { fourth * n / (power * power) } else { 0.0 },
        sign_changes,
        repeats,
        zeros,
        rails: counted,
        certain,
    }
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

    const NONE: Rails<f32> = Rails {
        low: f32::NEG_INFINITY,
        high: f32::INFINITY,
        near: f32::INFINITY,
        around: f32::INFINITY,
    };

    fn measured(samples: &[Complex32]) -> Envelope {
        measure(samples, NONE, &mut Vec::new())
    }

    #[test]
    fn rails_repetitions_and_silence_are_counted_once_each_at_any_length() {
        for n in [1, 2, 15, 16, 17, 50, 51, 1023, 1024, 1025, 60_001] {
            let samples: Vec<_> = (0..n)
                .map(|i| match i % 4 {
                    0 | 1 => Complex32::default(),
                    2 => Complex32::new(1.0, -1.0),
                    _ => Complex32::new(0.995, 0.0),
                })
                .collect();
            let rails = Rails {
                low: -1.0,
                high: 1.0,
                near: 0.99,
                around: 1.0,
            };
            let mut frames = Vec::new();
            let envelope = measure(&samples, rails, &mut frames);
            let of = |rests: &[usize]| (0..n).filter(|i| rests.contains(&(i % 4))).count();
            assert_eq!(envelope.zeros, of(&[0, 1]), "{n}");
            assert_eq!(envelope.repeats, of(&[1]), "{n}");
            assert_eq!((envelope.rails.low, envelope.rails.high), (of(&[2]), of(&[2])), "{n}");
            assert_eq!(envelope.rails.near, 2 * of(&[2]) + of(&[3]), "{n}");
            assert_eq!(envelope.rails.around, 2 * of(&[2]), "{n}");
            assert_eq!(envelope.sign_changes, sign_changes(&samples), "{n}");
            assert_eq!(frames.len(), n.min(FRAMES));
            let mean = frames.iter().sum::<f64>() / frames.len() as f64;
            assert!(n % 50 != 0 || (mean - envelope.mean_power).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn kurtosis_is_one_for_a_constant_envelope_and_two_for_gaussian_noise() {
        let mut random = crate::agreement::Random(3);
        let noise: Vec<_> = (0..200_000)
            .map(|_| {
                let (re, im) = random.noise(1.0);
                Complex32::new(re as f32, im as f32)
            })
            .collect();
        assert!((measured(&[Complex32::new(0.6, 0.8); 100]).kurtosis - 1.0).abs() < 1e-6);
        assert!((measured(&noise).kurtosis - 2.0).abs() < 0.04);
        assert_eq!(measured(&[Complex32::default(); 100]).kurtosis, 0.0);
    }

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
        let envelope = measured(&steady);
        assert!(!envelope.certain);
        assert!((envelope.mean_power - 1.0).abs() < 1e-6 && (envelope.mean - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_ramp_has_the_moments_of_a_ramp() {
        let ramp: Vec<_> = (0..2500).map(|i| Complex32::new(0.0, i as f32 / 2500.0)).collect();
        let envelope = measured(&ramp);
        assert!(envelope.certain);
        assert!((envelope.mean - 0.4998).abs() < 1e-6, "{envelope:?}");
        assert!((envelope.std - (1.0_f64 / 12.0).sqrt()).abs() < 1e-5, "{envelope:?}");
        assert!((envelope.mean_power - (2499.0 * 4999.0) / (6.0 * 2500.0 * 2500.0)).abs() < 1e-6);
        assert_eq!(envelope.sign_changes, 0);
    }
}
