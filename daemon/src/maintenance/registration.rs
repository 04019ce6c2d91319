//! Registers this daemon, at its start and after it was declared dead.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::postgres::error::DbError;
use crate::postgres::schema::SchemaMismatch;
use crate::queue::Queue;

/// The first connect is tried for ever: a daemon may start before its database.
const CONNECT: Backoff = Backoff {
    base: Duration::from_millis(250),
    max: Duration::from_secs(10),
};
/// Saying good-bye must not outlast the grace time by much when the database is away.
pub const DEREGISTER_TIMEOUT: Duration = Duration::from_secs(2);

/// How this daemon makes itself known.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: i32,
    /// Recordings in flight at once.
    pub concurrency: i32,
    /// Age of a heartbeat after which others take over.
    pub lease: Duration,
}

impl Identity {
    /// Registers, and yields the new id.
    ///
    /// # Errors
    /// When the database does not answer or refuses.
    pub async fn register(&self, queue: &Queue) -> Result<Uuid, DbError> {
        queue.register(&self.host, self.pid, self.concurrency, self.lease).await
    }
}

/// Registers, however long it takes until there is a database with a schema that fits, or until `stop`.
pub async fn register(identity: &Identity, queue: &Queue, stop: &CancellationToken) -> Option<Uuid> {
    let mut attempt = 0;
    let mut told = "";
    while !stop.is_cancelled() {
        let mut trying = pin!(try_register(identity, queue));
        let tried = if let Some(tried) = stop.run_until_cancelled(&mut trying).await {
            tried
        } else {
            info!("stopping while it registers");
            // The database may enter it all the same, and then it has to be taken out again.
            timeout(DEREGISTER_TIMEOUT, trying)
                .await
                .unwrap_or(Err(DbError::Timeout(DEREGISTER_TIMEOUT)))
        };
        let (what, hint) = match tried {
            Ok(Ok(id)) => {
                info!(worker = %id, "registered");
                return Some(id);
            }
            Ok(Err(mismatch)) => (mismatch.to_string(), mismatch.hint()),
            Err(error) if error.is_refusal() => (error.to_string(), "is the schema installed? type: heimdalld migrate"),
            Err(error) => (error.to_string(), "trying on"),
        };
        attempt += 1;
        if told == hint {
            debug!(error = what, attempt, "database not ready");
        } else {
            told = hint;
            warn!(error = what, hint, "database not ready");
        }
        stop.run_until_cancelled(sleep(CONNECT.jittered(attempt))).await?;
    }
    None
}

async fn try_register(identity: &Identity, queue: &Queue) -> Result<Result<Uuid, SchemaMismatch>, DbError> {
    match queue.schema().await?.check() {
        Ok(()) => Ok(Ok(identity.register(queue).await?)),
        Err(mismatch) => Ok(Err(mismatch)),
    }
}
