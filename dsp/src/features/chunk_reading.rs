//! The extended features of a chunk.

use super::chunk_estimates::ChunkEstimates;
use super::extended::Extended;
use super::uncertainty::{self, Powers};
use crate::decibel::{SILENCE, dbfs};
use crate::estimators::noise::Knowledge;
use crate::estimators::occupied_bandwidth::Emission;
use crate::estimators::order_statistic;
use crate::estimators::spectrum::{Block, HANN_VARIANCE};

/// A frame is busy if its power exceeds this many times that of the noise: 3 dB.
const BUSY: f64 = 2.0;

/// Part of the frames that contain only noise if the transmitter is ever off. Their power is an
/// upper limit of the noise.
const IDLE: f64 = 0.1;

/// The extended features of a chunk, and what is known of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChunkReading {
    pub numbers: Extended<f64>,
    /// Variances of the numbers as estimates.
    pub variances: Extended<f64>,
    /// Width of a bin of the spectrum.
    pub bin_hz: f64,
    /// Whether any noise is visible, and what is known of it.
    pub has_noise: bool,
    pub knowledge: Knowledge,
    /// Whether they contain an emission's place in the band.
    pub is_located: bool,
    /// Whether a line at 0 Hz, which they do not contain, may be the signal's carrier.
    pub may_lack_carrier: bool,
    /// How far the noise alone may have moved the edges of the occupied band, as a part of its width.
    /// 0 if that is within the resolution.
    pub edge_doubt: f64,
    /// Standard deviation of the signal's power as a part of it.
    pub snr_deviation: f64,
}

impl ChunkReading {
    /// The extended features of one chunk.
    pub(crate) fn of(chunk: &ChunkEstimates) -> Self {
        let (noise, power_scale) = (chunk.noise, chunk.power_scale);
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
            + noise_power.powi(2) * (noise.relative_variance() + noise.doubt.powi(2));
        let bin_hz = chunk.sample_rate_hz / n;
        let place_hz = |of: fn(&Emission) -> f64| chunk.emission.as_ref().map_or(0.0, of) * bin_hz;
        let (lower_hz, upper_hz) = (place_hz(|found| found.lower), place_hz(|found| found.upper));
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
            duty_cycle: duty_cycle(chunk.frames, chunk.offset_power, noise_power),
        };
        // The product of the noise with a constant offset scatters, but the mean of the chunk is
        // without it.
        let with_offset = 2.0 * chunk.offset_power * noise.density / (n * n);
        let powers = Powers {
            all: power,
            noise: noise_power,
            variance: (chunk.power_variance - with_offset).max(noise_power.powi(2) / noise.bins.max(1.0)),
        };
        let variances = uncertainty::variances(chunk, powers, &numbers);
        Self {
            variances,
            numbers,
            bin_hz,
            has_noise: noise.density > 0.0,
            knowledge: noise.knowledge,
            is_located: chunk.emission.is_some(),
            may_lack_carrier: false,
            edge_doubt: edge_doubt(place_hz(|found| found.width_doubt), upper_hz - lower_hz, bin_hz),
            snr_deviation: scatter.sqrt() / signal_power.max(f64::MIN_POSITIVE),
        }
    }
}

/// This deviation of a width as a part of it. 0 if it is within the resolution.
fn edge_doubt(deviation_hz: f64, width_hz: f64, bin_hz: f64) -> f64 {
    if deviation_hz > uncertainty::resolution(bin_hz).occupied_bandwidth_99_hz {
        deviation_hz / width_hz.max(bin_hz)
    } else {
        0.0
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
fn duty_cycle(frames: &[f64], offset_power: f64, noise_power: f64) -> f64 {
    let mut frames: Vec<f64> = frames.iter().map(|power| power - offset_power).collect();
    let count = frames.len();
    let idle = order_statistic::share(count, IDLE) - 1;
    let (_, &mut weakest, _) = frames.select_nth_unstable_by(idle, f64::total_cmp);
    let level = BUSY * noise_power.min(weakest);
    let busy = frames.iter().filter(|power| **power > level.max(0.0)).count();
    busy as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_leaves_no_doubt_within_the_resolution() {
        // A line of 20 Hz, whose edges are 5 Hz off, and a band of 1 kHz, whose edges are 100 Hz
        // off, both with bins of 5 Hz.
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-12, "{value}, not {expected}");
        near(edge_doubt(5.0, 20.0, 5.0), 0.0);
        near(edge_doubt(100.0, 1_000.0, 5.0), 0.1);
    }
}
