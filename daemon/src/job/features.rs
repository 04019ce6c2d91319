//! The row of a recording with features.

use heimdall_dsp::{Inconsistency, SegmentFeatures};
use serde::Serialize;

use super::segment_spool::SegmentSpool;

/// One element of `receiver_features`: a segment of one receiver.
#[derive(Debug, Serialize)]
pub struct ReceiverFeatures<'a> {
    /// Receiver's name.
    pub rx_id: &'a str,
    /// Receiver's latitude, degrees.
    pub rx_lat: Option<f64>,
    /// Receiver's longitude, degrees.
    pub rx_lon: Option<f64>,
    /// The numbers.
    #[serde(flatten)]
    pub segment: &'a SegmentFeatures,
}

/// A row of `measurement_features` without failure.
#[derive(Debug)]
pub struct FeatureRow {
    /// `receiver_features`, one for each segment.
    pub segments: SegmentSpool,
    /// What is to be added to the warnings of each.
    pub trailing_warnings: Vec<Inconsistency>,
    /// How they came about.
    pub extraction_metadata: serde_json::Value,
    /// 0 to 1.
    pub overall_confidence: f64,
    /// dB.
    pub mean_snr_db: f64,
    /// 1 when most chunks have a signal.
    pub num_receivers_detected: i32,
}
