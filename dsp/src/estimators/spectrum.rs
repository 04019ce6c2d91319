//! What is read off the power spectrum.
//!
//! Powers here are `U[k] = |X[k]|^2`, not divided by the number of samples. The spectrum stays in the
//! transform's order (bin 0 is 0 Hz), blocks of it are listed from minus to plus half the sample rate.

use pulp::Simd;
use rustfft::num_complex::Complex32;

use crate::simd::{MAX_LANES, SPLIT_LEN, SUM_BLOCK, SplitComplex, dispatch, largest, total};

/// Bounds on the error of a single-precision transform. Measured against double precision over lengths
/// from 1,600 to 400,000 and signals of eight kinds, the errors are 1.0e-7 to 1.7e-7 rms (2.8e-7 for lengths with
/// large prime factors) of the root mean square of all `X[k]`; beside a strong line there are spurs, and an error
/// of the line itself, of up to 1.8e-7 of the line. `SPREAD` bounds the first kind for any one bin.
pub(crate) const SPREAD: f64 = 1.5e-6;
/// See [`SPREAD`]: spurs, as a part of the largest `X[k]`.
pub(crate) const SPURS: f64 = 2.5e-7;
/// See [`SPREAD`]: four standard deviations of a sum of independent errors, twice since powers are squares.
const SUMMED: f64 = 2.5e-6;

/// Some neighbouring bins. Bin `first` is counted in the transform's order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    /// First bin.
    pub first: usize,
    /// Number of bins.
    pub bins: usize,
    /// Sum of `U`.
    pub power: f64,
    /// Sum of `U` times the distance from the first bin, in bins.
    pub moment: f64,
    /// Largest `U`.
    pub largest: f32,
    /// Largest `U` at the bins or half-way between two: `|X[k] - X[k+1]|^2 / 2` is what a tone there
    /// leaves, on the scale of the noise in one bin.
    pub line: f32,
    /// Sum of `|X[k] - (X[k-1] + X[k+1]) / 2|^2 / 1.5`: `U` as a periodic Hann window would have it, on the scale on
    /// which white noise keeps its mean. A strong signal leaks much less far.
    pub hann: f64,
}

/// Bins in a block, about: fine enough for narrow signals, few enough blocks to search. A multiple of all lanes.
pub(crate) fn block_bins(n: usize) -> usize {
    (n / 512).clamp(MAX_LANES, 512).next_multiple_of(MAX_LANES)
}

/// Bins before the first in a padded spectrum.
pub(crate) const PAD: usize = 1;

/// Fills `power` and `blocks` from `spectrum`, in which bin 0 follows the last and is followed by the last
/// but one again: `X[n-1], X[0], X[1], ... X[n-1], X[0]`.
pub(crate) fn measure(spectrum: &[Complex32], power: &mut [f32], blocks: &mut Vec<Block>) {
    struct Measure<'a>(&'a [Complex32], &'a mut [f32], &'a mut Vec<Block>);
    impl pulp::WithSimd for Measure<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            measure_in_lanes(simd, self.0, self.1, self.2);
        }
    }
    pulp::Arch::new().dispatch(Measure(spectrum, power, blocks));
}

#[inline(always)]
fn measure_in_lanes<S: Simd>(simd: S, spectrum: &[Complex32], power: &mut [f32], blocks: &mut Vec<Block>) {
    let n = power.len();
    blocks.clear();
    let mut components = SplitComplex::ZERO;
    let negative = n - n / 2;
    for (start, end) in [(negative, n), (0, negative)] {
        // Whole groups of lanes in all blocks but the last, which has the rest as well: alone it would scatter more than others.
        let groups = (end - start) / MAX_LANES;
        let count = (groups * MAX_LANES / block_bins(n)).max(1);
        let border = |block: usize| {
            if block == count {
                end
            } else {
                start + block * groups / count * MAX_LANES
            }
        };
        // Bins from here to there are in `components`, with one on either side.
        let mut filled = start..start;
        for block in 0..count {
            let (first, last) = (border(block), border(block + 1));
            if first == last {
                continue;
            }
            if last > filled.end {
                filled = first..end.min(first + SPLIT_LEN);
                components.fill(0, &spectrum[first..filled.end + 2 * PAD]);
            }
            let block = measure_block(simd, &components, first - filled.start, &mut power[first..last]);
            blocks.push(Block { first, ..block });
        }
    }
}

