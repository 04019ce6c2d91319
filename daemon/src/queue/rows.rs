//! Answers of the database.

use uuid::Uuid;

use crate::postgres::row::row;

row! {
    /// Answer to a heartbeat.
    HeartbeatResponse {
        /// Whether an operator has paused the extraction.
        paused: bool,
        /// Reason of the pause.
        pause_reason: Option<String>,
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
