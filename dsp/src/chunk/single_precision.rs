//! The 17 numbers of a chunk in single precision, where that is certain to be sufficient.
//!
//! The idea is that of exact geometric predicates: compute fast and bound the error. Where the
//! result depends on the error (two bins of nearly equal power, a bin at half the peak, a lag at
//! the threshold, a noise level 85 dB below the peak), [`super::double_precision`] computes it.

use rustfft::num_complex::Complex32;

use super::quantities::{Quantities, bin_hz, snr_db};
use crate::decibel::EPSILON;
use crate::detector::{Detector, SegmentDetector};
use crate::estimators::delay_spread::DelaySpreadEstimator;
use crate::estimators::drift::Drift;
use crate::estimators::envelope::{self, ClippingLevels, Envelope};
use crate::estimators::impulses::{Blanker, Impulses};
use crate::estimators::noise::{self, BandShape, KurtosisDeficit, Noise};
use crate::estimators::occupied_bandwidth::Finder;
use crate::estimators::order_statistic::LowerQuantile;
use crate::estimators::spectral_shape::Shape;
use crate::estimators::spectrum::{Block, PAD};
use crate::features::{ChunkEstimates, ChunkReading, Features};
use crate::fft::Transform;
use crate::quality::clipping::Clipped;
use crate::quality::offset::LEAST_CARRIER;
use crate::simd::aligned::Aligned;

/// Above this SNR the noise level needs double precision. The errors of the transform are 1.0e-7 to
/// 1.7e-7 of the signal's root mean square in every bin, and 2.0e-7 for a tone at some lengths
/// (90,000 points). They change the power of a bin `s` decibels below the mean power by `1.4 x
/// 2.0e-7 x 10^(s / 20)` of itself (one standard deviation). Three times that must stay below
/// 2.3e-4, a thousandth of a decibel. Few other bins are as close to the rank, so nothing averages
/// the error.
const MAX_SNR_DB: f64 = 48.5;

/// The same for lengths with prime factors above 11, for which the transform has errors up to
/// 2.8e-7.
const MAX_SNR_ROUGH_DB: f64 = 45.0;

/// An SNR closer to 0 dB needs double precision: `confidence_score` is a thirtieth of it and must
/// be correct to 1e-4 of itself. Errors of 1.7e-6 dB occurred (clicks).
const MIN_SNR_DB: f64 = 0.1;

/// Bound on the error of an SNR, for the jumps of
/// [`delay_confidence`](crate::estimators::delay_spread::delay_confidence).
const SNR_ERROR_DB: f64 = 1e-3;

/// Clipping a part `q` of the components of Gaussian noise reduces its kurtosis by less than this
/// times the square root of `q`: by 0.17 at 2 %, 0.35 at 10 %, 0.63 at 30 %.
const CLIPPED_KURTOSIS: f64 = 2.2;

/// Plans and buffers for chunks of one length.
pub(crate) struct SinglePrecision {
    pub(super) transform: Transform,
    pub(super) delay_spread: DelaySpreadEstimator,
    /// Padded as for [`spectrum::measure`].
    pub(super) spectrum: Aligned<Complex32>,
    pub(super) power: Aligned<f32>,
    pub(super) lower_quantile: LowerQuantile,
    pub(super) blocks: Vec<Block>,
    pub(super) frames: Vec<f64>,
    pub(super) noise_scratch: noise::Scratch,
    pub(super) finder: Finder,
    pub(super) detector: Detector,
    pub(super) blanker: Blanker,
    /// Of the last chunk with clicks, without them and without padding.
    pub(super) spectrum_without_impulses: Vec<Complex32>,
    max_snr_db: f64,
}

/// The 17 numbers, as far as single precision is sufficient for them.
pub(crate) enum Precision {
    /// Sufficient for all of them.
    Sufficient(Features<f64>),
    /// Sufficient for all but the centroid.
    CentroidInsufficient(Features<f64>),
    /// Insufficient for at least one other.
    Insufficient,
}

