//! SIGTERM and Ctrl-C: the first signal starts the shutdown, the second ends the process. SIGHUP: the
//! terminal has gone, or somebody wants the settings to be read again.

use std::fs;
use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, info, warn};

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

/// Takes SIGHUP, which would end the process in the middle of its work. At a terminal it says that the
/// terminal has gone: `stop` is cancelled. Elsewhere it asks for the settings to be read again, which
/// changes nothing and is said. Where the caller ignores it (`nohup`), it stays ignored.
///
/// # Panics
/// Outside a tokio runtime.
pub fn on_hangup(stop: CancellationToken) -> AbortOnDropHandle<()> {
    // Later the terminal is none any more.
    let has_terminal = io::stdin().is_terminal() || io::stderr().is_terminal();
    let hangups = (!is_hangup_ignored()).then(|| signal(SignalKind::hangup()));
    AbortOnDropHandle::new(tokio::spawn(async move {
        let Some(Ok(mut hangups)) = hangups else { return };
        while hangups.recv().await.is_some() {
            if has_terminal {
                info!("SIGHUP: the terminal has gone, stopping");
                stop.cancel();
            } else {
                info!(
                    "SIGHUP changes nothing: the files of secrets and certificates are read again by themselves, \
                     other settings need a restart"
                );
            }
        }
    }))
}

fn is_hangup_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The signals by number, beginning with 1 at the lowest bit.
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}
