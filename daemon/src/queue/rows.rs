//! Answers of the database.

use serde::Deserialize;
use tokio_postgres::types::Json;
use tracing::{info, warn};
use uuid::Uuid;

use crate::metrics::metrics;
use crate::postgres::row::row;

row! {
    /// Answer to a heartbeat.
    HeartbeatResponse {
        /// Whether an operator has paused the extraction.
        paused: bool,
        /// Reason of the pause.
        pause_reason: Option<String>,
        /// The claims of this daemon in the database.
        claim_ids: Vec<i64>,
    }
}

row! {
    /// What an expansion of notes did.
    Expansion {
        /// Number of notes that left the table of notes, or were set aside or deferred.
        notes: i64,
        /// Number of measurements that were queued.
        queued: i64,
        /// Number of notes that could not be expanded.
        set_aside: i64,
        /// The highest id of these notes.
        last_id: Option<i64>,
        /// Whether notes may be left.
        more: bool,
        /// The sessions with nothing to extract, which were announced.
        settled: Option<Json<Vec<EmptySession>>>,
    }
}

/// A session that was announced without an extraction.
#[derive(Clone, Debug, Deserialize)]
pub struct EmptySession {
    /// The session.
    pub recording_session_id: Uuid,
    /// Number of measurements with features.
    pub succeeded: i64,
    /// Number of measurements with an error row.
    pub failed: i64,
}

impl Expansion {
    /// Counts and logs what it did.
    pub fn report(&self) {
        metrics().expanded(self.notes, self.set_aside);
        if self.set_aside > 0 {
            warn!(
                notes = self.set_aside,
                hint = "SELECT id, kind, ids, failure FROM heimdall.change_notes WHERE failure IS NOT NULL",
                "notes of the application's changes cannot be expanded and are set aside"
            );
        }
        for session in self.settled.iter().flat_map(|settled| &settled.0) {
            info!(
                session = %session.recording_session_id,
                succeeded = session.succeeded,
                failed = session.failed,
                "feature extraction complete"
            );
        }
    }
}

row! {
    /// What a sweep found and queued.
    SweepResult {
        /// Number of sessions with missing measurements.
        recordings_found: i64,
        /// Number of measurements that were queued.
        measurements_queued: i64,
    }
}

row! {
    /// What a call of `keep_coverage()` did.
    CoverageStep {
        /// Number of sessions whose kept counts were wrong, though no change of them was noted.
        differing: i64,
        /// Whether sessions wait to be counted.
        more: bool,
    }
}

row! {
    /// State of the queue, for readiness and metrics.
    QueueStatus {
        /// Whether an operator has paused the extraction.
        paused: bool,
        /// Number of registered daemons whose lease is valid.
        workers: i64,
        /// Used share of the server's notification queue, 0 to 1.
        notification_queue_usage: f64,
    }
}

row! {
    /// A row that was rescued from a daemon whose lease expired.
    RescuedRow {
        /// The measurement.
        measurement_id: Uuid,
        /// The daemon that held it.
        worker_id: Uuid,
        /// `released`: queued again; `crashed`: an error row was written.
        outcome: String,
    }
}
