//! Tells systemd what the daemon does: ready, alive, its state in a line, stopping. For units with
//! `Type=notify` and `WatchdogSec=`. Does nothing where nobody asks for it.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::tasks::Shared;
use crate::extraction::Pipeline;
use crate::sanitize::sanitize;

/// Time between two messages without a watchdog. Somebody who looks at the state waits no longer.
const INTERVAL: Duration = Duration::from_secs(5);
/// The state goes to systemd after this time even if the database does not answer. The daemon waits
/// for it without limit, and the start of the system must not.
const READY_AFTER: Duration = Duration::from_mins(1);
/// A message every third of the watchdog's time: one that comes late is not the end.
const WATCHDOG_SHARE: u32 = 3;
/// Longest state, in characters. systemd shows one line.
const MAX_STATUS_CHARS: usize = 200;

/// What the state is made of.
pub(super) struct Systemd {
    pub(super) shared: Arc<Shared>,
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) stop: CancellationToken,
}

impl Systemd {
    /// Sends messages until it is dropped; never returns. It runs on the runtime of all tasks, so
    /// its messages stop when that runs no tasks any more.
    pub(super) async fn report(self) {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return std::future::pending().await;
        }
        let interval = sd_notify::watchdog_enabled().map_or(INTERVAL, |limit| (limit / WATCHDOG_SHARE).min(INTERVAL));
        let latest = Instant::now() + READY_AFTER;
        let mut worker_id = self.shared.worker_id.subscribe();
        let (mut ready, mut last) = (false, String::new());
        loop {
            let registered = !worker_id.borrow_and_update().is_nil();
            let mut messages = vec![Message::Watchdog];
            if !ready && (registered || Instant::now() >= latest) {
                ready = true;
                messages.push(Message::Ready);
            }
            let stopping = self.stop.is_cancelled();
            let status = self.status(registered, stopping);
            if status != last {
                last.clone_from(&status);
                messages.push(Message::Status(status));
            }
            send(messages).await;
            let next = Instant::now() + interval;
            tokio::select! {
                () = sleep_until(next) => {}
                // The id changes again when a lease has expired. The channel lives as long as `self`.
                _ = worker_id.changed() => {}
                () = self.stop.cancelled(), if !stopping => {}
            }
        }
    }

    fn status(&self, registered: bool, stopping: bool) -> String {
        let in_flight = self.shared.held.count();
        let (outages, all) = self.pipeline.breakers.outages();
        let text = if stopping {
            format!("stopping, {in_flight} recordings in flight")
        } else if !registered {
            "waits for the database or its schema; the log says why".to_owned()
        } else if let Some((work, trouble)) = self.shared.stalls.stalled().first() {
            format!("stalled: no {} has succeeded: {}", work.word(), trouble.reason)
        } else if let Some((bucket, outage)) = outages.first() {
            let effect = if all {
                "nothing is claimed"
            } else {
                "its recordings wait"
            };
            format!("object store, bucket {bucket}: {effect}: {}", outage.reason)
        } else {
            let listener = &self.shared.listener_status;
            let how = if listener.is_listening() {
                "listening"
            } else {
                "polling"
            };
            format!("{how}, {in_flight} recordings in flight")
        };
        sanitize(&text).chars().take(MAX_STATUS_CHARS).collect()
    }
}

enum Message {
    Ready,
    Watchdog,
    Stopping,
    Status(String),
}

/// Says that the shutdown begins.
pub(super) async fn say_stopping() {
    send(vec![Message::Stopping]).await;
}

/// Sends them together. The socket of a systemd that does not read blocks, so this is no task of the
/// runtime.
async fn send(messages: Vec<Message>) {
    let sending = tokio::task::spawn_blocking(move || {
        let states: Vec<NotifyState<'_>> = messages
            .iter()
            .map(|message| match message {
                Message::Ready => NotifyState::Ready,
                Message::Watchdog => NotifyState::Watchdog,
                Message::Stopping => NotifyState::Stopping,
                Message::Status(text) => NotifyState::Status(text),
            })
            .collect();
        sd_notify::notify(&states)
    });
    if let Ok(Err(error)) = sending.await {
        debug!(%error, "cannot tell systemd");
    }
}
