//! The listener: a database connection that only LISTENs.
//!
//! A notification only wakes the worker; the queue table decides what there is to do. After each
//! connect the listener first LISTENs and then wakes the worker once, so no commit in between is
//! missed. Every few seconds it tests the connection: the server must accept writes, and
//! `pg_listening_channels()` must return the channel, within a time limit. If the test fails, the
//! listener drops the connection and opens another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{AsyncMessage, Client};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::backoff::Backoff;
use crate::metrics::labels::{Connection, Wakeup};
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::{Database, drive, with_timeout};
use crate::queue::wake::WakeSignal;
use crate::sql;

/// The channel that the triggers notify.
pub const CHANNEL: &str = "heimdall_recording_completed";
/// Together with [`PROBE_TIMEOUT`], a silent connection is dropped within 10 s.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// A server that answers later than this is treated as one that does not answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// Short at first, because a restart takes a second or two; longer for a server that stays down.
const RECONNECT: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};
/// Time between two tests whether the pooler is still there. A way past it appears seldom: when the
/// settings change, or when another server gets the same name.
const POOLER_RETRY_INTERVAL: Duration = Duration::from_mins(1);

/// Whether notifications arrive.
#[derive(Default)]
pub struct ListenerStatus {
    listening: AtomicBool,
    polling_only: AtomicBool,
}

impl ListenerStatus {
    /// Whether notifications arrive now.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }

    /// Whether the daemon cannot listen, so that it only polls.
    #[must_use]
    pub fn is_polling_only(&self) -> bool {
        self.polling_only.load(Ordering::Relaxed)
    }

    /// Sets whether the daemon only polls. Returns whether that is a change.
    pub fn set_polling_only(&self, polling_only: bool) -> bool {
        self.polling_only.swap(polling_only, Ordering::Relaxed) != polling_only
    }
}

/// Listens until `stop`. Reconnects without limit.
pub async fn listen(database: Database, wake: Arc<WakeSignal>, status: Arc<ListenerStatus>, stop: CancellationToken) {
    let mut failures = 0;
    loop {
        let session = Box::pin(session(&database, &wake, &status, &mut failures));
        let ended = stop.run_until_cancelled(session).await;
        let was_listening = status.listening.swap(false, Ordering::Relaxed);
        let Some(error) = ended else { return };
        let pause = if matches!(error, DbError::Pooler) {
            if status.set_polling_only(true) {
                warn!(
                    hint = "set HEIMDALL_LISTENER_DATABASE_URL to the server's own address, or to 'off'",
                    "a transaction pooler is in between: only polling, every second"
                );
            }
            POOLER_RETRY_INTERVAL
        } else {
            failures += 1;
            if was_listening || failures == 1 {
                warn!(%error, "listener lost, polling meanwhile");
            } else {
                debug!(%error, failures, "listener cannot connect");
            }
            metrics().listening.set(0);
            // The notifications that the lost connection did not deliver are rows of the table.
            wake.notify(Wakeup::Reconnect);
            RECONNECT.jittered(failures)
        };
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Connects and listens. Returns why the connection ended.
async fn session(database: &Database, wake: &WakeSignal, status: &ListenerStatus, failures: &mut u32) -> DbError {
    let (client, mut driver) = match database.connect("heimdalld listener").await {
        Ok(connected) => connected,
        Err(error) => {
            metrics().connected(Connection::Listener, false);
            return error;
        }
    };
    let probing = async {
        if let Err(error) = with_timeout(PROBE_TIMEOUT, client.batch_execute(&format!("LISTEN {CHANNEL}"))).await {
            return error;
        }
        metrics().connected(Connection::Listener, true);
        info!(reconnects = *failures, "listening");
        *failures = 0;
        status.set_polling_only(false);
        status.listening.store(true, Ordering::Relaxed);
        metrics().listening.set(1);
        wake.notify(Wakeup::Reconnect);
        loop {
            sleep(PROBE_INTERVAL).await;
            if let Err(error) = with_timeout(PROBE_TIMEOUT, probe(&client)).await {
                return error;
            }
        }
    };
    let receiving = drive(&mut driver, |message| {
        if matches!(message, AsyncMessage::Notification(_)) {
            wake.notify(Wakeup::Notify);
        }
    });
    tokio::select! {
        error = probing => error,
        error = receiving => error,
    }
}

async fn probe(client: &Client) -> Result<(), DbError> {
    let row = client.query_one(sql::PROBE_LISTENER, &[]).await?;
    if !row.try_get::<_, bool>("writable")? {
        Err(DbError::ReadOnly)
    } else if row.try_get("listening")? {
        Ok(())
    } else {
        Err(DbError::NotListening)
    }
}
