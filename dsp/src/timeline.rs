//! The grid of chunks and segments, which continues through lost samples.
//!
//! Segment n of every receiver of a session must be the same second. So the position of a sample
//! counts the lost samples before it, and chunks begin where they would begin without the loss. A
//! chunk that lacks a sample is not measured: no samples are made up, and the numbers of the other
//! chunks do not change. The numbers of a segment are over its remaining chunks. A segment without
//! any chunk is left out, and the next one keeps its number.

use std::ops::RangeInclusive;

/// Length of a chunk: each number is computed from one.
pub const CHUNK_MS: f64 = 200.0;

/// Chunks in a segment: the statistics are taken over them.
pub const CHUNKS_PER_SEGMENT: usize = 5;

/// Fewest and most samples of a chunk: those of [`CHUNK_MS`] at the least and the greatest sample rate.
pub(crate) const CHUNK_SAMPLES: RangeInclusive<usize> = 200..=24_576_000;

/// Most chunks of a segment. The detector compares each with all others.
const MAX_CHUNKS_PER_SEGMENT: usize = 1000;

/// Length of a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ChunkLength {
    Ms(f64),
    Samples(usize),
}

/// How a recording is divided: the length of a chunk, and the number of chunks in a segment. The
/// default is that of every row: [`CHUNK_MS`] and [`CHUNKS_PER_SEGMENT`].
///
/// The definitions of the numbers do not change with it, but what follows from the length of a
/// chunk does: the resolution of the spectrum is 1.5 bins, and the frames of the duty cycle and of
/// the standard errors are a fiftieth of a chunk (7.5 Hz and 4 ms for 200 ms).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    length: ChunkLength,
    chunks_per_segment: usize,
}

impl Default for Grid {
    fn default() -> Self {
        Self {
            length: ChunkLength::Ms(CHUNK_MS),
            chunks_per_segment: CHUNKS_PER_SEGMENT,
        }
    }
}

impl Grid {
    /// Chunks of this many milliseconds: as many whole samples as fit.
    #[must_use]
    pub fn of_ms(chunk_ms: f64, chunks_per_segment: usize) -> Self {
        Self {
            length: ChunkLength::Ms(chunk_ms),
            chunks_per_segment,
        }
    }

    /// Chunks of this many samples.
    #[must_use]
    pub fn of_samples(chunk_samples: usize, chunks_per_segment: usize) -> Self {
        Self {
            length: ChunkLength::Samples(chunk_samples),
            chunks_per_segment,
        }
    }

    /// Samples of a chunk at this sample rate, in Hz. 0 if none fits.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast is exact or saturates, and the result is compared with the limits"
    )]
    pub fn chunk_samples(self, sample_rate_hz: f64) -> usize {
        match self.length {
            ChunkLength::Ms(ms) => (sample_rate_hz * ms / 1000.0) as usize,
            ChunkLength::Samples(samples) => samples,
        }
    }

    /// Number of chunks in a segment.
    #[must_use]
    pub fn chunks_per_segment(self) -> usize {
        self.chunks_per_segment
    }

    /// What is wrong with the division at this sample rate.
    pub(crate) fn problem(self, sample_rate_hz: f64) -> Option<String> {
        let samples = self.chunk_samples(sample_rate_hz);
        let (fewest, most) = (CHUNK_SAMPLES.start(), CHUNK_SAMPLES.end());
        if !CHUNK_SAMPLES.contains(&samples) {
            return Some(format!(
                "a chunk of {samples} samples; {fewest} to {most} can be measured"
            ));
        }
        let chunks = self.chunks_per_segment;
        let is_possible = (1..=MAX_CHUNKS_PER_SEGMENT).contains(&chunks);
        (!is_possible).then(|| format!("{chunks} chunks in a segment; 1 to {MAX_CHUNKS_PER_SEGMENT} are possible"))
    }
}

/// Longest loss that is accepted, in seconds. A recorder survives a stalled network for some tens
/// of seconds. A jump of more than ten minutes means that a clock was set.
const MAX_GAP_S: f64 = 600.0;

/// Longest time that a recording and its losses may span, in seconds: the seven days of a session.
/// It keeps segment numbers small.
const MAX_SPAN_S: f64 = 7.0 * 86_400.0;

/// The position of the next sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    chunk_samples: u64,
    chunks_per_segment: u64,
    position: u64,
    max_gap: u64,
    max_span: u64,
}

impl Timeline {
    pub(crate) fn new(sample_rate_hz: f64, grid: Grid) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rates are positive and below 123 MHz: at most 2^47 samples"
        )]
        let samples = |seconds: f64| (seconds * sample_rate_hz) as u64;
        Self {
            chunk_samples: grid.chunk_samples(sample_rate_hz) as u64,
            chunks_per_segment: grid.chunks_per_segment as u64,
            position: 0,
            max_gap: samples(MAX_GAP_S),
            max_span: samples(MAX_SPAN_S),
        }
    }

    /// Whether this many samples can have been lost here.
    pub(crate) fn allows_loss(&self, lost: u64) -> bool {
        lost <= self.max_gap && self.position.saturating_add(lost) <= self.max_span
    }

    /// Advances by samples that were read or lost.
    pub(crate) fn advance(&mut self, samples: u64) {
        self.position += samples;
    }

    /// Samples before the next one, lost ones included.
    pub(crate) fn position(self) -> u64 {
        self.position
    }

    /// Samples to the end of the chunk: at least one.
    pub(crate) fn to_chunk_border(self) -> usize {
        // At most the length of a chunk, which was a usize.
        usize::try_from(self.chunk_samples - self.position % self.chunk_samples).unwrap_or(usize::MAX)
    }

    /// Samples to the end of the segment: at least one.
    pub(crate) fn to_segment_border(self) -> u64 {
        self.segment_samples() - self.position % self.segment_samples()
    }

    pub(crate) fn is_at_chunk_border(self) -> bool {
        self.position.is_multiple_of(self.chunk_samples)
    }

    pub(crate) fn is_at_segment_border(self) -> bool {
        self.position.is_multiple_of(self.segment_samples())
    }

    /// Number of the segment of the next sample.
    pub(crate) fn segment_index(self) -> u64 {
        self.position / self.segment_samples()
    }

    /// Samples before a segment, lost ones included.
    pub(crate) fn segment_start(self, index: u64) -> u64 {
        index * self.segment_samples()
    }

    fn segment_samples(self) -> u64 {
        self.chunk_samples * self.chunks_per_segment
    }
}
