use rustfft::num_complex::Complex32;
use serde::Serialize;

use crate::container::{Container, SNIFF_BYTES};
use crate::format::MAX_SAMPLE_BYTES;
use crate::overview::{Overview, Survey};
use crate::quality::Tally;
use crate::screen::Extremes;
use crate::workspace::Chunk;
use crate::{
    CHUNKS_PER_SEGMENT, Error, Extended, Features, Hints, Interpretation, Quality, Statistics, Workspace, screen,
};

/// One recording on its way from bytes to features.
///
/// Holds at most one chunk of samples, a container's header, and the results. How the bytes are
/// divided between calls of [`Recording::push`] changes nothing in the result.
#[derive(Debug)]
pub struct Recording {
    hints: Hints,
    stage: Stage,
    data_bytes: u64,
    /// Bytes of a sample that has not come in full.
    partial: Vec<u8>,
    chunk: Vec<Complex32>,
    samples_used: u64,
    largest: f32,
    /// What an operator wants flagged of the segment at hand.
    tally: Tally,
    /// What the first chunk looks like, if its samples are far too small.
    looks_like: Option<&'static str>,
    rows: Vec<Chunk>,
    segments: Vec<SegmentFeatures>,
    /// Segments that were taken before the end.
    taken: u64,
    /// Whether a picture is wanted.
    surveyed: bool,
    survey: Option<Box<Survey>>,
}

#[derive(Debug)]
enum Stage {
    /// Too few bytes so far to know the container.
    Sniffing(Vec<u8>),
    /// In the container's header, or in its data.
    Peeling {
        container: Container,
        settled: Option<Settled>,
    },
}

#[derive(Debug, Clone, Copy)]
struct Settled {
    interpretation: Interpretation,
    chunk_samples: usize,
}

/// The features of 1000 ms of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentFeatures {
    /// Number of the segment, from 0.
    pub segment_index: u64,
    /// Where it starts in the recording.
    pub segment_start_ms: f64,
    /// Whole chunks in it: five, or fewer in the last.
    pub num_chunks: usize,
    /// The 17 numbers.
    #[serde(flatten)]
    pub features: Features<Statistics>,
    /// Share of the chunks in which the detector found a signal.
    pub signal_present: Statistics,
    /// The honest set beside the compatible one.
    pub extended: Extended<Statistics>,
    /// What an operator wants flagged.
    pub quality: Quality,
}

/// Everything known about a recording once its last byte has been seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// In the order of time; never empty, unless [`Recording::take_segments`] had them all.
    pub segments: Vec<SegmentFeatures>,
    /// How the bytes were read.
    pub interpretation: Interpretation,
    /// Samples that went into features.
    pub samples_used: u64,
    /// Samples behind the last whole chunk.
    pub samples_left_over: u64,
    /// What a picture shows, if [`Recording::with_overview`] asked for it.
    pub overview: Option<Box<Overview>>,
}

impl Recording {
    /// Starts a recording.
    #[must_use]
    pub fn new(hints: Hints) -> Self {
        Self {
            hints,
            stage: Stage::Sniffing(Vec::with_capacity(SNIFF_BYTES)),
            data_bytes: 0,
            partial: Vec::with_capacity(MAX_SAMPLE_BYTES),
            chunk: Vec::new(),
            samples_used: 0,
            largest: 0.0,
            tally: Tally::default(),
            looks_like: None,
            rows: Vec::with_capacity(CHUNKS_PER_SEGMENT),
            segments: Vec::new(),
            taken: 0,
            surveyed: false,
            survey: None,
        }
    }

    /// Gathers what a picture shows besides, in 10 MB at most.
    #[must_use]
    pub fn with_overview(mut self) -> Self {
        self.surveyed = true;
        self
    }

    /// Hands over the segments that are complete so far, so that long recordings need not be held. The numbers that
    /// [`Extraction`] gives of all segments are then those of the rest.
    pub fn take_segments(&mut self) -> Vec<SegmentFeatures> {
        self.taken += self.segments.len() as u64;
        std::mem::take(&mut self.segments)
    }

