//! Turns bytes of samples into chunks, and chunks into segments.

use std::collections::VecDeque;

use rustfft::num_complex::Complex32;

use super::extraction::{Extraction, Totals};
use crate::chunk::Workspace;
use crate::chunk::measured::MeasuredChunk;
use crate::container::Container;
use crate::detector::SegmentDetector;
use crate::error::Error;
use crate::estimators::peak_range::PeakRange;
use crate::features::{Extended, Features, SegmentFeatures, Statistics};
use crate::format::MAX_SAMPLE_BYTES;
use crate::input::{Hints, Interpretation, consistency};
use crate::overview::OverviewBuilder;
use crate::plausibility::byte_layout::ByteLayout;
use crate::plausibility::{self, stray_header};
use crate::quality::QualityAccumulator;
use crate::recording_info::{Anomaly, Gap, RecordingInfo};
use crate::timeline::{CHUNKS_PER_SEGMENT, Timeline};
use crate::warning::{Inconsistency, Warning};

/// The samples' way from bytes to numbers. Holds one chunk.
#[derive(Debug)]
pub(crate) struct Segmenter {
    interpretation: Interpretation,
    hints: Hints,
    /// What the hints have against the interpretation, as far as it is known before the end.
    warnings: Vec<Warning>,
    chunk_samples: usize,
    timeline: Timeline,
    info: RecordingInfo,
    data_bytes: u64,
    /// Bytes of a sample that has not come in full.
    partial: Vec<u8>,
    /// Samples of the chunk at hand.
    chunk: Vec<Complex32>,
    /// Whether it lacks samples.
    is_broken: bool,
    /// Losses known beforehand that are still to come.
    losses: VecDeque<Gap>,
    samples_read: u64,
    samples_used: u64,
    samples_lost: u64,
    largest: f32,
    /// What the first bytes look like, where no header says what they are.
    byte_layout: Option<ByteLayout>,
    /// What was found odd about them.
    found: Vec<Inconsistency>,
    /// What an operator wants flagged of the segment at hand.
    quality_accumulator: QualityAccumulator,
    /// What its chunks show together.
    segment_detector: SegmentDetector,
    /// What the first chunk looks like, if its samples are far too small.
    looks_like: Option<&'static str>,
    rows: Vec<MeasuredChunk>,
    segments: Vec<SegmentFeatures>,
    totals: Totals,
    overview: Option<Box<OverviewBuilder>>,
}

impl Segmenter {
    pub(crate) fn new(interpretation: Interpretation, hints: &Hints, with_overview: bool) -> Self {
        let chunk_samples = interpretation.chunk_samples();
        let overview = || Box::new(OverviewBuilder::new(interpretation.sample_rate_hz, chunk_samples));
        Self {
            interpretation,
            hints: hints.clone(),
            warnings: consistency::of_reading(hints, &interpretation)
                .iter()
                .map(|inconsistency| inconsistency.warning)
                .collect(),
            chunk_samples,
            timeline: Timeline::new(interpretation.sample_rate_hz, chunk_samples),
            info: RecordingInfo::default(),
            data_bytes: 0,
            partial: Vec::with_capacity(MAX_SAMPLE_BYTES),
            chunk: Vec::new(),
            is_broken: false,
            losses: hints.losses().iter().copied().collect(),
            samples_read: 0,
            samples_used: 0,
            samples_lost: 0,
            largest: 0.0,
            byte_layout: matches!(interpretation.container, "none" | "sigmf").then(ByteLayout::default),
            found: Vec::new(),
            quality_accumulator: QualityAccumulator::default(),
            segment_detector: SegmentDetector::default(),
            looks_like: None,
            rows: Vec::with_capacity(CHUNKS_PER_SEGMENT),
            segments: Vec::new(),
            totals: Totals::default(),
            overview: with_overview.then(overview),
        }
    }

    /// See [`crate::Recording::take_segments`].
    pub(crate) fn take_segments(&mut self) -> Vec<SegmentFeatures> {
        std::mem::take(&mut self.segments)
    }

    /// Takes bytes of samples.
    pub(crate) fn read(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        self.chunk.reserve_exact(self.chunk_samples - self.chunk.len());
        self.data_bytes += bytes.len() as u64;
        let sample_bytes = self.interpretation.format.sample_bytes();
        if !self.partial.is_empty() {
            let missing = sample_bytes - self.partial.len();
            let (end, rest) = bytes.split_at(bytes.len().min(missing));
            self.partial.extend_from_slice(end);
            bytes = rest;
            if self.partial.len() < sample_bytes {
                return Ok(());
            }
            let sample = std::mem::take(&mut self.partial);
            self.decode(&sample, workspace)?;
            self.partial = sample;
            self.partial.clear();
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % sample_bytes);
        self.decode(whole, workspace)?;
        self.partial.extend_from_slice(rest);
        Ok(())
    }