/// `U` as a periodic Hann window would have it; see [`Block::hann`].
pub(crate) fn hann(before: Complex32, here: Complex32, after: Complex32) -> f32 {
    hann_of([before.re, here.re, after.re], [before.im, here.im, after.im])
}

#[inline(always)]
fn hann_of(re: [f32; 3], im: [f32; 3]) -> f32 {
    let re = re[1] - 0.5 * (re[0] + re[2]);
    let im = im[1] - 0.5 * (im[0] + im[2]);
    (re * re + im * im) * (1.0 / 1.5)
}

/// In `components` the bin before the block is number `from`.
#[inline(always)]
fn measure_block<S: Simd>(simd: S, components: &SplitComplex, from: usize, power: &mut [f32]) -> Block {
    let bins = power.len();
    let mut block = Block {
        first: 0,
        bins,
        power: 0.0,
        moment: 0.0,
        largest: 0.0,
        line: 0.0,
        hann: 0.0,
    };
    // No lane sums more terms than single precision is good for.
    let mut done = 0;
    while done < bins {
        let part = (bins - done).min(SUM_BLOCK * S::F32_LANES);
        measure_part(simd, components, from, done, &mut power[done..done + part], &mut block);
        done += part;
    }
    block
}

/// Adds the bins whose powers go to `power` to the block, of which they are number `at` and following.
#[inline(always)]
fn measure_part<S: Simd>(
    simd: S,
    components: &SplitComplex,
    from: usize,
    at: usize,
    power: &mut [f32],
    block: &mut Block,
) {
    let bins = power.len();
    let rows = |offset: usize| {
        let from = from + at + offset;
        let (re, _) = S::as_simd_f32s(&components.re[from..from + bins]);
        let (im, _) = S::as_simd_f32s(&components.im[from..from + bins]);
        re.iter().zip(im)
    };
    let splat = |value: f32| simd.splat_f32s(value);
    let square = |re: S::f32s, im: S::f32s| simd.mul_add_e_f32s(re, re, simd.mul_f32s(im, im));
    let (half, minus_half) = (splat(0.5), splat(-0.5));
    let (mut powers, mut moments, mut highest, mut lines, mut hanns) =
        (splat(0.0), splat(0.0), splat(0.0), splat(0.0), splat(0.0));
    let mut first_places = [0.0; MAX_LANES];
    for (lane, place) in first_places.iter_mut().enumerate() {
        *place = lane as f32;
    }
    let mut place = S::as_simd_f32s(&first_places[..S::F32_LANES]).0[0];
    let step = splat(S::F32_LANES as f32);

    let (out, out_rest) = S::as_mut_simd_f32s(power);
    let whole = out.len() * S::F32_LANES;
    for (((before, here), after), out) in rows(0).zip(rows(PAD)).zip(rows(2 * PAD)).zip(out) {
        let bin = square(*here.0, *here.1);
        let between = square(simd.sub_f32s(*here.0, *after.0), simd.sub_f32s(*here.1, *after.1));
        let smooth = |before, here, after| simd.mul_add_e_f32s(minus_half, simd.add_f32s(before, after), here);
        let hann = square(
            smooth(*before.0, *here.0, *after.0),
            smooth(*before.1, *here.1, *after.1),
        );
        *out = bin;
        powers = simd.add_f32s(powers, bin);
        moments = simd.mul_add_e_f32s(bin, place, moments);
        place = simd.add_f32s(place, step);
        highest = simd.max_f32s(highest, bin);
        lines = simd.max_f32s(lines, simd.max_f32s(bin, simd.mul_f32s(half, between)));
        hanns = simd.add_f32s(hanns, hann);
    }
    let sum = total::<S>(powers);
    block.power += sum;
    block.moment += total::<S>(moments) + at as f64 * sum;
    block.largest = block.largest.max(largest(simd, highest));
    block.line = block.line.max(largest(simd, lines));
    block.hann += total::<S>(hanns) / 1.5;
    for (number, out) in out_rest.iter_mut().enumerate() {
        let at = at + whole + number;
        let neighbours = |row: &[f32]| [row[from + at], row[from + at + PAD], row[from + at + 2 * PAD]];
        let (re, im) = (neighbours(&components.re), neighbours(&components.im));
        let bin = re[1] * re[1] + im[1] * im[1];
        let between = 0.5 * ((re[1] - re[2]).powi(2) + (im[1] - im[2]).powi(2));
        *out = bin;
        block.power += f64::from(bin);
        block.moment += f64::from(bin) * at as f64;
        block.largest = block.largest.max(bin);
        block.line = block.line.max(bin).max(between);
        block.hann += f64::from(hann_of(re, im));
    }
}

