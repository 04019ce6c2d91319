//! State that the breakers of all buckets share.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::metrics::labels::Server;
use crate::metrics::metrics;

/// The number of breakers, and how many of them are not closed: open or half-open.
#[derive(Debug)]
pub(super) struct BreakerGroup {
    pub(super) breakers: usize,
    pub(super) open: AtomicUsize,
    /// Notified when a breaker trips while others are closed.
    pub(super) tripped: Notify,
}

impl BreakerGroup {
    /// A breaker has tripped. Returns whether no breaker is closed now.
    pub(super) fn add_open(&self) -> bool {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        metrics().set_outage(Server::Store, true);
        if open < self.breakers {
            self.tripped.notify_one();
        }
        open == self.breakers
    }

    /// A breaker has closed. Returns whether no breaker was closed before.
    pub(super) fn remove_open(&self) -> bool {
        let open = self.open.fetch_sub(1, Ordering::SeqCst);
        metrics().set_outage(Server::Store, open > 1);
        open == self.breakers
    }

    /// Whether there is only one bucket.
    pub(super) fn is_only_one(&self) -> bool {
        self.breakers == 1
    }

    /// Whether no breaker is closed.
    pub(super) fn all_open(&self) -> bool {
        self.open.load(Ordering::SeqCst) == self.breakers
    }
}