/// The result for a chunk.
pub(crate) struct Measurement {
    /// The 17 numbers.
    pub features: Precision,
    /// Whether the detector found a signal.
    pub signal_present: bool,
    /// The extended features, without a line at 0 Hz.
    pub reading: ChunkReading,
    /// The same with the line at 0 Hz, if it is strong enough for a carrier.
    pub with_carrier: Option<ChunkReading>,
    pub noise: Noise,
    /// The deficit of kurtosis, and the part of the power above the noise.
    pub deficit: (KurtosisDeficit, f64),
    pub(super) envelope: Envelope,
    pub(super) without_impulses: Envelope,
    pub(super) impulses: Impulses,
    pub(super) clipped: Clipped,
    pub(super) has_strong_zero_hz: bool,
    pub(super) drift: Option<Drift>,
}

impl SinglePrecision {
    /// Plans for chunks of `n` samples.
    pub(crate) fn new(n: usize) -> Self {
        Self {
            spectrum: Aligned::new(Complex32::default(), n + 2 * PAD, PAD),
            power: Aligned::new(0.0, n, 0),
            lower_quantile: LowerQuantile::default(),
            blocks: Vec::new(),
            frames: Vec::with_capacity(envelope::FRAMES),
            noise_scratch: noise::Scratch::default(),
            finder: Finder::default(),
            detector: Detector::default(),
            blanker: Blanker::default(),
            spectrum_without_impulses: Vec::new(),
            max_snr_db: if is_smooth(n) { MAX_SNR_DB } else { MAX_SNR_ROUGH_DB },
            delay_spread: DelaySpreadEstimator::new(n),
            transform: Transform::new(n),
        }
    }

    /// Measures a chunk. `samples` are its samples times the square root of 1 / `power_scale`.
    /// `rounding_power` is that of the format's rounding. Adds the chunk to `segment_detector`.
    pub(crate) fn measure(
        &mut self,
        samples: &[Complex32],
        power_scale: f64,
        rounding_power: f64,
        sample_rate_hz: f64,
        clipping: ClippingLevels,
        segment_detector: &mut SegmentDetector,
    ) -> Measurement {
        let envelope = envelope::measure(samples, clipping, &mut self.frames);
        let clipped = Clipped::of(samples, clipping, envelope.at_clipping_levels);
        let impulses = self.blanker.remove(samples, &envelope, sample_rate_hz);
        // The 17 numbers are with clicks, all others without.
        let (clean, without_impulses) = match &self.blanker.cleaned[..] {
            [] => (samples, envelope),
            clean => (clean, envelope::measure(clean, clipping, &mut self.frames)),
        };
        self.transform
            .process(clean, &mut self.spectrum[PAD..][..samples.len()]);

        // The bin at 0 Hz contains the receiver's own offset. Only the whole segment shows whether
        // a line there is a carrier.
        let zero_hz = self.spectrum[PAD];
        let zero_power = f64::from(zero_hz.norm_sqr());
        let drift = Drift::of(&self.spectrum);
        let with_drift = drift.map(|drift| drift.remove(&mut self.spectrum)).unwrap_or_default();
        self.measure_spectrum(Complex32::default());
        let is_found = self.detector.signal_present(&self.blocks);
        segment_detector.add_chunk(&self.blocks);
        let offset_power = zero_power / (samples.len() as f64).powi(2);
        let (noise, deficit) = self.noise(&without_impulses, offset_power, rounding_power / power_scale, clipped);
        let is_found = is_found && !noise.may_be_filtered(self.blocks.len());
        let signal_present =
            is_found || deficit.0.is_of(deficit.1) || matches!(noise.shape, BandShape::Signal | BandShape::Filled);
        let is_strong = drift.is_some() || (zero_power > 0.0 && zero_power >= LEAST_CARRIER * noise.density);
        let reading = self.read(
            &envelope,
            &without_impulses,
            &noise,
            offset_power,
            power_scale,
            sample_rate_hz,
        );
        let with_carrier = is_strong.then(|| {
            if let Some(drift) = drift {
                drift.restore(&mut self.spectrum, &with_drift);
            }
            self.measure_spectrum(zero_hz);
            self.read(&envelope, &without_impulses, &noise, 0.0, power_scale, sample_rate_hz)
        });
        if !is_strong {
            self.restore_zero_hz(zero_hz);
        }
        if !self.blanker.cleaned.is_empty() {
            self.restore_impulses(samples);
        }
        Measurement {
            features: self.features(&envelope, power_scale, sample_rate_hz),
            signal_present,
            reading,
            with_carrier,
            envelope,
            without_impulses,
            impulses,
            clipped,
            noise,
            deficit,
            has_strong_zero_hz: is_strong,
            drift,
        }
    }

