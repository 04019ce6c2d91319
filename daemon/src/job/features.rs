//! A recording's row with features.

use heimdall_dsp::{Inconsistency, SegmentFeatures};
use serde::Serialize;

use super::claim::Receiver;
use super::segment_spool::SegmentSpool;

/// One element of `receiver_features`: one segment of one receiver's recording.
#[derive(Debug, Serialize)]
pub struct ReceiverFeatures<'a> {
    /// The receiver.
    #[serde(flatten)]
    pub receiver: &'a Receiver,
    /// Features and quality of the segment.
    #[serde(flatten)]
    pub segment: &'a SegmentFeatures,
}

/// A row of `measurement_features` with features.
#[derive(Debug)]
pub struct FeatureRow {
    /// `receiver_features`, one element per segment.
    pub segments: SegmentSpool,
    /// Found only at the end of the recording; added to the warnings of every segment.
    pub trailing_warnings: Vec<Inconsistency>,
    /// `extraction_metadata`.
    pub extraction_metadata: serde_json::Value,
    /// 0 to 1.
    pub overall_confidence: f64,
    /// dB.
    pub mean_snr_db: f64,
    /// 1 if most chunks contain a signal, else 0.
    pub num_receivers_detected: i32,
}