    /// Takes bytes of whole samples.
    fn decode(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        let format = self.interpretation.format;
        while !bytes.is_empty() {
            while let Some(gap) = self.losses.pop_front_if(|gap| gap.at_sample <= self.samples_read) {
                self.skip_lost(gap.lost_samples)?;
            }
            let wanted = self.losses.front().map_or(usize::MAX, |gap| {
                usize::try_from(gap.at_sample - self.samples_read).unwrap_or(usize::MAX)
            });
            let samples = (bytes.len() / format.sample_bytes())
                .min(self.timeline.to_chunk_border())
                .min(wanted);
            let (now, later) = bytes.split_at(samples * format.sample_bytes());
            format.decode(now, &mut self.chunk);
            if let Some(byte_layout) = &mut self.byte_layout {
                byte_layout.add(now);
            }
            bytes = later;
            self.samples_read += samples as u64;
            self.timeline.advance(samples as u64);
            if self.timeline.is_at_chunk_border() {
                self.complete_chunk(workspace)?;
            }
        }
        Ok(())
    }

    /// Takes notice of samples that were lost here.
    pub(crate) fn skip_lost(&mut self, samples: u64) -> Result<(), Error> {
        if samples == 0 {
            return Ok(());
        }
        if !self.timeline.believes(samples) {
            self.info.add_anomaly(Anomaly::ClockJump {
                at_sample: self.samples_read,
                by_s: samples as f64 / self.interpretation.sample_rate_hz,
            });
            return Ok(());
        }
        self.info.add_gap(Gap {
            at_sample: self.samples_read,
            lost_samples: samples,
        });
        self.samples_lost += samples;
        self.discard_chunk()?;
        let mut left = samples;
        while left > 0 {
            // A segment's tally has to know of its losses; the segments that are lost as a whole have none.
            let step = left.min(self.timeline.to_segment_border());
            self.quality_accumulator.add_gap(step);
            self.timeline.advance(step);
            left -= step;
            if self.timeline.is_at_segment_border() {
                self.close_segment(self.timeline.segment_index() - 1);
            }
        }
        self.is_broken = !self.timeline.is_at_chunk_border();
        Ok(())
    }

    /// Puts the samples at hand aside: their chunk lacks others.
    fn discard_chunk(&mut self) -> Result<(), Error> {
        self.check_samples()?;
        self.add_to_overview();
        self.chunk.clear();
        self.quality_accumulator.interrupt();
        Ok(())
    }

    fn complete_chunk(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        if std::mem::take(&mut self.is_broken) {
            self.discard_chunk()?;
        } else {
            let peaks = self.check_samples()?;
            self.check_layout()?;
            self.add_to_overview();
            let Interpretation {
                format, sample_rate_hz, ..
            } = self.interpretation;
            let row = workspace.measure(
                &mut self.chunk,
                peaks,
                format,
                sample_rate_hz,
                &mut self.quality_accumulator,
                &mut self.segment_detector,
            );
            self.rows.push(row);
            self.samples_used += self.chunk.len() as u64;
            self.chunk.clear();
        }
        if self.timeline.is_at_segment_border() {
            self.close_segment(self.timeline.segment_index() - 1);
        }
        Ok(())
    }

    /// Shows the samples at hand to whoever draws the picture.
    fn add_to_overview(&mut self) {
        if let Some(overview) = &mut self.overview {
            overview.add_samples(self.timeline.position() - self.chunk.len() as u64, &self.chunk);
        }
    }

    /// Refuses impossible samples in the chunk at hand; returns the range of its components.
    fn check_samples(&mut self) -> Result<PeakRange, Error> {
        let peaks = plausibility::check(&self.chunk, self.samples_read - self.chunk.len() as u64)?;
        let largest = peaks.largest();
        if self.looks_like.is_none() && largest > 0.0 && largest < plausibility::SMALLEST {
            self.looks_like = plausibility::looks_like(&self.chunk);
        }
        self.largest = self.largest.max(largest);
        Ok(peaks)
    }

    /// Whether the bytes are what they were read as, and the first samples samples.
    fn check_layout(&mut self) -> Result<(), Error> {
        let Some(byte_layout) = &mut self.byte_layout else {
            return Ok(());
        };
        let misread = byte_layout.check(&self.interpretation)?;
        let is_first = self.samples_read == self.chunk.len() as u64;
        let header = if is_first {
            stray_header::find(&self.chunk)
        } else {
            None
        };
        for inconsistency in misread.into_iter().chain(header) {
            self.warnings.push(inconsistency.warning);
            self.found.push(inconsistency);
        }
        Ok(())
    }

