//! Answers of the database.

use std::fmt::{self, Write as _};

use serde::Deserialize;
use tokio_postgres::types::Json;
use tracing::{info, warn};
use uuid::Uuid;

use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::row::row;
use crate::sanitize::sanitize;

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
    /// A backfill that has nothing outstanding any more.
    FinishedBackfill {
        /// The backfill.
        backfill_id: Uuid,
        /// Number of measurements that it queued.
        total: i64,
        /// Of these, the number with features now.
        done: i64,
        /// Of these, the number with an error row now.
        failed: i64,
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
    /// What should have happened long ago.
    Overdue {
        /// Age of the oldest note that can be expanded, seconds.
        oldest_note_s: Option<f64>,
        /// Time since a daemon last began a sweep, seconds.
        swept_s: Option<f64>,
    }
}

row! {
    /// A process of the server that one of ours waits for.
    Blocker {
        /// Its process id on the server.
        pid: i32,
        /// The name that its application gives.
        application_name: Option<String>,
        /// Its user.
        user_name: Option<String>,
        /// How long its transaction has been open, seconds, where this role may see it.
        held_s: Option<f64>,
        /// The table whose lock or row it holds.
        relation: Option<String>,
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |text: &Option<String>| sanitize(text.as_deref().filter(|text| !text.is_empty()).unwrap_or("none"));
        write!(
            f,
            "process {} of the server (application_name {}, user {}) holds a lock",
            self.pid,
            named(&self.application_name),
            named(&self.user_name)
        )?;
        if let Some(relation) = &self.relation {
            write!(f, " on {relation}")?;
        }
        match self.held_s {
            Some(seconds) => write!(f, ", its transaction is open for {seconds:.0} s"),
            None => Ok(()),
        }
    }
}

/// The error of a statement, with who it waited for.
#[must_use]
pub fn blocked_reason(error: &DbError, blockers: &[Blocker]) -> String {
    let mut reason = error.to_string();
    for blocker in blockers {
        let _ = write!(reason, "; {blocker}");
    }
    reason
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
