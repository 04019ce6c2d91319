//! The power spectrum, and sums over blocks of its bins.
//!
//! Powers are `U[k] = |X[k]|^2`, not divided by the number of samples. The spectrum is in the
//! transform's order (bin 0 is 0 Hz); blocks are listed from minus to plus half the sample rate.

use pulp::Simd;
use rustfft::num_complex::Complex32;

use crate::simd::registers::{deinterleave, pairs, total};
use crate::simd::{MAX_LANES, SUM_BLOCK, dispatch, lane_numbers, largest};

/// Some neighbouring bins.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Block {
    /// First bin, in the transform's order.
    pub first: usize,
    /// Number of bins.
    pub bins: usize,
    /// Sum of `U`.
    pub power: f64,
    /// Sum of `U` times the distance from the first bin, in bins.
    pub moment: f64,
    /// Largest `U`.
    pub largest: f32,
    /// Largest `U` at the bins and half-way between two: a tone there has the power
    /// `|X[k] - X[k+1]|^2 / 2`, on the scale of the noise in one bin.
    pub line: f32,
    /// Sum of `|X[k] - (X[k-1] + X[k+1]) / 2|^2 / 1.5`: `U` under a periodic Hann window, scaled so
    /// that white noise keeps its mean. A strong signal leaks much less far.
    pub hann: f64,
}

impl Block {
    /// Adds bin `number` of the block, given with its neighbours, and returns its power.
    #[inline(always)]
    fn add_bin(&mut self, number: usize, [before, here, after]: [Complex32; 3]) -> f32 {
        let power = here.norm_sqr();
        let between = 0.5 * (here - after).norm_sqr();
        self.power += f64::from(power);
        self.moment += f64::from(power) * number as f64;
        self.largest = self.largest.max(power);
        self.line = self.line.max(power).max(between);
        self.hann += f64::from(hann(before, here, after));
        power
    }

    /// The bins, in the transform's order.
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.bins
    }
}

/// Approximate number of bins in a block of a transform of length `n`: small enough for narrow
/// signals, large enough that there are few blocks to search. A multiple of the lanes of every
/// register.
pub(crate) fn block_bins(n: usize) -> usize {
    (n / 512).clamp(MAX_LANES, 512).next_multiple_of(MAX_LANES)
}

/// A bin's signed distance from 0 Hz, in bins, of a transform of length `n`.
pub(crate) fn signed(bin: usize, n: usize) -> f64 {
    if bin < n - n / 2 {
        bin as f64
    } else {
        bin as f64 - n as f64
    }
}

/// Variance of a sum of neighbouring bins under a Hann window over the variance of a sum of
/// independent ones: the powers of adjacent bins have the correlation 4/9, those two bins apart
/// 1/36.
pub(crate) const HANN_VARIANCE: f64 = 1.0 + 2.0 * (4.0 / 9.0 + 1.0 / 36.0);

/// Bins before the first in a padded spectrum.
pub(crate) const PAD: usize = 1;

