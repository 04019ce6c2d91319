//! What the daemon has in hand.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::job::claim::Lease;

/// The leases in hand, for the heartbeat's count and to give them back at the end.
#[derive(Debug, Default)]
pub struct HeldLeases {
    leases: Mutex<HashSet<Lease>>,
    orphans_flagged: AtomicBool,
}

impl HeldLeases {
    fn lock(&self) -> MutexGuard<'_, HashSet<Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a row is claimed in this daemon's name which it no longer works on.
    pub fn flag_orphans(&self) {
        self.orphans_flagged.store(true, Ordering::SeqCst);
    }

    /// Whether that has been said since this was last asked.
    pub fn take_orphan_flag(&self) -> bool {
        self.orphans_flagged.swap(false, Ordering::SeqCst)
    }

    /// Puts a lease on.
    pub fn add(&self, lease: Lease) {
        self.lock().insert(lease);
    }

    /// Takes a lease off.
    pub fn remove(&self, lease: Lease) {
        self.lock().remove(&lease);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Lease> {
        self.lock().iter().copied().collect()
    }

    /// All of them, which are then no longer held.
    #[must_use]
    pub fn take_all(&self) -> Vec<Lease> {
        self.lock().drain().collect()
    }
}