    /// Takes the next bytes of the object.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes so far. After an error the recording is of no further use.
    pub fn push(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        let Stage::Sniffing(head) = &mut self.stage else {
            return self.peel(bytes, workspace);
        };
        let (start, rest) = bytes.split_at(bytes.len().min(SNIFF_BYTES - head.len()));
        head.extend_from_slice(start);
        if head.len() < SNIFF_BYTES {
            return Ok(());
        }
        self.open(workspace)?;
        self.peel(rest, workspace)
    }

    /// Ends the recording.
    ///
    /// # Errors
    ///
    /// If the object as a whole is no recording, or too short for one chunk.
    pub fn finish(mut self, workspace: &mut Workspace) -> Result<Extraction, Error> {
        if let Stage::Sniffing(_) = self.stage {
            self.open(workspace)?;
        }
        let settled = match &mut self.stage {
            Stage::Peeling { container, settled } => {
                container.finish()?;
                match settled {
                    Some(settled) => *settled,
                    // No samples came at all.
                    None => Settled::new(container.interpret(&self.hints)?),
                }
            }
            Stage::Sniffing(_) => Settled::new(Interpretation::settle("none", None, None, &self.hints)?),
        };
        let format = settled.interpretation.format;
        if !self.partial.is_empty() {
            return Err(Error::PartialSample {
                format,
                sample_bytes: format.sample_bytes(),
                left_over: self.partial.len(),
                data_bytes: self.data_bytes,
            });
        }

        // The samples behind the last whole chunk are not used, but they can still give the recording away.
        self.screen()?;
        let samples_left_over = self.chunk.len() as u64;
        let samples = self.samples_used + samples_left_over;
        if samples > 0 && self.largest == 0.0 {
            return Err(Error::AllZero { samples });
        }
        if samples > 0 && self.largest < screen::SMALLEST {
            return Err(Error::TooSmall {
                samples,
                largest: self.largest,
                limit: screen::SMALLEST,
                looks_like: self.looks_like,
            });
        }
        if self.samples_used == 0 {
            return Err(Error::TooShort {
                samples,
                needed: settled.chunk_samples,
            });
        }
        if let Some(survey) = &mut self.survey {
            survey.see(self.samples_used, &self.chunk);
        }
        self.close_segment(settled);
        Ok(Extraction {
            segments: self.segments,
            interpretation: settled.interpretation,
            samples_used: self.samples_used,
            samples_left_over,
            overview: self.survey.map(|survey| Box::new(survey.finish())),
        })
    }

    /// Decides the container by the bytes gathered so far, and reads them.
    fn open(&mut self, workspace: &mut Workspace) -> Result<(), Error> {
        let Stage::Sniffing(head) = &mut self.stage else {
            return Ok(());
        };
        let head = std::mem::take(head);
        self.stage = Stage::Peeling {
            container: Container::sniff(&head)?,
            settled: None,
        };
        self.peel(&head, workspace)
    }

    fn peel(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), Error> {
        loop {
            let Stage::Peeling { container, settled } = &mut self.stage else {
                return Ok(());
            };
            let Some(payload) = container.peel(&mut bytes)? else {
                return Ok(());
            };
            let settled = if let Some(settled) = settled {
                *settled
            } else {
                let new = Settled::new(container.interpret(&self.hints)?);
                self.chunk.reserve_exact(new.chunk_samples);
                if self.surveyed {
                    let survey = Survey::new(new.interpretation.sample_rate_hz, new.chunk_samples);
                    self.survey = Some(Box::new(survey));
                }
                *settled.insert(new)
            };
            self.data_bytes += payload.len() as u64;
            self.read(payload, settled, workspace)?;
        }
    }

    /// Turns bytes into samples, and samples into chunks.
    fn read(&mut self, mut bytes: &[u8], settled: Settled, workspace: &mut Workspace) -> Result<(), Error> {
        let format = settled.interpretation.format;
        let sample_bytes = format.sample_bytes();
        if !self.partial.is_empty() {
            let missing = sample_bytes - self.partial.len();
            let (end, rest) = bytes.split_at(bytes.len().min(missing));
            self.partial.extend_from_slice(end);
            bytes = rest;
            if self.partial.len() < sample_bytes {
                return Ok(());
            }
            format.decode(&self.partial, &mut self.chunk);
            self.partial.clear();
        }
        loop {
            let wanted = settled.chunk_samples - self.chunk.len();
            let whole = wanted.min(bytes.len() / sample_bytes);
            let (now, later) = bytes.split_at(whole * sample_bytes);
            format.decode(now, &mut self.chunk);
            bytes = later;
            if self.chunk.len() < settled.chunk_samples {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            }
            self.complete_chunk(settled, workspace)?;
        }
    }

