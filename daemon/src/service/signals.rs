//! SIGTERM and Ctrl-C: the first signal starts the shutdown, the second ends the process.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

/// 128 plus the number of the signal, as a shell reports it.
const EXIT_TERMINATED: i32 = 128 + 15;
const EXIT_INTERRUPTED: i32 = 128 + 2;

/// Cancels `stop` at the first signal. Ends the process at the second one, after `before_exit`, with
/// the exit status of that signal.
///
/// The handlers are installed before this returns, and stay until the handle is dropped.
///
/// # Panics
/// Outside a tokio runtime.
pub fn on_signals(stop: CancellationToken, before_exit: fn()) -> AbortOnDropHandle<()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    AbortOnDropHandle::new(tokio::spawn(async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
            error!("cannot handle signals: SIGTERM will end the daemon without a grace time");
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
        warn!("second signal: ending now; the lease will expire");
        before_exit();
        std::process::exit(status);
    }))
}
