//! The writer: stores outcomes, several in one transaction when several are ready, and several
//! transactions at a time.
//!
//! While other recordings are being processed, their outcomes are gathered for some milliseconds. So
//! a batch grows with the load, and an idle daemon writes a single outcome immediately. The outcomes of one session are in one transaction at
//! a time, so the transactions of a daemon do not wait for each other. A recording keeps its permit
//! until its outcome is written or set aside, which limits the number of outcomes that wait here.

use std::collections::{HashSet, VecDeque};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use uuid::Uuid;

use self::completed_job::CompletedJob;
use self::lane::Lane;
use self::limits::MAX_BATCH;
use self::set_aside::{SetAside, Waiting, is_large};
use crate::backoff::Backoff;
use crate::job::in_work::InWork;
use crate::metrics::labels::Work;
use crate::metrics::stall::Stalls;
use crate::queue::Queue;

mod batch_transaction;
pub mod completed_job;
mod lane;
pub mod limits;
mod report;
mod set_aside;
pub mod transaction;
pub mod write_result;

/// The most transactions of batches at a time, whatever the number of processors.
const MAX_WRITERS: usize = 8;
/// The most transactions at a time of outcomes that are set aside, and of large ones.
const MAX_ALONE: usize = 2;
/// While other recordings are being processed, a transaction begins with this many outcomes, or
/// after [`LONGEST_GATHERING`]: small transactions cost the server more for each row.
const GATHERED: usize = 8;
/// Three or four recordings of a second take this long on one processor.
const LONGEST_GATHERING: Duration = Duration::from_millis(15);

/// Writes outcomes to the database.
pub struct Writer {
    lane: Arc<Lane>,
    /// The recordings whose outcomes are still to come.
    in_work: Arc<InWork>,
    /// The most transactions of batches at a time.
    writers: usize,
    /// Outcomes that wait for a transaction, with the time of the oldest.
    pending: VecDeque<CompletedJob>,
    pending_since: Instant,
    /// Sessions of the open transactions.
    busy: HashSet<Uuid>,
    waiting: Waiting,
    /// Open transactions by kind.
    open: Open,
    tasks: JoinSet<Ended>,
}

#[derive(Default)]
struct Open {
    batches: usize,
    set_aside: usize,
    large: usize,
}

/// A task that has ended, with what it could not write.
enum Ended {
    Batch(Vec<Uuid>, Vec<SetAside>),
    /// And whether it counted among those without a permit.
    SetAside(bool, Option<SetAside>),
    Large(Option<SetAside>),
}

