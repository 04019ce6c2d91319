//! The gate before the claim: closed while the object store is away.
//!
//! One task probes, with back-off, and opens it again; so an outage costs one
//! request now and then, whatever waits in the queue, and one log line when it
//! begins and one when it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use crate::backoff::Backoff;
use crate::listener::Ears;
use crate::recording::Tools;

/// From quick for a restart to easy on a store that is gone for the weekend.
const PROBE: Backoff = Backoff {
    base: Duration::from_millis(500),
    max: Duration::from_secs(10),
};

/// Open, or closed with a bucket to probe.
#[derive(Default)]
pub struct Gate {
    closed: AtomicBool,
    bucket: Mutex<String>,
    closing: Notify,
}

impl Gate {
    /// Whether recordings may be claimed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }

    /// Stops claiming until `bucket` answers again.
    pub fn close(&self, what: &str, bucket: &str) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        warn!(error = what, bucket, "object store away, claiming stops");
        bucket.clone_into(&mut self.bucket.lock().unwrap_or_else(PoisonError::into_inner));
        self.closing.notify_one();
    }

    /// Probes while closed; runs until dropped.
    pub async fn watch(self: Arc<Self>, tools: Arc<Tools>, ears: Arc<Ears>) {
        loop {
            self.closing.notified().await;
            let begun = Instant::now();
            let bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut attempt = 0;
            loop {
                attempt += 1;
                sleep(PROBE.jittered(attempt)).await;
                match tools.store.probe(&bucket).await {
                    Ok(()) => break,
                    Err(error) => debug!(error, attempt, "object store still away"),
                }
            }
            info!(
                bucket,
                away_s = begun.elapsed().as_secs(),
                probes = attempt,
                "object store back, claiming resumes"
            );
            self.closed.store(false, Ordering::SeqCst);
            ears.wake.notify_one();
        }
    }
}
