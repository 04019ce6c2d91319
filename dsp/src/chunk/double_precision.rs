//! The 17 numbers of a chunk in double precision, step by step as they are defined.
//!
//! Slow and obvious: it decides where [`super::single_precision`] cannot, and is what that is tested against.

use std::sync::Arc;

use rustfft::num_complex::{Complex32, Complex64};
use rustfft::{Fft, FftPlanner};

use crate::decibel::{EPSILON, level_db, ratio_db};
use crate::estimators::delay_spread::delay_confidence;
use crate::estimators::order_statistic::{LOWER_SHARE, share};
use crate::features::Features;

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
        let transform = FftPlanner::new().plan_fft_forward(n);
        Self {
            spectrum: vec![Complex64::default(); n],
            scratch: vec![Complex64::default(); transform.get_inplace_scratch_len()],
            psd: vec![0.0; n],
            ranked: Vec::with_capacity(n),
            transform,
        }
    }

    /// The spectral centroid of a chunk alone, as in [`Self::features`].
    pub(crate) fn centroid_hz(&mut self, samples: &[Complex32], power_scale: f64, sample_rate_hz: f64) -> f64 {
        self.periodogram(samples, power_scale.sqrt());
        centroid_hz(&self.psd, bin_hz(samples.len(), sample_rate_hz))
    }

    /// Fills `psd` with the periodogram, DC in the middle: bin s is at s - n / 2 times the bin width.
    fn periodogram(&mut self, samples: &[Complex32], amplitude: f64) {
        let n = samples.len();
        for (bin, x) in self.spectrum.iter_mut().zip(samples) {
            *bin = Complex64::new(f64::from(x.re) * amplitude, f64::from(x.im) * amplitude);
        }
        self.transform
            .process_with_scratch(&mut self.spectrum, &mut self.scratch);
        for (psd, bin) in self.psd.iter_mut().zip(&self.spectrum) {
            *psd = bin.norm_sqr() / n as f64;
        }
        self.psd.rotate_right(n / 2);
    }

    /// Measures a chunk, `samples` being its samples times a factor whose square is 1 / `power_scale`.
    pub(crate) fn features(&mut self, samples: &[Complex32], power_scale: f64, sample_rate_hz: f64) -> Features<f64> {
        let n = samples.len();
        let amplitude = power_scale.sqrt();
        let exact = |x: &Complex32| Complex64::new(f64::from(x.re) * amplitude, f64::from(x.im) * amplitude);
        let power = |x: &Complex32| exact(x).norm_sqr();
        let mean_power = samples.iter().map(power).sum::<f64>() / n as f64;
        let max_power = samples.iter().map(power).fold(0.0, f64::max);

        let highest = max_power.sqrt();
        let relative = |x: &Complex32| power(x).sqrt() / (highest + EPSILON);
        // Differences to a value that occurs, lest the rounding of a long sum scatters what is constant.
        let first = relative(&samples[0]);
        let envelope_mean = first + samples.iter().map(|x| relative(x) - first).sum::<f64>() / n as f64;
        let envelope_variance = samples
            .iter()
            .map(|x| (relative(x) - envelope_mean).powi(2))
            .sum::<f64>()
            / n as f64;

        let sign = |x: &Complex32| i8::from(x.re > 0.0) - i8::from(x.re < 0.0);
        let sign_changes = samples.windows(2).filter(|x| sign(&x[0]) != sign(&x[1])).count();

        self.periodogram(samples, amplitude);
        let psd = &self.psd;
        let bin_hz = bin_hz(n, sample_rate_hz);
        let frequency = |s: usize| (s as f64 - (n / 2) as f64) * bin_hz;

        self.ranked.clear();
        self.ranked.extend_from_slice(psd);
        let weakest = share(n, LOWER_SHARE);
        let (smaller, &mut upper, _) = self.ranked.select_nth_unstable_by(weakest / 2, f64::total_cmp);
        let below = smaller.iter().copied().fold(0.0, f64::max);
        let noise = if weakest % 2 == 1 {
            upper
        } else {
            f64::midpoint(below, upper)
        };
        let snr_db = ratio_db(mean_power / (noise + EPSILON));

        let mut peak = 0;
        for s in 1..n {
            if psd[s] > psd[peak] {
                peak = s;
            }
        }
        let above_half = psd.iter().filter(|p| **p > psd[peak] / 2.0).count();
        let total: f64 = psd.iter().sum();
        let mut sums = psd.iter().scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        });
        let rolloff = sums.position(|sum| sum >= 0.85 * total).unwrap_or(n - 1);

        // Autocorrelation: the real part of the periodogram's transform, either direction.
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
        let mean_lag = lags.clone().map(|(lag, weight)| lag * weight).sum::<f64>() / weights;
        let variance = lags
            .clone()
            .map(|(lag, weight)| (lag - mean_lag).powi(2) * weight)
            .sum::<f64>()
            / weights;
        let (spread_s, found) = match lags.count() {
            0 | 1 => (0.0, 0.0),
            _ => (variance.sqrt() / sample_rate_hz, 1.0),
        };

        Features {
            rssi_dbm: level_db(mean_power),
            snr_db,
            noise_floor_dbm: level_db(noise),
            frequency_offset_hz: frequency(peak),
            bandwidth_hz: above_half as f64 * sample_rate_hz / n as f64,
            psd_dbm_per_hz: level_db(psd[peak] / sample_rate_hz),
            spectral_centroid_hz: centroid_hz(psd, bin_hz),
            spectral_rolloff_hz: frequency(rolloff),
            envelope_mean,
            envelope_std: envelope_variance.sqrt(),
            envelope_max: highest / (highest + EPSILON),
            peak_to_avg_ratio_db: ratio_db(max_power / (mean_power + EPSILON)),
            zero_crossing_rate: sign_changes as f64 / n as f64,
            multipath_delay_spread_us: spread_s * 1e6,
            coherence_bandwidth_khz: found / (5.0 * spread_s + EPSILON) / 1000.0,
            delay_spread_confidence: found * delay_confidence(snr_db),
            confidence_score: (snr_db / 30.0).clamp(0.0, 1.0),
        }
    }
}

fn bin_hz(n: usize, sample_rate_hz: f64) -> f64 {
    1.0 / (n as f64 * (1.0 / sample_rate_hz))
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
    fn a_constant_envelope_does_not_scatter_however_long_it_is() {
        let samples = vec![Complex32::new(0.123, 0.0567); 50_000];
        let features = DoublePrecision::new(samples.len()).features(&samples, 1.0, 250_000.0);
        assert!(features.envelope_std < 1e-15, "{}", features.envelope_std);
    }
}
