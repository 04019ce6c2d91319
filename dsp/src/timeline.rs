//! The grid of chunks and segments, which continues through lost samples.
//!
//! Segment n of every receiver of a session must be the same second. So the position of a sample
//! counts the lost samples before it, and chunks begin where they would begin without the loss. A
//! chunk that lacks a sample is not measured: no samples are made up, and the numbers of the other
//! chunks do not change. The numbers of a segment are over its remaining chunks. A segment without
//! any chunk is left out, and the next one keeps its number.

/// Length of a chunk: each number is computed from one.
pub const CHUNK_MS: f64 = 200.0;

/// Chunks in a segment: the statistics are taken over them.
pub const CHUNKS_PER_SEGMENT: usize = 5;

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
    position: u64,
    max_gap: u64,
    max_span: u64,
}

impl Timeline {
    pub(crate) fn new(sample_rate_hz: f64, chunk_samples: usize) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rates are positive and below 123 MHz: at most 2^47 samples"
        )]
        let samples = |seconds: f64| (seconds * sample_rate_hz) as u64;
        Self {
            chunk_samples: chunk_samples as u64,
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
        self.chunk_samples * CHUNKS_PER_SEGMENT as u64
    }
}

/// Number of whole samples that fit into [`CHUNK_MS`].
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the rate is between the two limits, so the result is between 200 and 24,576,000"
)]
pub(crate) fn chunk_samples(sample_rate_hz: f64) -> usize {
    (sample_rate_hz * CHUNK_MS / 1000.0) as usize
}
