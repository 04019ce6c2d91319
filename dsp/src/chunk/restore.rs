//! What follows the extended features of a chunk: the spectrum that the 17 numbers need, and the
//! quality.

use rustfft::num_complex::Complex32;

use super::single_precision::{Measurement, SinglePrecision};
use crate::estimators::spectrum::{self, PAD};
use crate::format::SampleFormat;
use crate::quality::QualityAccumulator;
use crate::quality::measured::Measured;

impl SinglePrecision {
    /// Adds the bin at 0 Hz to a spectrum that was measured without it, as far as the 17 numbers
    /// need it.
    pub(super) fn restore_zero_hz(&mut self, zero_hz: Complex32) {
        self.spectrum[PAD] = zero_hz;
        self.power[0] = zero_hz.norm_sqr();
        if let Some(block) = self.blocks.iter_mut().find(|block| block.first == 0) {
            block.power += f64::from(self.power[0]);
            block.largest = block.largest.max(self.power[0]);
        }
    }

    /// Fills powers and blocks from the spectrum with this value at 0 Hz.
    pub(super) fn measure_spectrum(&mut self, zero_hz: Complex32) {
        let n = self.power.len();
        self.spectrum[PAD] = zero_hz;
        self.spectrum[0] = self.spectrum[n];
        self.spectrum[n + PAD] = zero_hz;
        spectrum::measure(&self.spectrum, &mut self.power, &mut self.blocks);
    }

    /// Measures the spectrum with clicks, and keeps the one without.
    pub(super) fn restore_impulses(&mut self, samples: &[Complex32]) {
        let spectrum = &mut self.spectrum[PAD..][..samples.len()];
        self.spectrum_without_impulses.clear();
        self.spectrum_without_impulses.extend_from_slice(spectrum);
        self.transform.process(samples, spectrum);
        let zero_hz = spectrum[0];
        self.measure_spectrum(zero_hz);
    }

    /// Adds the chunk that was measured last to `quality_accumulator`.
    pub(crate) fn report_quality(
        &self,
        samples: &[Complex32],
        chunk: &Measurement,
        power_scale: f64,
        format: SampleFormat,
        quality_accumulator: &mut QualityAccumulator,
    ) {
        let spectrum = if self.blanker.cleaned.is_empty() {
            &self.spectrum[PAD..][..samples.len()]
        } else {
            &self.spectrum_without_impulses
        };
        quality_accumulator.add_chunk(&Measured {
            samples,
            format,
            power_scale,
            envelope: &chunk.envelope,
            without_impulses: &chunk.without_impulses,
            impulses: chunk.impulses,
            clipped: chunk.clipped,
            spectrum,
            noise: &chunk.noise,
            has_strong_zero_hz: chunk.has_strong_zero_hz,
            drift: chunk.drift,
        });
    }
}
