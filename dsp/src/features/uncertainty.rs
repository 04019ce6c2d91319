//! Variances of the extended features of a chunk, and their resolution.

use std::f64::consts::{LN_10, TAU};

use super::chunk_estimates::ChunkEstimates;
use super::extended::Extended;
use crate::estimators::spectrum::{Block, HANN_VARIANCE};

/// Decibels of a relative error.
const DB: f64 = 10.0 / LN_10;

/// Resolution of an edge of the occupied bandwidth in bins. The main lobe of the Hann window
/// reaches two bins to either side of a line. That is two standard errors.
const EDGE_RESOLUTION: f64 = 1.0;

/// Standard deviation of what the ends of a chunk add to the carrier of a tone, in bins: the
/// autocorrelation of a transform is circular, and the step from the last sample to the first turns
/// it by up to `1 / (2 pi)` bins.
const CARRIER_RESOLUTION: f64 = std::f64::consts::FRAC_1_SQRT_2 / TAU;

/// Part of the scatter of a random signal's power above which a power counts as random.
const RANDOM: f64 = 0.5;

/// Powers of a chunk without offset and clicks, as means over the samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Powers {
    pub(super) all: f64,
    pub(super) noise: f64,
    /// Variance of `all`.
    pub(super) variance: f64,
}

impl Powers {
    /// Variance of `all` relative to its square.
    fn relative_variance(&self) -> f64 {
        self.variance / self.all.powi(2).max(f64::MIN_POSITIVE)
    }
}

/// Variance of each number of a chunk.
pub(super) fn variances(chunk: &ChunkEstimates, powers: Powers, numbers: &Extended<f64>) -> Extended<f64> {
    let noise = chunk.noise;
    let bin_hz = chunk.sample_rate_hz / chunk.blocks.iter().map(|block| block.bins as f64).sum::<f64>();
    let emission = chunk.emission.as_ref();
    let place = |variance: Option<f64>| variance.unwrap_or(0.0) * bin_hz.powi(2);
    let lower = place(emission.map(|found| found.lower_variance));
    let upper = place(emission.map(|found| found.upper_variance));
    let envelope = chunk.envelope;
    let relative = envelope.power_variance / envelope.mean_power.powi(2).max(f64::MIN_POSITIVE);
    let frames = chunk.frames.len().max(1) as f64;
    // Neither all nor none of the frames means that the next one will be the same.
    let busy = (numbers.duty_cycle * frames + 0.5) / (frames + 1.0);
    Extended {
        power_dbfs: DB.powi(2) * relative,
        snr_unbiased_db: DB.powi(2) * snr(chunk, powers),
        noise_density_dbfs_hz: DB.powi(2) * noise.relative_variance(),
        occupied_bandwidth_99_hz: lower + upper,
        occupied_lower_edge_hz: lower,
        occupied_upper_edge_hz: upper,
        carrier_offset_hz: place(emission.map(|found| found.carrier_variance)),
        spectral_flatness: numbers.spectral_flatness.powi(2)
            * log_flatness(&chunk.blocks[noise.pass_band.clone()], powers.relative_variance()),
        envelope_kurtosis: envelope.kurtosis_variance,
        duty_cycle: busy * (1.0 - busy) / frames,
    }
}

/// Standard errors that no average makes smaller, for bins of this width.
pub(crate) fn resolution(bin_hz: f64) -> Extended<f64> {
    Extended {
        power_dbfs: 0.0,
        snr_unbiased_db: 0.0,
        noise_density_dbfs_hz: 0.0,
        // Both edges of a line are too far outside.
        occupied_bandwidth_99_hz: 2.0 * EDGE_RESOLUTION * bin_hz,
        occupied_lower_edge_hz: EDGE_RESOLUTION * bin_hz,
        occupied_upper_edge_hz: EDGE_RESOLUTION * bin_hz,
        carrier_offset_hz: CARRIER_RESOLUTION * bin_hz,
        spectral_flatness: 0.0,
        envelope_kurtosis: 0.0,
        duty_cycle: 0.0,
    }
}

/// Variance of the signal-to-noise ratio `P / N - 1` relative to its square. The noise itself is in
/// both powers: in `bins` independent powers it has the covariance `N^2 / bins`.
fn snr(chunk: &ChunkEstimates, powers: Powers) -> f64 {
    let signal = (powers.all - powers.noise).max(f64::MIN_POSITIVE);
    let shared = 2.0 * powers.noise / (powers.all.max(f64::MIN_POSITIVE) * chunk.noise.bins.max(1.0));
    let ratio = powers.relative_variance() + chunk.noise.relative_variance() - shared;
    (powers.all / signal).powi(2) * ratio.max(0.0)
}

/// Variance of the logarithm of the flatness, `mean ln D - ln mean D` over the densities `D` of the
/// blocks.
///
/// The mean of `K` exponential variables has the relative variance `1 / K`, and so has its
/// logarithm (Bendat and Piersol, Random Data, 8.5). Noise shifts both terms alike. What is left is
/// the variance of the squares, `v^2 / 2` in a block whose variance is `v`. `power_variance` is
/// that of the power as measured, relative to its square. It is smaller than that of a random
/// signal where the signal is steady: then the blocks of the signal scatter, but not their sum.
fn log_flatness(blocks: &[Block], power_variance: f64) -> f64 {
    let count = blocks.len() as f64;
    let (mut bins, mut total, mut squares) = (0, 0.0, 0.0);
    for block in blocks {
        bins += block.bins;
        total += block.hann;
        squares += block.hann * block.hann;
    }
    if total <= 0.0 {
        return 0.0;
    }
    // All blocks but one are equally wide.
    let variance = HANN_VARIANCE * count / bins as f64;
    // Variance of the total relative to its square, if all is random. The square of a density that
    // scatters is too large.
    let of_total = variance / (1.0 + variance) * squares / total.powi(2);
    let random = HANN_VARIANCE * power_variance / of_total.max(f64::MIN_POSITIVE);
    let random = if random > RANDOM { 1.0 } else { random };
    let of_squares = 0.5 * variance.powi(2) / count;
    of_squares + (variance / count + random * (of_total - 2.0 * variance / count)).max(0.0)
}
