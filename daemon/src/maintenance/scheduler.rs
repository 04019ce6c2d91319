//! The scheduler: makes waiting rows ready when they are due.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::metrics::labels::Wakeup;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::queue::wake::WakeSignal;

/// The longest time between two looks at the queue. Another daemon may have deferred rows and then
/// stopped.
const PROMOTE_INTERVAL: Duration = Duration::from_secs(10);

/// Makes waiting rows ready when they are due. `deferred` notifies when a row was deferred.
pub async fn promote_due_loop(
    queue: Queue,
    deferred: Arc<Notify>,
    compatibility: Arc<SchemaCompatibility>,
    wake: Arc<WakeSignal>,
    stop: CancellationToken,
) {
    let queue = queue.with_timeout(PROMOTE_INTERVAL);
    let mut next = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep_until(next) => {}
            () = deferred.notified() => {}
        }
        next = Instant::now() + PROMOTE_INTERVAL;
        if !compatibility.is_compatible() {
            continue;
        }
        match queue.promote_due().await {
            Ok((promoted, next_due)) => {
                if promoted > 0 {
                    debug!(promoted, "waiting rows are ready");
                    wake.notify(Wakeup::Upkeep);
                }
                if let Some(due) = next_due {
                    next = next.min(Instant::now() + due);
                }
            }
            // The heartbeat logs an outage once, as a warning.
            Err(error) => debug!(%error, "cannot promote waiting rows"),
        }
    }
}
