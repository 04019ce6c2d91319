//! The loop in the middle: look, claim what there is room for, hand out, wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::extraction::Pipeline;
use crate::floor::Floor;
use crate::job::claim::Claim;
use crate::job::failpoint::{Point, reach};
use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::postgres::schema::Fit;
use crate::queue::held_leases::Held;
use crate::queue::{ANSWER_TIMEOUT, Queue};
use crate::wake::Ears;
use crate::writer::finished::Finished;

/// While notifications cannot be relied on, polling has to do: often enough that nobody waits for long.
const POLL_WITHOUT_LISTENER: Duration = Duration::from_secs(1);
/// A database restart takes a second or two.
const CLAIM_RETRY: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};
/// A claim that got no answer may still be carried out for so long: the statement time-out of our connections, and some.
const CLAIM_IN_DOUBT: Duration = ANSWER_TIMEOUT;
/// Between two looks for what such a claim has left.
const STRAY_INTERVAL: Duration = Duration::from_secs(2);

/// What the worker works with.
pub struct Worker {
    /// The queue.
    pub queue: Queue,
    /// This daemon's id, anew after it was declared dead.
    pub worker_id: watch::Receiver<Uuid>,
    /// Wakes the loop.
    pub ears: Arc<Ears>,
    /// Store, extractor, budget.
    pub pipeline: Arc<Pipeline>,
    /// No claims while the schema is for other daemons.
    pub fit: Arc<Fit>,
    /// The leases in hand.
    pub held: Arc<Held>,
    /// To the writer.
    pub finished: mpsc::Sender<Finished>,
    /// Recordings in flight at once.
    pub concurrency: usize,
    /// Time between two looks without a notification.
    pub poll_interval: Duration,
    /// How long to wait for the database's answer.
    pub patience: Backoff,
}

impl Worker {
    /// Works until `stop`, then until what is in flight is through. Dropping the
    /// future ends what is in flight at once.
    ///
    /// The loop never waits for a recording, for the store or for a result to be
    /// written: a slow one must not keep the free places empty.
    pub async fn run(self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(self.concurrency));
        let mut tasks = JoinSet::new();
        let mut claims = Claims::default();
        while !stop.is_cancelled() {
            let free = places.available_permits();
            // With every place taken there may be more than could be asked for.
            let mut more = free == 0;
            let mut pause = self.poll_interval;
            // None while the store is away, a few while it is in doubt.
            let admitted = if self.fit.holds() {
                self.pipeline.breakers.admit(free)
            } else {
                0
            };
            if admitted > 0 {
                let claimed = claims.take(&self, admitted).await;
                more = claimed.len() == free;
                for claim in claimed {
                    self.start(claim, &places, &mut tasks);
                }
                if !more {
                    pause = pause.min(claims.next_look());
                }
            }
            if !self.ears.hearing() {
                pause = pause.min(POLL_WITHOUT_LISTENER);
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                () = stop.cancelled() => {}
                () = room(&places, self.concurrency), if more => metrics().wakeup(Wakeup::Refill),
                () = self.ears.wake.notified(), if !more => {}
                () = sleep(pause) => metrics().wakeup(Wakeup::Poll),
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    fn start(&self, claim: Claim, places: &Arc<Semaphore>, tasks: &mut JoinSet<()>) {
        self.held.add(claim.lease);
        metrics().claimed(&claim.source);
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            // Only this loop takes places, and it claimed no more than were free.
            unreachable!("more claims than places");
        };
        let pipeline = Arc::clone(&self.pipeline);
        let held = Arc::clone(&self.held);
        let finished = self.finished.clone();
        tasks.spawn(async move {
            let begun = Instant::now();
            let verdict = pipeline.process(&claim).await;
            reach(Point::AfterVerdict, [&claim]);
            send(
                finished,
                Finished {
                    claim,
                    verdict,
                    total_ms: elapsed_ms(begun),
                    place,
                    held,
                },
            )
            .await;
        });
    }
}

/// What one claim leaves behind for the next.
#[derive(Default)]
struct Claims {
    floor: Floor,
    /// In a row.
    failures: u32,
    /// The last look was not from the bottom: something may be ready below.
    partial: bool,
    strays: Strays,
}

impl Claims {
    /// Claims up to `free`; nothing when the database refuses or is away.
    async fn take(&mut self, worker: &Worker, free: usize) -> Vec<Claim> {
        let worker_id = *worker.worker_id.borrow();
        let queue = worker.queue.within(worker.patience.delay(self.failures + 1, 1.0));
        if worker.held.take_doubt() {
            self.strays.suspect();
        }
        self.strays.look(&queue, &worker.held, worker_id).await;
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
    fn next_look(&self) -> Duration {
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

async fn send(writer: mpsc::Sender<Finished>, finished: Finished) {
    if writer.send(finished).await.is_err() {
        // The writer ends after all tasks; if it is gone, so is this daemon, and the lease runs out.
        debug!("no writer any more");
    }
}

/// Returns when a quarter of the places is free: with a backlog, one claim then
/// takes several rows instead of one for each recording that ends.
async fn room(places: &Semaphore, concurrency: usize) {
    let quarter = u32::try_from(concurrency.div_ceil(4)).unwrap_or(1);
    // Never closed.
    drop(places.acquire_many(quarter).await);
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
