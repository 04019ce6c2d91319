//! The shutdown: ends the tasks within the grace time, releases the remaining leases and
//! deregisters the daemon.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::tasks::{Shared, Tasks};
use crate::maintenance::registration::DEREGISTER_TIMEOUT;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::with_timeout;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;

/// Ends the tasks: the worker first, which waits for the recordings in flight. Then releases what
/// is left.
pub(super) async fn shut_down(mut tasks: Tasks, shared: &Shared, queue: &Queue, grace: Duration) {
    info!(in_flight = shared.held.count(), ?grace, "stopping");
    // A task that has ended must not be awaited again.
    let in_time = tasks.worker.is_finished() || timeout(grace, &mut tasks.worker).await.is_ok();
    // With the worker end the tasks of its recordings, and so the senders of the writer's channel.
    tasks.worker.abort();
    if !tasks.writer.is_finished() && timeout(DEREGISTER_TIMEOUT, &mut tasks.writer).await.is_err() {
        debug!("the writer still waits for the database");
        tasks.writer.abort();
    }
    tasks.background.shutdown().await;
    metrics().log_pace.end_period(&metrics().totals());
    let queue = queue.with_timeout(DEREGISTER_TIMEOUT);
    let worker_id = *shared.worker_id.borrow();
    shared.minutes.record(&queue, worker_id).await;
    release_and_deregister(worker_id, &shared.held, &queue, in_time).await;
}

/// Releases the held leases and deregisters the daemon, if the database answers.
async fn release_and_deregister(worker_id: Uuid, held: &HeldLeases, queue: &Queue, in_time: bool) {
    let left = held.take_all();
    let releasing = async {
        queue.release(&left).await?;
        // The rows of a claim that was cancelled.
        let orphans = queue.release_orphans(worker_id, &[]).await?;
        queue.deregister(worker_id).await?;
        Ok::<_, DbError>(left.len() + orphans)
    };
    match with_timeout(DEREGISTER_TIMEOUT, releasing).await {
        Ok(given_back) => info!(given_back, in_time, "stopped"),
        Err(error) => {
            warn!(%error, held = left.len(), "stopped without the database; the lease will expire");
        }
    }
}
