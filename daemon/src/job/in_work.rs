//! How many recordings are being processed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the recordings that are being processed, from their claim to their outcome. The writer
/// waits for a moment for more outcomes only while there are some.
#[derive(Debug, Default)]
pub struct InWork {
    recordings: AtomicUsize,
}

impl InWork {
    /// Counts one more recording until the returned value is dropped.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> Processing {
        self.recordings.fetch_add(1, Ordering::SeqCst);
        Processing(Arc::clone(self))
    }

    /// The number of recordings.
    #[must_use]
    pub fn count(&self) -> usize {
        self.recordings.load(Ordering::SeqCst)
    }
}

/// A recording that is being processed.
#[derive(Debug)]
pub struct Processing(Arc<InWork>);

impl Drop for Processing {
    fn drop(&mut self) {
        self.0.recordings.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_until_it_is_dropped() {
        let in_work = Arc::new(InWork::default());
        let (first, second) = (in_work.begin(), in_work.begin());
        assert_eq!(in_work.count(), 2);
        drop(first);
        assert_eq!(in_work.count(), 1);
        drop(second);
        assert_eq!(in_work.count(), 0);
    }
}
