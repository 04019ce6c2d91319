use serde::Serialize;

use super::statistics::{Statistics, set_of_numbers};
use crate::decibel::{SILENCE, dbfs};
use crate::dictionary_entry::{DictionaryEntry, Set};
use crate::estimators::envelope::Envelope;
use crate::estimators::noise::{HANN_VARIANCE, Knowledge, Noise};
use crate::estimators::occupied_bandwidth::Emission;
use crate::estimators::order_statistic;
use crate::estimators::spectrum::Block;

/// A frame is busy if its power exceeds this many times that of the noise: 3 dB.
const BUSY: f64 = 2.0;

/// Part of the frames that contain only noise if the transmitter is ever off. Their power is an
/// upper limit of the noise.
const IDLE: f64 = 0.1;

/// Part by which hidden noise may be weaker than its bound, for the edges of a band.
const HIDDEN: f64 = 0.3;

set_of_numbers! {
    /// The extended features: each number means what its name says, by the definition of a
    /// standard.
    ///
    /// All powers refer to full scale: a constant `|x| = 1` has 0 dBFS. Spectra are of 200 ms under
    /// a periodic Hann window; the resolution is 1.5 bins = 7.5 Hz. The noise is assumed to be flat
    /// over the receiver's pass-band.
    ///
    /// `README.md` has the bias and the standard deviation of each number.
    ///
    /// A number that cannot be known in a chunk is unknown there ([`Unknown`](super::Unknown)).
    /// Statistics are over the chunks in which it is known.
    Extended in Set::Extended => {
        power_dbfs {
            unit: "dBFS",
            definition: "Mean power: 10 log10(mean |x|²). -300 for silence.",
            bias: "",
            source: "this extractor",
        },
        snr_unbiased_db {
            unit: "dB",
            definition: "Signal over noise power, both in the whole pass-band: 10 log10((P - N) / N). A line at 0 Hz \
                         counts only if it is a carrier.",
            bias: "Unknown without a signal, where no noise is visible, and where its standard deviation exceeds 0.4 dB.",
            source: "this extractor",
        },
        noise_density_dbfs_hz {
            unit: "dBFS/Hz",
            definition: "Power density of the noise within the pass-band.",
            bias: "Unknown where signals or their slopes cover the noise; then `bounds` has the most that it can be.",
            source: "Henttu and Aromaa, IEEE ISSSTA 2002",
        },
        occupied_bandwidth_99_hz {
            unit: "Hz",
            definition: "Width of the band outside which 0.5 % of the signal's power lies on \
                         either side, after the noise is subtracted. Of several signals: from the \
                         lowest to the highest, gaps included.",
            bias: "Of several signals, one at the edge with less than 0.5 % of the power is left \
                   out. Unknown without a signal, and where the noise in and beside its band is \
                   not known within 0.2 % of the signal's power.",
            source: "Radio Regulations 1.153, ITU-R SM.328, SM.443",
        },
        occupied_lower_edge_hz {
            unit: "Hz",
            definition: "Lower edge of the occupied band. Beyond half the sample rate if the band continues across the \
                         end of the spectrum: upper minus lower edge is always the bandwidth.",
            bias: "Unknown where the bandwidth is.",
            source: "Radio Regulations 1.153",
        },
        occupied_upper_edge_hz {
            unit: "Hz",
            definition: "Upper edge of the occupied band, in the same way.",
            bias: "Unknown where the bandwidth is.",
            source: "Radio Regulations 1.153",
        },
        carrier_offset_hz {
            unit: "Hz",
            definition: "Frequency from the phase of the autocorrelation at lag 1, of the power \
                         above the noise: the centroid of a narrow signal, the carrier of a \
                         symmetrical one.",
            bias: "Of several signals: a frequency between them, across the end of the band if \
                   that way is shorter. Unknown without a signal.",
            source: "Kay, IEEE Trans. ASSP 37, 1989",
        },
        spectral_flatness {
            unit: "1",
            definition: "Geometric mean over arithmetic mean of the power density in the \
                         pass-band, both of means over about 400 Hz. White noise reads 1.",
            bias: "",
            source: "Gray and Markel, IEEE Trans. ASSP 22, 1974 (Wiener entropy)",
        },
        envelope_kurtosis {
            unit: "1",
            definition: "mean |x|⁴ / (mean |x|²)². A constant envelope reads 1, Gaussian noise 2, \
                         silence 0.",
            bias: "Includes the noise.",
            source: "this extractor",
        },
        duty_cycle {
            unit: "1",
            definition: "Part of the 4 ms frames whose power is more than 3 dB above the noise in \
                         the pass-band. The noise counts as no stronger than the weakest tenth of \
                         the frames. 0 without a signal.",
            bias: "Unknown if a signal was found that is too weak for any frame.",
            source: "ITU-R SM.1880 (spectrum occupancy)",
        },
    }
}

/// The estimates of a chunk that determine its extended features.
pub(crate) struct ChunkEstimates<'a> {
    pub envelope: &'a Envelope,
    /// Mean power without clicks. All that follows is without them too.
    pub mean_power: f64,
    /// Mean powers of the frames. Their order changes.
    pub frames: &'a mut [f64],
    pub blocks: &'a [Block],
    pub noise: &'a Noise,
    pub emission: Option<Emission>,
    /// Power at 0 Hz that is not a signal's, as a mean over the samples.
    pub offset_power: f64,
    /// Factor that restores the powers of the samples.
    pub power_scale: f64,
    pub sample_rate_hz: f64,
}

