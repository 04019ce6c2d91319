//! The steps on a chunk one by one, for `benches/stages.rs` alone: which of them costs what.

use std::hint::black_box;

use rustfft::num_complex::Complex32;

use crate::detector::Detector;
use crate::estimators::envelope::{self, ClippingLevels, Envelope};
use crate::estimators::noise::{self, Noise};
use crate::estimators::occupied_bandwidth::Finder;
use crate::estimators::peak_range::PeakRange;
use crate::estimators::spectral_shape::Shape;
use crate::estimators::spectrum::{self, Block, PAD};
use crate::estimators::{delay_spread, order_statistic};
use crate::features::Extended;
use crate::fft::Transform;
use crate::fft::real::RealPart;
use crate::format::SampleFormat;
use crate::plausibility;
use crate::quality::measured::Measured;
use crate::quality::{self, QualityAccumulator};

/// A step, in the order of the data path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the modules")]
pub enum Step {
    Decode,
    Plausibility,
    Envelope,
    Transform,
    Spectrum,
    Detector,
    Noise,
    OccupiedBandwidth,
    Extended,
    Shape,
    OrderStatistic,
    RealPart,
    DelaySpread,
    Quality,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Decode,
        Self::Plausibility,
        Self::Envelope,
        Self::Transform,
        Self::Spectrum,
        Self::Detector,
        Self::Noise,
        Self::OccupiedBandwidth,
        Self::Extended,
        Self::Shape,
        Self::OrderStatistic,
        Self::RealPart,
        Self::DelaySpread,
        Self::Quality,
    ];
}

/// One chunk of `cf32_le`, with what each step leaves for the next.
pub struct Stages {
    bytes: Vec<u8>,
    samples: Vec<Complex32>,
    sample_rate_hz: f64,
    transform: Transform,
    spectrum: Vec<Complex32>,
    power: Vec<f32>,
    spent: Vec<f32>,
    blocks: Vec<Block>,
    frames: Vec<f64>,
    ranked: Vec<f64>,
    candidates: Vec<u32>,
    correlation: Vec<f32>,
    peaks: PeakRange,
    clipping: ClippingLevels,
    envelope: Envelope,
    noise: Noise,
    detector: Detector,
    finder: Finder,
    correlate: RealPart,
    quality_accumulator: QualityAccumulator,
}

impl Stages {
    /// Of the bytes of one chunk, after every step has been done once.
    #[must_use]
    pub fn new(bytes: Vec<u8>, sample_rate_hz: f64) -> Self {
        let mut samples = Vec::new();
        SampleFormat::Cf32Le.decode(&bytes, &mut samples);
        let n = samples.len();
        let peaks = PeakRange::of(&samples);
        let clipping = quality::clipping_levels(SampleFormat::Cf32Le, peaks);
        let mut frames = Vec::new();
        let mut stages = Self {
            spectrum: vec![Complex32::default(); n + 2 * PAD],
            power: vec![0.0; n],
            spent: vec![0.0; n],
            blocks: Vec::new(),
            ranked: Vec::new(),
            candidates: Vec::with_capacity(n),
            correlation: Vec::new(),
            envelope: envelope::measure(&samples, clipping, &mut frames),
            noise: Noise {
                density: 0.0,
                bins: 0.0,
                pass_band: 0..0,
            },
            detector: Detector::default(),
            finder: Finder::default(),
            correlate: RealPart::new(n),
            quality_accumulator: QualityAccumulator::default(),
            bytes,
            samples,
            sample_rate_hz,
            transform: Transform::new(n),
            frames,
            peaks,
            clipping,
        };
        for step in Step::ALL {
            stages.run(step);
        }
        stages
    }

    /// Does one step again.
    pub fn run(&mut self, step: Step) {
        let n = self.power.len();
        match step {
            Step::Decode => {
                self.samples.clear();
                SampleFormat::Cf32Le.decode(&self.bytes, &mut self.samples);
            }
            Step::Plausibility => drop(black_box(plausibility::check(&self.samples, 0))),
            Step::Envelope => self.envelope = envelope::measure(&self.samples, self.clipping, &mut self.frames),
            Step::Transform => {
                let bins = &mut self.spectrum[PAD..][..n];
                self.transform.process(&self.samples, bins);
                self.spectrum[0] = self.spectrum[n];
                self.spectrum[n + PAD] = self.spectrum[PAD];
            }
            Step::Spectrum => spectrum::measure(&self.spectrum, &mut self.power, &mut self.blocks),
            Step::Detector => {
                black_box(self.detector.signal_present(&self.blocks, 0.0));
            }
            Step::Noise => self.noise = noise::estimate(&self.blocks, &mut self.ranked),
            Step::OccupiedBandwidth => {
                black_box(self.finder.find(&self.spectrum, &self.blocks, &self.noise));
            }
            Step::Extended => {
                let (frames, rate) = (&mut self.frames, self.sample_rate_hz);
                black_box(Extended::of(
                    &self.envelope,
                    frames,
                    &self.blocks,
                    &self.noise,
                    None,
                    1.0,
                    rate,
                ));
            }
            Step::Shape => {
                black_box(Shape::of(&self.power, &self.blocks));
            }
            Step::OrderStatistic => {
                black_box(order_statistic::lower_quantile_median(
                    &self.power,
                    &mut self.candidates,
                ));
            }
            Step::RealPart => {
                // The transform leaves nothing of its input; the extractor needs none of it afterwards.
                self.spent.copy_from_slice(&self.power);
                if let Some(lags) = self.correlate.of(&mut self.spent) {
                    lags.clone_into(&mut self.correlation);
                }
            }
            Step::DelaySpread => {
                black_box(delay_spread::estimate(&self.correlation, 1.0 / n as f64));
            }
            Step::Quality => {
                let format = SampleFormat::Cf32Le;
                self.quality_accumulator
                    .add_samples(&self.samples, self.peaks.largest(), format);
                self.quality_accumulator.add_chunk(&Measured {
                    samples: &self.samples,
                    format,
                    power_scale: 1.0,
                    envelope: &self.envelope,
                    clipping: self.clipping,
                    spectrum: &self.spectrum[PAD..][..n],
                    noise: &self.noise,
                    has_carrier: false,
                });
            }
        }
    }
}