    fn complete_chunk(&mut self, settled: Settled, workspace: &mut Workspace) -> Result<(), Error> {
        let extremes = self.screen()?;
        if let Some(survey) = &mut self.survey {
            survey.see(self.samples_used, &self.chunk);
        }
        let Interpretation {
            format, sample_rate_hz, ..
        } = settled.interpretation;
        let row = workspace.measure(&mut self.chunk, extremes, format, sample_rate_hz, &mut self.tally);
        self.rows.push(row);
        self.samples_used += self.chunk.len() as u64;
        self.chunk.clear();
        if self.rows.len() == CHUNKS_PER_SEGMENT {
            self.close_segment(settled);
        }
        Ok(())
    }

    /// Refuses impossible samples in the chunk at hand; returns the range of its components.
    fn screen(&mut self) -> Result<Extremes, Error> {
        let extremes = screen::check(&self.chunk, self.samples_used)?;
        let largest = extremes.largest();
        if self.looks_like.is_none() && largest > 0.0 && largest < screen::SMALLEST {
            self.looks_like = screen::looks_like(&self.chunk);
        }
        self.largest = self.largest.max(largest);
        Ok(extremes)
    }

    /// Gathers the chunks since the last segment, if any.
    fn close_segment(&mut self, settled: Settled) {
        if self.rows.is_empty() {
            return;
        }
        let index = self.taken + self.segments.len() as u64;
        let before = self.samples_used - (self.rows.len() * settled.chunk_samples) as u64;
        let features: Vec<_> = self.rows.iter().map(|row| row.features).collect();
        let signals = self.rows.iter().map(|row| f64::from(u8::from(row.signal_present)));
        self.segments.push(SegmentFeatures {
            segment_index: index,
            segment_start_ms: before as f64 * 1000.0 / settled.interpretation.sample_rate_hz,
            num_chunks: self.rows.len(),
            features: Features::over(&features),
            signal_present: Statistics::of(signals),
            extended: Extended::gather(self.rows.iter().map(|row| (row.extended, row.signal_present))),
            quality: self.tally.judge(settled.interpretation.sample_rate_hz, []),
        });
        if let (Some(survey), Some(segment)) = (&mut self.survey, self.segments.last()) {
            survey.see_segment(segment);
        }
        self.rows.clear();
    }
}

impl Settled {
    fn new(interpretation: Interpretation) -> Self {
        Self {
            interpretation,
            chunk_samples: interpretation.chunk_samples(),
        }
    }
}

impl Extraction {
    /// Chunks that went into features.
    #[must_use]
    pub fn num_chunks(&self) -> usize {
        self.segments.iter().map(|segment| segment.num_chunks).sum()
    }

    /// Length of the recording, what is left over included.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        let samples = self.samples_used + self.samples_left_over;
        samples as f64 * 1000.0 / self.interpretation.sample_rate_hz
    }

    /// Mean of `delay_spread_confidence` over all chunks, 0 to 1.
    #[must_use]
    pub fn overall_confidence(&self) -> f64 {
        self.mean(|segment| segment.features.delay_spread_confidence.mean)
    }

    /// Mean of `snr_db` over all chunks.
    #[must_use]
    pub fn mean_snr_db(&self) -> f64 {
        self.mean(|segment| segment.features.snr_db.mean)
    }

    /// Whether more than half of the chunks hold a signal.
    #[must_use]
    pub fn signal_detected(&self) -> bool {
        self.mean(|segment| segment.signal_present.mean) > 0.5
    }

    fn mean(&self, of: impl Fn(&SegmentFeatures) -> f64) -> f64 {
        let sum: f64 = self
            .segments
            .iter()
            .map(|segment| of(segment) * segment.num_chunks as f64)
            .sum();
        sum / self.num_chunks() as f64
    }
}
