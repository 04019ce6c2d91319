//! A claimed row of the queue: the lease, and what the database stores about the recording.

use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::sanitize::sanitize;

/// The right to finish one attempt of one measurement. Only the newest claim of a measurement can
/// change its rows; a write with an older `claim_id` changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The measurement.
    pub measurement_id: Uuid,
    /// A new number for each claim.
    pub claim_id: i64,
}

/// The receiver that made a recording.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Receiver {
    /// Name.
    pub rx_id: String,
    /// Latitude, degrees.
    pub rx_lat: Option<f64>,
    /// Longitude, degrees.
    pub rx_lon: Option<f64>,
}

/// A claimed measurement.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// The right to finish this attempt.
    pub lease: Lease,
    /// 1 for the first attempt.
    pub attempt: i32,
    /// Why it is queued: `live`, `sweep`, `backfill` or `retry`.
    pub source: String,
    /// 0 live, 1 retry and sweep, 2 backfill.
    pub priority: i16,
    /// Its position within the priority.
    pub id: i64,
    /// Its session.
    pub recording_session_id: Uuid,
    /// Its receiver.
    pub receiver: Receiver,
    /// Centre frequency that the application stores for the measurement, else for its session, Hz.
    pub frequency_hz: Option<i64>,
    /// Location of the object; `None` if the measurement or its session no longer exists.
    pub iq_data_location: Option<String>,
    /// Sample format as the application wrote it.
    pub iq_data_format: Option<String>,
    /// Sample rate as the application wrote it, Hz.
    pub iq_sample_rate: Option<f64>,
    /// Complex samples in the object as the application counted them.
    pub iq_samples_count: Option<i64>,
    /// Length of the recording as the application wrote it, seconds.
    pub duration_seconds: Option<f64>,
    /// An error row exists already; this attempt looks for the missing object again.
    pub recheck: bool,
    /// Hash of what the extraction depends on, to be stored with its result.
    pub source_fingerprint: Option<i64>,
    /// Columns of the measurement with values that no recording has, such as a NaN.
    pub bad_value: Option<String>,
    /// There is no location because row-level security may hide the measurement.
    pub is_hidden: bool,
}

impl Claim {
    /// The receiver's name as one safe line, for the log.
    #[must_use]
    pub fn station(&self) -> String {
        sanitize(&self.receiver.rx_id)
    }

    pub(crate) fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            lease: Lease {
                measurement_id: row.try_get("measurement_id")?,
                claim_id: row.try_get("claim_id")?,
            },
            attempt: row.try_get("attempt")?,
            source: row.try_get("source")?,
            priority: row.try_get("priority")?,
            id: row.try_get("id")?,
            recording_session_id: row.try_get("recording_session_id")?,
            receiver: Receiver {
                rx_id: row.try_get::<_, Option<String>>("rx_id")?.unwrap_or_default(),
                rx_lat: row.try_get("rx_lat")?,
                rx_lon: row.try_get("rx_lon")?,
            },
            frequency_hz: row.try_get("frequency_hz")?,
            iq_data_location: row.try_get("iq_data_location")?,
            iq_data_format: row.try_get("iq_data_format")?,
            iq_sample_rate: row.try_get("iq_sample_rate")?,
            iq_samples_count: row.try_get("iq_samples_count")?,
            duration_seconds: row.try_get("duration_seconds")?,
            recheck: row.try_get("recheck")?,
            source_fingerprint: row.try_get("source_fingerprint")?,
            bad_value: row.try_get("bad_value")?,
            is_hidden: row.try_get("is_hidden")?,
        })
    }
}

/// Number of values of `feature_queue.priority`: live, retry and sweep, backfill.
pub const PRIORITIES: usize = 3;

/// The ids above which a claim searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CursorIds {
    /// Of the queue, for each priority.
    pub queue: [i64; PRIORITIES],
    /// Of the notes of the application's changes.
    pub note: i64,
}

impl CursorIds {
    /// The ids of the queue, as an SQL parameter.
    #[must_use]
    pub fn rows(&self) -> &[i64] {
        &self.queue
    }
}
