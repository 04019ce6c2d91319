//! The 17 numbers of a chunk in double precision, step by step as they are defined.
//!
//! Slow and obvious: used where [`super::single_precision`] is not sufficient, and to test it.

use std::sync::Arc;

use rustfft::Fft;
use rustfft::num_complex::{Complex32, Complex64};

use super::quantities::{Quantities, bin_hz};
use crate::decibel::EPSILON;
use crate::estimators::order_statistic::{LOWER_SHARE, share};
use crate::features::Features;
use crate::fft::any_length;

/// Plan and buffers for chunks of one length.
pub(crate) struct DoublePrecision {
    transform: Arc<dyn Fft<f64>>,
    spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
    psd: Vec<f64>,
    ranked: Vec<f64>,
}

impl DoublePrecision {
    /// Plans for chunks of `n` samples.
    pub(crate) fn new(n: usize) -> Self {
        let transform = any_length(n);
        Self {
            spectrum: vec![Complex64::default(); n],
            scratch: vec![Complex64::default(); transform.get_inplace_scratch_len()],
            psd: vec![0.0; n],
            ranked: Vec::with_capacity(n),
            transform,
        }
    }

    /// Only the spectral centroid of a chunk, as in [`Self::features`].
    pub(crate) fn centroid_hz(&mut self, samples: &[Complex32], power_scale: f64, sample_rate_hz: f64) -> f64 {
        self.periodogram(samples, power_scale.sqrt());
        centroid_hz(&self.psd, bin_hz(samples.len(), sample_rate_hz))
    }

    /// Fills `psd` with the periodogram. 0 Hz is in the middle: bin s is at s - n / 2 times the bin
    /// width.
    fn periodogram(&mut self, samples: &[Complex32], amplitude: f64) {
        let n = samples.len();
        for (bin, x) in self.spectrum.iter_mut().zip(samples) {
            *bin = scaled(*x, amplitude);
        }
        self.transform
            .process_with_scratch(&mut self.spectrum, &mut self.scratch);
        for (psd, bin) in self.psd.iter_mut().zip(&self.spectrum) {
            *psd = bin.norm_sqr() / n as f64;
        }
        self.psd.rotate_right(n / 2);
    }

    /// Measures a chunk. `samples` are its samples times the square root of 1 / `power_scale`.
    pub(crate) fn features(&mut self, samples: &[Complex32], power_scale: f64, sample_rate_hz: f64) -> Features<f64> {
        let n = samples.len();
        let amplitude = power_scale.sqrt();
        let power = |x: &Complex32| scaled(*x, amplitude).norm_sqr();
        let mean_power = samples.iter().map(power).sum::<f64>() / n as f64;
        let max_power = samples.iter().map(power).fold(0.0, f64::max);

        let highest = max_power.sqrt();
        let relative = |x: &Complex32| power(x).sqrt() / (highest + EPSILON);
        // Differences from a value that occurs, so that the rounding of a long sum does not add a
        // deviation to a constant envelope.
        let first = relative(&samples[0]);
        let envelope_mean = first + samples.iter().map(|x| relative(x) - first).sum::<f64>() / n as f64;
        let squares = samples.iter().map(|x| (relative(x) - envelope_mean).powi(2));
        let envelope_variance = squares.sum::<f64>() / n as f64;

        let sign = |x: &Complex32| i8::from(x.re > 0.0) - i8::from(x.re < 0.0);
        let sign_changes = samples.windows(2).filter(|x| sign(&x[0]) != sign(&x[1])).count();

        self.periodogram(samples, amplitude);
        let noise = self.noise();
        let psd = &self.psd;
        let peak = (1..n).fold(0, |peak, s| if psd[s] > psd[peak] { s } else { peak });
        let total: f64 = psd.iter().sum();
        let mut sums = psd.iter().scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        });
        let rolloff = sums.position(|sum| sum >= 0.85 * total).unwrap_or(n - 1);
        let from_zero_hz = |s: usize| s as f64 - (n / 2) as f64;

        Quantities {
            samples: n,
            sample_rate_hz,
            mean_power,
            max_power,
            envelope_mean,
            envelope_std: envelope_variance.sqrt(),
            sign_changes,
            noise,
            peak_power: psd[peak],
            peak: from_zero_hz(peak),
            above_half: psd.iter().filter(|p| **p > psd[peak] / 2.0).count(),
            centroid_hz: centroid_hz(psd, bin_hz(n, sample_rate_hz)),
            rolloff: from_zero_hz(rolloff),
            delay_spread: self.delay_spread(),
        }
        .features()
    }

    /// Median of the weakest 30 % of `psd`.
    fn noise(&mut self) -> f64 {
        self.ranked.clear();
        self.ranked.extend_from_slice(&self.psd);
        let weakest = share(self.psd.len(), LOWER_SHARE);
        let (smaller, &mut upper, _) = self.ranked.select_nth_unstable_by(weakest / 2, f64::total_cmp);
        if weakest % 2 == 1 {
            return upper;
        }
        f64::midpoint(smaller.iter().copied().fold(0.0, f64::max), upper)
    }

    /// Weighted standard deviation of the lags of the autocorrelation that count, in samples;
    /// `None` if at most one counts. The autocorrelation is the real part of the periodogram's
    /// transform, in either direction.
    fn delay_spread(&mut self) -> Option<f64> {
        let n = self.psd.len();
        for (bin, s) in self.spectrum.iter_mut().zip((n / 2..n).chain(0..n / 2)) {
            *bin = Complex64::new(self.psd[s], 0.0);
        }
        self.transform
            .process_with_scratch(&mut self.spectrum, &mut self.scratch);
        let profile = self.spectrum[..=n / 2].iter().map(|bin| bin.re * bin.re);
        let normal = profile.clone().fold(0.0, f64::max) + EPSILON;
        let lags = profile.enumerate().map(|(lag, square)| (lag as f64, square / normal));
        let lags = lags.filter(|(_, weight)| *weight > 0.1);
        let weights: f64 = lags.clone().map(|(_, weight)| weight).sum();
        let mean = lags.clone().map(|(lag, weight)| lag * weight).sum::<f64>() / weights;
        let squares = lags.clone().map(|(lag, weight)| (lag - mean).powi(2) * weight);
        let variance = squares.sum::<f64>() / weights;
        (lags.count() > 1).then(|| variance.sqrt())
    }
}

fn scaled(x: Complex32, amplitude: f64) -> Complex64 {
    Complex64::new(f64::from(x.re) * amplitude, f64::from(x.im) * amplitude)
}

fn centroid_hz(psd: &[f64], bin_hz: f64) -> f64 {
    let middle = (psd.len() / 2) as f64;
    let total: f64 = psd.iter().sum();
    let moment: f64 = psd
        .iter()
        .enumerate()
        .map(|(s, p)| (s as f64 - middle) * bin_hz * p)
        .sum();
    moment / (total + EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_envelope_has_no_deviation_at_any_length() {
        let samples = vec![Complex32::new(0.123, 0.0567); 50_000];
        let features = DoublePrecision::new(samples.len()).features(&samples, 1.0, 250_000.0);
        assert!(features.envelope_std < 1e-15, "{}", features.envelope_std);
    }
}
