//! Different gains of I and Q, and an angle between them that is not right.
//!
//! Both errors of a receiver put a weak mirror image, complex conjugate, at the opposite frequency:
//! `y = a x + b x*`. Then the products `Y[k] Y[-k]` have the mean `a b (S[k] + S[-k])`, S being the power density of the
//! input, at every `k` the same part of the powers there, while signals and noise of their own have products of mean 0. The
//! quotient of both sums over all `k` is `E[y^2] / E|y|^2`, which gives the variances of I and Q and
//! their covariance (after Valkama, Renfors and Koivunen, IEEE Trans. Signal Processing 49, 2001). One strong signal that is symmetrical
//! about 0 Hz, such as an AM carrier, would pass for a fault; so it is the median over many parts of the
//! band of middling strength that counts.

use pulp::Simd;
use rustfft::num_complex::{Complex32, Complex64};

use super::measured::Measured;
use crate::simd::{SplitComplex, total};

/// Bins of each sign that are summed: the quotient of noise alone scatters by an eighth of 1.
const CELL: usize = 64;

/// Cells that are enough of a chunk: of wider bands only every second, third, ... is looked at.
const ENOUGH: usize = 100;

/// Quarters of the cells, ranked by power, that count: not the weakest, which a filter may have emptied, nor the strongest,
/// which a signal fills.
const MIDDLE: std::ops::Range<usize> = 1..3;

/// How far the quotients of the cells may scatter, over the scatter of noise: further, and some signal that is symmetrical
/// about 0 Hz is in most of them, as the modulation of a strong carrier may be.
const SCATTER: f64 = 2.0;

/// Power over the noise's of the median cell, from which on a signal fills most of the band. Where that is on the frequency of
/// the receiver, as a broadcast in a narrow band is, all of it is symmetrical; so it may be where a carrier is at 0 Hz.
const FILLED: f64 = 1.5;

/// The noise has to be worth a code or more in each direction: below, it is the rounding that is seen.
const CODES_SQUARED: f64 = 1.0;

/// Standard deviations of noise added to what counts as a fault.
const DEVIATIONS: f64 = 4.0;

/// The largest imbalance stated, dB: where Q is missing it would be infinite.
const LARGEST_GAIN_DB: f64 = 99.0;

/// Mean of `E[y^2] / E|y|^2` over the chunks.
#[derive(Debug, Default)]
pub(super) struct Imbalance {
    sum: Complex64,
    chunks: usize,
    /// Squared distances from the median, and how many.
    scatter: f64,
    quotients: usize,
    is_rounding: bool,
    is_symmetrical: bool,
    cells: Vec<(f64, Complex64)>,
    ranked: Vec<f64>,
}

/// What I and Q do wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Errors {
    /// Power of I over Q, dB.
    pub gain_db: f64,
    /// Deviation from a right angle, degrees.
    pub phase_deg: f64,
    /// Standard deviation of the quotient; `None` where it means nothing.
    deviation: Option<f64>,
}

impl Errors {
    /// Whether either error is larger than this beyond doubt.
    pub(super) fn exceeds(&self, gain_db: f64, phase_deg: f64) -> bool {
        let Some(deviation) = self.deviation else { return false };
        let margin = DEVIATIONS * deviation;
        // For small errors the quotient is half the relative difference of the powers, and the sine of the angle.
        self.gain_db.abs() > gain_db + margin * 20.0 * std::f64::consts::LOG10_E
            || self.phase_deg.abs() > phase_deg + margin.to_degrees()
    }
}

