//! Everything that is read off the samples themselves, in one pass.

use pulp::Simd;
use rustfft::num_complex::Complex32;

use crate::simd::{MAX_LANES, SUM_BLOCK, SplitComplex, count, largest, total};

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
    pub at_clipping_levels: usize,
    /// Whether single precision was good enough for `std`.
    pub certain: bool,
}

/// Components at or below `low`, or at or above `high`, are at the end of the scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClippingLevels {
    pub low: f32,
    pub high: f32,
    /// Whether that is where the format ends; otherwise it is a guess.
    pub certain: bool,
}

/// Samples of a block begin here in their rows, in the order of whole registers, and that before them right before.
const FIRST: usize = MAX_LANES;

/// Sums of one block.
#[derive(Default)]
struct Sums {
    power: f64,
    difference: f64,
    square: f64,
    fourth: f64,
    largest: f32,
    /// The smallest power, or infinity.
    smallest: f32,
}

/// Counts so far, lane by lane.
struct Counts<S: Simd> {
    sign_changes: S::u32s,
    repeats: S::u32s,
    at_clipping_levels: S::u32s,
}

impl Sums {
    /// Of the first so many samples, no more than [`SUM_BLOCK`] in each lane, as far as they fill registers; returns how many those
    /// are. `difference` and `square` are of the magnitude's difference from `origin`.
    #[inline(always)]
    fn of<S: Simd>(
        simd: S,
        components: &SplitComplex,
        len: usize,
        origin: f32,
        clipping: ClippingLevels,
        counts: &mut Counts<S>,
    ) -> (Self, usize) {
        let zero = simd.splat_f32s(0.0);
        let origins = simd.splat_f32s(origin);
        let (low, high) = (simd.splat_f32s(clipping.low), simd.splat_f32s(clipping.high));
        let one_if = |is: S::m32s| simd.select_u32s(is, simd.splat_u32s(1), simd.splat_u32s(0));
        let (mut powers, mut differences, mut squares, mut fourths, mut highest) = (zero, zero, zero, zero, zero);
        let mut lowest = simd.splat_f32s(f32::INFINITY);
        let (re, _) = S::as_simd_f32s(&components.re[FIRST..FIRST + len]);
        let (im, _) = S::as_simd_f32s(&components.im[FIRST..FIRST + len]);
        let (re_before, _) = S::as_simd_f32s(&components.re[FIRST - 1..FIRST - 1 + len]);
        let (im_before, _) = S::as_simd_f32s(&components.im[FIRST - 1..FIRST - 1 + len]);
        let (mut sign_changes, mut repeats, mut at_clipping_levels) =
            (counts.sign_changes, counts.repeats, counts.at_clipping_levels);
        for (((re, im), re_before), im_before) in re.iter().zip(im).zip(re_before).zip(im_before) {
            let power = simd.mul_add_e_f32s(*re, *re, simd.mul_f32s(*im, *im));
            let difference = simd.sub_f32s(simd.sqrt_f32s(power), origins);
            powers = simd.add_f32s(powers, power);
            differences = simd.add_f32s(differences, difference);
            squares = simd.mul_add_e_f32s(difference, difference, squares);
            fourths = simd.mul_add_e_f32s(power, power, fourths);
            highest = simd.max_f32s(highest, power);
            lowest = simd.min_f32s(lowest, power);

            // Zero is a sign of its own: that changes where being above or being below it does.
            let above = simd.xor_m32s(
                simd.greater_than_f32s(*re, zero),
                simd.greater_than_f32s(*re_before, zero),
            );
            let below = simd.xor_m32s(simd.less_than_f32s(*re, zero), simd.less_than_f32s(*re_before, zero));
            sign_changes = simd.add_u32s(sign_changes, one_if(simd.or_m32s(above, below)));
            let repeated = simd.and_m32s(simd.equal_f32s(*re, *re_before), simd.equal_f32s(*im, *im_before));
            repeats = simd.add_u32s(repeats, one_if(repeated));
            for part in [*re, *im] {
                let at_low = simd.less_than_or_equal_f32s(part, low);
                let at_high = simd.greater_than_or_equal_f32s(part, high);
                at_clipping_levels = simd.add_u32s(at_clipping_levels, one_if(simd.or_m32s(at_low, at_high)));
            }
        }
        *counts = Counts {
            sign_changes,
            repeats,
            at_clipping_levels,
        };
        let sums = Self {
            power: total::<S>(powers),
            difference: total::<S>(differences),
            square: total::<S>(squares),
            fourth: total::<S>(fourths),
            largest: largest(simd, highest),
            smallest: simd.reduce_min_f32s(lowest),
        };
        (sums, re.len() * S::F32_LANES)
    }

