//! Everything that one pass over the samples yields.

#[cfg(test)]
mod tests;

use std::ops::Range;

use pulp::Simd;
use rustfft::num_complex::Complex32;

use crate::simd::{MAX_LANES, SUM_BLOCK, SplitComplex, count, dispatch, largest, total};

/// Frames in a chunk: 4 ms each, within the 1 to 10 ms in which transmitters are keyed.
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
    /// Changes of the real part's sign from one sample to the next. Zero is a sign of its own.
    pub sign_changes: usize,
    /// Samples equal to the one before.
    pub repeats: usize,
    /// Samples of which both components are zero.
    pub zeros: usize,
    /// Components at or beyond the clipping levels.
    pub at_clipping_levels: usize,
    /// Whether single precision was sufficient for `std`.
    pub certain: bool,
}

impl Envelope {
    /// The kurtosis without a constant of this power. For a constant `d` and other samples `y`
    /// that are independent of it, `E|d + y|^4 = |d|^4 + 4 |d|^2 E|y|^2 + E|y|^4`.
    pub(crate) fn kurtosis_without(&self, constant: f64) -> f64 {
        let rest = self.mean_power - constant;
        let fourth = self.kurtosis * self.mean_power.powi(2) - constant.powi(2) - 4.0 * constant * rest;
        if rest > 0.0 { fourth / rest.powi(2) } else { 0.0 }
    }
}

/// The ends of the scale: components at or below `low`, or at or above `high`, count as clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClippingLevels {
    pub low: f32,
    pub high: f32,
    /// Whether the format ends there; otherwise the levels are a guess.
    pub certain: bool,
}

impl ClippingLevels {
    #[inline(always)]
    fn reached_by(self, component: f32) -> bool {
        component <= self.low || component >= self.high
    }
}

/// Measures at least one sample. The magnitudes must lie within 1e-9 to 1e9, so that fourth powers
/// stay in the range of single precision. `frames` receives the mean `|x|^2` of [`FRAMES`] equal
/// parts, or of each sample if there are fewer.
pub(crate) fn measure(samples: &[Complex32], clipping: ClippingLevels, frames: &mut Vec<f64>) -> Envelope {
    dispatch!(simd => measure_in_lanes(samples: &'a [Complex32], clipping: ClippingLevels, frames: &'a mut Vec<f64>) -> Envelope)
}

#[inline(always)]
fn measure_in_lanes<S: Simd>(
    simd: S,
    samples: &[Complex32],
    clipping: ClippingLevels,
    frames: &mut Vec<f64>,
) -> Envelope {
    let n = samples.len();
    let mut meter = Meter::new(simd, samples, clipping);
    let count = FRAMES.min(n);
    let block_len = SUM_BLOCK * S::F32_LANES;
    frames.clear();
    for frame in 0..count {
        let (from, to) = (frame * n / count, (frame + 1) * n / count);
        let mut power = 0.0;
        for start in (from..to).step_by(block_len) {
            power += meter.add_block(start..to.min(start + block_len));
        }
        frames.push(power / (to - from) as f64);
    }
    meter.finish()
}

/// Sums and counts over some samples. `difference` and `square` are sums of the differences of the
/// magnitudes from the meter's `origin`, and of their squares.
#[derive(Default)]
struct Sums {
    power: f64,
    difference: f64,
    square: f64,
    fourth: f64,
    max_power: f32,
    min_power: f32,
    sign_changes: usize,
    repeats: usize,
    zeros: usize,
    at_clipping_levels: usize,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, sample: Complex32, before: Complex32, origin: f32, clipping: ClippingLevels) {
        let power = sample.re * sample.re + sample.im * sample.im;
        let difference = f64::from(power.sqrt() - origin);
        self.power += f64::from(power);
        self.difference += difference;
        self.square += difference * difference;
        self.fourth += f64::from(power) * f64::from(power);
        self.max_power = self.max_power.max(power);
        self.min_power = self.min_power.min(power);
        self.sign_changes += usize::from(sign(sample.re) != sign(before.re));
        self.repeats += usize::from(sample == before);
        self.at_clipping_levels +=
            usize::from(clipping.reached_by(sample.re)) + usize::from(clipping.reached_by(sample.im));
    }

    #[inline(always)]
    fn add_block(&mut self, block: &Self) {
        self.power += block.power;
        self.difference += block.difference;
        self.square += block.square;
        self.fourth += block.fourth;
        self.max_power = self.max_power.max(block.max_power);
        self.sign_changes += block.sign_changes;
        self.repeats += block.repeats;
        self.zeros += block.zeros;
        self.at_clipping_levels += block.at_clipping_levels;
    }
}