impl Imbalance {
    /// Looks at a chunk.
    pub(super) fn add(&mut self, chunk: &Measured) {
        let step = chunk.format.step();
        let noise_power = chunk.noise.density * chunk.power_scale / chunk.spectrum.len() as f64;
        self.is_rounding |= noise_power < CODES_SQUARED * f64::from(step * step);
        self.cells.clear();
        pulp::Arch::new().dispatch(Gather(chunk.spectrum, &mut self.cells));
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
        let is_filled = median(|(power, _)| *power) > FILLED * CELL as f64 * chunk.noise.density;
        self.is_symmetrical |= is_filled || chunk.has_carrier;
        let centre = Complex64::new(median(|(_, quotient)| quotient.re), median(|(_, quotient)| quotient.im));
        self.sum += centre;
        self.chunks += 1;
        self.scatter += middle
            .iter()
            .map(|(_, quotient)| (quotient - centre).norm_sqr())
            .sum::<f64>();
        self.quotients += middle.len();
    }

    /// Gain and phase errors.
    pub(super) fn errors(&self) -> Errors {
        let quotient = self.sum / self.chunks.max(1) as f64;
        let (i, q) = ((1.0 + quotient.re).max(0.0), (1.0 - quotient.re).max(0.0));
        let gain_db = 10.0 * (i / q.max(f64::MIN_POSITIVE)).max(f64::MIN_POSITIVE).log10();
        let sine = quotient.im / (i * q).sqrt().max(f64::MIN_POSITIVE);
        // Half of the variance of a quotient, 1 / CELL, is in either part; a median scatters by pi / 2 times as much as a mean.
        let count = self.quotients as f64;
        let variance = std::f64::consts::FRAC_PI_2 / (2.0 * CELL as f64 * count);
        let is_noise = count > 0.0 && self.scatter / count < SCATTER / CELL as f64;
        Errors {
            gain_db: gain_db.clamp(-LARGEST_GAIN_DB, LARGEST_GAIN_DB),
            phase_deg: sine.clamp(-1.0, 1.0).asin().to_degrees(),
            deviation: (is_noise && !self.is_rounding && !self.is_symmetrical).then(|| variance.sqrt()),
        }
    }
}

/// Power and quotient of each cell that has any power.
struct Gather<'a>(&'a [Complex32], &'a mut Vec<(f64, Complex64)>);

impl pulp::WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(spectrum, cells) = self;
        let n = spectrum.len();
        let (mut plus, mut minus) = (SplitComplex::ZERO, SplitComplex::ZERO);
        // From 1 to the last bin below half the sample rate; both have a mirror image.
        let pairs = n.saturating_sub(1) / 2;
        let step = CELL * (pairs / (CELL * ENOUGH)).max(1);
        for first in (1..=pairs.saturating_sub(CELL - 1)).step_by(step) {
            plus.fill(0, &spectrum[first..first + CELL]);
            minus.fill(0, &spectrum[n - first - (CELL - 1)..=n - first]);
            minus.re[..CELL].reverse();
            minus.im[..CELL].reverse();
            let (power, product) = correlate(simd, &plus, &minus);
            if power > 0.0 {
                cells.push((power, product / power));
            }
        }
    }
}

/// Mean of the powers in two cells, and sum of their products.
#[inline(always)]
fn correlate<S: Simd>(simd: S, a: &SplitComplex, b: &SplitComplex) -> (f64, Complex64) {
    let zero = simd.splat_f32s(0.0);
    let (mut power, mut re, mut im) = (zero, zero, zero);
    let rows = |row| S::as_simd_f32s(row).0;
    let parts = rows(&a.re[..CELL]).iter().zip(rows(&a.im[..CELL]));
    let mirrored = rows(&b.re[..CELL]).iter().zip(rows(&b.im[..CELL]));
    let times = |a: &S::f32s, b: &S::f32s| simd.mul_f32s(*a, *b);
    for ((ar, ai), (br, bi)) in parts.zip(mirrored) {
        let first = simd.add_f32s(times(ar, ar), times(ai, ai));
        let second = simd.add_f32s(times(br, br), times(bi, bi));
        power = simd.add_f32s(power, simd.add_f32s(first, second));
        re = simd.add_f32s(re, simd.sub_f32s(times(ar, br), times(ai, bi)));
        im = simd.add_f32s(im, simd.add_f32s(times(ar, bi), times(ai, br)));
    }
    (0.5 * total::<S>(power), Complex64::new(total::<S>(re), total::<S>(im)))
}