    #[inline(always)]
    fn add(&mut self, power: f32, origin: f32) {
        let difference = f64::from(power.sqrt() - origin);
        self.power += f64::from(power);
        self.difference += difference;
        self.square += difference * difference;
        self.fourth += f64::from(power) * f64::from(power);
        self.largest = self.largest.max(power);
        self.smallest = self.smallest.min(power);
    }
}

/// Measures at least one sample. The magnitudes must lie within 1e-9 to 1e9, so that fourth powers do not
/// leave the range of single precision. `frames` becomes the mean `|x|^2` of [`FRAMES`] equal parts, fewer where there are
/// fewer samples.
pub(crate) fn measure(samples: &[Complex32], clipping: ClippingLevels, frames: &mut Vec<f64>) -> Envelope {
    struct Measure<'a>(&'a [Complex32], ClippingLevels, &'a mut Vec<f64>);
    impl pulp::WithSimd for Measure<'_> {
        type Output = Envelope;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Envelope {
            measure_in_lanes(simd, self.0, self.1, self.2)
        }
    }
    pulp::Arch::new().dispatch(Measure(samples, clipping, frames))
}

#[inline(always)]
fn measure_in_lanes<S: Simd>(
    simd: S,
    samples: &[Complex32],
    clipping: ClippingLevels,
    frames: &mut Vec<f64>,
) -> Envelope {
    let n = samples.len();
    // Sums of differences to a magnitude that occurs lose no digits where the envelope is constant.
    let origin = samples[0].norm_sqr().sqrt();
    let (mut power, mut difference, mut square, mut fourth) = (0.0, 0.0, 0.0, 0.0);
    let mut max_power = 0.0_f32;
    let (mut sign_changes, mut repeats, mut zeros, mut at_clipping_levels) = (0, 0, 0, 0);
    let mut components = SplitComplex::ZERO;
    let none = simd.splat_u32s(0);
    let mut counts = Counts::<S> {
        sign_changes: none,
        repeats: none,
        at_clipping_levels: none,
    };
    let parts = FRAMES.min(n);
    let block_len = SUM_BLOCK * S::F32_LANES;
    frames.clear();
    for frame in 0..parts {
        let (from, to) = (frame * n / parts, (frame + 1) * n / parts);
        let mut frame_power = 0.0;
        for start in (from..to).step_by(block_len) {
            let block = &samples[start..to.min(start + block_len)];
            // The sample before the block comes first; that before the first of all is itself.
            let before = samples[start.saturating_sub(1)];
            (components.re[FIRST - 1], components.im[FIRST - 1]) = (before.re, before.im);
            components.fill(FIRST, block);
            let (mut sums, done) = Sums::of(simd, &components, block.len(), origin, clipping, &mut counts);
            for at in done..block.len() {
                let here = block[at];
                let before = if at > 0 { block[at - 1] } else { before };
                sums.add(here.re * here.re + here.im * here.im, origin);
                sign_changes += usize::from(sign(here.re) != sign(before.re));
                repeats += usize::from(here == before);
                at_clipping_levels +=
                    usize::from(clipping.reached_by(here.re)) + usize::from(clipping.reached_by(here.im));
            }
            frame_power += sums.power;
            difference += sums.difference;
            square += sums.square;
            fourth += sums.fourth;
            max_power = max_power.max(sums.largest);
            // The square of a small number may be zero as well.
            if sums.smallest == 0.0 {
                zeros += block.iter().filter(|sample| **sample == Complex32::default()).count();
            }
        }
        power += frame_power;
        frames.push(frame_power / (to - from) as f64);
    }
    sign_changes += count::<S>(counts.sign_changes);
    repeats += count::<S>(counts.repeats);
    at_clipping_levels += count::<S>(counts.at_clipping_levels);
    // The first sample repeats none.
    repeats -= 1;

    let n = n as f64;
    let shift = difference / n;
    let variance = (square / n - shift * shift).max(0.0);
    let mean = f64::from(origin) + shift;
    // Each magnitude is rounded by up to 6e-8 of itself, all those of one strength alike, as a square wave's are: the standard
    // deviation by as much. The sums are rounded to 1e-7 of theirs. Both stay below 5e-5 of the standard deviation if:
    let certain = variance > 1.5e-6 * mean * mean && variance > 1e-3 * square / n;
    Envelope {
        mean_power: power / n,
        max_power: f64::from(max_power),
        mean,
        std: variance.sqrt(),
        kurtosis: if power > 0.0 { fourth * n / (power * power) } else { 0.0 },
        sign_changes,
        repeats,
        zeros,
        at_clipping_levels,
        certain,
    }
}

