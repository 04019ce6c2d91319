//! One session and its receivers.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A session with its measurements.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SessionReport {
    /// The session.
    pub session_id: Uuid,
    /// Its status in the application.
    pub status: Option<String>,
    /// Whether this status counts as completed.
    pub is_completed: bool,
    /// Start of its window.
    pub started_at: Option<String>,
    /// Length of its window, seconds.
    #[serde(deserialize_with = "number_or_none")]
    pub duration_seconds: Option<f64>,
    /// Centre frequency, Hz.
    #[serde(deserialize_with = "number_or_none")]
    pub frequency_hz: Option<f64>,
    /// `empty`, `complete`, `pending`, `failed` or `partial`; `None` while it is not completed.
    pub coverage: Option<String>,
    /// `tx_known`, `tx_latitude`, `tx_longitude`, `tx_altitude_m`, `tx_power_dbm` of
    /// `session_transmitters`, where the transmitter is known.
    pub transmitter: Option<Value>,
    /// Number of its measurements, all of them.
    pub measurements: i64,
    /// The first thousand, by name and time.
    pub receivers: Vec<ReceiverReport>,
}

/// A measurement of a session.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ReceiverReport {
    /// The measurement.
    pub measurement_id: Uuid,
    /// Name of the station, else its id; `None` where the measurement names none.
    pub rx_id: Option<String>,
    /// Latitude of the station, degrees.
    #[serde(deserialize_with = "number_or_none")]
    pub rx_lat: Option<f64>,
    /// Longitude of the station, degrees.
    #[serde(deserialize_with = "number_or_none")]
    pub rx_lon: Option<f64>,
    /// Time of the recording.
    pub measured_at: Option<String>,
    /// Centre frequency, Hz.
    #[serde(deserialize_with = "number_or_none")]
    pub frequency_hz: Option<f64>,
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
    /// Mean SNR of its features, dB.
    pub mean_snr_db: Option<f64>,
    /// Overall confidence, 0 to 1.
    pub confidence: Option<f64>,
    /// Whether most of the recording has a signal.
    pub is_signal_present: Option<bool>,
    /// Number of segments.
    #[serde(deserialize_with = "number_or_none")]
    pub segments: Option<f64>,
    /// Length of the recording, ms.
    #[serde(deserialize_with = "number_or_none")]
    pub duration_ms: Option<f64>,
    /// Warnings about the recording, as sentences.
    #[serde(deserialize_with = "sentences")]
    pub warnings: Vec<String>,
}

/// A number of the application's may be NaN, which JSON has no number for.
fn number_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_f64())
}

/// Rows of an earlier service may have anything here.
fn sentences<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let texts = value.as_array().into_iter().flatten();
    Ok(texts.filter_map(|text| text.as_str().map(str::to_owned)).collect())
}