impl Writer {
    /// Waits for answers as `answer_timeouts` says. `deferred` is notified when a row was deferred;
    /// `stalls` learns what cannot be written.
    #[must_use]
    pub fn new(
        queue: Queue,
        answer_timeouts: Backoff,
        deferred: Arc<Notify>,
        stalls: Arc<Stalls>,
        in_work: Arc<InWork>,
    ) -> Self {
        Self {
            lane: Arc::new(Lane {
                queue,
                answer_timeouts,
                deferred,
                stalls,
                batch_limit: AtomicUsize::new(MAX_BATCH),
            }),
            in_work,
            writers: available_parallelism().map_or(1, usize::from).clamp(2, MAX_WRITERS),
            pending: VecDeque::new(),
            pending_since: Instant::now(),
            busy: HashSet::new(),
            waiting: Waiting::default(),
            open: Open::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Writes until all senders are dropped and no outcome is left that can be written.
    pub async fn run(mut self, mut inbox: mpsc::Receiver<CompletedJob>) {
        let mut is_open = true;
        loop {
            self.start();
            if self.pending.is_empty() && self.tasks.is_empty() && self.waiting.is_empty() {
                // There is no work, so none is stalled.
                self.lane.stalls.succeeded(Work::Write);
            }
            if !is_open && self.pending.is_empty() && self.tasks.is_empty() && self.waiting.has_no_large() {
                return;
            }
            let wake = self.wake().map(tokio::time::Instant::from_std);
            tokio::select! {
                job = inbox.recv(), if is_open => match job {
                    Some(job) => {
                        self.add(job);
                        while let Ok(job) = inbox.try_recv() {
                            self.add(job);
                        }
                    }
                    None => is_open = false,
                },
                Some(ended) = self.tasks.join_next() => match ended {
                    Ok(ended) => self.ended(ended),
                    // A bug: the daemon ends, as with every task.
                    Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                    Err(_) => return,
                },
                () = async { sleep_until(wake.unwrap_or_else(tokio::time::Instant::now)).await }, if wake.is_some() => {}
            }
        }
    }

    fn add(&mut self, job: CompletedJob) {
        if is_large(&job) {
            return self.waiting.add_large(job);
        }
        if self.pending.is_empty() {
            self.pending_since = Instant::now();
        }
        self.pending.push_back(job);
    }

    /// When something is to be started that no event tells of.
    fn wake(&self) -> Option<Instant> {
        let gathered = (!self.pending.is_empty() && self.open.batches < self.writers)
            .then(|| self.pending_since + LONGEST_GATHERING);
        // After that the batch waits for a session, whose transaction is an event.
        let gathered = gathered.filter(|at| *at > Instant::now());
        let due = self.waiting.due().filter(|_| self.open.set_aside < MAX_ALONE);
        gathered.into_iter().chain(due).min()
    }

    /// Starts the transactions for which there is room.
    fn start(&mut self) {
        while self.open.batches < self.writers && self.is_gathered() {
            let batch = self.take_batch();
            if batch.is_empty() {
                break;
            }
            let mut sessions: Vec<Uuid> = batch.iter().map(|job| job.claim.recording_session_id).collect();
            sessions.dedup();
            self.busy.extend(&sessions);
            self.open.batches += 1;
            let lane = Arc::clone(&self.lane);
            self.tasks
                .spawn(async move { Ended::Batch(sessions, lane.write(batch).await) });
        }
        while self.open.set_aside < MAX_ALONE
            && let Some(entry) = self.waiting.next_due()
        {
            self.open.set_aside += 1;
            let (lane, is_counted) = (Arc::clone(&self.lane), entry.is_counted);
            self.tasks
                .spawn(async move { Ended::SetAside(is_counted, lane.write_alone(entry).await) });
        }
        while self.open.large < MAX_ALONE
            && let Some(entry) = self.waiting.next_large()
        {
            self.open.large += 1;
            let lane = Arc::clone(&self.lane);
            self.tasks
                .spawn(async move { Ended::Large(lane.write_alone(entry).await) });
        }
    }

    /// Whether the outcomes that wait are worth a transaction.
    fn is_gathered(&self) -> bool {
        !self.pending.is_empty()
            && (self.in_work.count() == 0
                || self.pending.len() >= GATHERED
                || self.pending_since.elapsed() >= LONGEST_GATHERING)
    }

    /// The next outcomes whose sessions no open transaction has.
    fn take_batch(&mut self) -> Vec<CompletedJob> {
        let limit = self.lane.batch_limit.load(Ordering::SeqCst);
        let (mut batch, mut left) = (Vec::new(), VecDeque::new());
        for job in self.pending.drain(..) {
            if batch.len() < limit && !self.busy.contains(&job.claim.recording_session_id) {
                batch.push(job);
            } else {
                left.push_back(job);
            }
        }
        self.pending = left;
        batch
    }

    fn ended(&mut self, ended: Ended) {
        let not_written = match ended {
            Ended::Batch(sessions, not_written) => {
                self.open.batches -= 1;
                for session in sessions {
                    self.busy.remove(&session);
                }
                not_written
            }
            Ended::SetAside(was_counted, not_written) => {
                self.open.set_aside -= 1;
                if not_written.is_none() {
                    self.waiting.written(was_counted);
                }
                Vec::from_iter(not_written)
            }
            Ended::Large(not_written) => {
                self.open.large -= 1;
                Vec::from_iter(not_written)
            }
        };
        for entry in not_written {
            if let Some(too_many) = self.waiting.set_aside(entry, &self.lane.stalls) {
                let lane = Arc::clone(&self.lane);
                self.open.set_aside += 1;
                self.tasks.spawn(async move {
                    lane.give_up(too_many).await;
                    Ended::SetAside(false, None)
                });
            }
        }
    }
}
