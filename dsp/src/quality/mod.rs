//! Quality of a recording: faults of the receiver and the recorder, not properties of the signal.

pub(crate) mod clipping;
mod codes;
mod imbalance;
pub(crate) mod measured;
pub(crate) mod offset;
mod runs;

use rustfft::num_complex::Complex32;
use serde::Serialize;

use crate::dictionary_entry::{DictionaryEntry, Set, struct_with_dictionary};
use crate::estimators::impulses::Impulses;
use crate::format::SampleFormat;
use crate::warning::Warning;
use clipping::Clipped;
use codes::Codes;
use imbalance::Imbalance;
use measured::Measured;
use offset::Offset;
pub(crate) use offset::ZeroHz;
use runs::Runs;

/// Parts of clipped components from which on the warnings are given. 0.01 % is inaudible, 1 %
/// spreads over the whole band.
const CLIPPED: f64 = 1e-4;
const CLIPPED_HEAVILY: f64 = 1e-2;

/// With fewer codes than this, the quantisation noise exceeds that of the receiver.
const FEWEST_CODES: usize = 16;

/// A longer run of identical samples is a dropout, unless such runs occur by chance, as in noise
/// below a converter's step.
const LONGEST_RUN_MS: f64 = 1.0;

/// Probability of a segment's longest run below which the run is not by chance.
const BY_CHANCE: f64 = 1e-6;

/// Exact zeros, as a part of all samples, above which most of the recording is missing.
const MOST_ZEROS: f64 = 0.5;

/// Larger components are plausible, but not on the usual scale, whose full scale is 1.
const UNSCALED: f32 = 2.0;

/// Gain and phase errors that a receiver should not have.
const GAIN_ERROR_DB: f64 = 1.0;
const PHASE_ERROR_DEG: f64 = 5.0;

/// Ratio of the powers with and without clicks from which on they matter: 3 dB. The noise of
/// long waves has clicks that add less.
const STRONG_IMPULSES: f64 = 2.0;

impl Quality {
    /// Adds warnings.
    pub(crate) fn warn(&mut self, others: impl IntoIterator<Item = Warning>) {
        self.warnings.extend(others);
        self.warnings.sort_unstable();
        self.warnings.dedup();
    }
}

