//! The carrier, and its variance.

use std::f64::consts::{PI, TAU};

use rustfft::num_complex::Complex64;

use super::place::Place;
use crate::estimators::noise::Noise;
use crate::estimators::spectrum::Block;

/// Part of the power in one bin, or between two, above which the signal is a line.
const LINE: f64 = 0.5;

/// Phase of the autocorrelation at lag 1 of the signal without the noise, as a frequency in bins.
/// The autocorrelation is the transform of the powers.
///
/// The error of the phase is the sum of the errors of the powers, each times the sine of its angle
/// from the carrier, over the magnitude of the autocorrelation. The power of a bin of noise, or of
/// a signal that is random, has its own square as variance (Bendat and Piersol, Random Data, 8.5).
/// A line with noise has twice the product of the two (Lank, Reed and Pollon, IEEE Trans. AES 9,
/// 1973; Kay, IEEE Trans. ASSP 37, 1989).
pub(super) fn carrier<'a>(blocks: impl Iterator<Item = &'a Block>, noise: &Noise, n: usize) -> Place {
    let phasor = |bin: f64| Complex64::from_polar(1.0, TAU * bin / n as f64);
    let mut sum = Complex64::default();
    let mut noise_bins = Complex64::default();
    let (mut random, mut line) = (Scatter::default(), Scatter::default());
    let (mut total, mut strongest, mut line_bins) = (0.0, 0.0, 0.0);
    for block in blocks.filter(|block| block.power > 0.0) {
        let (first, bins) = (block.first as f64, block.bins as f64);
        let place = phasor(first + block.moment / block.power);
        let middle = phasor(first + 0.5 * (bins - 1.0));
        sum += place * block.power - middle * (noise.density * bins);
        noise_bins += middle * bins;
        total += block.power;
        if f64::from(block.line) > strongest {
            (strongest, line_bins) = (f64::from(block.line), bins);
        }
        let density = block.power / bins;
        let within = (TAU * bins / n as f64).powi(2) / 12.0;
        random.add(bins * density.powi(2), place, within);
        let crossed = 2.0 * (density - noise.density).max(0.0) + noise.density;
        line.add(bins * noise.density * crossed, place, 0.0);
    }
    let direction = sum / sum.norm().max(f64::MIN_POSITIVE);
    let mut variance = if strongest > LINE * total {
        // In the line's own block too its power falls with the square of the distance, and that of
        // the angle rises with it. A line is anywhere between two bins.
        let in_block = line_bins * total * noise.density * (TAU / n as f64 / PI).powi(2);
        line.across(direction) + in_block
    } else {
        random.across(direction)
    };
    let from_noise = noise.density * (noise_bins * direction.conj()).im;
    variance += noise.relative_variance() * from_noise.powi(2);
    let bins_per_radian = n as f64 / TAU;
    let relative = variance / sum.norm_sqr().max(f64::MIN_POSITIVE);
    Place {
        at: sum.arg() * bins_per_radian,
        // At most that of a place anywhere in the band.
        variance: (relative * bins_per_radian.powi(2)).min((n as f64).powi(2) / 12.0),
    }
}

/// Variances of the blocks' powers, in a form that gives their part across any direction.
#[derive(Default)]
struct Scatter {
    all: f64,
    twice: Complex64,
    within: f64,
}

impl Scatter {
    /// Adds a block of this variance at this place. `within` is the mean square of the angle from
    /// there to its bins.
    fn add(&mut self, variance: f64, place: Complex64, within: f64) {
        self.all += variance;
        self.twice += place * place * variance;
        self.within += variance * within;
    }

    /// Sum of the variances, each times the square of the sine of its angle from `direction`.
    fn across(&self, direction: Complex64) -> f64 {
        let along = (self.twice * (direction * direction).conj()).re;
        (0.5 * (self.all - along)).max(0.0) + self.within
    }
}
