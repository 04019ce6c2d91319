//! SIGTERM and Ctrl-C: the first one stops in order, the second one at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

/// 128 + SIGTERM, as a shell reports it.
const EXIT_KILLED: i32 = 143;

/// Cancels `stop` at the first signal and ends the process at the second.
/// Signals are watched until the handle is dropped.
pub fn on_signals(stop: CancellationToken) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else {
            error!("cannot watch for signals: SIGTERM will end the daemon without grace");
            return;
        };
        for turn in 1..=2 {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if turn == 1 {
                stop.cancel();
            }
        }
        warn!("second signal: ending now; the leases will run out");
        std::process::exit(EXIT_KILLED);
    }))
}
