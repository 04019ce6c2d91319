//! Gain imbalance between I and Q, and the error of the angle between them.
//!
//! Both errors add a weak mirror image, complex conjugate, at the opposite frequency: `y = a x + b
//! x*`. Then the products `Y[k] Y[-k]` have the mean `a b (S[k] + S[-k])`, where S is the power
//! density of the input: the same part of the power at every `k`. Without the errors, the products
//! of signals and noise have the mean
//! 0. The quotient of the two sums over all `k` is `E[y^2] / E|y|^2`, which gives the variances of
//!   I and Q and their covariance (after Valkama, Renfors and Koivunen, IEEE Trans. Signal
//!   Processing 49, 2001). A single strong signal that is symmetrical about 0 Hz, such as an AM
//!   carrier, would look like an error. So the median over many cells of the band of medium power
//!   counts.

use pulp::Simd;
use rustfft::num_complex::{Complex32, Complex64};

use super::measured::Measured;
use crate::simd::dispatch;
use crate::simd::registers::{deinterleave, pairs, reverse, total};

/// Bins of each sign in a cell. The quotient of noise has a standard deviation of 1/8.
const CELL: usize = 64;

/// Largest number of cells of a chunk. In wider bands only every second, third, ... cell is used.
const ENOUGH: usize = 100;

/// The quarters of the cells, ranked by power, that count. The weakest may be outside a filter, the
/// strongest contain signals.
const MIDDLE: std::ops::Range<usize> = 1..3;

/// Largest variance of the quotients over that of noise. If it is larger, most cells contain a
/// signal that is symmetrical about 0 Hz, such as the modulation of a strong carrier.
const SCATTER: f64 = 2.0;

/// Ratio of the median cell's power to that of the noise from which on a signal fills most of the
/// band. If the receiver is tuned to that signal, as to a broadcast in a narrow band, all of it is
/// symmetrical. The same is possible if a carrier is at 0 Hz.
const FILLED: f64 = 1.5;

/// Ratio of the median cell's power to that of the noise below which most of the band is outside the receiver's filter.
/// Such cells contain what leaks into them from the ends of the chunk, which has the same phase everywhere.
const EMPTY: f64 = 0.03;

/// Least power of the noise, in squared codes. Below it, rounding determines the quotients.
const CODES_SQUARED: f64 = 1.0;

/// Magnitude of the quotient from which on a recording has one component only, or two that are
/// proportional to one another: 16 dB of gain imbalance.
const ONE_COMPONENT: f64 = 0.95;

/// Fewest quotients of a segment. The standard deviation of the gain is 0.34 dB with so many.
const FEWEST_QUOTIENTS: usize = 8;

/// Part of a chunk's power in a single sample from which on it may be a click. The products of its
/// spectrum have the same phase everywhere.
const IMPULSE: f64 = 0.02;

/// Standard deviations of the noise that are added to the thresholds of a fault.
const DEVIATIONS: f64 = 4.0;

/// Mean of `E[y^2] / E|y|^2` over the chunks.
#[derive(Debug, Default)]
pub(super) struct Imbalance {
    sum: Complex64,
    chunks: usize,
    /// Sum of the squared distances of the quotients from their median.
    scatter: f64,
    quotients: usize,
    /// The cells of medium power contain rounding, or what leaks out of the receiver's filter.
    is_no_noise: bool,
    is_symmetrical: bool,
    has_impulses: bool,
    cells: Vec<(f64, Complex64)>,
    ranked: Vec<f64>,
}

/// The errors of I and Q.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Errors {
    /// Power of I over Q, dB.
    pub gain_db: f64,
    /// Deviation from a right angle, degrees.
    pub phase_deg: f64,
    /// Standard deviation of the quotient.
    deviation: f64,
}

impl Errors {
    /// Whether either error is significantly larger than this.
    pub(super) fn exceeds(&self, gain_db: f64, phase_deg: f64) -> bool {
        let margin = DEVIATIONS * self.deviation;
        // For small errors the real part of the quotient is half the relative difference of the
        // powers, and the imaginary part is the sine of the angle.
        self.gain_db.abs() > gain_db + margin * 20.0 * std::f64::consts::LOG10_E
            || self.phase_deg.abs() > phase_deg + margin.to_degrees()
    }
}

