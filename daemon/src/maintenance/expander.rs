//! The expander: turns the notes of the application's changes into rows of the queue.
//!
//! Each claim expands notes too, which is enough for a session that completes while the daemon is
//! idle. The expander does the rest: notes for which nobody is notified (new measurements, of which
//! there may be a thousand per second), a backlog of notes, and all notes while the daemon claims
//! nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::backoff::Backoff;
use crate::metrics::labels::{Wakeup, Work};
use crate::metrics::stall::{REPORTED_AFTER, Stalls};
use crate::postgres::error::DbError;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::queue::rows::{Blocker, Overdue, blocked_reason};
use crate::queue::wake::WakeSignal;

/// Time between two looks for notes. A measurement that arrives after its session completed waits
/// for this long at most; the look costs two buffers.
const EXPAND_INTERVAL: Duration = Duration::from_secs(1);
/// The worker tries more often, and its first claim after an outage expands notes too.
const RETRY: Backoff = Backoff {
    base: Duration::from_secs(2),
    max: Duration::from_secs(20),
};
/// Longer than an expansion takes, which waits for a lock for half a second at most.
const EXPAND_TIMEOUT: Duration = Duration::from_secs(20);

/// A note that is this old is looked for where the expansions succeed: one that is locked is left
/// alone each time.
const OVERDUE_S: f64 = REPORTED_AFTER.as_secs_f64();
/// Time between two looks for overdue notes.
const OVERDUE_INTERVAL: Duration = Duration::from_secs(10);

/// The expander of one daemon.
pub struct Expander {
    /// The queue.
    pub queue: Queue,
    /// Notifies that notes are left.
    pub more: Arc<Notify>,
    /// While the schema does not fit, nothing is expanded.
    pub compatibility: Arc<SchemaCompatibility>,
    /// Wakes the worker when rows are ready.
    pub wake: Arc<WakeSignal>,
    /// Learns whether expansions succeed.
    pub stalls: Arc<Stalls>,
}

impl Expander {
    /// Expands notes every second, and when notes are left, until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        self.queue = self.queue.with_timeout(EXPAND_TIMEOUT);
        let mut failures = 0;
        let mut looked = Instant::now();
        let mut blockers = Vec::new();
        loop {
            let pause = if failures == 0 {
                EXPAND_INTERVAL
            } else {
                RETRY.jittered(failures)
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
                () = self.more.notified() => {}
            }
            if !self.compatibility.is_compatible() {
                continue;
            }
            // The heartbeat logs an outage once, as a warning.
            let (expanded, blocking) = self.queue.watched(self.expand_all(&stop)).await;
            if !blocking.is_empty() {
                blockers = blocking;
            }
            match expanded {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    let error = blocked_reason(&error, &blockers);
                    self.stalls.failed(Work::Expand, &error);
                    debug!(error, failures, "cannot expand notes");
                }
            }
            if failures == 0 && looked.elapsed() >= OVERDUE_INTERVAL {
                looked = Instant::now();
                self.look_for_overdue_notes(&mut blockers).await;
            }
        }
    }

    /// Expands until no notes are left.
    async fn expand_all(&self, stop: &CancellationToken) -> Result<(), DbError> {
        loop {
            let expansion = self.queue.expand_notes().await?;
            expansion.report();
            if expansion.queued > 0 {
                self.wake.notify(Wakeup::Upkeep);
            }
            if !expansion.more || stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// An expansion succeeds although it leaves a note that is locked for later.
    async fn look_for_overdue_notes(&self, blockers: &mut Vec<Blocker>) {
        match self.queue.overdue().await {
            Ok(Overdue {
                oldest_note_s: Some(age_s),
                ..
            }) if age_s > OVERDUE_S => {
                let mut reason = format!("a change of the application has waited for {age_s:.0} s to be expanded");
                for blocker in blockers.iter() {
                    reason = format!("{reason}; {blocker}");
                }
                self.stalls.failing_for(
                    Work::Expand,
                    Duration::try_from_secs_f64(age_s).unwrap_or_default(),
                    &reason,
                );
            }
            Ok(_) => {
                self.stalls.succeeded(Work::Expand);
                blockers.clear();
            }
            Err(error) => debug!(%error, "cannot look for overdue notes"),
        }
    }
}
