//! Features of samples in memory: one array, or many on all cores.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use heimdall_dsp::{Grid, Recording, SampleFormat, Workspace};
use pyo3::prelude::*;

use crate::interrupts::Interrupts;
use crate::outcome::{Failure, Features};

/// Samples of one recording.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a> {
    pub bytes: &'a [u8],
    pub format: SampleFormat,
    pub sample_rate_hz: f64,
    pub grid: Grid,
}

/// Calls with this thread's plans, which are reused from call to call. They take 60 bytes for each
/// sample of a chunk, at most 32 MB unless one chunk needs more.
pub(crate) fn with_workspace<T>(call: impl FnOnce(&mut Workspace) -> T) -> T {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::default();
    }
    // A file object can extract while it is read: then the inner call has plans of its own.
    WORKSPACE.with(|workspace| match workspace.try_borrow_mut() {
        Ok(mut workspace) => call(&mut workspace),
        Err(_) => call(&mut Workspace::new()),
    })
}

pub(crate) fn extract(samples: Samples, workspace: &mut Workspace) -> Result<Features, Failure> {
    let mut recording = Recording::of_samples(samples.format, samples.sample_rate_hz).with_grid(samples.grid);
    recording.push(samples.bytes, workspace)?;
    Features::of(&recording.finish(workspace)?)
}

/// As [`extract`]. A panic is an error of this recording.
fn extract_alone(samples: Samples, workspace: &mut Workspace) -> Result<Features, Failure> {
    let call = AssertUnwindSafe(|| extract(samples, workspace));
    catch_unwind(call).unwrap_or_else(|_| {
        *workspace = Workspace::new();
        Err(Failure {
            kind: "internal",
            message: "Internal error: the extractor panicked, standard error has the place".to_owned(),
        })
    })
}

/// Extracts all recordings on this many threads, this one included. The results have the order of
/// the recordings.
///
/// # Errors
///
/// What a signal handler of Python raised meanwhile.
pub(crate) fn extract_all(samples: &[Samples], threads: usize) -> PyResult<Vec<Result<Features, Failure>>> {
    let next = AtomicUsize::new(0);
    let is_interrupted = AtomicBool::new(false);
    let results: Vec<_> = samples.iter().map(|_| Mutex::new(None)).collect();
    let step = |workspace: &mut Workspace| {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(samples) = samples.get(at) else { return false };
        let result = extract_alone(*samples, workspace);
        *results[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        !is_interrupted.load(Ordering::Relaxed)
    };
    thread::scope(|scope| {
        let step = &step;
        for _ in 1..threads.min(samples.len()) {
            scope.spawn(move || {
                let mut workspace = Workspace::new();
                while step(&mut workspace) {}
            });
        }
        let mut interrupts = Interrupts::new();
        with_workspace(|workspace| -> PyResult<()> {
            while step(workspace) {
                let checked = interrupts.check();
                checked.inspect_err(|_| is_interrupted.store(true, Ordering::Relaxed))?;
            }
            Ok(())
        })
    })?;
    let result = |result: Mutex<Option<_>>| result.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(results.into_iter().filter_map(result).collect())
}
