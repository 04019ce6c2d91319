//! The keeper of the counts: of the view `feature_coverage`, and of the backfills.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::backoff::Backoff;
use crate::postgres::error::DbError;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::queue::rows::CoverageStep;

/// Time between two looks for sessions whose counts have changed. The view is exact in between; the
/// more of them wait, the longer it takes.
const INTERVAL: Duration = Duration::from_secs(1);
/// Time between two calls while a full turn of changes waits. A call works for about 30 ms, so that
/// counting a whole history leaves half of a core to others.
const BUSY_INTERVAL: Duration = Duration::from_millis(30);
/// Longer than a call takes with a cold cache on a slow disk.
const TIMEOUT: Duration = Duration::from_mins(1);
const RETRY: Backoff = Backoff {
    base: Duration::from_secs(2),
    max: Duration::from_mins(1),
};

/// Counts what backfills have finished and sessions that have changed, every second, and with a shorter pause while a full turn of
/// changes waits.
pub async fn keep_coverage_loop(queue: Queue, compatibility: Arc<SchemaCompatibility>, stop: CancellationToken) {
    let queue = queue.with_timeout(TIMEOUT);
    let mut pause = INTERVAL;
    let mut failures = 0;
    while stop.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = INTERVAL;
        if !compatibility.is_compatible() {
            continue;
        }
        match keep(&queue).await {
            Ok(done) => {
                failures = 0;
                if done.differing > 0 {
                    warn!(
                        sessions = done.differing,
                        "the kept counts of sessions differed from what they have, and were corrected"
                    );
                }
                if done.more {
                    pause = BUSY_INTERVAL;
                }
            }
            // The heartbeat logs an outage once, as a warning.
            Err(error) => {
                failures += 1;
                pause = RETRY.jittered(failures);
                debug!(%error, failures, "cannot keep the counts of feature_coverage and of backfills");
            }
        }
    }
}

async fn keep(queue: &Queue) -> Result<CoverageStep, DbError> {
    for backfill in queue.keep_backfills().await? {
        info!(
            backfill = %backfill.backfill_id,
            total = backfill.total,
            done = backfill.done,
            failed = backfill.failed,
            "backfill complete"
        );
    }
    queue.keep_coverage().await
}