/// Whole registers of these numbers.
#[inline(always)]
fn rows<S: Simd>(parts: &[f32]) -> std::slice::Iter<'_, S::f32s> {
    S::as_simd_f32s(parts).0.iter()
}

/// The sign of a number, 0 for both zeros.
#[inline(always)]
fn sign(value: f32) -> i32 {
    i32::from(value > 0.0) - i32::from(value < 0.0)
}

/// Index of a block's first sample in the split arrays: aligned with the registers. The sample
/// before the block is stored just before it.
const FIRST: usize = MAX_LANES;

/// Measures block by block.
struct Meter<'a, S: Simd> {
    simd: S,
    samples: &'a [Complex32],
    clipping: ClippingLevels,
    /// Magnitude of the first sample. Sums of differences from a magnitude that occurs lose no
    /// digits if the envelope is constant.
    origin: f32,
    components: SplitComplex,
    sums: Sums,
    /// Counts of all blocks, lane by lane.
    sign_changes: S::u32s,
    repeats: S::u32s,
    at_clipping_levels: S::u32s,
}

impl<'a, S: Simd> Meter<'a, S> {
    #[inline(always)]
    fn new(simd: S, samples: &'a [Complex32], clipping: ClippingLevels) -> Self {
        let zero = simd.splat_u32s(0);
        Self {
            simd,
            samples,
            clipping,
            origin: samples[0].norm_sqr().sqrt(),
            components: SplitComplex::ZERO,
            sums: Sums::default(),
            sign_changes: zero,
            repeats: zero,
            at_clipping_levels: zero,
        }
    }

    /// Adds a block of at most [`SUM_BLOCK`] samples for each lane, and returns the sum of their
    /// powers.
    #[inline(always)]
    fn add_block(&mut self, block: Range<usize>) -> f64 {
        // The first sample of all counts as its own predecessor.
        let before = self.samples[block.start.saturating_sub(1)];
        let samples = &self.samples[block];
        (self.components.re[FIRST - 1], self.components.im[FIRST - 1]) = (before.re, before.im);
        self.components.fill(FIRST, samples);
        let (mut sums, done) = self.sum_lanes(samples.len());
        for at in done..samples.len() {
            let before = if at > 0 { samples[at - 1] } else { before };
            sums.add(samples[at], before, self.origin, self.clipping);
        }
        // The power of a small sample may be zero too.
        if sums.min_power == 0.0 {
            sums.zeros = samples.iter().filter(|x| **x == Complex32::default()).count();
        }
        self.sums.add_block(&sums);
        sums.power
    }

