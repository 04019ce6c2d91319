//! The signal that wakes the worker.

use tokio::sync::Notify;

use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;

/// Tells the worker to claim. Several notifications before the worker waits again are one.
#[derive(Default)]
pub struct WakeSignal(Notify);

impl WakeSignal {
    /// Wakes the worker and counts the cause.
    pub fn notify(&self, cause: Wakeup) {
        metrics().wakeup(cause);
        self.0.notify_one();
    }

    /// Waits for the next notification.
    pub async fn notified(&self) {
        self.0.notified().await;
    }
}
