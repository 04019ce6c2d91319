//! Ends the tasks within the grace time, gives back what is left and takes the daemon off the list.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::tasks::{Shared, Tasks};
use crate::maintenance::registration::DEREGISTER_TIMEOUT;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;

/// Ends the tasks, the worker first, which finishes what is in flight; then says good-bye to the database.
pub(super) async fn shut_down(mut tasks: Tasks, shared: &Shared, queue: &Queue, grace: Duration) {
    info!(in_flight = shared.held.count(), ?grace, "stopping");
    let in_time = timeout(grace, &mut tasks.worker).await.is_ok();
    tasks.worker.abort();
    // The tasks end with the worker, and with them the writer's inbox.
    if timeout(DEREGISTER_TIMEOUT, &mut tasks.writer).await.is_err() {
        debug!("the writer still waits for the database");
        tasks.writer.abort();
    }
    tasks.background.abort_all();
    while tasks.background.join_next().await.is_some() {}
    let worker_id = *shared.worker_id.borrow();
    release_and_deregister(
        worker_id,
        &shared.held,
        &queue.with_timeout(DEREGISTER_TIMEOUT),
        in_time,
    )
    .await;
}

/// Gives back what is held and takes the daemon off the list, if the database answers.
async fn release_and_deregister(worker_id: Uuid, held: &HeldLeases, queue: &Queue, in_time: bool) {
    let left = held.take_all();
    let farewell = async {
        queue.release(&left).await?;
        // Also what a claim took that was broken off.
        let orphans = queue.release_orphans(worker_id, &[]).await?;
        queue.deregister(worker_id).await?;
        Ok::<_, DbError>(left.len() + orphans)
    };
    let answer = timeout(DEREGISTER_TIMEOUT, farewell).await;
    match answer.unwrap_or(Err(DbError::Timeout(DEREGISTER_TIMEOUT))) {
        Ok(given_back) => info!(given_back, in_time, "stopped"),
        Err(error) => {
            warn!(%error, held = left.len(), "stopped without the database; the lease will run out");
        }
    }
}
