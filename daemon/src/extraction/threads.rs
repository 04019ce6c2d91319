//! Extractor threads, separate from the async runtime.
//!
//! A recording in progress moves between its task and a thread: the task hands it over with the
//! next block of bytes and gets it back when the block is extracted. So FFT plans and scratch
//! buffers exist once per thread, not per recording, and a recording that waits for the network
//! holds none.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use heimdall_dsp::{Extraction, Workspace};
use tokio::sync::oneshot;

use super::extractor::RecordingExtractor;
use crate::job::error::ExtractionError;
use crate::job::segment_spool::SegmentSpool;

/// The largest nice value.
const LOWEST_PRIORITY: i32 = 19;

type Job = Box<dyn FnOnce(&mut Workspace) + Send>;

/// A fixed number of extractor threads.
pub struct ExtractorThreads {
    queue: Arc<JobQueue>,
    threads: Vec<JoinHandle<()>>,
}

/// The jobs that wait for a thread. Unbounded: a recording has at most one job in it, and the
/// recordings in flight are limited.
#[derive(Default)]
struct JobQueue {
    /// Locked only to add or to take a job, never while a thread waits for one.
    jobs: Mutex<Jobs>,
    added: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    is_closed: bool,
}

impl JobQueue {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, job: Job) {
        self.lock().waiting.push_back(job);
        self.added.notify_one();
    }

    /// The next job; `None` when the queue is closed and empty.
    fn take(&self) -> Option<Job> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                return Some(job);
            }
            if jobs.is_closed {
                return None;
            }
            jobs = self.added.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.added.notify_all();
    }
}

impl ExtractorThreads {
    /// Starts `threads` threads.
    ///
    /// # Errors
    /// If the operating system refuses a thread.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        Self::start_named("extract", threads, || {})
    }

    /// Starts one thread that gets the processor when nothing else needs it.
    ///
    /// # Errors
    /// If the operating system refuses a thread.
    pub fn start_in_background(name: &'static str) -> std::io::Result<Self> {
        // On Linux a thread has a priority of its own. Where that cannot be lowered, it stays.
        Self::start_named(name, 1, || {
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), LOWEST_PRIORITY);
        })
    }

    fn start_named(name: &str, threads: usize, begin: fn()) -> std::io::Result<Self> {
        let mut started = Self {
            queue: Arc::default(),
            threads: Vec::with_capacity(threads),
        };
        for index in 0..threads {
            let queue = Arc::clone(&started.queue);
            let builder = std::thread::Builder::new().name(format!("{name}-{index}"));
            started.threads.push(builder.spawn(move || {
                begin();
                run_jobs(&queue);
            })?);
        }
        Ok(started)
    }

    /// Extracts a block of bytes. Returns the recording, and the block for reuse.
    ///
    /// # Errors
    /// The extractor's error, or [`ExtractionError::Panic`].
    pub async fn push(
        &self,
        mut extractor: RecordingExtractor,
        bytes: Vec<u8>,
    ) -> Result<(RecordingExtractor, Vec<u8>), ExtractionError> {
        self.run(move |workspace| {
            extractor.push(&bytes, workspace)?;
            Ok((extractor, bytes))
        })
        .await
    }

    /// Ends a recording. Returns its totals without segments, and all segments.
    ///
    /// # Errors
    /// As [`ExtractorThreads::push`].
    pub async fn finish(&self, extractor: RecordingExtractor) -> Result<(Extraction, SegmentSpool), ExtractionError> {
        self.run(move |workspace| extractor.finish(workspace)).await
    }

    /// Runs a piece of work on one of the threads.
    ///
    /// # Errors
    /// Its error, or [`ExtractionError::Panic`].
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Workspace) -> Result<T, ExtractionError> + Send + 'static,
    ) -> Result<T, ExtractionError> {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |workspace| {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(workspace))).unwrap_or_else(|panic| {
                // The buffers may contain a part of this recording.
                *workspace = Workspace::new();
                Err(ExtractionError::Panic {
                    reason: panic_message(&*panic),
                })
            });
            // Fails if the task was cancelled.
            drop(answer.send(outcome));
        });
        self.queue.add(job);
        // A thread answers each job, and the threads end after this value.
        result.await.unwrap_or_else(|_| {
            Err(ExtractionError::Panic {
                reason: "the extractor threads have ended".to_owned(),
            })
        })
    }
}

impl Drop for ExtractorThreads {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // Cannot fail: a thread catches every panic of its jobs.
            drop(thread.join());
        }
    }
}

fn run_jobs(queue: &JobQueue) {
    let mut workspace = Workspace::new();
    while let Some(job) = queue.take() {
        job(&mut workspace);
    }
}

/// The message of a caught panic.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use heimdall_dsp::Hints;

    use super::*;
    use crate::job::claim::Receiver;

    #[tokio::test]
    async fn a_panic_fails_one_recording_and_the_thread_goes_on() {
        let threads = ExtractorThreads::start(1).unwrap();
        let failure = threads.run::<()>(|_| panic!("bin 7 of 5")).await.unwrap_err();
        assert_eq!(failure.to_string(), "internal error: bin 7 of 5");
        let (_, block) = threads
            .push(
                RecordingExtractor::new(Receiver::default(), Hints::default(), u64::MAX),
                vec![0; 1600],
            )
            .await
            .unwrap();
        assert_eq!(block.len(), 1600);
    }
}