/// The sign of either zero is 0.
#[inline(always)]
fn sign(value: f32) -> i32 {
    i32::from(value > 0.0) - i32::from(value < 0.0)
}

impl ClippingLevels {
    #[inline(always)]
    fn reached_by(self, component: f32) -> bool {
        component <= self.low || component >= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often `sign(re)` differs from that of the sample before.
    fn sign_changes(samples: &[Complex32]) -> usize {
        samples
            .windows(2)
            .filter(|pair| sign(pair[0].re) != sign(pair[1].re))
            .count()
    }

    const NONE: ClippingLevels = ClippingLevels {
        low: f32::NEG_INFINITY,
        high: f32::INFINITY,
        certain: false,
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
            let clipping = ClippingLevels {
                low: -1.0,
                high: 1.0,
                certain: true,
            };
            let mut frames = Vec::new();
            let envelope = measure(&samples, clipping, &mut frames);
            let of = |rests: &[usize]| (0..n).filter(|i| rests.contains(&(i % 4))).count();
            assert_eq!(envelope.zeros, of(&[0, 1]), "{n}");
            assert_eq!(envelope.repeats, of(&[1]), "{n}");
            assert_eq!(envelope.at_clipping_levels, 2 * of(&[2]), "{n}");
            assert_eq!(envelope.sign_changes, sign_changes(&samples), "{n}");
            assert_eq!(frames.len(), n.min(FRAMES));
            let mean = frames.iter().sum::<f64>() / frames.len() as f64;
            assert!(n % 50 != 0 || (mean - envelope.mean_power).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn kurtosis_is_one_for_a_constant_envelope_and_two_for_gaussian_noise() {
        let mut random = crate::test_signals::Random(3);
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
        let repeated = |values: &[f32], times| {
            let samples: Vec<_> = values.iter().map(|re| Complex32::new(*re, 1.0)).collect();
            measured(&samples.repeat(times)).sign_changes
        };
        for (values, inside, between) in [
            (&[1.0, -1.0, -2.0, 3.0][..], 2, 0),
            (&[1.0, 0.0, -1.0], 2, 1),
            (&[0.0, -0.0, 0.0], 0, 0),
            (&[5.0], 0, 0),
        ] {
            assert_eq!(repeated(values, 1), inside);
            assert_eq!(repeated(values, 5_000), 5_000 * inside + 4_999 * between);
        }
    }

    #[test]
    fn a_constant_envelope_is_not_trusted_to_single_precision() {
        let steady = vec![Complex32::new(0.6, 0.8); 3000];
        let envelope = measured(&steady);
        assert!(!envelope.certain);
        assert!((envelope.mean_power - 1.0).abs() < 1e-6 && (envelope.mean - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_square_wave_with_little_noise_is_not_trusted_to_single_precision() {
        // Four strengths, each rounded in its own way: of 200 samples of this kind one was 1.9e-4 off.
        let strengths = [0.6, 0.600_03, 0.599_98, 0.600_01];
        let of = |scale: f32| (0..200).map(move |i| Complex32::new(0.0, 0.6 + scale * (strengths[i % 4] - 0.6)));
        assert!(!measured(&of(1.0).collect::<Vec<_>>()).certain);
        assert!(measured(&of(1e3).collect::<Vec<_>>()).certain);
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
