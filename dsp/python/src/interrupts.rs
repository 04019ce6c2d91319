//! Ctrl-C while the interpreter's lock is released.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// Time between two looks. Each waits for the interpreter's lock.
const PERIOD: Duration = Duration::from_millis(100);

/// Looks for signals now and then.
pub(crate) struct Interrupts {
    last: Instant,
}

impl Interrupts {
    pub(crate) fn new() -> Self {
        Self { last: Instant::now() }
    }

    /// # Errors
    ///
    /// What a signal handler of Python raised.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone has one lifetime, the closure any"
    )]
    pub(crate) fn check(&mut self) -> PyResult<()> {
        if self.last.elapsed() < PERIOD {
            return Ok(());
        }
        let checked = Python::attach(|py| py.check_signals());
        self.last = Instant::now();
        checked
    }
}
