//! The 17 numbers of a chunk in single precision, where that is certain to be good enough.
//!
//! The idea is that of exact geometric predicates: compute fast, bound the error, and only where the
//! answer hangs on the error (two bins of nearly equal power, a bin at half the peak, a lag at the
//! threshold, a noise level 85 dB down) leave it to [`super::double_precision`].

use rustfft::num_complex::Complex32;

use crate::decibel::{EPSILON, level_db, ratio_db};
use crate::detector::{Detector, SegmentDetector};
use crate::estimators::delay_spread::{self, delay_confidence};
use crate::estimators::envelope::{self, ClippingLevels, Envelope};
use crate::estimators::noise::{self, Noise};
use crate::estimators::occupied_bandwidth::Finder;
use crate::estimators::order_statistic;
use crate::estimators::spectral_shape::Shape;
use crate::estimators::spectrum::{self, Block, PAD};
use crate::features::{Extended, Features};
use crate::fft::Transform;
use crate::fft::real::RealPart;
use crate::format::SampleFormat;
use crate::quality::measured::Measured;
use crate::quality::{QualityAccumulator, offset};

/// Above this SNR the noise level needs double precision. The errors of the transform, 1.0e-7 to 1.7e-7 of the
/// signal's root mean square in every bin, and 2.0e-7 for a tone at some lengths (90,000 points), change the power of a bin
/// `s` decibels below the mean power by `1.4 x 2.0e-7 x 10^(s / 20)` of itself (one standard deviation), which three times
/// over is to stay below the 2.3e-4 of a thousandth of a decibel. Only the rank's own bins count: too few others are
/// as near to it as that to average anything.
const MAX_SNR_DB: f64 = 48.5;

/// The same for lengths with prime factors above 11, whose transform takes detours: errors up to 2.8e-7.
const MAX_SNR_ROUGH_DB: f64 = 45.0;

/// Nearer to 0 dB than this an SNR needs double precision: a thirtieth of it is `confidence_score`, which is to be right to 1e-4 of
/// itself, and an error of 1.7e-6 dB was seen (clicks).
const MIN_SNR_DB: f64 = 0.1;

/// Bound on the error of an SNR, for the jumps of [`delay_confidence`].
const SNR_ERROR_DB: f64 = 1e-3;

/// Plans and buffers for chunks of one length.
pub(crate) struct SinglePrecision {
    transform: Transform,
    correlate: RealPart,
    spectrum: Vec<Complex32>,
    power: Vec<f32>,
    candidates: Vec<u32>,
    blocks: Vec<Block>,
    frames: Vec<f64>,
    ranked: Vec<f64>,
    finder: Finder,
    detector: Detector,
    max_snr_db: f64,
}

/// The 17 numbers, as far as single precision is good enough for them.
pub(crate) enum Precision {
    /// For all of them.
    Sufficient(Features<f64>),
    /// For all but the centroid.
    CentroidInsufficient(Features<f64>),
    /// Not for all others.
    Insufficient,
}

/// What became of a chunk.
pub(crate) struct Measurement {
    /// The 17 numbers.
    pub features: Precision,
    /// Whether the detector found a signal.
    pub signal_present: bool,
    /// The extended features.
    pub extended: Extended<f64>,
    /// Whether that says where in the band something stands out.
    pub is_located: bool,
    envelope: Envelope,
    clipping: ClippingLevels,
    noise: Noise,
    has_carrier: bool,
}

impl SinglePrecision {
    /// Plans for chunks of `n` samples.
    pub(crate) fn new(n: usize) -> Self {
        Self {
            spectrum: vec![Complex32::default(); n + 2 * PAD],
            power: vec![0.0; n],
            candidates: Vec::with_capacity(n),
            blocks: Vec::new(),
            frames: Vec::with_capacity(envelope::FRAMES),
            ranked: Vec::new(),
            finder: Finder::default(),
            detector: Detector::default(),
            max_snr_db: if is_smooth(n) { MAX_SNR_DB } else { MAX_SNR_ROUGH_DB },
            correlate: RealPart::new(n),
            transform: Transform::new(n),
        }
    }