    /// Gathers the chunks of a segment, if any were measured.
    fn close_segment(&mut self, index: u64) {
        let rate = self.interpretation.sample_rate_hz;
        let quality = self
            .quality_accumulator
            .finish_segment(rate, self.warnings.iter().copied());
        if self.rows.is_empty() {
            return;
        }
        let alone: Vec<bool> = self.rows.iter().map(|row| row.signal_present).collect();
        if alone.iter().all(|is_found| *is_found) {
            self.segment_detector.clear();
        } else {
            for (row, is_found) in self.rows.iter_mut().zip(self.segment_detector.finish_segment(&alone)) {
                row.signal_present |= is_found;
            }
        }
        let features: Vec<_> = self.rows.iter().map(|row| row.features).collect();
        let signals = self.rows.iter().map(|row| f64::from(u8::from(row.signal_present)));
        let segment = SegmentFeatures {
            segment_index: index,
            segment_start_ms: self.timeline.segment_start(index) as f64 * 1000.0 / rate,
            num_chunks: self.rows.len(),
            features: Features::over(&features),
            signal_present: Statistics::of(signals),
            extended: extended_over(&self.rows),
            quality,
        };
        self.totals.add(&segment);
        if let Some(overview) = &mut self.overview {
            overview.add_segment(&segment, &self.rows);
        }
        self.segments.push(segment);
        self.rows.clear();
    }

    /// Ends the recording; `container` is asked what else the object said.
    pub(crate) fn finish(mut self, container: Container) -> Result<Extraction, Error> {
        let format = self.interpretation.format;
        if !self.partial.is_empty() {
            if !container.allows_partial_sample() {
                return Err(Error::PartialSample {
                    format,
                    sample_bytes: format.sample_bytes(),
                    left_over: self.partial.len(),
                    data_bytes: self.data_bytes,
                });
            }
            let bytes = self.partial.len() as u64;
            self.info.add_anomaly(Anomaly::PartialSample {
                at_byte: self.data_bytes - bytes,
                bytes,
            });
        }

        // The samples behind the last whole chunk are not used, but they can still give the recording away.
        self.check_samples()?;
        let samples = self.samples_read;
        if samples > 0 && self.largest == 0.0 {
            return Err(Error::AllZero { samples });
        }
        if samples > 0 && self.largest < plausibility::SMALLEST {
            return Err(Error::TooSmall {
                samples,
                largest: self.largest,
                limit: plausibility::SMALLEST,
                looks_like: self.looks_like,
            });
        }
        self.check_layout()?;
        if self.samples_used == 0 {
            let needed = self.chunk_samples;
            return Err(match self.info.num_gaps {
                0 => Error::TooShort { samples, needed },
                gaps => Error::TooBroken { samples, gaps, needed },
            });
        }
        self.add_to_overview();
        self.close_segment(self.timeline.segment_index());
        let retuned = container
            .sigmf()
            .or(self.hints.sigmf())
            .and_then(|meta| meta.retuned(samples));
        container.fill(&mut self.info);
        if let Some(meta) = self.hints.sigmf() {
            meta.fill(&mut self.info);
        }
        let mut inconsistencies = consistency::of_reading(&self.hints, &self.interpretation);
        inconsistencies.append(&mut self.found);
        inconsistencies.extend(consistency::of_extent(
            &self.hints,
            &self.interpretation,
            samples,
            self.samples_lost,
        ));
        inconsistencies.extend(retuned.map(|(first_hz, other_hz)| {
            Inconsistency::new(
                Warning::Retuned,
                format!(
                    "SigMF captures at {first_hz} Hz and at {other_hz} Hz: the numbers do not tell one from the other"
                ),
            )
        }));
        for segment in &mut self.segments {
            segment
                .quality
                .warn(inconsistencies.iter().map(|inconsistency| inconsistency.warning));
        }
        Ok(Extraction {
            segments: self.segments,
            totals: self.totals,
            interpretation: self.interpretation,
            info: self.info,
            inconsistencies,
            samples_used: self.samples_used,
            samples_left_over: samples - self.samples_used,
            samples_lost: self.samples_lost,
            overview: self.overview.map(|overview| Box::new(overview.finish())),
        })
    }
}

/// The statistics of a segment; those of an emission are over the chunks that have one.
fn extended_over(chunks: &[MeasuredChunk]) -> Extended<Statistics> {
    let all: Vec<_> = chunks.iter().map(|chunk| chunk.extended).collect();
    let holds_emission = |chunk: &&MeasuredChunk| chunk.signal_present && chunk.is_located;
    let located: Vec<_> = chunks
        .iter()
        .filter(holds_emission)
        .map(|chunk| chunk.extended)
        .collect();
    let emission = Extended::over(&located);
    Extended {
        occupied_bandwidth_99_hz: emission.occupied_bandwidth_99_hz,
        occupied_lower_edge_hz: emission.occupied_lower_edge_hz,
        occupied_upper_edge_hz: emission.occupied_upper_edge_hz,
        carrier_offset_hz: emission.carrier_offset_hz,
        ..Extended::over(&all)
    }
}