impl Imbalance {
    /// Adds a chunk.
    pub(super) fn add(&mut self, chunk: &Measured) {
        let step = chunk.format.step();
        let power = chunk.without_impulses.mean_power * chunk.spectrum.len() as f64;
        self.has_impulses |= chunk.without_impulses.max_power > IMPULSE * power;
        self.cells.clear();
        let (spectrum, cells) = (chunk.spectrum, &mut self.cells);
        dispatch!(simd => measure_cells(spectrum: &'a [Complex32], cells: &'a mut Vec<(f64, Complex64)>) -> ());
        let count = self.cells.len();
        let (from, to) = (MIDDLE.start * count / 4, MIDDLE.end * count / 4);
        if from == to {
            return;
        }
        let by_power = |a: &(f64, _), b: &(f64, _)| a.0.total_cmp(&b.0);
        self.cells.select_nth_unstable_by(from, by_power);
        self.cells[from..].select_nth_unstable_by(to - from, by_power);
        let middle = &self.cells[from..to];
        let mut median = |part: fn(&(f64, Complex64)) -> f64| {
            self.ranked.clear();
            self.ranked.extend(middle.iter().map(part));
            let at = self.ranked.len() / 2;
            *self.ranked.select_nth_unstable_by(at, f64::total_cmp).1
        };
        let middle_density = median(|(power, _)| *power) / CELL as f64;
        let is_filled = middle_density > FILLED * chunk.noise.density;
        // Behind a narrow filter, the middle has the rounding and not the noise.
        let least_power = middle_density.min(chunk.noise.density) * chunk.power_scale / chunk.spectrum.len() as f64;
        self.is_no_noise |=
            least_power < CODES_SQUARED * f64::from(step * step) || middle_density < EMPTY * chunk.noise.density;
        self.is_symmetrical |= is_filled || chunk.has_strong_zero_hz;
        let centre = Complex64::new(median(|(_, quotient)| quotient.re), median(|(_, quotient)| quotient.im));
        self.sum += centre;
        self.chunks += 1;
        self.scatter += middle
            .iter()
            .map(|(_, quotient)| (quotient - centre).norm_sqr())
            .sum::<f64>();
        self.quotients += middle.len();
    }

    /// Gain and phase errors. `None` where the quotient shows something else.
    pub(super) fn errors(&self) -> Option<Errors> {
        if self.is_no_noise || self.is_symmetrical || self.has_impulses || self.quotients < FEWEST_QUOTIENTS {
            return None;
        }
        let quotient = self.sum / self.chunks as f64;
        let count = self.quotients as f64;
        let is_noise = self.scatter / count < SCATTER / CELL as f64;
        if !is_noise || quotient.norm() > ONE_COMPONENT {
            return None;
        }
        let (i, q) = (1.0 + quotient.re, 1.0 - quotient.re);
        let sine = quotient.im / (i * q).sqrt();
        // The variance of a quotient is 1 / CELL, half of it in each part. The variance of a median
        // is pi / 2 times that of a mean.
        let variance = std::f64::consts::FRAC_PI_2 / (2.0 * CELL as f64 * count);
        Some(Errors {
            gain_db: 10.0 * (i / q).log10(),
            phase_deg: sine.clamp(-1.0, 1.0).asin().to_degrees(),
            deviation: variance.sqrt(),
        })
    }
}

/// Appends power and quotient of each cell that has any power.
#[inline(always)]
fn measure_cells<S: Simd>(simd: S, spectrum: &[Complex32], cells: &mut Vec<(f64, Complex64)>) {
    let n = spectrum.len();
    // The bins from 1 to the last below half the sample rate have a mirror image.
    let pairs = n.saturating_sub(1) / 2;
    let step = CELL * (pairs / (CELL * ENOUGH)).max(1);
    for first in (1..=pairs.saturating_sub(CELL - 1)).step_by(step) {
        let plus = &spectrum[first..first + CELL];
        let minus = &spectrum[n - first - (CELL - 1)..=n - first];
        let (power, product) = correlate(simd, plus, minus);
        if power > 0.0 {
            cells.push((power, product / power));
        }
    }
}

/// Mean of the powers in two cells, and sum of the products of each bin of one and its mirror image
/// in the other.
#[inline(always)]
fn correlate<S: Simd>(simd: S, plus: &[Complex32], minus: &[Complex32]) -> (f64, Complex64) {
    let zero = simd.splat_f32s(0.0);
    let (mut power, mut re, mut im) = (zero, zero, zero);
    for (a, b) in pairs::<S>(plus).iter().zip(pairs::<S>(minus).iter().rev()) {
        let [a_re, a_im] = deinterleave(simd, *a);
        let [b_re, b_im] = deinterleave(simd, *b);
        let (b_re, b_im) = (reverse(simd, b_re), reverse(simd, b_im));
        power = simd.mul_add_e_f32s(a_re, a_re, simd.mul_add_e_f32s(a_im, a_im, power));
        power = simd.mul_add_e_f32s(b_re, b_re, simd.mul_add_e_f32s(b_im, b_im, power));
        re = simd.negate_mul_add_e_f32s(a_im, b_im, simd.mul_add_e_f32s(a_re, b_re, re));
        im = simd.mul_add_e_f32s(a_im, b_re, simd.mul_add_e_f32s(a_re, b_im, im));
    }
    (
        0.5 * total(simd, power),
        Complex64::new(total(simd, re), total(simd, im)),
    )
}
