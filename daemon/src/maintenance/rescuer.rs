//! Takes over the rows of daemons whose lease has run out.

use tracing::warn;

use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::wake::WakeSignal;

/// Makes the rows of dead daemons ready again, or error rows of those that kill daemons.
pub(super) async fn rescue_expired(queue: &Queue, wake: &WakeSignal) -> Result<(), DbError> {
    let released = queue.release_expired().await?;
    for row in &released {
        metrics().took_over(&row.outcome);
        warn!(measurement = %row.measurement_id, from = %row.worker_id, outcome = row.outcome, "taken over from a dead daemon");
    }
    if !released.is_empty() {
        wake.notify(Wakeup::Upkeep);
    }
    Ok(())
}
