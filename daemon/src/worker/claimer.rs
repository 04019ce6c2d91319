//! Claims rows, and releases rows whose claim response was lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::cursor::ClaimCursor;
use crate::backoff::Backoff;
use crate::job::claim::Claim;
use crate::job::failpoint::{FailPoint, hit};
use crate::metrics::labels::Work;
use crate::metrics::stall::Stalls;
use crate::queue::held_leases::HeldLeases;
use crate::queue::rows::{Expansion, blocked_reason};
use crate::queue::{ANSWER_TIMEOUT, Queue};

/// Short, because a database restart takes a second or two.
const CLAIM_RETRY: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};
/// The server may carry out an unanswered claim for this long: the statement time-out of our
/// connections, and a reserve.
const UNANSWERED_CLAIM_LIMIT: Duration = ANSWER_TIMEOUT;
/// Time between two searches for orphaned claims.
const ORPHAN_INTERVAL: Duration = Duration::from_secs(2);

/// Claims rows, and keeps the state between two claims.
pub struct Claimer {
    queue: Queue,
    /// Changes when the lease of this daemon expired and it registers again.
    worker_id: watch::Receiver<Uuid>,
    held: Arc<HeldLeases>,
    /// Notified when notes of the application's changes are left.
    more_notes: Arc<Notify>,
    stalls: Arc<Stalls>,
    /// How long to wait for the answer of the database.
    answer_timeouts: Backoff,
    cursor: ClaimCursor,
    /// Number of failures in a row.
    failures: u32,
    /// Whether the last claim was no full scan, so that rows below the cursor may be ready.
    partial: bool,
    orphans: OrphanedClaims,
}

impl Claimer {
    /// A claimer that has not claimed yet.
    #[must_use]
    pub fn new(
        queue: Queue,
        worker_id: watch::Receiver<Uuid>,
        held: Arc<HeldLeases>,
        more_notes: Arc<Notify>,
        stalls: Arc<Stalls>,
        answer_timeouts: Backoff,
    ) -> Self {
        Self {
            queue,
            worker_id,
            held,
            more_notes,
            stalls,
            answer_timeouts,
            cursor: ClaimCursor::default(),
            failures: 0,
            partial: false,
            orphans: OrphanedClaims::default(),
        }
    }

    /// Expands notes and claims at most `limit` rows; none when the database refuses or is
    /// unavailable.
    pub(super) async fn claim(&mut self, limit: usize) -> Vec<Claim> {
        let worker_id = *self.worker_id.borrow();
        let queue = self
            .queue
            .with_timeout(self.answer_timeouts.delay(self.failures + 1, 1.0));
        if self.held.take_orphan_flag() {
            self.orphans.expect_more();
        }
        self.orphans.release(&queue, &self.held, worker_id).await;
        let begun = Instant::now();
        let above = self.cursor.start_ids(begun);
        let claiming = queue.expand_and_claim(worker_id, limit, above);
        let (claimed, blockers) = queue.watched(claiming).await;
        match claimed {
            Ok((expansion, claims)) => {
                self.stalls.succeeded(Work::Claim);
                if self.failures > 0 {
                    info!(failures = self.failures, "claiming again");
                    self.failures = 0;
                }
                self.partial = above.is_some();
                let last_note = self.report(expansion);
                self.cursor.record(above, begun, Instant::now(), &claims, last_note);
                hit(FailPoint::AfterClaim, &claims);
                claims
            }
            Err(error) => {
                self.failures += 1;
                let error = blocked_reason(&error, &blockers);
                self.stalls.failed(Work::Claim, &error);
                if self.failures == 1 {
                    warn!(error, "cannot claim, retrying");
                } else {
                    debug!(error, failures = self.failures, "cannot claim");
                }
                self.cursor.reset();
                self.orphans.expect_more();
                Vec::new()
            }
        }
    }

    /// Reports an expansion. Returns the highest id of its notes.
    fn report(&self, expansion: Result<Option<Expansion>, tokio_postgres::Error>) -> Option<i64> {
        match expansion {
            Ok(expansion) => {
                let expansion = expansion?;
                expansion.report();
                if expansion.more {
                    self.more_notes.notify_one();
                }
                expansion.last_id
            }
            // The claim worked, so the server is there. The expander tries again within a second.
            Err(error) => {
                debug!(%error, "cannot expand notes");
                None
            }
        }
    }

    /// The longest time until the next claim, after a claim that left permits free.
    pub(super) fn until_next_claim(&self) -> Duration {
        if self.failures > 0 {
            CLAIM_RETRY.jittered(self.failures)
        } else if self.partial {
            self.cursor.until_full_scan(Instant::now())
        } else if self.orphans.expected_until.is_some() {
            ORPHAN_INTERVAL
        } else {
            Duration::MAX
        }
    }
}

/// Rows claimed in the database whose claim response we never received.
///
/// No other daemon takes them while the lease of this one is valid, so it must release them itself.
#[derive(Default)]
struct OrphanedClaims {
    /// New orphans can appear until then.
    expected_until: Option<Instant>,
    last_release: Option<Instant>,
}

impl OrphanedClaims {
    /// After a failed claim, and when a row stayed claimed.
    fn expect_more(&mut self) {
        self.expected_until = Some(Instant::now() + UNANSWERED_CLAIM_LIMIT);
        self.last_release = None;
    }

    /// Makes the orphans ready again. Must not run during a claim, because a row that is being
    /// claimed looks like an orphan.
    async fn release(&mut self, queue: &Queue, held: &HeldLeases, worker_id: Uuid) {
        let Some(expected_until) = self.expected_until else {
            return;
        };
        if self.last_release.is_some_and(|last| last.elapsed() < ORPHAN_INTERVAL) {
            return;
        }
        match queue.release_orphans(worker_id, &held.all()).await {
            Ok(orphans) => {
                if orphans > 0 {
                    warn!(orphans, "claim response lost: the claimed rows are ready again");
                }
                let now = Instant::now();
                self.last_release = Some(now);
                self.expected_until = (now < expected_until).then_some(expected_until);
            }
            // The next claim logs the cause.
            Err(error) => debug!(%error, "cannot release orphaned claims"),
        }
    }
}
