//! How the whole stands.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::throughput::{Step, Window};
use super::worker::Worker;

/// How the whole stands.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Overview {
    /// Coverage, pause, sweep, versions.
    #[serde(flatten)]
    pub database: DatabaseReport,
    /// What is to be done.
    pub queue: QueueReport,
    /// What was done.
    pub throughput: Throughput,
    /// Failures by kind, the most frequent first.
    pub failures: Vec<Failure>,
    /// Daemons that are alive, and lost ones that still have claims.
    pub workers: Vec<Worker>,
    /// Backfills that are not at their end, then the last ones that are.
    pub backfills: Vec<Backfill>,
}

/// What concerns the whole database.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DatabaseReport {
    /// Time of the report.
    pub at: String,
    /// Name of the database.
    pub database: String,
    /// Version of Postgres.
    pub server_version: String,
    /// Newest schema file.
    pub schema_version: i32,
    /// How much has features.
    pub coverage: Coverage,
    /// Who has paused the extraction and why, if it is paused.
    pub pause: Option<Pause>,
    /// The last sweep.
    pub sweep: Option<Sweep>,
}

/// The row of `feature_coverage`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Coverage {
    /// Completed sessions.
    pub total_recordings: i64,
    /// Those with features of at least one measurement.
    pub recordings_with_features: i64,
    /// Measurements with an object in completed sessions.
    pub total_measurements: i64,
    /// Those that have features.
    pub measurements_with_features: i64,
    /// Those with an error row that are not queued again.
    pub measurements_failed: i64,
    /// Those that are queued and have no features.
    pub measurements_pending: i64,
    /// `recordings_with_features` as a share of `total_recordings`, per cent.
    pub coverage_percent: f64,
}

/// A pause.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Pause {
    /// Why.
    pub reason: String,
    /// The database user.
    pub by: String,
    /// Since when.
    pub at: String,
    /// For how long, seconds.
    pub age_s: f64,
}

/// The last sweep.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Sweep {
    /// When it began; `None`: there was none.
    pub last_at: Option<String>,
    /// How long ago, seconds.
    pub age_s: Option<f64>,
}

/// The queue, from the last count.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct QueueReport {
    /// Age of the count, seconds.
    pub counted_s_ago: f64,
    /// Queued measurements.
    pub total: i64,
    /// Measurements by source and state; none that is empty.
    pub counts: Vec<QueueCount>,
    /// Changes of the application that no daemon has looked at.
    pub notes: i64,
    /// Age of the oldest of these, seconds.
    pub oldest_note_s: Option<f64>,
    /// Changes that cannot be expanded, and are set aside.
    pub failed_notes: i64,
    /// Measurements that wait until somebody acts, because not even an error row can be written.
    /// They are among `counts` too.
    pub parked: i64,
}

/// Measurements of one source in one state.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct QueueCount {
    /// `live`, `retry`, `sweep` or `backfill`.
    pub source: String,
    /// `ready`, `claimed` or `waiting`.
    pub state: String,
    /// Their number.
    pub measurements: i64,
    /// Age of the oldest one, seconds.
    pub oldest_s: f64,
}

/// A row of `status_queue.sql`.
#[derive(Deserialize)]
pub(super) struct QueueRow {
    source: Option<String>,
    state: Option<String>,
    measurements: Option<i64>,
    oldest_s: Option<f64>,
    counted_s_ago: Option<f64>,
}

impl From<Vec<QueueRow>> for QueueReport {
    fn from(rows: Vec<QueueRow>) -> Self {
        let mut queue = Self::default();
        for row in rows {
            // The count may have been made while this statement ran.
            let oldest_s = row.oldest_s.map(|age_s| age_s.max(0.0));
            let measurements = row.measurements.unwrap_or(0);
            queue.counted_s_ago = row.counted_s_ago.unwrap_or(0.0).max(0.0);
            let (Some(source), Some(state)) = (row.source, row.state) else {
                continue;
            };
            match (source.as_str(), state.as_str()) {
                ("note", "failed") => queue.failed_notes = measurements,
                ("note", _) => (queue.notes, queue.oldest_note_s) = (measurements, oldest_s),
                ("parked", _) => queue.parked = measurements,
                _ => {
                    queue.total += measurements;
                    queue.counts.push(QueueCount {
                        source,
                        state,
                        measurements,
                        oldest_s: oldest_s.unwrap_or(0.0),
                    });
                }
            }
        }
        queue
    }
}

/// What was done.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Throughput {
    /// In the last hour.
    pub hour: Window,
    /// In the last day.
    pub day: Window,
    /// The minutes of the last hour in which something was done.
    pub minutes: Vec<Step>,
    /// The quarters of an hour of the last day in which something was done.
    pub quarters: Vec<Step>,
}

/// Failures of one kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Failure {
    /// The kind; `None` for rows of an earlier service.
    pub error_kind: Option<String>,
    /// Number of measurements.
    pub failures: i64,
    /// When the first one failed.
    pub first_at: String,
    /// When the last one failed.
    pub last_at: String,
    /// How long ago, seconds.
    pub last_s_ago: f64,
    /// The last one.
    pub example_measurement_id: Option<Uuid>,
    /// Its message.
    pub example_message: Option<String>,
    /// What the kind means.
    pub meaning: String,
    /// Whether it is tried again.
    pub tried_again: String,
    /// What an operator can do.
    pub what_to_do: String,
}

/// A row of `backfill_progress`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Backfill {
    /// The argument of `cancel_backfill()`.
    pub backfill_id: Uuid,
    /// The database user.
    pub requested_by: String,
    /// When it was requested.
    pub requested_at: String,
    /// How long ago, seconds.
    pub age_s: f64,
    /// `queued`, `running`, `paused`, `rechecking`, `finished` or `cancelled`.
    pub state: String,
    /// Sessions in which the request found something.
    pub recordings_found: i64,
    /// Measurements.
    pub total: i64,
    /// Those that got features.
    pub done: i64,
    /// Those that failed.
    pub failed: i64,
    /// Those that were cancelled; not part of `total`.
    pub cancelled: i64,
    /// Those whose object is looked for again; neither in `done` nor in `failed`.
    pub rechecking: i64,
    /// `done` and `failed` as a share of `total`.
    pub percent: f64,
    /// Measurements per second since the request.
    pub rate_per_second: f64,
    /// When it ends at this rate.
    pub estimated_end: Option<String>,
    /// The same in seconds from now.
    pub left_s: Option<f64>,
    /// When it ended.
    pub finished_at: Option<String>,
}

impl Backfill {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "finished" | "cancelled")
    }
}
