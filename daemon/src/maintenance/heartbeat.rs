//! The heartbeat: renews the lease three times per lease, and rescues the rows of lost daemons.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::minutes::Minutes;
use super::registration::Identity;
use super::rescuer::rescue_expired;
use crate::backoff::Backoff;
use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::metrics::stall::Stalls;
use crate::postgres::error::DbError;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::queue::held_leases::HeldLeases;
use crate::queue::rows::HeartbeatResponse;
use crate::queue::wake::WakeSignal;

/// Delay before a failed heartbeat is repeated. It must be short, because only a third of the lease
/// may be left.
const HEARTBEAT_RETRY: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};

/// The heartbeat of one daemon.
pub struct Heartbeat {
    /// The queue.
    pub queue: Queue,
    /// How the daemon registers.
    pub identity: Identity,
    /// The id of the daemon. It changes when the lease expired and the daemon registers again.
    pub worker_id: watch::Sender<Uuid>,
    /// The leases whose number the heartbeat reports.
    pub held: Arc<HeldLeases>,
    /// The result of the schema check before each heartbeat.
    pub compatibility: Arc<SchemaCompatibility>,
    /// Wakes the worker when it may claim again.
    pub wake: Arc<WakeSignal>,
    /// What does not succeed at present, for others to see.
    pub stalls: Arc<Stalls>,
    /// What was done since the last heartbeat.
    pub minutes: Arc<Minutes>,
}

struct State {
    /// Number of failures in a row.
    failures: u32,
    paused: bool,
    /// The database has a report of what does not succeed.
    reported: bool,
    last_heartbeat: Instant,
    no_rescue_before: Instant,
}

impl Heartbeat {
    /// Sends a heartbeat every third of the lease, for ever, and rescues expired rows after each
    /// one.
    ///
    /// After an interruption of its own heartbeats, a daemon rescues nothing for another third of
    /// the lease: the other daemons may have lost the same database, and need time to return. A
    /// silent connection costs a quarter of the lease.
    pub async fn run(self) {
        let lease = self.identity.lease;
        let every = lease / 3;
        let answer_timeouts = Backoff {
            base: lease / 4,
            max: lease,
        };
        let mut state = State {
            failures: 0,
            paused: false,
            reported: false,
            last_heartbeat: Instant::now(),
            no_rescue_before: Instant::now(),
        };
        loop {
            let queue = self.queue.with_timeout(answer_timeouts.delay(state.failures + 1, 1.0));
            let pause = match self.heartbeat(&queue, &mut state).await {
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
                    // Two heartbeats fit into the time in which this daemon rescues nothing.
                    HEARTBEAT_RETRY.jittered(state.failures).min(every / 2)
                }
            };
            sleep(pause).await;
        }
    }

    async fn heartbeat(&self, queue: &Queue, state: &mut State) -> Result<(), DbError> {
        let in_flight = i32::try_from(self.held.count()).unwrap_or(i32::MAX);
        let id = *self.worker_id.borrow();
        if !self.check_schema(queue).await? {
            // The daemon still runs and may hold leases, so it tries to keep them. A newer schema
            // may refuse that.
            if let Err(error) = queue.heartbeat(id, in_flight).await {
                debug!(%error, "no heartbeat");
            }
            return Ok(());
        }
        if let Some(response) = queue.heartbeat(id, in_flight).await? {
            self.log_pause_change(&response, state);
            self.compare_claims(&response);
            let now = Instant::now();
            if now - state.last_heartbeat > self.identity.lease * 2 / 3 {
                state.no_rescue_before = now + self.identity.lease / 3;
            }
            state.last_heartbeat = now;
        } else {
            let new = self.identity.register(queue).await?;
            warn!(old = %id, %new, in_flight, "lease expired: the claims are lost, registered under a new id");
            self.worker_id.send_replace(new);
            metrics().declared_dead.inc();
            state.last_heartbeat = Instant::now();
        }
        self.report_stalls(queue, state).await;
        let id = *self.worker_id.borrow();
        self.minutes.record(queue, id).await;
        if Instant::now() < state.no_rescue_before {
            return Ok(());
        }
        rescue_expired(queue, &self.wake).await
    }

    /// Stores what does not succeed at present, and once more when there is nothing left.
    async fn report_stalls(&self, queue: &Queue, state: &mut State) {
        let stalls = self.stalls.report();
        let is_empty = stalls.as_array().is_none_or(Vec::is_empty);
        if is_empty && !state.reported {
            return;
        }
        let id = *self.worker_id.borrow();
        match queue.report_stalls(id, &stalls).await {
            Ok(()) => state.reported = !is_empty,
            Err(error) => debug!(%error, "cannot report what is stalled"),
        }
    }

    /// Returns whether the schema serves this daemon, and logs a change.
    async fn check_schema(&self, queue: &Queue) -> Result<bool, DbError> {
        let result = queue.schema().await?.check();
        if self.compatibility.set(result.is_ok()) {
            match result {
                Ok(()) => {
                    info!("the schema fits, claiming again");
                    self.wake.notify(Wakeup::Upkeep);
                }
                Err(mismatch) => {
                    warn!(error = %mismatch, hint = mismatch.hint(), "the schema does not fit, claiming stops");
                }
            }
        }
        Ok(result.is_ok())
    }

    /// Compares the claims in the database with the leases that this daemon holds. They may differ
    /// after a fail-over that lost commits.
    ///
    /// A claim whose answer is on its way is not held yet. So the difference is only a reason to
    /// look: the worker releases what it does not hold when no claim is on its way. A lease that
    /// the database does not have ends by itself, because its result is refused.
    fn compare_claims(&self, response: &HeartbeatResponse) {
        let (has_orphans, not_claimed) = self.held.compare(&response.claim_ids);
        if has_orphans {
            self.held.flag_orphans();
            self.wake.notify(Wakeup::Upkeep);
        }
        if not_claimed > 0 {
            debug!(leases = not_claimed, "leases that the database does not have now");
        }
    }

    fn log_pause_change(&self, response: &HeartbeatResponse, state: &mut State) {
        metrics().paused.set(i64::from(response.paused));
        if response.paused == state.paused {
            return;
        }
        state.paused = response.paused;
        if response.paused {
            info!(reason = response.pause_reason, "extraction paused");
        } else {
            info!("extraction resumed");
            self.wake.notify(Wakeup::Upkeep);
        }
    }
}
