//! Rescues the rows of daemons whose lease expired.

use tracing::warn;

use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::queue::wake::WakeSignal;

/// Makes the rows of lost daemons ready again. A row that was lost with too many daemons gets an
/// error row instead.
pub(super) async fn rescue_expired(queue: &Queue, wake: &WakeSignal) -> Result<(), DbError> {
    let rescued = queue.release_expired().await?;
    for row in &rescued {
        metrics().took_over(&row.outcome);
        warn!(measurement = %row.measurement_id, from = %row.worker_id, outcome = row.outcome, "taken over from a daemon whose lease expired");
    }
    if !rescued.is_empty() {
        wake.notify(Wakeup::Upkeep);
    }
    Ok(())
}
