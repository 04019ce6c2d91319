use serde::Serialize;

use super::statistics::{Statistics, set_of_numbers};

set_of_numbers! {
    /// The numbers that the synthetic training data has, in its order and with its names.
    ///
    /// `Features<f64>` describes one chunk, `Features<Statistics>` a segment. `N` is the number of
    /// samples in a chunk, `x` the samples, `P[k] = |X[k]|^2 / N` the two-sided periodogram
    /// (rectangular window, no averaging) with DC in the middle. An epsilon of 1e-12 keeps
    /// logarithms and quotients finite; it also sets the floors of -90 in the dBm values.
    /// Several of the numbers are not what their names promise; they are kept as they are
    /// because models are trained on them.
    ///
    /// Beside the reference, `tests/load/reference.py` over 1,502 recordings from 1 kHz to 20 MHz (2026-11-25), the largest
    /// deviations in units of the tolerance: decibels 0.42 (0.0004 dB, of `snr_db`), `spectral_centroid_hz` 0.41,
    /// `confidence_score` 0.83 (4e-8, of 0.0005), delay spread and coherence 0.02, envelope's mean 0.01; peak, bandwidth, zero crossings
    /// and roll-off equal.
    Features {
        /// `10 log10(mean |x|^2) + 30`: dB over full scale plus 30, called dBm.
        rssi_dbm,
        /// `10 log10(mean |x|^2 / noise)`, noise as in `noise_floor_dbm`: 7.9 dB for noise alone.
        snr_db,
        /// `10 log10(noise) + 30`, noise being the median of the weakest 30 % of the bins of `P`.
        noise_floor_dbm,
        /// Frequency of the largest bin, Hz from the centre.
        frequency_offset_hz,
        /// Number of bins above half the largest, anywhere, times the bin width, Hz.
        bandwidth_hz,
        /// `10 log10(max P / sample rate) + 30`.
        psd_dbm_per_hz,
        /// Centroid of `P` over the whole band, noise included, Hz.
        spectral_centroid_hz,
        /// Frequency below which 85 % of the power lies, counted from minus half the sample rate, Hz.
        spectral_rolloff_hz,
        /// Mean of `|x| / max |x|`.
        envelope_mean,
        /// Standard deviation of `|x| / max |x|`.
        envelope_std,
        /// Maximum of `|x| / max |x|`: 1 but for the epsilon.
        envelope_max,
        /// `10 log10(max |x|^2 / mean |x|^2)`.
        peak_to_avg_ratio_db,
        /// Changes of the sign of the real part (0 being a sign of its own) per sample.
        zero_crossing_rate,
        /// Standard deviation of the lags whose squared autocorrelation exceeds a tenth of the largest, microseconds.
        multipath_delay_spread_us,
        /// `1 / (5 x spread)`, kHz; 0 where no spread was found.
        coherence_bandwidth_khz,
        /// Piecewise linear in `snr_db`: 0 at 0 dB, 1 above 15 dB; 0 where no spread was found.
        delay_spread_confidence,
        /// `snr_db / 30`, limited to 0 to 1.
        confidence_score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_seventeen_names_and_they_are_the_fields() {
        assert_eq!(Features::<f64>::NAMES.len(), 17);
        let zeros = Features::over(&[]);
        assert!(
            zeros
                .iter()
                .map(|(name, _)| name)
                .eq(Features::<f64>::NAMES.iter().copied())
        );
    }
}
