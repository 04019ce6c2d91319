//! Claims rows, and makes those ready again whose claim was carried out without an answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::cursor::ClaimCursor;
use crate::backoff::Backoff;
use crate::job::claim::Claim;
use crate::job::failpoint::{FailPoint, hit};
use crate::queue::held_leases::HeldLeases;
use crate::queue::{ANSWER_TIMEOUT, Queue};

/// A database restart takes a second or two.
const CLAIM_RETRY: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};
/// A claim that got no answer may still be carried out for so long: the statement time-out of our connections, and some.
const CLAIM_IN_DOUBT: Duration = ANSWER_TIMEOUT;
/// Between two looks for what such a claim has left.
const STRAY_INTERVAL: Duration = Duration::from_secs(2);

/// Claims rows, with what one claim leaves behind for the next.
pub struct Claimer {
    queue: Queue,
    /// This daemon's id, anew after it was declared dead.
    worker_id: watch::Receiver<Uuid>,
    held: Arc<HeldLeases>,
    /// How long to wait for the database's answer.
    answer_timeouts: Backoff,
    cursor: ClaimCursor,
    /// In a row.
    failures: u32,
    /// The last look was not from the bottom: something may be ready below.
    partial: bool,
    orphans: OrphanedClaims,
}

impl Claimer {
    /// A claimer for the daemon of that id, nothing yet.
    #[must_use]
    pub fn new(
        queue: Queue,
        worker_id: watch::Receiver<Uuid>,
        held: Arc<HeldLeases>,
        answer_timeouts: Backoff,
    ) -> Self {
        Self {
            queue,
            worker_id,
            held,
            answer_timeouts,
            cursor: ClaimCursor::default(),
            failures: 0,
            partial: false,
            orphans: OrphanedClaims::default(),
        }
    }

    /// Claims up to `free`; nothing when the database refuses or is away.
    pub(super) async fn take(&mut self, free: usize) -> Vec<Claim> {
        let worker_id = *self.worker_id.borrow();
        let queue = self
            .queue
            .with_timeout(self.answer_timeouts.delay(self.failures + 1, 1.0));
        if self.held.take_orphan_flag() {
            self.orphans.suspect();
        }
        self.orphans.look(&queue, &self.held, worker_id).await;
        let begun = Instant::now();
        let above = self.cursor.start_ids(begun);
        match queue.claim(worker_id, free, above).await {
            Ok(claims) => {
                if self.failures > 0 {
                    info!(failures = self.failures, "claiming again, the database is back");
                    self.failures = 0;
                }
                self.partial = above.is_some();
                self.cursor.record(above, begun, Instant::now(), &claims);
                hit(FailPoint::AfterClaim, &claims);
                claims
            }
            Err(error) => {
                self.failures += 1;
                if self.failures == 1 {
                    warn!(%error, "cannot claim, trying on");
                } else {
                    debug!(%error, failures = self.failures, "cannot claim");
                }
                self.cursor.reset();
                self.orphans.suspect();
                Vec::new()
            }
        }
    }

    /// Longest time until the next claim when this one found less than there is room for.
    pub(super) fn next_look(&self) -> Duration {
        if self.failures > 0 {
            CLAIM_RETRY.jittered(self.failures)
        } else if self.partial {
            self.cursor.until_full_scan(Instant::now())
        } else if self.orphans.until.is_some() {
            STRAY_INTERVAL
        } else {
            Duration::MAX
        }
    }
}

/// Rows that stand as claimed by this daemon without its knowledge: the claim was carried out and its answer lost.
/// Nobody else would take them, since the daemon lives.
#[derive(Default)]
struct OrphanedClaims {
    /// Until when there may be new ones.
    until: Option<Instant>,
    looked: Option<Instant>,
}

impl OrphanedClaims {
    /// A claim has failed.
    fn suspect(&mut self) {
        self.until = Some(Instant::now() + CLAIM_IN_DOUBT);
        self.looked = None;
    }

    /// Makes them ready again. Between two claims only: what is claimed at this moment is not known yet.
    async fn look(&mut self, queue: &Queue, held: &HeldLeases, worker_id: Uuid) {
        let Some(until) = self.until else { return };
        if self.looked.is_some_and(|looked| looked.elapsed() < STRAY_INTERVAL) {
            return;
        }
        match queue.release_orphans(worker_id, &held.all()).await {
            Ok(orphans) => {
                if orphans > 0 {
                    warn!(orphans, "claimed, but the answer was lost: ready again");
                }
                let now = Instant::now();
                self.looked = Some(now);
                self.until = (now < until).then_some(until);
            }
            // The claim that follows says what is wrong.
            Err(error) => debug!(%error, "cannot look for orphans"),
        }
    }
}
