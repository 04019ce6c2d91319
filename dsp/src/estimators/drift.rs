//! A slow drift of the receiver's offset within a chunk.
//!
//! An offset that changes linearly is a line at 0 Hz and a ramp. The transform of a ramp
//! `c (t / n - 1/2)` of `n` samples is `c (-1/2 + i / (2 tan(pi k / n)))` in bin `k`: it falls slowly on
//! both sides of 0 Hz, with opposite signs, and looks like a signal there.

use std::f64::consts::PI;

use rustfft::num_complex::{Complex32, Complex64};

use super::spectrum::PAD;

/// Bins on either side that show whether there is a ramp, and the part by which each may differ from
/// its, times its number: the noise counts more where the ramp is weaker. To remove a ramp that is none
/// takes away half of the noise in the bins beside 0 Hz.
const SHOWN: usize = 2;
const DIFFERENCE: f64 = 0.5;

/// Least ratio of the line at 0 Hz to the bin beside it. The offset then changes by up to two thirds.
const LINE: f64 = 10.0;

/// Bins on either side in which the ramp is removed.
const REMOVED: usize = 1_024;

/// A ramp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Drift {
    /// Half of the change over the chunk.
    half: Complex64,
    samples: usize,
}

impl Drift {
    /// The ramp in a spectrum that is padded as for [`spectrum::measure`](super::spectrum::measure), if
    /// there is one.
    pub(crate) fn of(spectrum: &[Complex32]) -> Option<Self> {
        let n = spectrum.len() - 2 * PAD;
        if n < 64 {
            return None;
        }
        let bin = |at: usize| Complex64::new(f64::from(spectrum[PAD + at].re), f64::from(spectrum[PAD + at].im));
        let difference = |k: usize| bin(k) - bin(n - k);
        if bin(0).norm() < LINE * bin(1).norm().max(bin(n - 1).norm()) {
            return None;
        }
        let half_at = |k: usize| 0.5 * difference(k) * -Complex64::I * (PI * k as f64 / n as f64).tan();
        // The first bins are the strongest.
        let half = 0.8 * half_at(1) + 0.2 * half_at(2);
        let is_ramp = |k: usize| {
            let part = DIFFERENCE * k as f64;
            (half_at(k) - half).norm() <= part * half.norm()
                && (bin(k) + bin(n - k) + 2.0 * half).norm() <= part * difference(k).norm()
        };
        (half.norm() > 0.0 && (1..=SHOWN).all(is_ramp)).then_some(Self { half, samples: n })
    }

    /// What the ramp adds to bin `k` and to the one at the opposite frequency.
    pub(crate) fn at(&self, k: usize) -> [Complex32; 2] {
        if k > self.reach() {
            return [Complex32::default(); 2];
        }
        let slope = Complex64::I * cotangent(PI * k as f64 / self.samples as f64);
        [slope, -slope].map(|slope| {
            let value = self.half * (slope - 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "spectra are in single precision")]
            Complex32::new(value.re as f32, value.im as f32)
        })
    }

    fn reach(&self) -> usize {
        REMOVED.min(self.samples / 8)
    }

    /// Removes the ramp from a padded spectrum, apart from its padding. Returns the bins as they were,
    /// for [`Self::restore`].
    pub(crate) fn remove(&self, spectrum: &mut [Complex32]) -> Vec<[Complex32; 2]> {
        let n = self.samples;
        let remove = |k: usize| {
            let before = [spectrum[PAD + k], spectrum[PAD + n - k]];
            let [plus, minus] = self.at(k);
            spectrum[PAD + k] -= plus;
            spectrum[PAD + n - k] -= minus;
            before
        };
        (1..=self.reach()).map(remove).collect()
    }

    /// Restores what [`Self::remove`] returned.
    pub(crate) fn restore(&self, spectrum: &mut [Complex32], before: &[[Complex32; 2]]) {
        for (k, [plus, minus]) in (1..).zip(before) {
            spectrum[PAD + k] = *plus;
            spectrum[PAD + self.samples - k] = *minus;
        }
    }
}

/// The cotangent from above 0 to pi / 8, which no bin exceeds ([`Drift::reach`]), by its series. The error
/// is below 1e-6.
fn cotangent(x: f64) -> f64 {
    let square = x * x;
    1.0 / x - x * (1.0 / 3.0 + square * (1.0 / 45.0 + square * (2.0 / 945.0 + square / 4_725.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fft::Transform;
    use crate::test_signals::Random;

    const N: usize = 2_400;

    /// The padded spectrum of noise of power 1, an offset, and its change over the chunk.
    fn spectrum(offset: Complex32, change: Complex32) -> Vec<Complex32> {
        let mut random = Random(3);
        let samples: Vec<Complex32> = (0..N)
            .map(|t| {
                let (re, im) = random.noise(1.0);
                Complex32::new(re as f32, im as f32) + offset + change * (t as f32 / N as f32 - 0.5)
            })
            .collect();
        let mut spectrum = vec![Complex32::default(); N + 2 * PAD];
        Transform::new(N).process(&samples, &mut spectrum[PAD..][..N]);
        spectrum
    }

    #[test]
    fn the_series_of_the_cotangent_is_exact_enough() {
        for step in 1..=1_000 {
            let x = PI / 8.0 * f64::from(step) / 1_000.0;
            assert!((cotangent(x) - 1.0 / x.tan()).abs() < 1e-6, "{x}");
        }
    }

    #[test]
    fn a_ramp_is_removed_and_nothing_else() {
        let offset = Complex32::new(20.0, -10.0);
        let without = spectrum(offset, Complex32::default());
        // The noise can look like a weak ramp, which costs nothing.
        let weakest = 3.0 * PI / (N as f64).sqrt();
        assert!(Drift::of(&without).is_none_or(|found| found.half.norm() < weakest));
        let mut with = spectrum(offset, offset * 0.1);
        let found = Drift::of(&with).expect("a ramp");
        let original = with.clone();
        let before = found.remove(&mut with);
        for k in (1..100).chain(N - 100..N) {
            let rest = (with[PAD + k] - without[PAD + k]).norm();
            // A bin of noise is the root of the number of samples.
            assert!(rest < 1.5 * (N as f32).sqrt(), "bin {k}: {rest}");
        }
        found.restore(&mut with, &before);
        assert_eq!(with, original);
        // A line next to the offset is no ramp.
        let mut line = without;
        line[PAD + 1] += Complex32::new(2_000.0, 0.0);
        assert_eq!(Drift::of(&line), None);
    }
}
