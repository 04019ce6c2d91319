//! Turns bytes of samples into chunks, and chunks into segments.

use super::analytic_signal::AnalyticSignal;
use super::chunk_buffer::ChunkBuffer;
use super::extraction::{Extraction, Fragment, Totals};
use super::sample_checks::SampleChecks;
use super::sample_decoder::SampleDecoder;
use super::segment_builder::SegmentBuilder;
use crate::chunk::Workspace;
use crate::container::Container;
use crate::error::Error;
use crate::features::SegmentFeatures;
use crate::input::{Hints, Interpretation, consistency};
use crate::overview::OverviewBuilder;
use crate::recording_info::{Anomaly, Gap, RecordingInfo};
use crate::timeline::Grid;

/// Bytes of real samples that are made complex at once: whole samples of every format.
const REAL_PIECE_BYTES: usize = 64 * 1024;

/// Takes the bytes of a recording's samples and computes its segments. Holds one chunk of samples.
#[derive(Debug)]
pub(crate) struct Segmenter {
    hints: Hints,
    decoder: SampleDecoder,
    /// Makes complex samples of real ones.
    analytic: Option<AnalyticSignal>,
    chunk: ChunkBuffer,
    checks: SampleChecks,
    segment: SegmentBuilder,
    overview: Option<Box<OverviewBuilder>>,
    /// The result so far.
    result: Extraction,
}

impl Segmenter {
    /// # Errors
    ///
    /// If the grid does not fit the sample rate.
    pub(crate) fn new(
        interpretation: Interpretation,
        hints: &Hints,
        grid: Grid,
        with_overview: bool,
    ) -> Result<Self, Error> {
        let rate_hz = interpretation.sample_rate_hz;
        if let Some(problem) = grid.problem(rate_hz) {
            return Err(Error::Grid { problem, rate_hz });
        }
        let chunk_samples = grid.chunk_samples(rate_hz);
        let is_real = interpretation.format.is_real();
        let overview = || Box::new(OverviewBuilder::new(rate_hz, chunk_samples));
        Ok(Self {
            hints: hints.clone(),
            decoder: SampleDecoder::new(interpretation.format),
            analytic: is_real.then(AnalyticSignal::new),
            chunk: ChunkBuffer::new(&interpretation, grid, &hints.losses),
            checks: SampleChecks::new(&interpretation),
            segment: SegmentBuilder::default(),
            overview: with_overview.then(overview),
            result: Extraction {
                segments: Vec::new(),
                totals: Totals::default(),
                interpretation,
                info: RecordingInfo::default(),
                inconsistencies: consistency::of_reading(hints, &interpretation),
                samples_used: 0,
                samples_left_over: 0,
                samples_lost: 0,
                overview: None,
            },
        })
    }

    /// See [`crate::Recording::take_segments`].
    pub(crate) fn take_segments(&mut self) -> Vec<SegmentFeatures> {
        std::mem::take(&mut self.result.segments)
    }

    /// Takes bytes of samples, divided anywhere.
    pub(crate) fn read(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        self.chunk.reserve();
        let (completed, whole) = self.decoder.split(bytes);
        self.read_whole(&completed, workspace)?;
        self.read_whole(whole, workspace)
    }

    /// Takes bytes of whole samples.
    fn read_whole(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        if self.analytic.is_none() {
            return self.decode(bytes, workspace);
        }
        self.checks.add_bytes(bytes);
        for piece in bytes.chunks(REAL_PIECE_BYTES) {
            let Some(analytic) = &mut self.analytic else { break };
            let from = analytic.samples_read;
            SampleChecks::check_real(analytic.read(self.decoder.format, piece), from)?;
            let complex = analytic.transform();
            self.decode(&complex, workspace)?;
        }
        Ok(())
    }

    /// Takes bytes of whole complex samples.
    fn decode(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        while !bytes.is_empty() {
            while let Some(lost) = self.chunk.next_known_loss() {
                self.skip_lost(lost)?;
            }
            let decoded = self.chunk.decode(&mut bytes);
            if self.analytic.is_none() {
                self.checks.add_bytes(decoded);
            }
            if self.chunk.timeline.is_at_chunk_border() {
                self.complete_chunk(workspace)?;
            }
        }
        Ok(())
    }

    /// Notes samples that the recorder lost here, as they are stored.
    pub(crate) fn note_lost(&mut self, samples: u64) -> Result<(), Error> {
        match &self.analytic {
            None => self.skip_lost(samples),
            // The complex samples before the gap are not complete yet.
            Some(analytic) => {
                self.chunk.add_known_loss(Gap {
                    at_sample: analytic.samples_read / 2,
                    lost_samples: samples / 2,
                });
                Ok(())
            }
        }
    }

    /// Continues after samples that the recorder lost here. A loss that is too long is a clock
    /// jump: it is noted, and nothing is skipped.
    fn skip_lost(&mut self, samples: u64) -> Result<(), Error> {
        if samples == 0 {
            return Ok(());
        }
        let at_sample = self.chunk.samples_read;
        if !self.chunk.timeline.allows_loss(samples) {
            self.result.info.add_anomaly(Anomaly::ClockJump {
                at_sample,
                by_s: samples as f64 / self.result.interpretation.sample_rate_hz,
            });
            return Ok(());
        }
        self.result.info.add_gap(Gap {
            at_sample,
            lost_samples: samples,
        });
        self.result.samples_lost += samples;
        self.discard_chunk()?;
        let mut left = samples;
        while left > 0 {
            // Each segment counts its own losses. A segment without any sample has no row for them.
            let step = left.min(self.chunk.timeline.to_segment_border());
            self.segment.quality.add_gap(step);
            self.chunk.timeline.advance(step);
            left -= step;
            self.close_segment_at_border();
        }
        self.chunk.is_incomplete = !self.chunk.timeline.is_at_chunk_border();
        Ok(())
    }

