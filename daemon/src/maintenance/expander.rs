//! The expander: turns the notes of the application's changes into rows of the queue.
//!
//! Each claim expands notes too, which is enough for a session that completes while the daemon is
//! idle. The expander does the rest: notes for which nobody is notified (new measurements, of which
//! there may be a thousand per second), a backlog of notes, and all notes while the daemon claims
//! nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::backoff::Backoff;
use crate::metrics::labels::Wakeup;
use crate::postgres::error::DbError;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::wake::WakeSignal;

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

/// Expands notes every second, and when `more` notifies that notes are left.
pub async fn expand_loop(
    queue: Queue,
    more: Arc<Notify>,
    compatibility: Arc<SchemaCompatibility>,
    wake: Arc<WakeSignal>,
    stop: CancellationToken,
) {
    let queue = queue.with_timeout(EXPAND_TIMEOUT);
    let mut failures = 0;
    loop {
        let pause = if failures == 0 {
            EXPAND_INTERVAL
        } else {
            RETRY.jittered(failures)
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
            () = more.notified() => {}
        }
        if !compatibility.is_compatible() {
            continue;
        }
        // The heartbeat logs an outage once, as a warning.
        match expand_all(&queue, &wake, &stop).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                debug!(%error, failures, "cannot expand notes");
            }
        }
    }
}

/// Expands until no notes are left.
async fn expand_all(queue: &Queue, wake: &WakeSignal, stop: &CancellationToken) -> Result<(), DbError> {
    loop {
        let expansion = queue.expand_notes().await?;
        expansion.report();
        if expansion.queued > 0 {
            wake.notify(Wakeup::Upkeep);
        }
        if !expansion.more || stop.is_cancelled() {
            return Ok(());
        }
    }
}
