//! The open connections, and which of them gives way to a new one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::task::AbortOnDropHandle;

/// Enough for Prometheus, a few probes and ten browsers, which open up to six each.
const MAX_CONNECTIONS: usize = 100;

/// Whether the daemon works on the request of a connection: it has arrived, and its answer has not
/// begun.
#[derive(Clone, Default)]
pub(super) struct Answering(Arc<AtomicBool>);

impl Answering {
    pub(super) fn set(&self, is_answering: bool) {
        self.0.store(is_answering, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The open connections, the oldest first.
#[derive(Default)]
pub(super) struct Connections(VecDeque<(AbortOnDropHandle<()>, Answering)>);

impl Connections {
    /// Makes room for one more. At the limit, the oldest one that waits for its client is closed: one
    /// that sends its request slowly, or reads its answer slowly. Only where there is none, the oldest
    /// of all is.
    pub(super) fn make_room(&mut self) {
        self.0.retain(|(task, _)| !task.is_finished());
        if self.0.len() >= MAX_CONNECTIONS {
            let waiting = self.0.iter().position(|(_, answering)| !answering.get());
            // Dropping the handle closes the connection.
            self.0.remove(waiting.unwrap_or(0));
        }
    }

    pub(super) fn add(&mut self, task: AbortOnDropHandle<()>, answering: Answering) {
        self.0.push_back((task, answering));
    }
}