struct_with_dictionary! {
    /// Faults of the receiver and the recorder in one segment.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    Quality in Set::Quality => {
        clipped_fraction: f64 {
            unit: "1",
            definition: "Part of the components (I or Q) that are clipped: at the end of the format, \
                         or at an extreme value below it, if more than four times as many are there \
                         as within the last 1 % of the scale beside it, or in the next lower step. \
                         Reaching the end of the scale is not clipping.",
            bias: "0 where less than about 1.5 % of a signal's amplitude is cut off.",
            source: "this extractor",
        },
        #[serde(skip_serializing_if = "Option::is_none")]
        codes_used: Option<usize> {
            unit: "1",
            definition: "Number of different values of I or of Q, whichever has fewer. Counting \
                         ends at 256.",
            bias: "Only for integer formats of up to 16 bits.",
            source: "this extractor",
        },
        dc_offset_dbfs: f64 {
            unit: "dBFS",
            definition: "Power of the mean sample.",
            bias: "A carrier at 0 Hz reads the same as an offset.",
            source: "this extractor",
        },
        dc_spike_db: f64 {
            unit: "dB",
            definition: "Power in the bin at 0 Hz over the mean of the 32 bins near it.",
            bias: "A carrier at 0 Hz reads the same as an offset; the warning `dc_spike` tells them apart.",
            source: "this extractor",
        },
        iq_gain_imbalance_db: Option<f64> {
            unit: "dB",
            definition: "Power of I over power of Q, from the correlation of mirrored frequencies: \
                         a signal on one side of the band does not count.",
            bias: "Null where the correlation shows something else: a signal that fills the band or \
                   has its carrier at 0 Hz, one component alone, rounding stronger than the noise, \
                   a filter that passes less than half of the band, clicks that are not recognised, \
                   or too few samples (below 12 kHz for 200 ms).",
            source: "Valkama, Renfors and Koivunen, IEEE Trans. SP 49, 2001",
        },
        iq_phase_error_deg: Option<f64> {
            unit: "°",
            definition: "Deviation of the angle between I and Q from 90 degrees, from the same correlation.",
            bias: "As for `iq_gain_imbalance_db`.",
            source: "Valkama, Renfors and Koivunen, IEEE Trans. SP 49, 2001",
        },
        impulses_per_second: f64 {
            unit: "1/s",
            definition: "Rate of clicks: events as short as the receiver's filter allows (up to 4 \
                         samples at half height), alone within 48 samples and 32 µs on either \
                         side, and far above noise of the chunk's median power.",
            bias: "Clicks less than about 17 dB above the noise or the signal are missed. Presence, \
                   SNR, noise, place and duty cycle of the extended set, `dc_spike_db` and the \
                   imbalance are measured without clicks that raise a chunk's power by \
                   more than 1 dB; the reference features are with them.",
            source: "this extractor",
        },
        impulse_level_db: Option<f64> {
            unit: "dB",
            definition: "Peak power of the clicks over the noise: mean of their levels, relative to the \
                         median of |x|² over ln 2.",
            bias: "Null without clicks. Relative to the signal, if there is one most of the time.",
            source: "this extractor",
        },
        longest_identical_run_ms: f64 {
            unit: "ms",
            definition: "Longest run of identical samples.",
            bias: "",
            source: "this extractor",
        },
        zero_fraction: f64 {
            unit: "1",
            definition: "Part of the samples that are exactly zero.",
            bias: "",
            source: "this extractor",
        },
        lost_samples: u64 {
            unit: "1",
            definition: "Samples of this segment that the recorder lost. All other numbers are of \
                         chunks that lack none.",
            bias: "",
            source: "SigMF `core:global_index`, KiwiSDR time stamps",
        },
    } and {
        /// What is wrong, in the order of [`Warning`], each once. The last field: warnings that
        /// only the end of the recording shows are added to the JSON text.
        warnings: Vec<Warning>,
    }
}

/// Sums and counts over the chunks of a segment.
#[derive(Debug, Default)]
pub(crate) struct QualityAccumulator {
    samples: usize,
    lost: u64,
    clipped: Clipped,
    zeros: usize,
    repeats: usize,
    largest: f32,
    codes: Codes,
    impulses: Impulses,
    /// Sums of the mean powers of the chunks with and without clicks.
    power: f64,
    power_without_impulses: f64,
    offset: Offset,
    imbalance: Imbalance,
    runs: Runs,
}

impl QualityAccumulator {
    /// Adds the samples of a chunk before they are scaled. `largest` is their largest component.
    pub(crate) fn add_samples(&mut self, samples: &[Complex32], largest: f32, format: SampleFormat) {
        self.largest = self.largest.max(largest);
        self.codes.add(samples, format);
    }

    /// Adds the measurements of a chunk.
    pub(crate) fn add_chunk(&mut self, chunk: &Measured) {
        self.clipped.add(chunk.clipped);
        self.samples += chunk.samples.len();
        self.zeros += chunk.envelope.zeros;
        self.repeats += chunk.envelope.repeats;
        self.runs.add(chunk.samples, chunk.envelope.repeats);
        self.impulses.add(chunk.impulses);
        self.power += chunk.envelope.mean_power * chunk.power_scale;
        self.power_without_impulses += chunk.without_impulses.mean_power * chunk.power_scale;
        self.offset.add(chunk);
        // I and Q of real samples come from a filter, not from a receiver.
        if !chunk.format.is_real() {
            self.imbalance.add(chunk);
        }
    }

