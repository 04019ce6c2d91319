//! The recordings in flight, with one task and one permit each.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tracing::debug;

use crate::extraction::Pipeline;
use crate::job::claim::Claim;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::in_work::InWork;
use crate::metrics::metrics;
use crate::queue::held_leases::HeldLeases;
use crate::writer::completed_job::CompletedJob;

/// The recordings in flight. Dropping this cancels them.
pub struct Jobs {
    pipeline: Arc<Pipeline>,
    held: Arc<HeldLeases>,
    in_work: Arc<InWork>,
    writer: mpsc::Sender<CompletedJob>,
    concurrency: usize,
    permits: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Jobs {
    /// Has no recordings yet, and permits for `concurrency` of them. Outcomes go to `writer`.
    #[must_use]
    pub fn new(
        pipeline: Arc<Pipeline>,
        held: Arc<HeldLeases>,
        in_work: Arc<InWork>,
        writer: mpsc::Sender<CompletedJob>,
        concurrency: usize,
    ) -> Self {
        Self {
            pipeline,
            held,
            in_work,
            writer,
            concurrency,
            permits: Arc::new(Semaphore::new(concurrency)),
            tasks: JoinSet::new(),
        }
    }

    /// Number of free permits.
    pub(super) fn free(&self) -> usize {
        self.permits.available_permits()
    }

    /// How many of `free` recordings may start now: none while the store is unavailable, a few
    /// while its breakers are half-open.
    pub(super) fn admitted(&self, free: usize) -> usize {
        self.pipeline.breakers.permits(free)
    }

    /// Starts a recording. There must be a free permit.
    pub(super) fn start(&mut self, claim: Claim) {
        self.held.add(claim.lease);
        metrics().claimed(&claim.source);
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            // Only the worker takes permits, and it claims no more rows than there are free
            // permits.
            unreachable!("more claims than permits");
        };
        let (pipeline, held, writer) = (Arc::clone(&self.pipeline), Arc::clone(&self.held), self.writer.clone());
        let processing = self.in_work.begin();
        self.tasks.spawn(async move {
            let begun = Instant::now();
            let outcome = pipeline.process(&claim).await;
            hit(FailPoint::AfterOutcome, [&claim]);
            let job = CompletedJob {
                claim,
                outcome,
                total_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                permit: Some(permit),
                held,
            };
            // Before the writer has it: the writer asks whether others are to come.
            drop(processing);
            if writer.send(job).await.is_err() {
                // The writer ends after all tasks. Without it the daemon ends, and the lease
                // expires.
                debug!("the writer has ended");
            }
        });
    }

    /// Joins the tasks that have ended.
    pub(super) fn join_ended(&mut self) {
        while self.tasks.try_join_next().is_some() {}
    }

    /// Waits until all recordings are in the writer's channel.
    pub(super) async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Waits until a quarter of the permits is free. So, with a backlog, one claim takes several
    /// rows instead of one for each recording that ends.
    pub(super) async fn quarter_free(&self) {
        let quarter = u32::try_from(self.concurrency.div_ceil(4)).unwrap_or(1);
        // The only error is a closed semaphore, and this one is never closed.
        drop(self.permits.acquire_many(quarter).await);
    }
}
