//! The real part of the transform of real numbers: all that an autocorrelation needs.
//!
//! `n` real numbers are transformed as `m = n / 2` complex ones, with the even-numbered ones as
//! real and the odd-numbered ones as imaginary parts. Then the two halves are separated (Press et
//! al., Numerical Recipes, 12.3). With `Z` that transform and `t = 2 pi k / n`, `2 Re X[k] =
//! Re(Z[k] + Z[m-k]) + cos t Im(Z[k] + Z[m-k]) - sin t Re(Z[k] - Z[m-k])`. For `m - k` the two
//! products are subtracted. The separation costs half of what it would cost with the imaginary
//! part.

use rustfft::num_complex::Complex32;

use super::Transform;
use crate::simd::dispatch;

/// Plan and buffers for one length.
pub(crate) struct RealPart {
    plan: Plan,
    spectrum: Vec<Complex32>,
    lags: Vec<f32>,
}

enum Plan {
    /// A transform of half the length, and cosines and sines of `2 pi k / n` for `k` up to `n / 4`.
    Even(Transform, Twiddles),
    /// An odd length has no two halves: a complex transform of all of it.
    Odd(Transform, Vec<Complex32>),
}

struct Twiddles {
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl RealPart {
    /// Plans for `n` values.
    pub(crate) fn new(n: usize) -> Self {
        if n.is_multiple_of(2) {
            let angle = |k: usize| std::f64::consts::TAU * k as f64 / n as f64;
            #[expect(clippy::cast_possible_truncation, reason = "the numbers are in single precision")]
            let of = |function: fn(f64) -> f64| (0..=n / 4).map(|k| function(angle(k)) as f32).collect();
            Self {
                spectrum: vec![Complex32::default(); n / 2],
                lags: vec![0.0; n / 2 + 1],
                plan: Plan::Even(
                    Transform::new(n / 2),
                    Twiddles {
                        cos: of(f64::cos),
                        sin: of(f64::sin),
                    },
                ),
            }
        } else {
            Self {
                spectrum: vec![Complex32::default(); n],
                lags: vec![0.0; n / 2 + 1],
                plan: Plan::Odd(Transform::new(n), vec![Complex32::default(); n]),
            }
        }
    }

    /// The real parts of bins 0 to `n / 2` of the transform of `values`, `None` if `values` does
    /// not have the planned length.
    pub(crate) fn of(&mut self, values: &[f32]) -> Option<&[f32]> {
        match &mut self.plan {
            Plan::Even(half, twiddles) => {
                if values.len() != 2 * self.spectrum.len() {
                    return None;
                }
                let pairs = bytemuck::cast_slice(values);
                half.process(pairs, &mut self.spectrum);
                let (spectrum, lags) = (&self.spectrum[..], &mut self.lags[..]);
                dispatch!(split_halves(spectrum: &'a [Complex32], twiddles: &'a Twiddles, lags: &'a mut [f32]) -> ());
            }
            Plan::Odd(whole, numbers) => {
                if values.len() != numbers.len() {
                    return None;
                }
                for (number, value) in numbers.iter_mut().zip(values.iter()) {
                    number.re = *value;
                }
                whole.process(numbers, &mut self.spectrum);
                for (lag, bin) in self.lags.iter_mut().zip(&self.spectrum) {
                    *lag = bin.re;
                }
            }
        }
        Some(&self.lags)
    }
}

/// Complex numbers that are split at a time: few enough for the first-level cache.
const SPLIT_LEN: usize = 1024;

/// Up to [`SPLIT_LEN`] complex numbers as two arrays, real and imaginary parts
/// (structure of arrays): the layout that vector registers need.
#[repr(align(64))]
struct SplitComplex {
    re: [f32; SPLIT_LEN],
    im: [f32; SPLIT_LEN],
}

impl SplitComplex {
    const ZERO: Self = Self {
        re: [0.0; SPLIT_LEN],
        im: [0.0; SPLIT_LEN],
    };

    /// Stores `numbers`. They must fit.
    #[inline(always)]
    fn fill(&mut self, numbers: &[Complex32]) {
        let (re, im) = (&mut self.re[..numbers.len()], &mut self.im[..numbers.len()]);
        for ((number, re), im) in numbers.iter().zip(re).zip(im) {
            *re = number.re;
            *im = number.im;
        }
    }
}

/// Computes `lags` 0 to `m` from the `m` bins of `spectrum`.
#[inline(always)]
fn split_halves(spectrum: &[Complex32], twiddles: &Twiddles, lags: &mut [f32]) {
    let m = spectrum.len();
    lags[0] = spectrum[0].re + spectrum[0].im;
    lags[m] = spectrum[0].re - spectrum[0].im;
    // Bins k from the left and m - k from the right, up to the middle. If m is even, both reach it.
    let (mut a, mut b) = (SplitComplex::ZERO, SplitComplex::ZERO);
    let middle = m / 2;
    for first in (1..=middle).step_by(SPLIT_LEN) {
        let count = SPLIT_LEN.min(middle + 1 - first);
        a.fill(&spectrum[first..first + count]);
        b.fill(&spectrum[m + 1 - first - count..=m - first]);
        let (cos, sin) = (&twiddles.cos[first..first + count], &twiddles.sin[first..first + count]);
        let (are, aim, bre, bim) = (&mut a.re[..count], &mut a.im[..count], &b.re[..count], &b.im[..count]);
        for i in 0..count {
            let (mirrored_re, mirrored_im) = (bre[count - 1 - i], bim[count - 1 - i]);
            let sum = 0.5 * (are[i] + mirrored_re);
            let part = 0.5 * (cos[i] * (aim[i] + mirrored_im) - sin[i] * (are[i] - mirrored_re));
            (are[i], aim[i]) = (sum + part, sum - part);
        }
        lags[first..first + count].copy_from_slice(are);
        for (lag, value) in lags[m + 1 - first - count..=m - first].iter_mut().rev().zip(aim) {
            *lag = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use rustfft::FftPlanner;

    use super::*;

    #[test]
    fn the_result_is_the_real_part_of_the_transform_at_any_length() {
        for n in [
            1, 2, 3, 4, 5, 6, 8, 9, 10, 1_022, 1_024, 1_026, 1_601, 2_400, 2_402, 40_000, 40_002,
        ] {
            let values: Vec<f32> = (0..n).map(|i| ((i * i + 3 * i) % 17) as f32 - 5.0).collect();
            let mut exact: Vec<_> = values
                .iter()
                .map(|value| rustfft::num_complex::Complex64::new(f64::from(*value), 0.0))
                .collect();
            FftPlanner::new().plan_fft_forward(n).process(&mut exact);
            let largest = exact.iter().map(|bin| bin.norm()).fold(0.0, f64::max);
            let mut plan = RealPart::new(n);
            for _ in 0..2 {
                let lags = plan.of(&values).unwrap().to_vec();
                assert_eq!(lags.len(), n / 2 + 1);
                for (k, (lag, bin)) in lags.iter().zip(&exact).enumerate() {
                    let error = (f64::from(*lag) - bin.re).abs();
                    assert!(error < 2e-6 * largest.max(1.0), "bin {k} of {n}: {lag} {bin}");
                }
            }
        }
    }

    #[test]
    fn values_of_another_length_than_planned_are_rejected() {
        for n in [10, 11] {
            assert!(RealPart::new(n).of(&vec![1.0; n + 2]).is_none());
        }
    }
}