    /// Measures a chunk, `samples` being its samples times a factor whose square is 1 / `power_scale`. It is the next of a
    /// `segment_detector`.
    pub(crate) fn measure(
        &mut self,
        samples: &[Complex32],
        power_scale: f64,
        sample_rate_hz: f64,
        clipping: ClippingLevels,
        segment_detector: &mut SegmentDetector,
    ) -> Measurement {
        let n = samples.len();
        let envelope = envelope::measure(samples, clipping, &mut self.frames);
        let bins = PAD..PAD + n;
        self.transform.process(samples, &mut self.spectrum[bins]);

        // Neither the detector nor the extended features must see the bin at 0 Hz, which holds the receiver's own offset, unless
        // it is a carrier.
        let zero = std::mem::take(&mut self.spectrum[PAD]);
        self.spectrum[0] = self.spectrum[n];
        self.spectrum[n + PAD] = Complex32::default();
        spectrum::measure(&self.spectrum, &mut self.power, &mut self.blocks);
        let signal_present = self.detector.signal_present(&self.blocks, zero.norm_sqr());
        segment_detector.add_chunk(&self.blocks);
        let noise = noise::estimate(&self.blocks, &mut self.ranked);
        let squared = (n as f64).powi(2);
        let signal = envelope.mean_power * squared - noise.density * noise.bins;
        let has_carrier = offset::is_carrier(f64::from(zero.norm_sqr()), noise.density, signal);
        if has_carrier {
            self.spectrum[PAD] = zero;
            self.spectrum[n + PAD] = zero;
            spectrum::measure(&self.spectrum, &mut self.power, &mut self.blocks);
        }
        // Whether there is a signal at all may turn out only from the chunks that follow.
        let emission = self.finder.find(&self.spectrum, &self.blocks, &noise);
        let extended = Extended::of(
            &envelope,
            &mut self.frames,
            &self.blocks,
            &noise,
            emission,
            power_scale,
            sample_rate_hz,
        );
        if !has_carrier {
            self.spectrum[PAD] = zero;
            self.power[0] = zero.norm_sqr();
            if let Some(block) = self.blocks.iter_mut().find(|block| block.first == 0) {
                block.power += f64::from(self.power[0]);
                block.largest = block.largest.max(self.power[0]);
            }
        }

        let shape = Shape::of(&self.power, &self.blocks);
        let features = match self.features(&envelope, &shape, power_scale, sample_rate_hz) {
            Some(features) if shape.moment_certain => Precision::Sufficient(features),
            Some(features) => Precision::CentroidInsufficient(features),
            None => Precision::Insufficient,
        };
        Measurement {
            features,
            signal_present,
            extended,
            is_located: emission.is_some(),
            envelope,
            clipping,
            noise,
            has_carrier,
        }
    }

    /// Lets `quality_accumulator` see the chunk that was measured last.
    pub(crate) fn report_quality(
        &self,
        samples: &[Complex32],
        chunk: &Measurement,
        power_scale: f64,
        format: SampleFormat,
        quality_accumulator: &mut QualityAccumulator,
    ) {
        quality_accumulator.add_chunk(&Measured {
            samples,
            format,
            power_scale,
            envelope: &chunk.envelope,
            clipping: chunk.clipping,
            spectrum: &self.spectrum[PAD..][..samples.len()],
            noise: &chunk.noise,
            has_carrier: chunk.has_carrier,
        });
    }

    fn features(
        &mut self,
        envelope: &Envelope,
        shape: &Shape,
        power_scale: f64,
        sample_rate_hz: f64,
    ) -> Option<Features<f64>> {
        let n = self.power.len();
        let bin_hz = 1.0 / (n as f64 * (1.0 / sample_rate_hz));
        let psd_scale = power_scale / n as f64;
        let mean_power = envelope.mean_power * power_scale;
        let noise = order_statistic::lower_quantile_median(&self.power, &mut self.candidates) * psd_scale;
        let snr_db = ratio_db(mean_power / (noise + EPSILON));
        if !(envelope.certain
            && shape.certain
            && (snr_db < -MIN_SNR_DB || (MIN_SNR_DB..self.max_snr_db).contains(&snr_db)))
        {
            return None;
        }

        // The powers are not needed any more; there are as many as planned for.
        let correlation = self.correlate.of(&mut self.power)?;
        let spread = delay_spread::estimate(correlation, psd_scale);
        let jumps = [5.0, 10.0].iter().any(|at| (snr_db - at).abs() < SNR_ERROR_DB);
        if !spread.certain || jumps {
            return None;
        }
        let spread_s = spread.std / sample_rate_hz;
        let found = if spread.lags > 1 { 1.0 } else { 0.0 };

        let amplitude = power_scale.sqrt();
        let highest = envelope.max_power.sqrt() * amplitude;
        let relative = amplitude / (highest + EPSILON);
        Some(Features {
            rssi_dbm: level_db(mean_power),
            snr_db,
            noise_floor_dbm: level_db(noise),
            frequency_offset_hz: shape.peak * bin_hz,
            bandwidth_hz: shape.above_half as f64 * sample_rate_hz / n as f64,
            psd_dbm_per_hz: level_db(shape.peak_power * psd_scale / sample_rate_hz),
            spectral_centroid_hz: shape.moment * psd_scale * bin_hz / (shape.total * psd_scale + EPSILON),
            spectral_rolloff_hz: shape.rolloff * bin_hz,
            envelope_mean: envelope.mean * relative,
            envelope_std: envelope.std * relative,
            envelope_max: highest / (highest + EPSILON),
            peak_to_avg_ratio_db: ratio_db(envelope.max_power * power_scale / (mean_power + EPSILON)),
            zero_crossing_rate: envelope.sign_changes as f64 / n as f64,
            multipath_delay_spread_us: found * spread_s * 1e6,
            coherence_bandwidth_khz: found / (5.0 * spread_s + EPSILON) / 1000.0,
            delay_spread_confidence: found * delay_confidence(snr_db),
            confidence_score: (snr_db / 30.0).clamp(0.0, 1.0),
        })
    }
}

fn is_smooth(n: usize) -> bool {
    [2, 3, 5, 7, 11].into_iter().fold(n, |mut rest, prime| {
        while rest > 1 && rest.is_multiple_of(prime) {
            rest /= prime;
        }
        rest
    }) == 1
}
