use serde::Serialize;

use super::estimate::{Estimate, Value};
use super::statistics::{Statistics, set_of_numbers};
use crate::dictionary_entry::{DictionaryEntry, Set};

set_of_numbers! {
    /// The numbers of the synthetic training data, in its order and with its names.
    ///
    /// `Features<f64>` describes one chunk, `Features<Statistics>` a segment. `N` is the number of
    /// samples in a chunk, `x` the samples, `fs` the sample rate, `P[k] = |X[k]|² / N` the
    /// two-sided periodogram (rectangular window, no averaging) with 0 Hz in the middle. An epsilon
    /// of 1e-12 keeps logarithms and quotients finite; it also sets the lowest value of the `dbm`
    /// numbers, -90. Several numbers are not what their names promise. They are kept as they are
    /// because models are trained on them.
    ///
    /// `tests/load/reference.py` compares them with the `NumPy` reference. Over 1,502 recordings
    /// from 1 kHz to 20 MHz (2026-11-25) the largest deviations, in units of the tolerance, are:
    /// decibels 0.42 (0.0004 dB, `snr_db`), `spectral_centroid_hz` 0.41, `confidence_score` 0.83
    /// (4e-8 of 0.0005), delay spread and coherence 0.02, `envelope_mean` 0.01. Peak, bandwidth,
    /// zero crossings and roll-off are equal. Over 3,000 others (2026-11-28, seed 20261128) the
    /// largest are 0.70, but for `envelope_mean` 1.03: once, a burst of noise in integers of
    /// amplitude 3e-5.
    Features in Set::Reference => {
        rssi_dbm {
            unit: "dB",
            definition: "Mean power over full scale, plus 30: 10 log10(mean |x|²) + 30.",
            bias: "Not a calibrated power: the receiver's gain is unknown. Lowest value -90.",
            source: "training data",
        },
        snr_db {
            unit: "dB",
            definition: "Mean power over the noise of `noise_floor_dbm`: 10 log10(mean |x|² / noise).",
            bias: "7.9 dB high at low SNR, because the noise is read 7.9 dB low: noise alone reads \
                   7.9 dB. Also, the power includes the noise. The bias shrinks to 7.6 dB where \
                   the signal fills 6 % of the band, 6.5 dB at 25 %, 4.5 dB at 50 %. Kept because \
                   models are trained on it. `snr_unbiased_db` has no such bias.",
            source: "training data",
        },
        noise_floor_dbm {
            unit: "dB",
            definition: "10 log10(noise) + 30, where noise is the median of the weakest 30 % of the bins of P.",
            bias: "It is the 15th percentile of an exponential distribution: 7.9 dB below the mean \
                   power of white noise. Lowest value -90.",
            source: "training data",
        },
        frequency_offset_hz {
            unit: "Hz",
            definition: "Frequency of the largest bin of P.",
            bias: "For a flat signal of 12.5 kHz it is anywhere in the signal: 3.7 kHz rms off at \
                   any SNR.",
            source: "training data",
        },
        bandwidth_hz {
            unit: "Hz",
            definition: "Number of bins of P above half of the largest, anywhere in the band, times fs / N.",
            bias: "Not a bandwidth: a signal 12.5 kHz wide reads 224 Hz, noise alone 900 Hz in 200 kHz.",
            source: "training data",
        },
        psd_dbm_per_hz {
            unit: "dB",
            definition: "Density of the largest bin: 10 log10(max P / fs) + 30.",
            bias: "The maximum of a single periodogram: noise alone reads 10 to 12 dB above its \
                   mean density. Lowest value -90.",
            source: "training data",
        },
        spectral_centroid_hz {
            unit: "Hz",
            definition: "Centroid of P over the whole band: Σ f P / Σ P.",
            bias: "Includes the noise, which pulls it towards 0 by the factor signal / (signal + \
                   noise).",
            source: "training data",
        },
        spectral_rolloff_hz {
            unit: "Hz",
            definition: "Frequency below which 85 % of the power lies, summed from -fs / 2 \
                         upwards.",
            bias: "Two-sided: white noise reads +0.35 fs, and a mirrored signal reads another \
                   value.",
            source: "training data",
        },
        envelope_mean {
            unit: "1",
            definition: "Mean of |x| / max |x|.",
            bias: "Relative to the chunk's own maximum: one click changes it.",
            source: "training data",
        },
        envelope_std {
            unit: "1",
            definition: "Standard deviation of |x| / max |x|.",
            bias: "Relative to the chunk's own maximum: one click changes it.",
            source: "training data",
        },
        envelope_max {
            unit: "1",
            definition: "Maximum of |x| / max |x|.",
            bias: "Always 1, apart from an epsilon of 1e-12.",
            source: "training data",
        },
        peak_to_avg_ratio_db {
            unit: "dB",
            definition: "10 log10(max |x|² / mean |x|²).",
            bias: "An epsilon of 1e-12 makes it too low below a power of about -90 dBFS.",
            source: "training data",
        },
        zero_crossing_rate {
            unit: "1",
            definition: "Changes of sign of the real part, per sample. Zero counts as a sign of its own.",
            bias: "Only the real part counts. An exact zero counts twice, so coarse samples read \
                   high.",
            source: "training data",
        },
        multipath_delay_spread_us {
            unit: "µs",
            definition: "Standard deviation of the lags whose squared autocorrelation exceeds a tenth of the largest, \
                         weighted by it.",
            bias: "Not a property of the channel: without any multipath it reads 0.186 / bandwidth. 0 where one \
                   lag alone exceeds the threshold.",
            source: "training data",
        },
        coherence_bandwidth_khz {
            unit: "kHz",
            definition: "1 / (5 × delay spread).",
            bias: "About 1.07 times the signal's bandwidth. 0 where the delay spread is 0.",
            source: "training data",
        },
        delay_spread_confidence {
            unit: "1",
            definition: "Piecewise linear in `snr_db`: 0 at 0 dB, 1 above 15 dB; 0 where the delay spread is 0.",
            bias: "Not monotonic: it falls from 0.333 to 0.3 at 5 dB and from 0.8 to 0.5 at 10 dB.",
            source: "training data",
        },
        confidence_score {
            unit: "1",
            definition: "`snr_db` / 30, limited to 0 to 1.",
            bias: "Noise alone reads 0.26.",
            source: "training data",
        },
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
