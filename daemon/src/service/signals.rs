//! SIGTERM and Ctrl-C: the first one stops in order, the second one at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

/// 128 and the signal's number, as a shell reports it.
const EXIT_TERMINATED: i32 = 128 + 15;
const EXIT_INTERRUPTED: i32 = 128 + 2;

/// Cancels `stop` at the first signal and ends the process at the second, with a status that names it.
/// Signals are watched from now on, not only once the task runs, and until the handle is dropped.
///
/// # Panics
/// Outside a runtime.
pub fn on_signals(stop: CancellationToken) -> AbortOnDropHandle<()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    AbortOnDropHandle::new(tokio::spawn(async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
            error!("cannot watch for signals: SIGTERM will end the daemon without grace");
            return;
        };
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => EXIT_TERMINATED,
                _ = interrupt.recv() => EXIT_INTERRUPTED,
            }
        };
        next().await;
        stop.cancel();
        let status = next().await;
        warn!("second signal: ending now; the leases will run out");
        std::process::exit(status);
    }))
}
