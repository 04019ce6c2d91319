//! The summary in the log.

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::metrics::log_pace::PERIOD;
use crate::metrics::metrics;

/// Ends a period of the log every ten seconds, for ever.
pub async fn log_summaries() {
    let mut ticks = interval_at(Instant::now() + PERIOD, PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    metrics().log_pace.end_period(&metrics().totals());
    loop {
        ticks.tick().await;
        metrics().log_pace.end_period(&metrics().totals());
    }
}
