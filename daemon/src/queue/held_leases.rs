//! The leases that this process holds.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::job::claim::Lease;

/// The leases that this process holds. The heartbeat counts them, the shutdown releases them.
#[derive(Debug, Default)]
pub struct HeldLeases {
    leases: Mutex<HashSet<Lease>>,
    orphans_flagged: AtomicBool,
}

impl HeldLeases {
    fn lock(&self) -> MutexGuard<'_, HashSet<Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports that the database has a row claimed by this daemon that the daemon no longer holds.
    pub fn flag_orphans(&self) {
        self.orphans_flagged.store(true, Ordering::SeqCst);
    }

    /// Whether orphans were reported since the last call.
    pub fn take_orphan_flag(&self) -> bool {
        self.orphans_flagged.swap(false, Ordering::SeqCst)
    }

    /// Adds a lease.
    pub fn add(&self, lease: Lease) {
        self.lock().insert(lease);
    }

    /// Removes a lease.
    pub fn remove(&self, lease: Lease) {
        self.lock().remove(&lease);
    }

    /// Number of leases.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// All leases.
    #[must_use]
    pub fn all(&self) -> Vec<Lease> {
        self.lock().iter().copied().collect()
    }

    /// Compares with the claims that the database has for this daemon. Returns whether it has some
    /// that are not held, and how many are held that it does not have.
    #[must_use]
    pub fn compare(&self, claim_ids: &[i64]) -> (bool, usize) {
        let leases = self.lock();
        let held: HashSet<i64> = leases.iter().map(|lease| lease.claim_id).collect();
        let claimed: HashSet<i64> = claim_ids.iter().copied().collect();
        (!claimed.is_subset(&held), held.difference(&claimed).count())
    }

    /// Removes and returns all leases.
    #[must_use]
    pub fn take_all(&self) -> Vec<Lease> {
        self.lock().drain().collect()
    }
}
