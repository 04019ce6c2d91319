//! What the database answers to heartbeats, sweeps, take-overs and whoever looks.

use uuid::Uuid;

/// What the heartbeat brings back.
#[derive(Clone, Debug)]
pub struct HeartbeatResponse {
    /// Extraction is paused.
    pub paused: bool,
    /// Why.
    pub pause_reason: Option<String>,
}

/// What a sweep found.
#[derive(Clone, Copy, Debug)]
pub struct SweepResult {
    /// Sessions with something missing.
    pub recordings_found: i64,
    /// Measurements queued.
    pub measurements_queued: i64,
}

/// What readiness and metrics need to know of the database.
#[derive(Clone, Copy, Debug)]
pub struct QueueStatus {
    /// Extraction is paused.
    pub paused: bool,
    /// Daemons alive.
    pub workers: i64,
    /// Share of the notification queue in use, 0 to 1.
    pub notification_queue_usage: f64,
}

/// A row taken from a daemon that is gone.
#[derive(Clone, Debug)]
pub struct RescuedRow {
    /// The measurement.
    pub measurement_id: Uuid,
    /// The daemon that is gone.
    pub worker_id: Uuid,
    /// Whether it is queued again (`released`) or became an error row (`crashed`).
    pub outcome: String,
}
