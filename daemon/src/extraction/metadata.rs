//! `extraction_metadata`: how the row of a recording was made.

use heimdall_dsp::{CHUNK_MS, Interpretation, Provenance, RecordingInfo};
use serde::Serialize;
use uuid::Uuid;

use super::stream::ExtractionResult;
use crate::job::claim::Claim;
use crate::job::features::FeatureRow;

/// `extraction_metadata`. In an error row it has what was known when the extraction failed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Metadata {
    /// Only in rows with features, so that a query for `recorded` does not count failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    extraction_method: Option<&'static str>,
    extractor_version: &'static str,
    recording_session_id: Uuid,
    /// As the application stores it, Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_hz: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_etag: Option<String>,
    /// Key of the `SigMF` sidecar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sigmf_key: Option<String>,
    /// Key of the text next to a recording of `PortaPack`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) portapack_key: Option<String>,
    #[serde(flatten)]
    interpretation: Option<Interpretation>,
    /// Every hint on the samples from outside the bytes, used or overruled.
    #[serde(rename = "said", skip_serializing_if = "Vec::is_empty")]
    pub(super) hints: Vec<Provenance>,
    /// Inconsistencies, as sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(flatten)]
    info: Option<RecordingInfo>,
    #[serde(flatten)]
    extent: Option<Extent>,
    pub(super) fetch_ms: u64,
    pub(super) extract_ms: u64,
}

/// How much of the recording was used.
#[derive(Debug, Serialize)]
struct Extent {
    iq_duration_ms: f64,
    chunk_duration_ms: f64,
    num_segments: u64,
    num_chunks: u64,
    samples_used: u64,
    samples_left_over: u64,
    samples_lost: u64,
}

impl Metadata {
    pub(super) fn new(claim: &Claim) -> Self {
        Self {
            extractor_version: heimdall_dsp::VERSION,
            recording_session_id: claim.recording_session_id,
            frequency_hz: claim.frequency_hz,
            ..Self::default()
        }
    }

    /// The row of a complete extraction.
    pub(super) fn into_row(mut self, extracted: ExtractionResult) -> FeatureRow {
        let extraction = extracted.extraction;
        let totals = extraction.totals;
        self.extraction_method = Some("recorded");
        self.extent = Some(Extent {
            iq_duration_ms: extraction.duration_ms(),
            chunk_duration_ms: CHUNK_MS,
            num_segments: totals.num_segments,
            num_chunks: totals.num_chunks,
            samples_used: extraction.samples_used,
            samples_left_over: extraction.samples_left_over,
            samples_lost: extraction.samples_lost,
        });
        self.interpretation = Some(extraction.interpretation);
        self.info = Some(extraction.info);
        let inconsistencies = extraction.inconsistencies.iter();
        self.warnings = inconsistencies.map(|found| found.text.clone()).collect();
        FeatureRow {
            segments: extracted.segments,
            trailing_warnings: extraction.inconsistencies,
            extraction_metadata: self.to_json(),
            overall_confidence: totals.overall_confidence(),
            mean_snr_db: totals.mean_snr_db(),
            num_receivers_detected: i32::from(totals.signal_detected()),
        }
    }

    /// The column's value.
    pub(super) fn to_json(&self) -> serde_json::Value {
        // Cannot fail: the structs contain only numbers and strings.
        serde_json::to_value(self).unwrap_or_default()
    }
}
