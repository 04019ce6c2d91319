//! Registers this daemon: at its start, and after its lease expired.

use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::with_timeout;
use crate::queue::Queue;

/// Delay between two tries to register. There is no limit of tries, because a daemon may start
/// before its database.
const CONNECT: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_secs(10),
};
/// Limit of the last statements of a daemon. When the database is unavailable, the shutdown must
/// not take much longer than the grace time.
pub const DEREGISTER_TIMEOUT: Duration = Duration::from_secs(2);

/// The data that this daemon registers with.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: i32,
    /// Maximum number of recordings in flight.
    pub concurrency: i32,
    /// Age of the last heartbeat after which the other daemons take over.
    pub lease: Duration,
}

impl Identity {
    /// Registers once and returns the new id.
    ///
    /// # Errors
    /// When the database does not answer or refuses.
    pub async fn register(&self, queue: &Queue) -> Result<Uuid, DbError> {
        let id = queue
            .register(&self.host, self.pid, self.concurrency, self.lease)
            .await?;
        metrics().set_worker(id);
        Ok(id)
    }
}

/// Registers. Retries until the database answers and its schema fits, or until `stop`.
pub async fn register(identity: &Identity, queue: &Queue, stop: &CancellationToken) -> Option<Uuid> {
    let mut attempt = 0;
    let mut logged_hint = "";
    while !stop.is_cancelled() {
        let mut trying = pin!(try_register(identity, queue));
        let tried = if let Some(tried) = stop.run_until_cancelled(&mut trying).await {
            tried
        } else {
            info!("stopping while it registers");
            // The database may carry out the statement in any case; the daemon must then
            // deregister.
            with_timeout(DEREGISTER_TIMEOUT, trying).await
        };
        let error = match tried {
            Ok(id) => {
                info!(id = %id, "registered");
                return Some(id);
            }
            Err(error) => error,
        };
        let hint = match &error {
            DbError::Schema(mismatch) => mismatch.hint(),
            error if error.is_refusal() => "is the schema installed? type: heimdalld migrate",
            _ => "retrying",
        };
        attempt += 1;
        if logged_hint == hint {
            debug!(%error, attempt, "database not ready");
        } else {
            logged_hint = hint;
            warn!(%error, hint, "database not ready");
        }
        stop.run_until_cancelled(sleep(CONNECT.jittered(attempt))).await?;
    }
    None
}

async fn try_register(identity: &Identity, queue: &Queue) -> Result<Uuid, DbError> {
    queue.schema().await?.check()?;
    identity.register(queue).await
}
