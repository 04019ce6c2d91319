//! What the breakers of all buckets have in common.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::metrics::labels::Server;
use crate::metrics::metrics;

/// What all gates have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) gates: usize,
    pub(super) closed: AtomicUsize,
    /// Rings when one closes while others are open.
    pub(super) doubt: Notify,
}

impl Shared {
    /// One gate more is closed. Whether now all are.
    pub(super) fn closes(&self) -> bool {
        let closed = self.closed.fetch_add(1, Ordering::SeqCst) + 1;
        metrics().set_outage(Server::Store, true);
        if closed < self.gates {
            self.doubt.notify_one();
        }
        closed == self.gates
    }

    /// One gate more is open. Whether before none was.
    pub(super) fn opens(&self) -> bool {
        let closed = self.closed.fetch_sub(1, Ordering::SeqCst);
        metrics().set_outage(Server::Store, closed > 1);
        closed == self.gates
    }

    /// Whether there is no other bucket.
    pub(super) fn is_only_one(&self) -> bool {
        self.gates == 1
    }

    pub(super) fn all_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst) == self.gates
    }
}
