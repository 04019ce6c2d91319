//! The sweeper: queues the measurements that the triggers missed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::config::settings::SweepSettings;
use crate::metrics::labels::Work;
use crate::metrics::metrics;
use crate::metrics::stall::Stalls;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;
use crate::queue::rows::blocked_reason;

/// The sweeper of one daemon.
pub struct Sweeper {
    /// The queue.
    pub queue: Queue,
    /// How often, and how much.
    pub settings: SweepSettings,
    /// While the schema does not fit, nothing is swept.
    pub compatibility: Arc<SchemaCompatibility>,
    /// Learns whether sweeps succeed.
    pub stalls: Arc<Stalls>,
}

impl Sweeper {
    /// Sweeps once per interval until `stop`, first after one interval; never without one. Only one
    /// daemon sweeps at a time.
    pub async fn run(self, stop: CancellationToken) {
        let Some(every) = self.settings.interval else {
            return stop.cancelled().await;
        };
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if !self.compatibility.is_compatible() {
                continue;
            }
            let sweeping = self
                .queue
                .sweep(self.settings.max_recordings, every, self.settings.include_history);
            let (result, blockers) = self.queue.watched(sweeping).await;
            let failed_before = std::mem::replace(&mut failing, result.is_err());
            match result {
                Ok(Some(sweep)) => {
                    self.stalls.succeeded(Work::Sweep);
                    metrics().swept(sweep.recordings_found, sweep.measurements_queued);
                    info!(
                        found = sweep.recordings_found,
                        queued = sweep.measurements_queued,
                        "sweep"
                    );
                }
                Ok(None) => self.look_whether_overdue(every).await,
                Err(error) => {
                    let error = blocked_reason(&error, &blockers);
                    self.stalls.failed(Work::Sweep, &error);
                    if failed_before {
                        debug!(error, "sweep failed again");
                    } else {
                        warn!(error, "sweep failed, retrying at each interval");
                    }
                }
            }
        }
    }

    /// Another daemon has just swept, or somebody holds the row that a sweep needs.
    async fn look_whether_overdue(&self, every: Duration) {
        let swept_s = match self.queue.overdue().await {
            Ok(overdue) => overdue.swept_s,
            Err(error) => return debug!(%error, "cannot look when the last sweep was"),
        };
        if swept_s.is_some_and(|swept_s| swept_s < 2.0 * every.as_secs_f64()) {
            self.stalls.succeeded(Work::Sweep);
            return debug!("another daemon has just swept");
        }
        let age = Duration::try_from_secs_f64(swept_s.unwrap_or(0.0)).unwrap_or_default();
        let since = swept_s.map_or("no sweep yet".to_owned(), |swept_s| {
            format!("the last sweep was {swept_s:.0} s ago")
        });
        let mut reason = format!("{since}, and the row of heimdall.sweep_state is locked");
        for holder in self.queue.sweep_holders().await {
            reason = format!("{reason}; {holder}");
        }
        self.stalls.failing_for(Work::Sweep, age, &reason);
    }
}