/// Fills `power` and `blocks` from a padded `spectrum`, in which the last bin is repeated before
/// bin 0 and bin 0 after the last: `X[n-1], X[0], X[1], ... X[n-1], X[0]`.
pub(crate) fn measure(spectrum: &[Complex32], power: &mut [f32], blocks: &mut Vec<Block>) {
    dispatch!(simd => measure_in_lanes(spectrum: &'a [Complex32], power: &'a mut [f32], blocks: &'a mut Vec<Block>) -> ());
}

#[inline(always)]
fn measure_in_lanes<S: Simd>(simd: S, spectrum: &[Complex32], power: &mut [f32], blocks: &mut Vec<Block>) {
    let n = power.len();
    blocks.clear();
    let negative = n - n / 2;
    for (start, end) in [(negative, n), (0, negative)] {
        // All blocks are whole groups of lanes. The last block also takes the rest: as a block of
        // its own it would scatter more than the others.
        let groups = (end - start) / MAX_LANES;
        let count = (groups * MAX_LANES / block_bins(n)).max(1);
        let mut first = start;
        for block in 1..=count {
            let last = if block == count {
                end
            } else {
                start + block * groups / count * MAX_LANES
            };
            if first < last {
                let block = measure_block(simd, &spectrum[first..last + 2 * PAD], &mut power[first..last]);
                blocks.push(Block { first, ..block });
            }
            first = last;
        }
    }
}

/// `U` of a bin under a periodic Hann window, from the bin and its neighbours; see [`Block::hann`].
#[inline(always)]
pub(crate) fn hann(before: Complex32, here: Complex32, after: Complex32) -> f32 {
    (here - (before + after) * 0.5).norm_sqr() * (1.0 / 1.5)
}

/// Measures one block. `spectrum` begins with the bin before the block, and ends with the one after
/// it.
#[inline(always)]
fn measure_block<S: Simd>(simd: S, spectrum: &[Complex32], power: &mut [f32]) -> Block {
    let bins = power.len();
    let mut block = Block {
        bins,
        ..Block::default()
    };
    // Each part is short enough to sum in single precision.
    let mut done = 0;
    while done < bins {
        let part = (bins - done).min(SUM_BLOCK * S::F32_LANES);
        let spectrum = &spectrum[done..done + part + 2 * PAD];
        measure_part(simd, spectrum, done, &mut power[done..done + part], &mut block);
        done += part;
    }
    block
}

/// Adds the bins from number `at` of the block on to `block`, and stores their powers in `power`.
///
/// Real and imaginary parts stay next to each other until they are squared. Then only the powers
/// need to be separated.
#[inline(always)]
fn measure_part<S: Simd>(simd: S, spectrum: &[Complex32], at: usize, power: &mut [f32], block: &mut Block) {
    let bins = power.len();
    let (zero, minus_half) = (simd.splat_f32s(0.0), simd.splat_f32s(-0.5));
    let (mut powers, mut moments, mut highest, mut lines, mut hanns) = (zero, zero, zero, zero, zero);
    let mut number = lane_numbers::<S>();
    let step = simd.splat_f32s(S::F32_LANES as f32);

    let (out, out_rest) = S::as_mut_simd_f32s(power);
    let done = out.len() * S::F32_LANES;
    let before = pairs::<S>(&spectrum[..bins]);
    let here = pairs::<S>(&spectrum[PAD..][..bins]);
    let after = pairs::<S>(&spectrum[2 * PAD..][..bins]);
    for (((before, here), after), out) in before.iter().zip(here).zip(after).zip(out) {
        let (mut squares, mut between) = ([zero; 2], [zero; 2]);
        for part in 0..2 {
            let difference = simd.sub_f32s(here[part], after[part]);
            between[part] = simd.mul_f32s(difference, difference);
            let neighbours = simd.add_f32s(before[part], after[part]);
            let smooth = simd.mul_add_e_f32s(minus_half, neighbours, here[part]);
            hanns = simd.mul_add_e_f32s(smooth, smooth, hanns);
            squares[part] = simd.mul_f32s(here[part], here[part]);
        }
        let [re, im] = deinterleave(simd, squares);
        let bin = simd.add_f32s(re, im);
        let [re, im] = deinterleave(simd, between);
        *out = bin;
        powers = simd.add_f32s(powers, bin);
        moments = simd.mul_add_e_f32s(bin, number, moments);
        number = simd.add_f32s(number, step);
        highest = simd.max_f32s(highest, bin);
        lines = simd.max_f32s(lines, simd.add_f32s(re, im));
    }
    let sum = total(simd, powers);
    block.power += sum;
    block.moment += total(simd, moments) + at as f64 * sum;
    block.largest = block.largest.max(largest(simd, highest));
    block.line = block.line.max(block.largest).max(0.5 * largest(simd, lines));
    block.hann += total(simd, hanns) * (1.0 / 1.5);
    for (number, out) in (done..).zip(out_rest) {
        *out = block.add_bin(
            at + number,
            [spectrum[number], spectrum[number + PAD], spectrum[number + 2 * PAD]],
        );
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::simd::instruction_set::InstructionSet;

    /// Powers and blocks of a spectrum without padding.
    pub(in crate::estimators) fn measured(spectrum: &[Complex32]) -> (Vec<f32>, Vec<Block>) {
        let extended = [&spectrum[spectrum.len() - 1..], spectrum, &spectrum[..1]].concat();
        let mut power = vec![f32::NAN; spectrum.len()];
        let mut blocks = Vec::new();
        measure(&extended, &mut power, &mut blocks);
        (power, blocks)
    }

    #[test]
    fn blocks_cover_every_bin_once_from_the_left_end_to_the_right() {
        for n in [1, 2, 3, 200, 201, 1600, 2400, 9601, 40_000, 300_001] {
            let (_, blocks) = measured(&vec![Complex32::new(1.0, 0.0); n]);
            let bins: Vec<usize> = blocks.iter().flat_map(Block::range).collect();
            let expected: Vec<usize> = (n - n / 2..n).chain(0..n - n / 2).collect();
            assert_eq!(bins, expected, "{n}");
            assert!((blocks.iter().map(|block| block.power).sum::<f64>() - n as f64).abs() < 1e-9);
        }
    }

    #[test]
    fn every_set_of_instructions_measures_the_same() {
        let mut random = crate::test_signals::Random(11);
        for n in [5, 1600, 40_000, 300_001] {
            let spectrum: Vec<_> = (0..n)
                .map(|_| {
                    let (re, im) = random.noise(1.0);
                    Complex32::new(re as f32, im as f32)
                })
                .collect();
            let at = |k: usize| spectrum[k % n];
            for set in InstructionSet::ALL {
                set.limit();
                let (power, blocks) = measured(&spectrum);
                for block in blocks {
                    let mut expected = Block {
                        first: block.first,
                        bins: block.bins,
                        ..Block::default()
                    };
                    for (number, k) in block.range().enumerate() {
                        let exact = expected.add_bin(number, [at(k + n - 1), at(k), at(k + 1)]);
                        assert!((power[k] - exact).abs() <= 2e-7 * exact, "{k} of {n}");
                    }
                    let near = |a: f64, b: f64| (a - b).abs() <= 2e-6 * b;
                    let agrees = near(block.power, expected.power)
                        && near(block.moment, expected.moment)
                        && near(block.hann, expected.hann)
                        && near(f64::from(block.largest), f64::from(expected.largest))
                        && near(f64::from(block.line), f64::from(expected.line));
                    assert!(agrees, "{block:?}, not {expected:?}; {set:?}");
                }
            }
        }
    }

    #[test]
    fn a_tone_between_two_bins_loses_at_most_1_25_db() {
        let n = 1600;
        let mut worst = f32::INFINITY;
        for offset in 0..=20 {
            let frequency = 100.0 + f64::from(offset) / 20.0;
            let spectrum: Vec<_> = (0..n)
                .map(|k| {
                    let x = frequency - f64::from(k);
                    // The transform of a tone: a Dirichlet kernel.
                    let phase = std::f64::consts::PI * x;
                    let gain = if x == 0.0 {
                        1.0
                    } else {
                        phase.sin() / (phase / f64::from(n)).sin() / f64::from(n)
                    };
                    let turn = phase * (f64::from(n) - 1.0) / f64::from(n);
                    Complex32::new((gain * turn.cos()) as f32, (gain * turn.sin()) as f32)
                })
                .collect();
            let (_, blocks) = measured(&spectrum);
            worst = worst.min(blocks.iter().map(|block| block.line).fold(0.0, f32::max));
        }
        assert!(10.0 * worst.log10() > -1.25, "{worst}");
    }
}
