use serde::Serialize;

use super::extended::Extended;
use super::reference::Features;
use super::statistics::Statistics;
use crate::quality::Quality;

/// The features of 1000 ms of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentFeatures {
    /// Number of the segment, from 0. Where all chunks of a segment lack samples, its number is left out.
    pub segment_index: u64,
    /// Where it starts in the recording, lost samples included.
    pub segment_start_ms: f64,
    /// Chunks measured: five, or fewer in the last and where samples were lost.
    pub num_chunks: usize,
    /// The 17 numbers.
    #[serde(flatten)]
    pub features: Features<Statistics>,
    /// Share of the chunks in which the detector found a signal.
    pub signal_present: Statistics,
    /// The extended features.
    pub extended: Extended<Statistics>,
    /// What an operator wants flagged.
    pub quality: Quality,
}
