//! Wakes the worker.

use tokio::sync::Notify;

use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;

/// Has the worker look for work. Notifications that come before it looks are one.
#[derive(Default)]
pub struct WakeSignal(Notify);

impl WakeSignal {
    /// Wakes the worker, and counts why.
    pub fn notify(&self, why: Wakeup) {
        metrics().wakeup(why);
        self.0.notify_one();
    }

    /// Waits until there may be work.
    pub async fn notified(&self) {
        self.0.notified().await;
    }
}