/// Numbers from the power spectrum, frequencies counted in bins from 0 Hz, powers in units of `U`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Sum of `U`.
    pub total: f64,
    /// Largest `U`.
    pub peak_power: f64,
    /// Where it is; the first of equals.
    pub peak: f64,
    /// Bins above half the largest.
    pub above_half: usize,
    /// Sum of `U` times frequency.
    pub moment: f64,
    /// First bin at which the sum from the left reaches 85 % of the total.
    pub rolloff: f64,
    /// Whether the errors of single precision cannot have moved any of these but the moment beyond its tolerance.
    pub certain: bool,
    /// Whether they cannot have moved the moment beyond its own, which is a part of itself: that of white noise may be anything
    /// near 0.
    pub moment_certain: bool,
}

/// Reads the shape off `power` and the blocks made from it.
pub(crate) fn shape(power: &[f32], blocks: &[Block]) -> Shape {
    let n = power.len();
    let signed = |bin: usize| {
        if bin < n - n / 2 {
            bin as f64
        } else {
            bin as f64 - n as f64
        }
    };
    let bins = |block: &Block| block.first..block.first + block.bins;

    let total: f64 = blocks.iter().map(|block| block.power).sum();
    let moment: f64 = blocks
        .iter()
        .map(|block| signed(block.first) * block.power + block.moment)
        .sum();

    let mut highest = blocks[0];
    for block in blocks {
        if block.largest > highest.largest {
            highest = *block;
        }
    }
    let peak_power = highest.largest;
    let peak = bins(&highest)
        .find(|bin| power[*bin] >= peak_power)
        .unwrap_or(highest.first);

    // An amplitude error e makes a power p uncertain by 2 sqrt(p) e + e^2, and so does that of the level.
    let e = SPREAD * (total / n as f64).sqrt() + SPURS * f64::from(peak_power).sqrt();
    let uncertainty = |p: f32| 4.0 * f64::from(p).sqrt() * e + e * e;
    let half = 0.5 * peak_power;
    let around = |level: f32| {
        let uncertainty = narrow(uncertainty(level));
        dispatch!(count_around(power: &'a [f32], blocks: &'a [Block], level: f32, uncertainty: f32) -> (usize, usize))
    };
    let (above_half, near_half) = around(half);
    let (_, near_peak) = around(peak_power);

    // Errors of sums of powers p[k], and of k p[k]: independent ones of the transform grow with the root of
    // the sum of p (or k^2 p), those in proportion to each power with the root of the sum of p^2 (or k^2 p^2),
    // which in a block is at most its sum times its largest.
    let (mut plain, mut squared, mut plain_moment, mut squared_moment) = (0.0, 0.0, 0.0, 0.0);
    for block in blocks {
        let far = signed(block.first).abs() + block.bins as f64;
        let square = block.power * f64::from(block.largest);
        plain += block.power;
        squared += square;
        plain_moment += far * far * block.power;
        squared_moment += far * far * square;
    }
    let amplitude = (total / n as f64).sqrt();
    let sum_error = SUMMED * amplitude * plain.sqrt() + 2.0 * SPURS * squared.sqrt();
    let moment_error = SUMMED * amplitude * plain_moment.sqrt() + 2.0 * SPURS * squared_moment.sqrt();

    let (rolloff, rolloff_certain) = rolloff(power, blocks, total, sum_error);
    let moment_certain = moment.abs() > 1e4 * moment_error;
    Shape {
        total,
        peak_power: f64::from(peak_power),
        peak: signed(peak),
        above_half,
        moment,
        rolloff: signed(rolloff),
        certain: near_half == 0 && near_peak <= 1 && rolloff_certain,
        moment_certain,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a bound needs no more digits")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// How many powers are above `level`, and how many within `uncertainty` of it. Blocks that lie below are passed over.
#[inline(always)]
fn count_around(power: &[f32], blocks: &[Block], level: f32, uncertainty: f32) -> (usize, usize) {
    let lowest = level - uncertainty;
    let (mut above, mut near) = (0, 0);
    for block in blocks.iter().filter(|block| block.largest >= lowest) {
        let (mut block_above, mut block_near) = (0_u32, 0_u32);
        for &value in &power[block.first..block.first + block.bins] {
            block_above += u32::from(value > level);
            block_near += u32::from((value - level).abs() <= uncertainty);
        }
        above += block_above as usize;
        near += block_near as usize;
    }
    (above, near)
}

/// The bin where 85 % of the total is reached, and whether it is certain to within two bins.
fn rolloff(power: &[f32], blocks: &[Block], total: f64, error: f64) -> (usize, bool) {
    let n = power.len();
    let target = 0.85 * total;
    let mut reached = 0.0;
    for block in blocks {
        if reached + block.power < target {
            reached += block.power;
            continue;
        }
        for bin in block.first..block.first + block.bins {
            reached += f64::from(power[bin]);
            if reached >= target {
                let step = |ahead: usize| f64::from(power[(bin + n + ahead - 2) % n]);
                let two_on = reached + step(3) + step(4);
                let three_back = reached - step(2) - step(1) - step(0);
                let certain = two_on > target + error && three_back < target - error;
                return (bin, certain);
            }
        }
    }
    // Rounding kept the sum below the target up to the last bin, or all is zero.
    (n - n / 2 - 1, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(spectrum: &[Complex32]) -> (Vec<f32>, Vec<Block>) {
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
            let bins: Vec<usize> = blocks
                .iter()
                .flat_map(|block| block.first..block.first + block.bins)
                .collect();
            let expected: Vec<usize> = (n - n / 2..n).chain(0..n - n / 2).collect();
            assert_eq!(bins, expected, "{n}");
            assert!((blocks.iter().map(|block| block.power).sum::<f64>() - n as f64).abs() < 1e-9);
        }
    }

    #[test]
    fn one_line_gives_its_place_in_all_numbers() {
        let n = 2400;
        for (bin, signed) in [(3, 3.0), (0, 0.0), (2399, -1.0), (1200, -1200.0), (1199, 1199.0)] {
            let mut spectrum = vec![Complex32::new(0.001, 0.0); n];
            spectrum[bin] = Complex32::new(0.0, 2.0);
            let (power, blocks) = measured(&spectrum);
            let shape = shape(&power, &blocks);
            assert_eq!((shape.peak, shape.rolloff, shape.above_half), (signed, signed, 1));
            assert!((shape.moment / shape.total - signed).abs() < 1.0, "{shape:?}");
            assert!((shape.peak_power - 4.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_first_of_equal_peaks_wins_and_is_called_uncertain() {
        let mut spectrum = vec![Complex32::new(0.01, 0.0); 400];
        for bin in [10, 390] {
            spectrum[bin] = Complex32::new(1.0, 0.0);
        }
        let (power, blocks) = measured(&spectrum);
        let shape = shape(&power, &blocks);
        assert_eq!(shape.peak, -10.0);
        assert!(!shape.certain);
    }

    #[test]
    fn a_tone_between_two_bins_loses_no_more_than_a_quarter_over_a_decibel() {
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
