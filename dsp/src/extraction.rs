use crate::overview::Overview;
use crate::{Context, Doubt, Interpretation, SegmentFeatures};

/// Everything known about a recording once its last byte has been seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// In the order of time; never empty, unless [`crate::Recording::take_segments`] had them all.
    pub segments: Vec<SegmentFeatures>,
    /// How the bytes were read.
    pub interpretation: Interpretation,
    /// What the object says beside its samples.
    pub context: Context,
    /// What does not fit together; each has its word in every segment's `quality`.
    pub doubts: Vec<Doubt>,
    /// Samples that went into features.
    pub samples_used: u64,
    /// Samples behind the last whole chunk, or in chunks that are not whole because others were lost.
    pub samples_left_over: u64,
    /// Samples that the recorder lost between those that are there.
    pub samples_lost: u64,
    /// What a picture shows, if [`crate::Recording::with_overview`] asked for it.
    pub overview: Option<Box<Overview>>,
}

impl Extraction {
    /// Chunks that went into features.
    #[must_use]
    pub fn num_chunks(&self) -> usize {
        self.segments.iter().map(|segment| segment.num_chunks).sum()
    }

    /// Length of the recording, what is left over and what was lost included.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        let samples = self.samples_used + self.samples_left_over + self.samples_lost;
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