    /// Whether the longest run may be by chance. With the probability `p` that a sample repeats the
    /// one before, measured outside the run, one of `n` runs has `k` samples with a probability of
    /// at most `n p^(k-1)`.
    fn may_be_chance(&self) -> bool {
        let repeats = self.runs.longest().saturating_sub(1);
        let outside = self.samples.saturating_sub(repeats);
        let others = self.repeats.saturating_sub(repeats);
        let share = others as f64 / outside.max(1) as f64;
        self.samples as f64 * share.powf(repeats as f64) > BY_CHANCE
    }

    /// Counts samples that the recorder lost.
    pub(crate) fn add_gap(&mut self, samples: u64) {
        self.lost += samples;
    }

    /// Notes a gap: the next sample does not follow the last one.
    pub(crate) fn interrupt(&mut self) {
        self.runs.interrupt();
    }

    /// What the line at 0 Hz is, from the chunks of the segment so far. `has_signal_around` says
    /// whether a signal was found on both sides of it.
    pub(crate) fn zero_hz(&self, has_signal_around: bool) -> ZeroHz {
        match self.offset.verdict() {
            ZeroHz::Offset if has_signal_around && !self.offset.has_side_bands() => ZeroHz::OffsetOrCarrier,
            verdict => verdict,
        }
    }

    /// The quality of the segment, with this line at 0 Hz. `others` are warnings from reading the
    /// bytes. Starts the next segment.
    pub(crate) fn finish_segment(
        &mut self,
        sample_rate_hz: f64,
        zero_hz: ZeroHz,
        others: impl IntoIterator<Item = Warning>,
    ) -> Quality {
        let sums = std::mem::take(self);
        self.runs = sums.runs.carried_over();
        let samples = sums.samples.max(1) as f64;
        let imbalance = sums.imbalance.errors();
        let mut quality = Quality {
            clipped_fraction: sums.clipped.total() as f64 / (2.0 * samples),
            codes_used: sums.codes.used(),
            dc_offset_dbfs: sums.offset.level_dbfs(),
            dc_spike_db: sums.offset.spike_db(),
            iq_gain_imbalance_db: imbalance.map(|errors| errors.gain_db),
            iq_phase_error_deg: imbalance.map(|errors| errors.phase_deg),
            impulses_per_second: sums.impulses.count as f64 * sample_rate_hz / samples,
            impulse_level_db: sums.impulses.level_db(),
            longest_identical_run_ms: sums.runs.longest() as f64 * 1000.0 / sample_rate_hz,
            zero_fraction: sums.zeros as f64 / samples,
            lost_samples: sums.lost,
            warnings: others.into_iter().collect(),
        };
        let faults = [
            (Warning::Clipping, quality.clipped_fraction > CLIPPED),
            (Warning::HeavyClipping, quality.clipped_fraction > CLIPPED_HEAVILY),
            (
                Warning::UnderDriven,
                quality.codes_used.is_some_and(|codes| codes < FEWEST_CODES),
            ),
            (Warning::DcSpike, zero_hz == ZeroHz::Offset),
            (Warning::DcOrCarrier, zero_hz == ZeroHz::OffsetOrCarrier),
            (
                Warning::IqImbalance,
                imbalance.is_some_and(|errors| errors.exceeds(GAIN_ERROR_DB, PHASE_ERROR_DEG)),
            ),
            (
                Warning::Impulses,
                sums.power > STRONG_IMPULSES * sums.power_without_impulses,
            ),
            (
                Warning::Dropout,
                quality.longest_identical_run_ms > LONGEST_RUN_MS && !sums.may_be_chance(),
            ),
            (Warning::MostlyZeros, quality.zero_fraction > MOST_ZEROS),
            (Warning::Unscaled, sums.largest > UNSCALED),
            (Warning::Gap, sums.lost > 0),
        ];
        let found = faults.into_iter().filter(|(_, is_found)| *is_found);
        quality.warn(found.map(|(warning, _)| warning));
        quality
    }
}
