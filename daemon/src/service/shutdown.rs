//! Ends the tasks within the grace time, gives back what is left and takes the daemon off the list.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::tasks::{Parts, Tasks};
use crate::maintenance::registration::FAREWELL_TIMEOUT;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;

/// Ends the tasks, the worker first, which finishes what is in flight; then says good-bye to the database.
pub(super) async fn shut_down(mut tasks: Tasks, parts: &Parts, queue: &Queue, grace: Duration) {
    info!(in_flight = parts.held.count(), ?grace, "stopping");
    let in_time = timeout(grace, &mut tasks.worker).await.is_ok();
    tasks.worker.abort();
    // The tasks end with the worker, and with them the writer's inbox.
    if timeout(FAREWELL_TIMEOUT, &mut tasks.writer).await.is_err() {
        debug!("the writer still waits for the database");
        tasks.writer.abort();
    }
    tasks.background.abort_all();
    while tasks.background.join_next().await.is_some() {}
    let worker_id = *parts.worker_id.borrow();
    farewell(worker_id, &parts.held, &queue.within(FAREWELL_TIMEOUT), in_time).await;
}

/// Gives back what is held and takes the daemon off the list, if the database answers.
async fn farewell(worker_id: Uuid, held: &HeldLeases, queue: &Queue, in_time: bool) {
    let left = held.take_all();
    let farewell = async {
        queue.give_back(&left).await?;
        // Also what a claim took that was broken off.
        let strays = queue.release_orphans(worker_id, &[]).await?;
        queue.deregister(worker_id).await?;
        Ok::<_, DbError>(left.len() + strays)
    };
    let answer = timeout(FAREWELL_TIMEOUT, farewell).await;
    match answer.unwrap_or(Err(DbError::Timeout(FAREWELL_TIMEOUT))) {
        Ok(given_back) => info!(given_back, in_time, "stopped"),
        Err(error) => {
            warn!(%error, held = left.len(), "stopped without the database; the lease will run out");
        }
    }
}
