//! What the daemon counts, for `/metrics`.
//!
//! There is one set of metrics for the process, as there is one log: code that counts calls
//! [`metrics`] and needs no reference to anything. The contents of the queue are counted in the
//! database; [`queue_depth`] shows them.

use std::sync::{LazyLock, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use self::labels::{Connection, OutcomeLabels, RecordingOutcome, Server, Source, Step, Takeover, Wakeup};
pub(crate) use self::process::unix_time_s;
pub use self::registry::Metrics;
use self::totals::Totals;

pub mod labels;
pub mod log_pace;
mod process;
pub mod queue_depth;
mod registry;
pub mod stall;
pub mod totals;

/// How long one recording took, by the clock of the database.
#[derive(Clone, Copy, Debug)]
pub struct JobTimings {
    /// What queued it; `None` if this version does not know the source.
    pub source: Option<Source>,
    /// Later attempts include the delay before the retry.
    pub first_attempt: bool,
    /// The measurement already has an error row.
    pub recheck: bool,
    /// From being queued to the claim, seconds.
    pub queued_s: f64,
    /// From the claim to the row, seconds.
    pub worked_s: f64,
}

/// The metrics of the process.
#[must_use]
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

impl Metrics {
    /// Records the duration of a step.
    pub fn step(&self, step: Step, took: Duration) {
        self.step_duration_seconds
            .get_or_create(&step)
            .observe(took.as_secs_f64());
        match step {
            Step::Fetch => self.add(|totals| totals.fetch_s += took.as_secs_f64()),
            Step::Extract => self.add(|totals| totals.extract_s += took.as_secs_f64()),
            Step::Write | Step::Total => {}
        }
    }

    /// What this process has done so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, add: impl FnOnce(&mut Totals)) {
        add(&mut self.totals.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts bytes that were read from the store.
    pub fn read(&self, bytes: usize) {
        self.read_bytes.inc_by(bytes as u64);
        self.add(|totals| totals.read_bytes += bytes as u64);
    }

    /// Counts an attempt that ended. `error_kind` is empty if nothing failed.
    pub fn recording(&self, outcome: RecordingOutcome, error_kind: &'static str) {
        self.recordings
            .get_or_create(&OutcomeLabels { outcome, error_kind })
            .inc();
        self.add(|totals| totals.outcomes[outcome as usize] += 1);
    }

    /// The id under which this daemon is registered from now on.
    pub fn set_worker(&self, id: Uuid) {
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    /// That id, for the lines of the log; `None` before the first registration and in commands.
    #[must_use]
    pub fn worker(&self) -> Option<Uuid> {
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a look for work.
    pub fn wakeup(&self, source: Wakeup) {
        self.wakeups.get_or_create(&source).inc();
    }

    /// Sets whether a server is unavailable, and counts the start of an outage.
    pub fn set_outage(&self, server: Server, unavailable: bool) {
        let before = self.outage.get_or_create(&server).set(i64::from(unavailable));
        if unavailable && before == 0 {
            self.outages.get_or_create(&server).inc();
        }
    }

    /// Counts a claimed measurement.
    pub fn claimed(&self, source: &str) {
        if let Some(source) = Source::named(source) {
            self.claims.get_or_create(&source).inc();
        }
    }

    /// Counts a row taken over from a daemon whose lease expired.
    pub fn took_over(&self, outcome: &str) {
        if let Some(outcome) = Takeover::named(outcome) {
            self.takeovers.get_or_create(&outcome).inc();
        }
    }

    /// Records the timings of a recording whose features or error row were written.
    pub fn written(&self, times: &JobTimings) {
        self.step_duration_seconds
            .get_or_create(&Step::Total)
            .observe(times.worked_s);
        let Some(source) = times.source else { return };
        if times.first_attempt {
            self.queue_wait_seconds.get_or_create(&source).observe(times.queued_s);
        }
        // A recheck replaces a row that was written in time.
        if source == Source::Live && !times.recheck {
            let latency_s = times.queued_s + times.worked_s;
            self.completion_to_row_seconds.observe(latency_s);
            self.add(|totals| totals.latency.observe(latency_s));
        }
    }

    /// Counts an attempt to connect.
    pub fn connected(&self, connection: Connection, succeeded: bool) {
        let counters = if succeeded {
            &self.database_connects
        } else {
            &self.database_connect_failures
        };
        counters.get_or_create(&connection).inc();
    }

    /// Counts the notes of an expansion, and those of them that failed.
    pub fn expanded(&self, notes: i64, set_aside: i64) {
        self.notes_expanded.inc_by((notes - set_aside).unsigned_abs());
        self.notes_set_aside.inc_by(set_aside.unsigned_abs());
    }

    /// Counts a sweep that ended.
    pub fn swept(&self, recordings_found: i64, measurements_queued: i64) {
        self.sweeps.inc();
        self.sweep_recordings_found.inc_by(recordings_found.unsigned_abs());
        self.sweep_measurements_queued
            .inc_by(measurements_queued.unsigned_abs());
        self.last_sweep_timestamp_seconds.set(unix_time_s());
    }
}
