//! Says that this daemon lives, three times a lease, and takes over from those that do not.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::registration::Identity;
use super::rescuer::rescue_expired;
use crate::backoff::Backoff;
use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;
use crate::queue::rows::HeartbeatResponse;
use crate::wake::WakeSignal;

/// A beat that failed is tried again before the next is due: a third of the lease may be all that is left.
const HEARTBEAT_RETRY: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};

/// Heartbeat and take-over, a third of the lease apart.
///
/// After an interruption of its own a daemon beats, but takes over from nobody for another third: the database was away
/// for all of them, and the others have the right to be back first. A silent link costs a quarter of the lease.
pub async fn heartbeat_loop(
    queue: Queue,
    identity: Identity,
    worker_id: watch::Sender<Uuid>,
    held: Arc<HeldLeases>,
    compatibility: Arc<SchemaCompatibility>,
    wake: Arc<WakeSignal>,
    stop: CancellationToken,
) {
    let every = identity.lease / 3;
    let answer_timeouts = Backoff {
        base: identity.lease / 4,
        max: identity.lease,
    };
    let mut state = HeartbeatState {
        failures: 0,
        paused: false,
        last_heartbeat: Instant::now(),
        no_rescue_before: Instant::now(),
    };
    loop {
        let queue = queue.with_timeout(answer_timeouts.delay(state.failures + 1, 1.0));
        let pause = match heartbeat(&queue, &identity, &worker_id, &held, &compatibility, &wake, &mut state).await {
            Ok(()) => {
                if state.failures > 0 {
                    info!(failures = state.failures, "heartbeat again");
                }
                state.failures = 0;
                every
            }
            Err(error) => {
                state.failures += 1;
                if state.failures == 1 {
                    warn!(%error, "no heartbeat");
                } else {
                    debug!(%error, failures = state.failures, "no heartbeat");
                }
                // Twice in the time in which nobody takes over.
                HEARTBEAT_RETRY.jittered(state.failures).min(every / 2)
            }
        };
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}

struct HeartbeatState {
    /// In a row.
    failures: u32,
    paused: bool,
    last_heartbeat: Instant,
    no_rescue_before: Instant,
}

async fn heartbeat(
    queue: &Queue,
    identity: &Identity,
    worker_id: &watch::Sender<Uuid>,
    held: &HeldLeases,
    compatibility: &SchemaCompatibility,
    wake: &WakeSignal,
    state: &mut HeartbeatState,
) -> Result<(), DbError> {
    let in_flight = i32::try_from(held.count()).unwrap_or(i32::MAX);
    let id = *worker_id.borrow();
    if !check_schema(queue, compatibility, wake).await? {
        // It still lives and may have something in hand; whether the newer schema takes that from it or not.
        if let Err(error) = queue.heartbeat(id, in_flight).await {
            debug!(%error, "no heartbeat");
        }
        return Ok(());
    }
    if let Some(pulse) = queue.heartbeat(id, in_flight).await? {
        log_pause_change(&pulse, state, wake);
        let now = Instant::now();
        if now - state.last_heartbeat > identity.lease * 2 / 3 {
            state.no_rescue_before = now + identity.lease / 3;
        }
        state.last_heartbeat = now;
    } else {
        let new = identity.register(queue).await?;
        warn!(old = %id, %new, in_flight, "taken for dead: the leases are lost, going on under a new id");
        worker_id.send_replace(new);
        metrics().declared_dead.inc();
        state.last_heartbeat = Instant::now();
    }
    if Instant::now() < state.no_rescue_before {
        return Ok(());
    }
    rescue_expired(queue, wake).await
}

/// Whether the schema still serves this daemon, or does so again.
async fn check_schema(queue: &Queue, compatibility: &SchemaCompatibility, wake: &WakeSignal) -> Result<bool, DbError> {
    let verdict = queue.schema().await?.check();
    if compatibility.set(verdict.is_ok()) {
        match verdict {
            Ok(()) => {
                info!("the schema fits, claiming again");
                wake.notify(Wakeup::Upkeep);
            }
            Err(mismatch) => {
                warn!(error = %mismatch, hint = mismatch.hint(), "the schema does not fit, claiming stops");
            }
        }
    }
    Ok(verdict.is_ok())
}

fn log_pause_change(pulse: &HeartbeatResponse, state: &mut HeartbeatState, wake: &WakeSignal) {
    metrics().paused.set(i64::from(pulse.paused));
    if pulse.paused == state.paused {
        return;
    }
    state.paused = pulse.paused;
    if pulse.paused {
        info!(reason = pulse.pause_reason, "extraction paused");
    } else {
        info!("extraction resumed");
        wake.notify(Wakeup::Upkeep);
    }
}
