//! One measurement.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Everything that is known of a measurement.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MeasurementReport {
    /// State, why, next try.
    pub status: MeasurementState,
    /// The daemon that works on it: host and pid.
    pub worker: Option<Value>,
    /// What the application says of the recording: the row of `session_measurements`.
    pub recording: Option<Value>,
    /// Of the last failure: `meaning`, `tried_again`, `what_to_do`.
    pub kind: Option<Value>,
    /// The row of `extracted_features` without its segments.
    pub result: Option<Value>,
    /// The first 600 elements of `receiver_features`.
    pub segments: Vec<Value>,
    /// Number of its segments.
    pub total_segments: i64,
}

/// A row of `measurement_status`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MeasurementState {
    /// The measurement.
    pub measurement_id: Uuid,
    /// Its session.
    pub recording_session_id: Option<Uuid>,
    /// Its station.
    pub websdr_station_id: Option<Uuid>,
    /// Name of the station.
    pub rx_id: Option<String>,
    /// Time of the recording.
    pub measured_at: Option<String>,
    /// The IQ object.
    pub iq_data_location: Option<String>,
    /// As in `measurement_status`.
    pub state: String,
    /// Why it is in this state.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<String>,
    /// For how long, seconds.
    pub age_s: Option<f64>,
    /// Tries so far.
    pub attempts: i32,
    /// Whether it has features, also while it is queued again.
    pub has_features: bool,
    /// Kind of the last failure.
    pub error_kind: Option<String>,
    /// The daemon that works on it.
    pub worker_id: Option<Uuid>,
    /// When it is tried again.
    pub next_try_at: Option<String>,
    /// In how many seconds.
    pub next_try_s: Option<f64>,
}

/// What a number means: a row of `feature_dictionary`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DictionaryEntry {
    /// Name of the number in a segment.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Its definition.
    pub definition: String,
    /// The set that it belongs to.
    pub set: String,
    /// What makes it deviate.
    pub bias: Option<String>,
    /// Where the definition comes from.
    pub source: String,
}