    /// Checks the samples of a chunk that lacks others, and leaves them out.
    fn discard_chunk(&mut self) -> Result<(), Error> {
        self.checks.check_range(&self.chunk)?;
        self.add_to_overview();
        self.chunk.clear();
        self.segment.quality.interrupt();
        Ok(())
    }

    fn complete_chunk(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        if std::mem::take(&mut self.chunk.is_incomplete) {
            self.discard_chunk()?;
        } else {
            let peaks = self.checks.check_range(&self.chunk)?;
            self.check_layout()?;
            self.add_to_overview();
            self.segment
                .measure(workspace, self.chunk.samples_mut(), peaks, &self.result.interpretation);
            self.result.samples_used += self.chunk.samples().len() as u64;
            self.chunk.clear();
        }
        self.close_segment_at_border();
        Ok(())
    }

    /// Takes the last complex samples of a recording of real ones.
    fn finish_real(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        let Some(analytic) = &mut self.analytic else {
            return Ok(());
        };
        let complex = analytic.finish();
        self.result.info.add_anomaly(Anomaly::RealSamples {
            sample_rate_hz: 2.0 * self.result.interpretation.sample_rate_hz,
        });
        self.decode(&complex, workspace)
    }

    fn add_to_overview(&mut self) {
        if let Some(overview) = &mut self.overview {
            overview.add_samples(self.chunk.start(), self.chunk.samples());
        }
    }

    fn check_layout(&mut self) -> Result<(), Error> {
        let found = self.checks.check_layout(&self.chunk, &self.result.interpretation)?;
        self.result.inconsistencies.extend(found);
        Ok(())
    }

    fn close_segment_at_border(&mut self) {
        if self.chunk.timeline.is_at_segment_border() {
            self.close_segment(self.chunk.timeline.segment_index() - 1);
        }
    }

    /// Adds the segment to the result, if any of its chunks was measured.
    fn close_segment(&mut self, index: u64) {
        let rate_hz = self.result.interpretation.sample_rate_hz;
        let start_ms = self.chunk.timeline.segment_start(index) as f64 * 1000.0 / rate_hz;
        let warnings = self.result.inconsistencies.iter().map(|found| found.warning);
        let Some((segment, chunks)) = self.segment.finish(index, start_ms, rate_hz, warnings) else {
            return;
        };
        self.result.totals.add(&segment);
        if let Some(overview) = &mut self.overview {
            overview.add_segment(&segment, &chunks);
        }
        self.result.segments.push(segment);
    }

    /// See [`crate::Recording::into_fragment`].
    pub(crate) fn into_fragment(mut self, container: Container) -> Option<Fragment> {
        self.add_to_overview();
        self.close_segment(self.chunk.timeline.segment_index());
        container.fill(&mut self.result.info);
        if let Some(meta) = self.hints.sigmf() {
            meta.fill(&mut self.result.info);
        }
        let overview = self.overview?.finish();
        (overview.samples > 0).then(|| Fragment {
            overview: Box::new(overview),
            interpretation: self.result.interpretation,
            inconsistencies: self.result.inconsistencies,
            centre_hz: self.result.info.centre_frequency_hz.or(self.hints.centre_frequency_hz),
        })
    }

    /// Ends the recording. `container` adds what the object says apart from its samples.
    pub(crate) fn finish(mut self, container: Container, workspace: &mut Workspace) -> Result<Extraction, Error> {
        self.finish_real(workspace)?;
        // A wrong format says more than its incomplete last sample.
        self.check_layout()?;
        self.decoder
            .finish(container.allows_partial_sample(), &mut self.result.info)?;
        // Samples after the last whole chunk can still show that the object is no recording.
        self.checks.check_range(&self.chunk)?;
        self.checks.finish(self.chunk.samples_read)?;
        let (samples, needed) = (self.chunk.samples_read, self.chunk.chunk_samples);
        if self.result.samples_used == 0 {
            return Err(match self.result.info.num_gaps {
                0 => Error::TooShort { samples, needed },
                gaps => Error::TooBroken { samples, gaps, needed },
            });
        }
        self.add_to_overview();
        self.close_segment(self.chunk.timeline.segment_index());

        let mut result = self.result;
        result.samples_left_over = samples - result.samples_used;
        let stored = self.analytic.map_or(samples, |analytic| analytic.samples_read);
        let lost = result.samples_lost * result.interpretation.stored_per_sample();
        let of_extent = consistency::of_extent(&self.hints, &result.interpretation, stored, lost);
        result.inconsistencies.extend(of_extent);
        let metadata = container.sigmf().or(self.hints.sigmf());
        let full_scale = self.checks.full_scale(&result.interpretation);
        result.inconsistencies.extend(full_scale);
        result.inconsistencies.extend(consistency::of_tuning(metadata, stored));
        container.fill(&mut result.info);
        if let Some(meta) = self.hints.sigmf() {
            meta.fill(&mut result.info);
        }
        let tuned_to = &mut result.info.centre_frequency_hz;
        *tuned_to = tuned_to.or(self.hints.centre_frequency_hz);
        for segment in &mut result.segments {
            segment
                .quality
                .warn(result.inconsistencies.iter().map(|found| found.warning));
        }
        result.overview = self.overview.map(|overview| Box::new(overview.finish()));
        Ok(result)
    }
}
