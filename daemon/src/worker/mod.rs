//! The worker: claims as many rows as there are free permits, starts a task for each, and waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::claimer::Claimer;
use self::jobs::Jobs;
use crate::listener::ListenerStatus;
use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::wake::WakeSignal;

pub mod claimer;
pub mod cursor;
pub mod jobs;

/// Poll interval while no notifications arrive. Polling is then the only way to find new rows.
const POLL_WITHOUT_LISTENER: Duration = Duration::from_secs(1);

/// The worker of one daemon.
pub struct Worker {
    /// Claims rows.
    pub claimer: Claimer,
    /// The recordings in flight.
    pub jobs: Jobs,
    /// Wakes the loop.
    pub wake: Arc<WakeSignal>,
    /// Whether notifications arrive.
    pub listener_status: Arc<ListenerStatus>,
    /// While the schema does not fit, the worker claims nothing.
    pub compatibility: Arc<SchemaCompatibility>,
    /// Time between two claims without a notification.
    pub poll_interval: Duration,
}

impl Worker {
    /// Claims until `stop`, then waits until all recordings in flight are processed. Dropping the
    /// future cancels them.
    ///
    /// The loop never waits for a recording, the object store or the writer: a slow one must not
    /// keep free permits unused.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let free = self.jobs.free();
            // Without a free permit, more rows may be ready than could be claimed.
            let mut more = free == 0;
            let mut pause = self.poll_interval;
            let admitted = if self.compatibility.is_compatible() {
                self.jobs.admitted(free)
            } else {
                0
            };
            if admitted > 0 {
                let claims = self.claimer.claim(admitted).await;
                more = claims.len() == free;
                for claim in claims {
                    self.jobs.start(claim);
                }
                if !more {
                    pause = pause.min(self.claimer.until_next_claim());
                }
            }
            if !self.listener_status.is_listening() {
                pause = pause.min(POLL_WITHOUT_LISTENER);
            }
            self.jobs.join_ended();
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.jobs.quarter_free(), if more => metrics().wakeup(Wakeup::Refill),
                () = self.wake.notified(), if !more => {}
                () = sleep(pause) => metrics().wakeup(Wakeup::Poll),
            }
        }
        self.jobs.finish().await;
    }
}
