use crate::features::SegmentFeatures;
use crate::input::Interpretation;
use crate::overview::Overview;
use crate::recording_info::RecordingInfo;
use crate::warning::Inconsistency;

/// The result of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// The segments in the order of time, except those that [`crate::Recording::take_segments`]
    /// returned before.
    pub segments: Vec<SegmentFeatures>,
    /// Totals of all segments, including those returned before.
    pub totals: Totals,
    /// How the bytes were read.
    pub interpretation: Interpretation,
    /// What the object says apart from its samples.
    pub info: RecordingInfo,
    /// Contradictions about the recording. Every segment's `quality` has the word of each.
    pub inconsistencies: Vec<Inconsistency>,
    /// Samples that features were computed from.
    pub samples_used: u64,
    /// Samples after the last whole chunk, or in chunks that lack samples.
    pub samples_left_over: u64,
    /// Samples that the recorder lost.
    pub samples_lost: u64,
    /// The data of a plot, if [`crate::Recording::with_overview`] requested it.
    pub overview: Option<Box<Overview>>,
}

/// What can be drawn of a recording that is not read to its end, or is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Fragment {
    /// The data of the plot. It has at least one sample.
    pub overview: Box<Overview>,
    /// How the bytes were read.
    pub interpretation: Interpretation,
    /// Contradictions about the recording that were found so far.
    pub inconsistencies: Vec<Inconsistency>,
    /// Frequency to which the receiver was tuned, if the recording states it.
    pub centre_hz: Option<f64>,
}

/// Counts and means over the segments of a recording, each weighted by its number of chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Segments with at least one chunk.
    pub num_segments: u64,
    /// Chunks that features were computed from.
    pub num_chunks: u64,
    snr_db: f64,
    delay_spread_confidence: f64,
    detection_rate: f64,
}

impl Totals {
    pub(crate) fn add(&mut self, segment: &SegmentFeatures) {
        let chunks = segment.num_chunks as f64;
        self.num_segments += 1;
        self.num_chunks += segment.num_chunks as u64;
        self.snr_db += segment.features.snr_db.mean * chunks;
        self.delay_spread_confidence += segment.features.delay_spread_confidence.mean * chunks;
        self.detection_rate += segment.extended.detection_rate * chunks;
    }

    /// Mean of `delay_spread_confidence` over all chunks, 0 to 1.
    #[must_use]
    pub fn overall_confidence(&self) -> f64 {
        self.mean(self.delay_spread_confidence)
    }

    /// Mean of `snr_db` over all chunks.
    #[must_use]
    pub fn mean_snr_db(&self) -> f64 {
        self.mean(self.snr_db)
    }

    /// Whether more than half of the chunks hold a signal.
    #[must_use]
    pub fn signal_detected(&self) -> bool {
        self.mean(self.detection_rate) > 0.5
    }

    fn mean(&self, sum: f64) -> f64 {
        sum / self.num_chunks as f64
    }
}

impl Extraction {
    /// Length of the recording in milliseconds, with the samples that are left over or lost.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        let samples = self.samples_used + self.samples_left_over + self.samples_lost;
        samples as f64 * 1000.0 / self.interpretation.sample_rate_hz
    }
}