/// The extended features of a chunk, and what is known of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChunkReading {
    pub numbers: Extended<f64>,
    /// Whether any noise is visible, and what is known of it.
    pub has_noise: bool,
    pub knowledge: Knowledge,
    /// Whether they contain an emission's place in the band.
    pub is_located: bool,
    /// Whether a line at 0 Hz, which they do not contain, may be the signal's carrier.
    pub may_lack_carrier: bool,
    /// Part of the signal's power by which the noise in and around its band may be wrong.
    pub edge_doubt: f64,
    /// Standard deviation of the signal's power as a part of it.
    pub snr_deviation: f64,
}

impl ChunkReading {
    /// The extended features of one chunk.
    pub(crate) fn of(chunk: ChunkEstimates) -> Self {
        let (noise, power_scale, frames) = (chunk.noise, chunk.power_scale, chunk.frames);
        let n: f64 = chunk.blocks.iter().map(|block| block.bins as f64).sum();
        let power = chunk.mean_power - chunk.offset_power;
        let noise_power = noise.density * noise.bins / (n * n);
        let signal_power = power - noise_power;
        let snr_unbiased_db = 10.0
            * (signal_power / noise_power.max(f64::MIN_POSITIVE))
                .max(f64::MIN_POSITIVE)
                .log10();
        // The noise's own power, its product with the signal, and the estimate of the noise scatter
        // independently.
        let scatter = noise_power * (noise_power + 2.0 * signal_power.max(0.0)) / noise.bins.max(1.0)
            + noise_power.powi(2) * (HANN_VARIANCE / noise.measured_bins.max(1.0) + noise.doubt.powi(2));
        let noise_deviation = noise_power
            * match noise.knowledge {
                Knowledge::AtMost => HIDDEN,
                _ => (HANN_VARIANCE / noise.measured_bins.max(1.0) + noise.doubt.powi(2)).sqrt(),
            };
        let bin_hz = chunk.sample_rate_hz / n;
        let place_hz = |of: fn(&Emission) -> f64| chunk.emission.as_ref().map_or(0.0, of) * bin_hz;
        let (lower_hz, upper_hz) = (place_hz(|found| found.lower), place_hz(|found| found.upper));
        for frame in &mut *frames {
            *frame -= chunk.offset_power;
        }
        let numbers = Extended {
            power_dbfs: dbfs(chunk.envelope.mean_power * power_scale),
            snr_unbiased_db,
            noise_density_dbfs_hz: dbfs(noise.density * power_scale / n / chunk.sample_rate_hz),
            occupied_bandwidth_99_hz: upper_hz - lower_hz,
            occupied_lower_edge_hz: lower_hz,
            occupied_upper_edge_hz: upper_hz,
            carrier_offset_hz: place_hz(|found| found.carrier),
            spectral_flatness: flatness(&chunk.blocks[noise.pass_band.clone()]),
            envelope_kurtosis: chunk.envelope.kurtosis,
            duty_cycle: duty_cycle(frames, noise_power),
        };
        Self {
            numbers,
            has_noise: noise.density > 0.0,
            knowledge: noise.knowledge,
            is_located: chunk.emission.is_some(),
            may_lack_carrier: false,
            edge_doubt: noise_deviation * (2.0 * (upper_hz - lower_hz) / chunk.sample_rate_hz).min(1.0)
                / signal_power.max(f64::MIN_POSITIVE),
            snr_deviation: scatter.sqrt() / signal_power.max(f64::MIN_POSITIVE),
        }
    }
}

/// Geometric over arithmetic mean of the blocks' densities, corrected for their scatter: the
/// logarithm of a mean of `K` exponential variables is too low by `1/(2K) + 1/(12K^2)`.
fn flatness(blocks: &[Block]) -> f64 {
    let densities = || blocks.iter().map(|block| block.hann / block.bins as f64);
    let count = blocks.len() as f64;
    let mean = densities().sum::<f64>() / count;
    if mean <= 0.0 {
        return 0.0;
    }
    // The logarithm of a product is faster than a sum of logarithms. The product of eight factors
    // of 1e-30 to some thousand is in range.
    let parts = blocks.chunks(8).map(|blocks| {
        let relative = blocks
            .iter()
            .map(|block| (block.hann / block.bins as f64 / mean).max(SILENCE));
        relative.product::<f64>().ln()
    });
    let logarithms: f64 = parts.sum();
    let bins: usize = blocks.iter().map(|block| block.bins).sum();
    let looks = bins as f64 / count / HANN_VARIANCE;
    let low = 1.0 / (2.0 * looks) + 1.0 / (12.0 * looks * looks);
    (logarithms / count + low).exp().min(1.0)
}

/// Part of the frames that are busy. The noise is limited to the power of the weakest frames, so
/// that bursts of noise do not count as the normal noise.
fn duty_cycle(frames: &mut [f64], noise_power: f64) -> f64 {
    let count = frames.len();
    let idle = order_statistic::share(count, IDLE) - 1;
    let (_, &mut weakest, _) = frames.select_nth_unstable_by(idle, f64::total_cmp);
    let level = BUSY * noise_power.min(weakest);
    let busy = frames.iter().filter(|power| **power > level.max(0.0)).count();
    busy as f64 / count as f64
}
