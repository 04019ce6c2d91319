use serde::Serialize;

use super::reference::Features;
use super::statistics::Statistics;
use super::unknown::SegmentExtended;
use crate::quality::Quality;

/// The features of 1000 ms of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentFeatures {
    /// Number of the segment, from 0. A segment of which every chunk lacks samples is left out.
    pub segment_index: u64,
    /// Start of the segment in the recording, lost samples included.
    pub segment_start_ms: f64,
    /// Chunks that were measured: five, or fewer in the last segment and where samples were lost.
    pub num_chunks: usize,
    /// The 17 numbers.
    #[serde(flatten)]
    pub features: Features<Statistics>,
    /// Whether the detector found a signal in more than half of the chunks. `extended` has the part of
    /// the chunks.
    pub signal_present: bool,
    /// The extended features.
    pub extended: SegmentExtended,
    /// Faults of the receiver and the recorder.
    pub quality: Quality,
}
