//! The steps of measuring a chunk one by one, for `benches/stages.rs`.

use std::hint::black_box;

use rustfft::num_complex::Complex32;

use super::single_precision::SinglePrecision;
use crate::estimators::envelope::{self, ClippingLevels, Envelope};
use crate::estimators::impulses::Impulses;
use crate::estimators::noise::{self, BandShape, Knowledge, KurtosisDeficit, Noise};
use crate::estimators::peak_range::PeakRange;
use crate::estimators::spectral_shape::Shape;
use crate::estimators::spectrum::{self, PAD};
use crate::features::{ChunkEstimates, ChunkReading};
use crate::format::SampleFormat;
use crate::plausibility;
use crate::quality::clipping::Clipped;
use crate::quality::measured::Measured;
use crate::quality::{QualityAccumulator, clipping};
use crate::simd::aligned::Aligned;

/// One chunk of `cf32_le`, with the result of each step.
pub struct Stages {
    bytes: Vec<u8>,
    samples: Aligned<Complex32>,
    sample_rate_hz: f64,
    single: SinglePrecision,
    peaks: PeakRange,
    clipping: ClippingLevels,
    envelope: Envelope,
    noise: Noise,
    /// Sum of the powers.
    total: f64,
    quality: QualityAccumulator,
}

/// Name of a step, and the function that does it.
pub type Step = (&'static str, fn(&mut Stages));

impl Stages {
    /// The steps, in the order of the data path.
    pub const STEPS: [Step; 13] = [
        ("Decode", |s| {
            s.samples.clear();
            FORMAT.decode(&s.bytes, s.samples.appendable());
        }),
        ("Plausibility", |s| {
            drop(black_box(plausibility::check(&s.samples, 0)));
        }),
        ("Envelope", |s| {
            s.envelope = envelope::measure(&s.samples, s.clipping, &mut s.single.frames);
        }),
        ("Transform", |s| {
            let (n, spectrum) = (s.samples.len(), &mut s.single.spectrum);
            s.single.transform.process(&s.samples, &mut spectrum[PAD..][..n]);
            (spectrum[0], spectrum[n + PAD]) = (spectrum[n], spectrum[PAD]);
        }),
        ("Spectrum", |s| {
            spectrum::measure(&s.single.spectrum, &mut s.single.power, &mut s.single.blocks);
        }),
        ("Detector", |s| {
            black_box(s.single.detector.signal_present(&s.single.blocks));
        }),
        ("Noise", |s| {
            s.noise = noise::estimate(
                &s.single.blocks,
                KurtosisDeficit::default(),
                0.0,
                &mut s.single.noise_scratch,
            );
        }),
        ("OccupiedBandwidth", |s| {
            black_box(s.single.finder.find(&s.single.spectrum, &s.single.blocks, &s.noise));
        }),
        ("Extended", |s| {
            black_box(ChunkReading::of(&ChunkEstimates {
                envelope: &s.envelope,
                mean_power: s.envelope.mean_power,
                power_variance: s.envelope.power_variance,
                frames: &s.single.frames,
                blocks: &s.single.blocks,
                noise: &s.noise,
                emission: None,
                offset_power: 0.0,
                power_scale: 1.0,
                sample_rate_hz: s.sample_rate_hz,
            }));
        }),
        ("Shape", |s| {
            s.total = Shape::of(&s.single.power, &s.single.blocks).total;
        }),
        ("OrderStatistic", |s| {
            black_box(s.single.lower_quantile.median(&s.single.power));
        }),
        ("DelaySpread", |s| {
            let (power, total) = (&s.single.power, s.total);
            black_box(s.single.delay_spread.estimate(power, total, 1.0 / power.len() as f64));
        }),
        ("Quality", |s| {
            s.quality.add_samples(&s.samples, s.peaks.largest(), FORMAT);
            s.quality.add_chunk(&Measured {
                samples: &s.samples,
                format: FORMAT,
                power_scale: 1.0,
                envelope: &s.envelope,
                without_impulses: &s.envelope,
                impulses: Impulses::default(),
                clipped: Clipped::default(),
                spectrum: &s.single.spectrum[PAD..][..s.samples.len()],
                noise: &s.noise,
                has_strong_zero_hz: false,
                drift: None,
            });
        }),
    ];

    /// Does every step once with the bytes of one chunk.
    #[must_use]
    pub fn new(bytes: Vec<u8>, sample_rate_hz: f64) -> Self {
        let len = bytes.len() / FORMAT.sample_bytes();
        let mut samples = Aligned::with_capacity(Complex32::default(), len, 0);
        FORMAT.decode(&bytes, samples.appendable());
        let n = samples.len();
        let peaks = PeakRange::of(&samples);
        let clipping = clipping::clipping_levels(FORMAT, peaks);
        let mut stages = Self {
            bytes,
            sample_rate_hz,
            single: SinglePrecision::new(n),
            peaks,
            clipping,
            envelope: envelope::measure(&samples, clipping, &mut Vec::new()),
            noise: Noise {
                density: 0.0,
                bins: 0.0,
                pass_band: 0..0,
                shape: BandShape::Noise,
                doubt: 0.0,
                tails: 0.0,
                measured_bins: 0.0,
                knowledge: Knowledge::Known,
                unsure: Vec::new(),
            },
            total: 0.0,
            quality: QualityAccumulator::default(),
            samples,
        };
        for (_, step) in Self::STEPS {
            step(&mut stages);
        }
        stages
    }
}

const FORMAT: SampleFormat = SampleFormat::Cf32Le;
