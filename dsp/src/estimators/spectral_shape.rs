//! Numbers that describe the shape of the power spectrum, and whether they are certain.

use super::spectrum::{Block, signed};
use crate::simd::{dispatch, narrow};

/// Bounds on the error of a single-precision transform. Compared with double precision over lengths
/// from 1,600 to 400,000 and signals of eight kinds, the errors are 1.0e-7 to 1.7e-7 rms (2.8e-7
/// for lengths with large prime factors) of the root mean square of all `X[k]`. A strong line adds
/// spurs, and an error of the line itself, of up to 1.8e-7 of the line. `SPREAD` bounds the first
/// kind of error for any one bin.
pub(crate) const SPREAD: f64 = 1.5e-6;
/// See [`SPREAD`]: bound on the spurs, relative to the largest `X[k]`.
pub(crate) const SPURS: f64 = 2.5e-7;
/// See [`SPREAD`]: four standard deviations of a sum of independent errors, twice because powers
/// are squares.
const SUMMED: f64 = 2.5e-6;

/// Numbers from the power spectrum. Frequencies are in bins from 0 Hz, powers in units of `U`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Sum of `U`.
    pub total: f64,
    /// Largest `U`.
    pub peak_power: f64,
    /// Frequency of the largest `U`; of equal ones the first.
    pub peak: f64,
    /// Bins above half the largest.
    pub above_half: usize,
    /// Sum of `U` times frequency.
    pub moment: f64,
    /// First bin at which the sum from the left reaches 85 % of the total.
    pub rolloff: f64,
    /// Whether the errors of single precision cannot move any of these numbers beyond its
    /// tolerance. The moment is not included.
    pub certain: bool,
    /// Whether they cannot move the moment beyond its tolerance. That is relative to the moment,
    /// and the moment of white noise may be any number near 0.
    pub moment_certain: bool,
}

impl Shape {
    /// Computes the shape from `power` and its `blocks`.
    pub(crate) fn of(power: &[f32], blocks: &[Block]) -> Self {
        let n = power.len();
        let total: f64 = blocks.iter().map(|block| block.power).sum();
        let moment: f64 = blocks
            .iter()
            .map(|block| signed(block.first, n) * block.power + block.moment)
            .sum();

        let mut highest = blocks[0];
        for block in blocks {
            if block.largest > highest.largest {
                highest = *block;
            }
        }
        let peak_power = highest.largest;
        let peak = highest.range().find(|bin| power[*bin] >= peak_power);

        // An error e of an amplitude changes a power p by up to 2 sqrt(p) e + e^2. The level that
        // it is compared with has the same error.
        let e = SPREAD * (total / n as f64).sqrt() + SPURS * f64::from(peak_power).sqrt();
        let around = |level: f32| {
            let uncertainty = narrow(4.0 * f64::from(level).sqrt() * e + e * e);
            dispatch!(count_around(power: &'a [f32], blocks: &'a [Block], level: f32, uncertainty: f32) -> (usize, usize))
        };
        let (above_half, near_half) = around(0.5 * peak_power);
        let (_, near_peak) = around(peak_power);

        let (sum_error, moment_error) = sum_errors(blocks, total, n);
        let (rolloff, rolloff_certain) = rolloff(power, blocks, total, sum_error);
        Self {
            total,
            peak_power: f64::from(peak_power),
            peak: signed(peak.unwrap_or(highest.first), n),
            above_half,
            moment,
            rolloff: signed(rolloff, n),
            certain: near_half == 0 && near_peak <= 1 && rolloff_certain,
            moment_certain: moment.abs() > 1e4 * moment_error,
        }
    }
}

/// Bounds on the errors of the sum of the powers `p[k]`, and of the sum of `k p[k]`.
///
/// The independent errors of the transform grow with the root of the sum of `p` (or `k^2 p`).
/// Errors in proportion to each power grow with the root of the sum of `p^2` (or `k^2 p^2`), which
/// in a block is at most its sum times its largest power.
fn sum_errors(blocks: &[Block], total: f64, n: usize) -> (f64, f64) {
    let (mut plain, mut squared, mut plain_moment, mut squared_moment) = (0.0, 0.0, 0.0, 0.0);
    for block in blocks {
        let far = signed(block.first, n).abs() + block.bins as f64;
        let square = block.power * f64::from(block.largest);
        plain += block.power;
        squared += square;
        plain_moment += far * far * block.power;
        squared_moment += far * far * square;
    }
    let amplitude = (total / n as f64).sqrt();
    let error = |plain: f64, squared: f64| SUMMED * amplitude * plain.sqrt() + 2.0 * SPURS * squared.sqrt();
    (error(plain, squared), error(plain_moment, squared_moment))
}

/// How many powers are above `level`, and how many within `uncertainty` of it. Blocks below are
/// skipped.
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
        for bin in block.range() {
            reached += f64::from(power[bin]);
            if reached >= target {
                let step = |ahead: usize| f64::from(power[(bin + n + ahead - 2) % n]);
                let two_bins_later = reached + step(3) + step(4);
                let three_bins_earlier = reached - step(2) - step(1) - step(0);
                let certain = two_bins_later > target + error && three_bins_earlier < target - error;
                return (bin, certain);
            }
        }
    }
    // All powers are zero, or rounding kept the sum below the target up to the last bin.
    (n - n / 2 - 1, false)
}

#[cfg(test)]
mod tests {
    use rustfft::num_complex::Complex32;

    use super::super::spectrum::tests::measured;
    use super::*;

    #[test]
    fn one_line_determines_all_numbers() {
        let n = 2400;
        for (bin, signed) in [(3, 3.0), (0, 0.0), (2399, -1.0), (1200, -1200.0), (1199, 1199.0)] {
            let mut spectrum = vec![Complex32::new(0.001, 0.0); n];
            spectrum[bin] = Complex32::new(0.0, 2.0);
            let (power, blocks) = measured(&spectrum);
            let shape = Shape::of(&power, &blocks);
            assert_eq!((shape.peak, shape.rolloff, shape.above_half), (signed, signed, 1));
            assert!((shape.moment / shape.total - signed).abs() < 1.0, "{shape:?}");
            assert!((shape.peak_power - 4.0).abs() < 1e-6);
        }
    }

    #[test]
    fn of_equal_peaks_the_first_is_taken_and_the_shape_is_uncertain() {
        let mut spectrum = vec![Complex32::new(0.01, 0.0); 400];
        for bin in [10, 390] {
            spectrum[bin] = Complex32::new(1.0, 0.0);
        }
        let (power, blocks) = measured(&spectrum);
        let shape = Shape::of(&power, &blocks);
        assert_eq!(shape.peak, -10.0);
        assert!(!shape.certain);
    }
}
