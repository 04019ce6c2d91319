//! The loop in the middle: look, claim what there is room for, hand out, wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::claimer::Claimer;
use crate::extraction::Pipeline;
use crate::job::claim::Claim;
use crate::job::failpoint::{FailPoint, hit};
use crate::listener::ListenerStatus;
use crate::metrics::labels::Wakeup;
use crate::metrics::metrics;
use crate::postgres::schema::SchemaCompatibility;
use crate::queue::held_leases::HeldLeases;
use crate::wake::WakeSignal;
use crate::writer::completed_job::CompletedJob;

pub mod claimer;
pub mod cursor;

/// While notifications cannot be relied on, polling has to do: often enough that nobody waits for long.
const POLL_WITHOUT_LISTENER: Duration = Duration::from_secs(1);

/// What the worker works with.
pub struct Worker {
    /// Claims rows.
    pub claimer: Claimer,
    /// Wakes the loop.
    pub wake: Arc<WakeSignal>,
    /// Whether notifications arrive.
    pub listener_status: Arc<ListenerStatus>,
    /// Store, extractor, budget.
    pub pipeline: Arc<Pipeline>,
    /// No claims while the schema is for other daemons.
    pub compatibility: Arc<SchemaCompatibility>,
    /// The leases in hand.
    pub held: Arc<HeldLeases>,
    /// To the writer.
    pub finished: mpsc::Sender<CompletedJob>,
    /// Recordings in flight at once.
    pub concurrency: usize,
    /// Time between two looks without a notification.
    pub poll_interval: Duration,
}

impl Worker {
    /// Works until `stop`, then until what is in flight is through. Dropping the
    /// future ends what is in flight at once.
    ///
    /// The loop never waits for a recording, for the store or for a result to be
    /// written: a slow one must not keep the free places empty.
    pub async fn run(mut self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(self.concurrency));
        let mut tasks = JoinSet::new();
        while !stop.is_cancelled() {
            let free = places.available_permits();
            // With every place taken there may be more than could be asked for.
            let mut more = free == 0;
            let mut pause = self.poll_interval;
            // None while the store is away, a few while it is in doubt.
            let admitted = if self.compatibility.is_compatible() {
                self.pipeline.breakers.permits(free)
            } else {
                0
            };
            if admitted > 0 {
                let claimed = self.claimer.take(admitted).await;
                more = claimed.len() == free;
                for claim in claimed {
                    self.start(claim, &places, &mut tasks);
                }
                if !more {
                    pause = pause.min(self.claimer.next_look());
                }
            }
            if !self.listener_status.is_listening() {
                pause = pause.min(POLL_WITHOUT_LISTENER);
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                () = stop.cancelled() => {}
                () = room(&places, self.concurrency), if more => metrics().wakeup(Wakeup::Refill),
                () = self.wake.notified(), if !more => {}
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
            let outcome = pipeline.process(&claim).await;
            hit(FailPoint::AfterVerdict, [&claim]);
            send(
                finished,
                CompletedJob {
                    claim,
                    outcome,
                    total_ms: elapsed_ms(begun),
                    place,
                    held,
                },
            )
            .await;
        });
    }
}

async fn send(writer: mpsc::Sender<CompletedJob>, finished: CompletedJob) {
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
