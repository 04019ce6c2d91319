//! Makes postponed rows ready as their time comes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::metrics::labels::Wakeup;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::wake::WakeSignal;

/// Looked for at least this often, should another daemon have postponed rows and died.
const PROMOTE_INTERVAL: Duration = Duration::from_secs(10);

/// Makes postponed rows ready as their time comes.
pub async fn promote_due_loop(
    queue: Queue,
    postponed: Arc<Notify>,
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
            () = postponed.notified() => {}
        }
        next = Instant::now() + PROMOTE_INTERVAL;
        if !compatibility.is_compatible() {
            continue;
        }
        match queue.promote_due().await {
            Ok((promoted, next_due)) => {
                if promoted > 0 {
                    debug!(promoted, "postponed rows are ready");
                    wake.notify(Wakeup::Upkeep);
                }
                if let Some(due) = next_due {
                    next = next.min(Instant::now() + due);
                }
            }
            // The heartbeat says it, once.
            Err(error) => debug!(%error, "cannot promote"),
        }
    }
}
