//! How the row of a recording came about: `extraction_metadata`.

use heimdall_dsp::{Interpretation, Provenance, RecordingInfo};
use serde::Serialize;
use uuid::Uuid;

/// How the row came about: `extraction_metadata`, as far as it got.
#[derive(Debug, Default, Serialize)]
pub(super) struct Metadata {
    /// Only where there are features: who counts them by it must not count failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extraction_method: Option<&'static str>,
    pub(super) extractor_version: &'static str,
    pub(super) recording_session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_etag: Option<String>,
    /// Where `SigMF` metadata were found beside the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sigmf_key: Option<String>,
    #[serde(flatten)]
    pub(super) interpretation: Option<Interpretation>,
    /// All that was said of the recording from outside its bytes, used or overruled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) said: Vec<Provenance>,
    /// What does not fit together, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    #[serde(flatten)]
    pub(super) context: Option<RecordingInfo>,
    #[serde(flatten)]
    pub(super) extent: Option<Extent>,
    pub(super) fetch_ms: u64,
    pub(super) extract_ms: u64,
}

/// How much of the recording was used.
#[derive(Debug, Serialize)]
pub(super) struct Extent {
    pub(super) iq_duration_ms: f64,
    pub(super) chunk_duration_ms: f64,
    pub(super) num_segments: u64,
    pub(super) num_chunks: u64,
    pub(super) samples_used: u64,
    pub(super) samples_left_over: u64,
    pub(super) samples_lost: u64,
}

impl Metadata {
    /// As the column has it.
    pub(super) fn to_json(&self) -> serde_json::Value {
        // Plain structs of numbers and strings: there is nothing in them that could fail.
        serde_json::to_value(self).unwrap_or_default()
    }
}
