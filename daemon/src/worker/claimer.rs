//! Claims rows, and makes those ready again whose claim was carried out without an answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::cursor::Floor;
use crate::backoff::Backoff;
use crate::job::claim::Claim;
use crate::job::failpoint::{Point, reach};
use crate::queue::held_leases::Held;
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
pub struct Claims {
    queue: Queue,
    /// This daemon's id, anew after it was declared dead.
    worker_id: watch::Receiver<Uuid>,
    held: Arc<Held>,
    /// How long to wait for the database's answer.
    patience: Backoff,
    floor: Floor,
    /// In a row.
    failures: u32,
    /// The last look was not from the bottom: something may be ready below.
    partial: bool,
    strays: Strays,
}

impl Claims {
    /// Claims for the daemon of that id, nothing yet.
    #[must_use]
    pub fn new(queue: Queue, worker_id: watch::Receiver<Uuid>, held: Arc<Held>, patience: Backoff) -> Self {
        Self {
            queue,
            worker_id,
            held,
            patience,
            floor: Floor::default(),
            failures: 0,
            partial: false,
            strays: Strays::default(),
        }
    }

    /// Claims up to `free`; nothing when the database refuses or is away.
    pub(super) async fn take(&mut self, free: usize) -> Vec<Claim> {
        let worker_id = *self.worker_id.borrow();
        let queue = self.queue.within(self.patience.delay(self.failures + 1, 1.0));
        if self.held.take_doubt() {
            self.strays.suspect();
        }
        self.strays.look(&queue, &self.held, worker_id).await;
        let begun = Instant::now();
        let above = self.floor.above(begun);
        match queue.claim(worker_id, free, above).await {
            Ok(claims) => {
                if self.failures > 0 {
                    info!(failures = self.failures, "claiming again, the database is back");
                    self.failures = 0;
                }
                self.partial = above.is_some();
                self.floor.note(above, begun, Instant::now(), &claims);
                reach(Point::AfterClaim, &claims);
                claims
            }
            Err(error) => {
                self.failures += 1;
                if self.failures == 1 {
                    warn!(%error, "cannot claim, trying on");
                } else {
                    debug!(%error, failures = self.failures, "cannot claim");
                }
                self.floor.forget();
                self.strays.suspect();
                Vec::new()
            }
        }
    }

    /// Longest time until the next claim when this one found less than there is room for.
    pub(super) fn next_look(&self) -> Duration {
        if self.failures > 0 {
            CLAIM_RETRY.jittered(self.failures)
        } else if self.partial {
            self.floor.bottom_wait(Instant::now())
        } else if self.strays.until.is_some() {
            STRAY_INTERVAL
        } else {
            Duration::MAX
        }
    }
}

/// Rows that stand as claimed by this daemon without its knowledge: the claim was carried out and its answer lost.
/// Nobody else would take them, since the daemon lives.
#[derive(Default)]
struct Strays {
    /// Until when there may be new ones.
    until: Option<Instant>,
    looked: Option<Instant>,
}

impl Strays {
    /// A claim has failed.
    fn suspect(&mut self) {
        self.until = Some(Instant::now() + CLAIM_IN_DOUBT);
        self.looked = None;
    }

    /// Makes them ready again. Between two claims only: what is claimed at this moment is not known yet.
    async fn look(&mut self, queue: &Queue, held: &Held, worker_id: Uuid) {
        let Some(until) = self.until else { return };
        if self.looked.is_some_and(|looked| looked.elapsed() < STRAY_INTERVAL) {
            return;
        }
        match queue.take_strays(worker_id, &held.all()).await {
            Ok(strays) => {
                if strays > 0 {
                    warn!(strays, "claimed, but the answer was lost: ready again");
                }
                let now = Instant::now();
                self.looked = Some(now);
                self.until = (now < until).then_some(until);
            }
            // The claim that follows says what is wrong.
            Err(error) => debug!(%error, "cannot look for strays"),
        }
    }
}
