//! Wakes the worker, and says whether notifications can be relied on.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;

/// What the listener shares with the worker.
#[derive(Default)]
pub struct Ears {
    /// Rung when there may be work.
    pub wake: Notify,
    pub(crate) hearing: AtomicBool,
    only_polls: AtomicBool,
}

impl Ears {
    /// Whether there is no way to listen, so that polling is all there is.
    #[must_use]
    pub fn only_polls(&self) -> bool {
        self.only_polls.load(Ordering::Relaxed)
    }

    /// Notes that there is none, or one again; whether that is a change.
    pub fn note_only_polls(&self, only_polls: bool) -> bool {
        self.only_polls.swap(only_polls, Ordering::Relaxed) != only_polls
    }

    /// Has the worker look for work, and counts why.
    pub fn ring(&self, why: Wakeup) {
        metrics().wakeup(why);
        self.wake.notify_one();
    }

    /// Whether notifications can be relied on right now.
    #[must_use]
    pub fn hearing(&self) -> bool {
        self.hearing.load(Ordering::Relaxed)
    }
}