    /// The noise, the deficit of kurtosis and the part of the power above the noise.
    fn noise(
        &mut self,
        envelope: &Envelope,
        offset_power: f64,
        rounding_power: f64,
        clipped: Clipped,
    ) -> (Noise, (KurtosisDeficit, f64)) {
        let n = self.power.len() as f64;
        let rest = (envelope.mean_power - offset_power).max(f64::MIN_POSITIVE);
        let clipped = clipped.at_ends() as f64 / (2.0 * n);
        let kurtosis = envelope.kurtosis_without(offset_power) + CLIPPED_KURTOSIS * clipped.sqrt();
        let deficit = KurtosisDeficit::of(kurtosis, offset_power / rest, &self.blocks);
        let scratch = &mut self.noise_scratch;
        let mut noise = noise::estimate(&self.blocks, deficit, n * rounding_power, scratch);
        noise.decide_by_samples(&self.spectrum, &self.blocks, &mut self.transform);
        let signal = 1.0 - noise.density * noise.bins / (rest * n * n);
        (noise, (deficit, signal))
    }

    /// The extended features of the spectrum that was measured last. The following chunks may show
    /// that there is no signal, so the emission is always measured.
    fn read(
        &mut self,
        envelope: &Envelope,
        without_impulses: &Envelope,
        noise: &Noise,
        offset_power: f64,
        power_scale: f64,
        sample_rate_hz: f64,
    ) -> ChunkReading {
        let emission = self.finder.find(&self.spectrum, &self.blocks, noise);
        ChunkReading::of(&ChunkEstimates {
            envelope,
            mean_power: without_impulses.mean_power,
            power_variance: without_impulses.power_variance,
            frames: &self.frames,
            blocks: &self.blocks,
            noise,
            emission,
            offset_power,
            power_scale,
            sample_rate_hz,
        })
    }

    /// The 17 numbers from the measured spectrum.
    fn features(&mut self, envelope: &Envelope, power_scale: f64, sample_rate_hz: f64) -> Precision {
        let n = self.power.len();
        let psd_scale = power_scale / n as f64;
        let shape = Shape::of(&self.power, &self.blocks);
        let mean_power = envelope.mean_power * power_scale;
        let noise = self.lower_quantile.median(&self.power) * psd_scale;
        let snr_db = snr_db(mean_power, noise);
        let is_snr_certain = snr_db < -MIN_SNR_DB || (MIN_SNR_DB..self.max_snr_db).contains(&snr_db);
        let is_at_jump = [5.0, 10.0].iter().any(|at| (snr_db - at).abs() < SNR_ERROR_DB);
        if !(envelope.certain && shape.certain && is_snr_certain) || is_at_jump {
            return Precision::Insufficient;
        }
        let Some(spread) = self.delay_spread.estimate(&self.power, shape.total, psd_scale) else {
            return Precision::Insufficient;
        };
        if !spread.certain {
            return Precision::Insufficient;
        }

        let amplitude = power_scale.sqrt();
        let highest = envelope.max_power.sqrt() * amplitude;
        let relative = amplitude / (highest + EPSILON);
        let moment_hz = shape.moment * psd_scale * bin_hz(n, sample_rate_hz);
        let features = Quantities {
            samples: n,
            sample_rate_hz,
            mean_power,
            max_power: envelope.max_power * power_scale,
            envelope_mean: envelope.mean * relative,
            envelope_std: envelope.std * relative,
            sign_changes: envelope.sign_changes,
            noise,
            peak_power: shape.peak_power * psd_scale,
            peak: shape.peak,
            above_half: shape.above_half,
            centroid_hz: moment_hz / (shape.total * psd_scale + EPSILON),
            rolloff: shape.rolloff,
            delay_spread: (spread.lags > 1).then_some(spread.std),
        }
        .features();
        if shape.moment_certain {
            Precision::Sufficient(features)
        } else {
            Precision::CentroidInsufficient(features)
        }
    }
}

/// Whether `n` has no prime factor above 11.
fn is_smooth(n: usize) -> bool {
    [2, 3, 5, 7, 11].into_iter().fold(n, |mut rest, prime| {
        while rest > 1 && rest.is_multiple_of(prime) {
            rest /= prime;
        }
        rest
    }) == 1
}
