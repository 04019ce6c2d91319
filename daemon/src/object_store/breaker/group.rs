//! State that the breakers of all buckets share.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::metrics::labels::Server;
use crate::metrics::metrics;

/// How many breakers there are, and how many of them are open.
#[derive(Debug)]
pub(super) struct BreakerGroup {
    pub(super) breakers: usize,
    pub(super) open: AtomicUsize,
    /// Notified when one opens while others are closed.
    pub(super) opened: Notify,
}

impl BreakerGroup {
    /// One more breaker is open. Returns whether all are open now.
    pub(super) fn add_open(&self) -> bool {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        metrics().set_outage(Server::Store, true);
        if open < self.breakers {
            self.opened.notify_one();
        }
        open == self.breakers
    }

    /// One more breaker is closed. Returns whether all were open before.
    pub(super) fn remove_open(&self) -> bool {
        let open = self.open.fetch_sub(1, Ordering::SeqCst);
        metrics().set_outage(Server::Store, open > 1);
        open == self.breakers
    }

    /// Whether there is no other bucket.
    pub(super) fn is_only_one(&self) -> bool {
        self.breakers == 1
    }

    pub(super) fn all_open(&self) -> bool {
        self.open.load(Ordering::SeqCst) == self.breakers
    }
}
