//! Everything that one pass over the samples yields.

mod kurtosis_variance;
mod signs;
#[cfg(test)]
mod tests;

use std::ops::Range;

use pulp::Simd;
use rustfft::num_complex::Complex32;

use self::kurtosis_variance::kurtosis_variance;
use self::signs::Signs;
use super::batch_means;
use crate::simd::registers::{bits, deinterleave, pairs, total};
use crate::simd::{SUM_BLOCK, dispatch, largest};

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
    /// Variance of `mean_power` and of `kurtosis` as estimates, from the scatter of the frames.
    /// That of the quotient by the delta method (Kendall and Stuart, vol. 1, 10.6).
    pub power_variance: f64,
    pub kurtosis_variance: f64,
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

/// The ends of the scale: components at or below `low`, or at or above `high`, count as clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClippingLevels {
    pub low: f32,
    pub high: f32,
    /// Whether the format ends at `low` and at `high`; otherwise the levels are a guess.
    pub at_ends: [bool; 2],
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
    let mut fourths = [0.0; FRAMES];
    for (frame, fourth) in fourths[..count].iter_mut().enumerate() {
        let (from, to) = (frame * n / count, (frame + 1) * n / count);
        let before = meter.sums.fourth;
        let mut power = 0.0;
        for start in (from..to).step_by(block_len) {
            power += meter.add_block(start..to.min(start + block_len));
        }
        frames.push(power / (to - from) as f64);
        *fourth = (meter.sums.fourth - before) / (to - from) as f64;
    }
    let envelope = meter.finish();
    Envelope {
        power_variance: batch_means::variance(frames),
        kurtosis_variance: kurtosis_variance(envelope.mean_power, envelope.kurtosis, frames, &mut fourths[..count]),
        ..envelope
    }
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
        self.sign_changes += usize::from(sign(sample.re) != sign(before.re));
        self.repeats += usize::from(sample == before);
        self.zeros += usize::from(sample == Complex32::default());
        self.at_clipping_levels +=
            usize::from(clipping.reached_by(sample.re)) + usize::from(clipping.reached_by(sample.im));
    }
}

/// The sign of a number, 0 for both zeros.
#[inline(always)]
fn sign(value: f32) -> i32 {
    i32::from(value > 0.0) - i32::from(value < 0.0)
}

/// Measures block by block.
struct Meter<'a, S: Simd> {
    simd: S,
    samples: &'a [Complex32],
    clipping: ClippingLevels,
    /// Magnitude of the first sample. Sums of differences from a magnitude that occurs lose no
    /// digits if the envelope is constant.
    origin: f32,
    sums: Sums,
}

impl<'a, S: Simd> Meter<'a, S> {
    #[inline(always)]
    fn new(simd: S, samples: &'a [Complex32], clipping: ClippingLevels) -> Self {
        Self {
            simd,
            samples,
            clipping,
            origin: samples[0].norm_sqr().sqrt(),
            sums: Sums::default(),
        }
    }

    /// Adds a block of at most [`SUM_BLOCK`] samples for each lane, and returns the sum of their
    /// powers.
    #[inline(always)]
    fn add_block(&mut self, block: Range<usize>) -> f64 {
        let power_before = self.sums.power;
        // The first sample of all has none before it, and counts as no change and no repetition.
        let mut start = block.start;
        if start == 0 {
            let first = self.samples[0];
            self.sums.add(first, first, self.origin, self.clipping);
            self.sums.repeats -= 1;
            start = 1;
        }
        let in_registers = (block.end - start) / S::F32_LANES * S::F32_LANES;
        self.sum_lanes(start, start + in_registers);
        for at in start + in_registers..block.end {
            self.sums
                .add(self.samples[at], self.samples[at - 1], self.origin, self.clipping);
        }
        self.sums.power - power_before
    }

    /// Adds the samples from `start`, which is not 0, to `end`. They fill registers.
    #[inline(always)]
    fn sum_lanes(&mut self, start: usize, end: usize) {
        let simd = self.simd;
        let zero = simd.splat_f32s(0.0);
        let origins = simd.splat_f32s(self.origin);
        let (mut powers, mut differences, mut squares, mut fourths, mut highest) = (zero, zero, zero, zero, zero);
        let (mut lowest, mut most, mut least) = (simd.splat_f32s(f32::INFINITY), zero, zero);
        let (mut sign_changes, mut repeats) = (0, 0);
        let mut signs = Signs::of(self.samples[start - 1].re, S::F32_LANES);
        let here = pairs::<S>(&self.samples[start..end]);
        let before = pairs::<S>(&self.samples[start - 1..end - 1]);
        for (here, before) in here.iter().zip(before) {
            let [re, im] = deinterleave(simd, *here);
            let power = simd.mul_add_e_f32s(re, re, simd.mul_f32s(im, im));
            let difference = simd.sub_f32s(simd.sqrt_f32s(power), origins);
            powers = simd.add_f32s(powers, power);
            differences = simd.add_f32s(differences, difference);
            squares = simd.mul_add_e_f32s(difference, difference, squares);
            fourths = simd.mul_add_e_f32s(power, power, fourths);
            highest = simd.max_f32s(highest, power);
            lowest = simd.min_f32s(lowest, power);
            most = simd.max_f32s(most, simd.max_f32s(re, im));
            least = simd.min_f32s(least, simd.min_f32s(re, im));

            let above = bits(simd, simd.greater_than_f32s(re, zero));
            let below = bits(simd, simd.less_than_f32s(re, zero));
            sign_changes += signs.changes(above, below, S::F32_LANES);
            // The bits of the real and of the imaginary part of a sample are next to each other.
            let first = bits(simd, simd.equal_f32s(here[0], before[0]));
            let equal = first | bits(simd, simd.equal_f32s(here[1], before[1])) << S::F32_LANES;
            repeats += (equal & (equal >> 1) & 0x5555_5555).count_ones();
        }
        let sums = &mut self.sums;
        sums.power += total(simd, powers);
        sums.difference += total(simd, differences);
        sums.square += total(simd, squares);
        sums.fourth += total(simd, fourths);
        sums.max_power = sums.max_power.max(largest(simd, highest));
        sums.sign_changes += sign_changes as usize;
        sums.repeats += repeats as usize;
        let samples = &self.samples[start..end];
        // The power of a small sample may be zero too.
        if simd.reduce_min_f32s(lowest) == 0.0 {
            sums.zeros += samples.iter().filter(|x| **x == Complex32::default()).count();
        }
        if self.clipping.reached_by(simd.reduce_max_f32s(most)) || self.clipping.reached_by(simd.reduce_min_f32s(least))
        {
            self.sums.at_clipping_levels += self.count_clipped(samples);
        }
    }

    /// Components at or beyond the clipping levels.
    #[inline(always)]
    fn count_clipped(&self, samples: &[Complex32]) -> usize {
        let simd = self.simd;
        let (low, high) = (simd.splat_f32s(self.clipping.low), simd.splat_f32s(self.clipping.high));
        let mut count = 0;
        for components in S::as_simd_f32s(bytemuck::cast_slice(samples)).0 {
            let at_low = simd.less_than_or_equal_f32s(*components, low);
            let at_high = simd.greater_than_or_equal_f32s(*components, high);
            count += bits(simd, simd.or_m32s(at_low, at_high)).count_ones();
        }
        count as usize
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
            power_variance: 0.0,
            kurtosis_variance: 0.0,
            sign_changes: sums.sign_changes,
            repeats: sums.repeats,
            zeros: sums.zeros,
            at_clipping_levels: sums.at_clipping_levels,
            certain,
        }
    }
}
