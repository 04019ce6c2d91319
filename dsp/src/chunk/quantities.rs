use crate::decibel::{EPSILON, level_db, ratio_db};
use crate::estimators::delay_spread::delay_confidence;
use crate::features::Features;

/// The quantities that determine the 17 numbers of a chunk. Both precisions measure them. Powers
/// refer to full scale.
pub(super) struct Quantities {
    /// Samples in the chunk.
    pub samples: usize,
    pub sample_rate_hz: f64,
    pub mean_power: f64,
    pub max_power: f64,
    /// Mean of `|x| / max |x|`.
    pub envelope_mean: f64,
    /// Standard deviation of `|x| / max |x|`.
    pub envelope_std: f64,
    pub sign_changes: usize,
    /// Median of the weakest 30 % of the bins of the periodogram.
    pub noise: f64,
    /// Largest bin of the periodogram.
    pub peak_power: f64,
    /// Its distance from 0 Hz, in bins.
    pub peak: f64,
    /// Bins above half the largest.
    pub above_half: usize,
    pub centroid_hz: f64,
    /// The bin at which the sum from the left reaches 85 % of the total, from 0 Hz.
    pub rolloff: f64,
    /// Standard deviation of the lags that count, in samples; `None` if only one counts.
    pub delay_spread: Option<f64>,
}

impl Quantities {
    /// The numbers, by the formulas of the training data.
    pub(super) fn features(&self) -> Features<f64> {
        let n = self.samples as f64;
        let bin_hz = bin_hz(self.samples, self.sample_rate_hz);
        let highest = self.max_power.sqrt();
        let snr_db = snr_db(self.mean_power, self.noise);
        let spread_s = self.delay_spread.map(|samples| samples / self.sample_rate_hz);
        Features {
            rssi_dbm: level_db(self.mean_power),
            snr_db,
            noise_floor_dbm: level_db(self.noise),
            frequency_offset_hz: self.peak * bin_hz,
            bandwidth_hz: self.above_half as f64 * self.sample_rate_hz / n,
            psd_dbm_per_hz: level_db(self.peak_power / self.sample_rate_hz),
            spectral_centroid_hz: self.centroid_hz,
            spectral_rolloff_hz: self.rolloff * bin_hz,
            envelope_mean: self.envelope_mean,
            envelope_std: self.envelope_std,
            envelope_max: highest / (highest + EPSILON),
            peak_to_avg_ratio_db: ratio_db(self.max_power / (self.mean_power + EPSILON)),
            zero_crossing_rate: self.sign_changes as f64 / n,
            multipath_delay_spread_us: spread_s.map_or(0.0, |spread| spread * 1e6),
            coherence_bandwidth_khz: spread_s.map_or(0.0, |spread| 1.0 / (5.0 * spread + EPSILON) / 1000.0),
            delay_spread_confidence: spread_s.map_or(0.0, |_| delay_confidence(snr_db)),
            confidence_score: (snr_db / 30.0).clamp(0.0, 1.0),
        }
    }
}

/// SNR as the training data defines it: power of signal and noise over that of the noise.
pub(super) fn snr_db(mean_power: f64, noise: f64) -> f64 {
    ratio_db(mean_power / (noise + EPSILON))
}

/// Width of a bin, rounded as in the training data.
pub(super) fn bin_hz(samples: usize, sample_rate_hz: f64) -> f64 {
    1.0 / (samples as f64 * (1.0 / sample_rate_hz))
}
