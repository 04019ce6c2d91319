//! Measures a chunk. Plans and the buffers of the transforms are reused.

pub(crate) mod double_precision;
pub(crate) mod measured;
mod quantities;
mod restore;
pub(crate) mod single_precision;
#[cfg(feature = "stages")]
pub mod stages;

use std::fmt;

use rustfft::num_complex::Complex32;

use crate::detector::SegmentDetector;
use crate::estimators::peak_range::PeakRange;
use crate::features::Features;
use crate::format::SampleFormat;
use crate::input::Interpretation;
use crate::quality::{QualityAccumulator, clipping};
use double_precision::DoublePrecision;
use measured::MeasuredChunk;
use single_precision::{Precision, SinglePrecision};

/// Largest number of plans: the stations of one network use a handful of sample rates.
const MAX_PLANS: usize = 4;

/// Largest sum of the planned chunk lengths, unless a single one is longer. A sample needs about 60
/// bytes, so 32 MB.
const MAX_PLANNED_SAMPLES: usize = 1 << 19;

/// Plans of transforms and buffers, reused from chunk to chunk and from recording to recording.
/// Each thread has its own.
#[derive(Default)]
pub struct Workspace {
    /// Most recently used last.
    plans: Vec<Plan>,
}

struct Plan {
    chunk_samples: usize,
    single: SinglePrecision,
    /// Planned when single precision is insufficient for the first time.
    double: Option<DoublePrecision>,
}

/// Coarsest step of a format whose rounding is far below the noise of receivers: 16 bits.
const FINE_STEP: f64 = 1.0 / 32_768.0;

/// Power that rounding to integers of this format adds to a sample, if no receiver's noise is that weak:
/// a twelfth of a step squared for each part (Bennett, Bell System Technical Journal 27, 1948). 0 for
/// coarser formats, and for floats.
fn rounding_power(format: SampleFormat) -> f64 {
    let step = f64::from(format.step());
    if step <= FINE_STEP { step * step / 6.0 } else { 0.0 }
}

/// Samples below this power of two are scaled up, so that powers 140 dB below theirs are still
/// normal numbers of single precision. 2^-20 is 1e-6, the amplitude of the weakest ordinary
/// recording.
const SMALL_EXPONENT: i32 = -20;

impl Workspace {
    /// An empty workspace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Measures one chunk, and adds it to `quality_accumulator` and `segment_detector`. `peaks` are
    /// those of its samples. May multiply the samples by a power of two.
    pub(crate) fn measure(
        &mut self,
        samples: &mut [Complex32],
        peaks: PeakRange,
        interpretation: &Interpretation,
        quality_accumulator: &mut QualityAccumulator,
        segment_detector: &mut SegmentDetector,
    ) -> MeasuredChunk {
        let Interpretation {
            format, sample_rate_hz, ..
        } = *interpretation;
        quality_accumulator.add_samples(samples, peaks.largest(), format);
        let mut clipping = clipping::clipping_levels(format, peaks);
        let power_scale = normalise(samples, peaks.largest());
        if power_scale < 1.0 {
            clipping = clipping::clipping_levels(format, PeakRange::of(samples));
        }
        let plan = self.plan(samples.len());
        let chunk = plan.single.measure(
            samples,
            power_scale,
            rounding_power(format),
            sample_rate_hz,
            clipping,
            segment_detector,
        );
        plan.single
            .report_quality(samples, &chunk, power_scale, format, quality_accumulator);
        let plan_double = || DoublePrecision::new(samples.len());
        let features = match chunk.features {
            Precision::Sufficient(features) => features,
            Precision::CentroidInsufficient(features) => {
                let double = plan.double.get_or_insert_with(plan_double);
                Features {
                    spectral_centroid_hz: double.centroid_hz(samples, power_scale, sample_rate_hz),
                    ..features
                }
            }
            Precision::Insufficient => {
                let double = plan.double.get_or_insert_with(plan_double);
                double.features(samples, power_scale, sample_rate_hz)
            }
        };
        MeasuredChunk {
            features,
            reading: chunk.reading,
            with_carrier: chunk.with_carrier,
            shape: chunk.noise.shape,
            may_be_filtered: chunk.noise.may_be_filtered(plan.single.blocks.len()),
            deficit: chunk.deficit,
            signal_present: chunk.signal_present,
        }
    }

    fn plan(&mut self, chunk_samples: usize) -> &mut Plan {
        if let Some(at) = self.plans.iter().position(|plan| plan.chunk_samples == chunk_samples) {
            self.plans[at..].rotate_left(1);
        } else {
            self.make_room(chunk_samples);
            let single = SinglePrecision::new(chunk_samples);
            self.plans.push(Plan {
                chunk_samples,
                single,
                double: None,
            });
        }
        let last = self.plans.len() - 1;
        &mut self.plans[last]
    }

    /// Removes the least recently used plans until one more fits.
    fn make_room(&mut self, chunk_samples: usize) {
        let planned = |plans: &[Plan]| plans.iter().map(|plan| plan.chunk_samples).sum::<usize>();
        while !self.plans.is_empty()
            && (self.plans.len() >= MAX_PLANS || planned(&self.plans) + chunk_samples > MAX_PLANNED_SAMPLES)
        {
            self.plans.remove(0);
        }
    }
}

/// Scales weak samples up by a power of two, which is exact. Returns the factor that restores
/// powers.
fn normalise(samples: &mut [Complex32], largest: f32) -> f64 {
    let lower = f32::from_bits(((SMALL_EXPONENT + 127).unsigned_abs()) << 23);
    if largest >= lower || largest == 0.0 {
        return 1.0;
    }
    // Steps that are themselves normal numbers, for denormal input.
    let mut power_scale = 1.0;
    let mut reached = largest;
    while reached < lower {
        for sample in &mut *samples {
            *sample *= 65_536.0;
        }
        reached *= 65_536.0;
        power_scale /= 65_536.0 * 65_536.0;
    }
    power_scale
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<_> = self.plans.iter().map(|plan| plan.chunk_samples).collect();
        f.debug_struct("Workspace")
            .field("chunk_samples", &lengths)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_limited_and_the_oldest_is_removed_first() {
        let mut workspace = Workspace::new();
        let lengths = |workspace: &Workspace| {
            workspace
                .plans
                .iter()
                .map(|plan| plan.chunk_samples)
                .collect::<Vec<_>>()
        };
        for chunk_samples in [200, 300, 400, 500, 200, 600] {
            workspace.plan(chunk_samples);
        }
        assert_eq!(lengths(&workspace), [400, 500, 200, 600]);
        workspace.plan(MAX_PLANNED_SAMPLES - 700);
        assert_eq!(lengths(&workspace), [600, MAX_PLANNED_SAMPLES - 700]);
    }

    #[test]
    fn scaling_is_exact_down_to_denormal_numbers() {
        for largest in [1e-7_f32, 1e-20, 1e-40] {
            let mut samples = [Complex32::new(largest, -largest / 2.0)];
            let scale = normalise(&mut samples, largest);
            assert!(samples[0].re >= 2.0_f32.powi(SMALL_EXPONENT) && samples[0].re < 1.0);
            assert_eq!(f64::from(samples[0].re) * scale.sqrt(), f64::from(largest));
        }
        assert_eq!(normalise(&mut [Complex32::new(1e3, 0.0)], 1e3), 1.0);
    }
}