    /// Sums over the first `len` samples of the block, as far as they fill registers, and how many
    /// these are.
    #[inline(always)]
    fn sum_lanes(&mut self, len: usize) -> (Sums, usize) {
        let simd = self.simd;
        let zero = simd.splat_f32s(0.0);
        let origins = simd.splat_f32s(self.origin);
        let (low, high) = (simd.splat_f32s(self.clipping.low), simd.splat_f32s(self.clipping.high));
        let one_if = |is: S::m32s| simd.select_u32s(is, simd.splat_u32s(1), simd.splat_u32s(0));
        let (mut powers, mut differences, mut squares, mut fourths, mut highest) = (zero, zero, zero, zero, zero);
        let mut lowest = simd.splat_f32s(f32::INFINITY);
        let SplitComplex { re, im } = &self.components;
        let here = rows::<S>(&re[FIRST..][..len]).zip(rows::<S>(&im[FIRST..][..len]));
        let before = rows::<S>(&re[FIRST - 1..][..len]).zip(rows::<S>(&im[FIRST - 1..][..len]));
        let (mut sign_changes, mut repeats, mut at_clipping_levels) =
            (self.sign_changes, self.repeats, self.at_clipping_levels);
        for ((re, im), (re_before, im_before)) in here.zip(before) {
            let power = simd.mul_add_e_f32s(*re, *re, simd.mul_f32s(*im, *im));
            let difference = simd.sub_f32s(simd.sqrt_f32s(power), origins);
            powers = simd.add_f32s(powers, power);
            differences = simd.add_f32s(differences, difference);
            squares = simd.mul_add_e_f32s(difference, difference, squares);
            fourths = simd.mul_add_e_f32s(power, power, fourths);
            highest = simd.max_f32s(highest, power);
            lowest = simd.min_f32s(lowest, power);

            // Zero is a sign of its own: the sign changes where "above 0" or "below 0" changes.
            let is_above = |re: &S::f32s| simd.greater_than_f32s(*re, zero);
            let is_below = |re: &S::f32s| simd.less_than_f32s(*re, zero);
            let above = simd.xor_m32s(is_above(re), is_above(re_before));
            let below = simd.xor_m32s(is_below(re), is_below(re_before));
            sign_changes = simd.add_u32s(sign_changes, one_if(simd.or_m32s(above, below)));
            let repeated = simd.and_m32s(simd.equal_f32s(*re, *re_before), simd.equal_f32s(*im, *im_before));
            repeats = simd.add_u32s(repeats, one_if(repeated));
            for part in [*re, *im] {
                let at_low = simd.less_than_or_equal_f32s(part, low);
                let at_high = simd.greater_than_or_equal_f32s(part, high);
                at_clipping_levels = simd.add_u32s(at_clipping_levels, one_if(simd.or_m32s(at_low, at_high)));
            }
        }
        (self.sign_changes, self.repeats, self.at_clipping_levels) = (sign_changes, repeats, at_clipping_levels);
        let sums = Sums {
            power: total::<S>(powers),
            difference: total::<S>(differences),
            square: total::<S>(squares),
            fourth: total::<S>(fourths),
            max_power: largest(simd, highest),
            min_power: simd.reduce_min_f32s(lowest),
            ..Sums::default()
        };
        (sums, len / S::F32_LANES * S::F32_LANES)
    }

    #[inline(always)]
    fn finish(self) -> Envelope {
        let sums = self.sums;
        let n = self.samples.len() as f64;
        let shift = sums.difference / n;
        let variance = (sums.square / n - shift * shift).max(0.0);
        let mean = f64::from(self.origin) + shift;
        // Each magnitude is rounded by up to 6e-8 of itself. Equal magnitudes, as a square wave has
        // them, are all rounded alike, which changes the standard deviation by as much. The sums
        // are rounded to 1e-7 of themselves. Both errors stay below 5e-5 of the standard deviation
        // if:
        let certain = variance > 1.5e-6 * mean * mean && variance > 1e-3 * sums.square / n;
        let power = sums.power;
        Envelope {
            mean_power: power / n,
            max_power: f64::from(sums.max_power),
            mean,
            std: variance.sqrt(),
            kurtosis: if power > 0.0 {
                sums.fourth * n / (power * power)
            } else {
                0.0
            },
            sign_changes: sums.sign_changes + count::<S>(self.sign_changes),
            // The first sample was counted as a repetition of itself.
            repeats: sums.repeats + count::<S>(self.repeats) - 1,
            zeros: sums.zeros,
            at_clipping_levels: sums.at_clipping_levels + count::<S>(self.at_clipping_levels),
            certain,
        }
    }
}
