//! The listener: one connection that does nothing but LISTEN.
//!
//! A notification only wakes; the table decides. After every connect it LISTENs
//! first and then has the worker look once, so nothing that was committed in
//! between is missed. Every few seconds it proves from end to end that it would
//! hear: the probe has to find the channel in `pg_listening_channels()`, on a
//! server that takes writes, within a hard limit, or the connection is dropped
//! without waiting for it to notice.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_postgres::AsyncMessage;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::backoff::Backoff;
use crate::metrics::labels::{Connection, Wakeup};
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::{Database, Driver};
use crate::sql;
use crate::wake::WakeSignal;

/// The channel that the triggers notify.
pub const CHANNEL: &str = "heimdall_recording_completed";
/// With the time-out below, a silent link is noticed within 10 s.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// A server that answers later than this is no better than one that does not.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// From quick for a restart to easy on a server that is gone for the weekend.
const RECONNECT: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_millis(1500),
};

/// A way past a pooler comes with new settings, or with another server behind the same name: seldom.
const LOOK_FOR_SESSION: Duration = Duration::from_mins(1);

/// Whether notifications arrive.
#[derive(Default)]
pub struct ListenerStatus {
    listening: AtomicBool,
    polling_only: AtomicBool,
}

impl ListenerStatus {
    /// Whether notifications can be relied on right now.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }

    /// Whether there is no way to listen, so that polling is all there is.
    #[must_use]
    pub fn is_polling_only(&self) -> bool {
        self.polling_only.load(Ordering::Relaxed)
    }

    /// Sets whether there is no way to listen. Returns whether that is a change.
    pub fn set_polling_only(&self, polling_only: bool) -> bool {
        self.polling_only.swap(polling_only, Ordering::Relaxed) != polling_only
    }
}

/// Listens until `stop`, reconnecting for ever.
pub async fn listen(database: Database, wake: Arc<WakeSignal>, status: Arc<ListenerStatus>, stop: CancellationToken) {
    let mut failures = 0;
    loop {
        let heard = stop
            .run_until_cancelled(session(&database, &wake, &status, &mut failures))
            .await;
        let was_listening = status.listening.swap(false, Ordering::Relaxed);
        let Some(ended) = heard else { return };
        if matches!(ended, DbError::Pooler) {
            if status.set_polling_only(true) {
                warn!(
                    hint = "HEIMDALL_LISTENER_DATABASE_URL names the direct way, or is 'off'",
                    "a transaction pooler is in between: only polling, every second"
                );
            }
            if stop.run_until_cancelled(sleep(LOOK_FOR_SESSION)).await.is_none() {
                return;
            }
            continue;
        }
        failures += 1;
        if was_listening || failures == 1 {
            warn!(error = %ended, "listener lost, polling meanwhile");
        } else {
            debug!(error = %ended, failures, "listener cannot connect");
        }
        metrics().listening.set(0);
        // Whatever was notified since the connection fell silent is in the table.
        wake.notify(Wakeup::Reconnect);
        if stop
            .run_until_cancelled(sleep(RECONNECT.jittered(failures)))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// One connection's life; returns why it ended.
async fn session(database: &Database, wake: &WakeSignal, status: &ListenerStatus, failures: &mut u32) -> DbError {
    let (client, mut driver) = match database.connect("heimdalld listener").await {
        Ok(connected) => connected,
        Err(error) => {
            metrics().connected(Connection::Listener, false);
            return error;
        }
    };
    let probing = async {
        if let Err(error) = timeout(PROBE_TIMEOUT, client.batch_execute(&format!("LISTEN {CHANNEL}")))
            .await
            .map_err(late)
            .and_then(to_db)
        {
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
            match timeout(PROBE_TIMEOUT, probe(&client))
                .await
                .unwrap_or_else(|late_by| Err(late(late_by)))
            {
                Ok(()) => {}
                Err(error) => return error,
            }
        }
    };
    tokio::select! {
        error = probing => error,
        error = drain(&mut driver, wake) => error,
    }
}

async fn probe(client: &tokio_postgres::Client) -> Result<(), DbError> {
    let row = client.query_one(sql::PROBE_LISTENER, &[]).await?;
    if !row.try_get::<_, bool>("writable")? {
        return Err(DbError::ReadOnly);
    }
    if row.try_get::<_, bool>("listening")? {
        Ok(())
    } else {
        Err(DbError::NotListening)
    }
}

/// Takes everything off the connection, so that the server is never kept waiting, and wakes on notifications.
async fn drain(driver: &mut Driver, wake: &WakeSignal) -> DbError {
    loop {
        match poll_fn(|context| driver.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(_))) => wake.notify(Wakeup::Notify),
            Some(Ok(_)) => {}
            Some(Err(error)) => return error.into(),
            None => return DbError::Closed,
        }
    }
}

fn late(_: tokio::time::error::Elapsed) -> DbError {
    DbError::Timeout(PROBE_TIMEOUT)
}

fn to_db<T>(result: Result<T, tokio_postgres::Error>) -> Result<T, DbError> {
    Ok(result?)
}
