//! The sweeper: queues the measurements that the triggers missed.

use std::sync::Arc;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::config::settings::SweepSettings;
use crate::metrics::metrics;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::Queue;

/// Sweeps once per interval, first after one interval; never without one. Only one daemon sweeps at
/// a time.
pub async fn sweep_loop(
    queue: Queue,
    settings: SweepSettings,
    compatibility: Arc<SchemaCompatibility>,
    stop: CancellationToken,
) {
    let Some(every) = settings.interval else {
        return stop.cancelled().await;
    };
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if !compatibility.is_compatible() {
            continue;
        }
        let result = queue
            .sweep(settings.max_recordings, every, settings.include_history)
            .await;
        let failed_before = std::mem::replace(&mut failing, result.is_err());
        match result {
            Ok(Some(sweep)) => {
                metrics().swept(sweep.recordings_found, sweep.measurements_queued);
                info!(
                    found = sweep.recordings_found,
                    queued = sweep.measurements_queued,
                    "sweep"
                );
            }
            Ok(None) => debug!("another daemon has just swept"),
            Err(error) if failed_before => debug!(%error, "sweep failed again"),
            Err(error) => warn!(%error, "sweep failed, retrying at each interval"),
        }
    }
}
