//! The pool of connections for statements, and the settings that each connection begins with.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_postgres::{Connect, Hook, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, NoTls};
use tracing::{debug, info};

use super::error::DbError;
use super::pooler::{SESSION_MARKER, is_dedicated_session, is_refused_setting};
use super::{CONNECT_TIMEOUT, Database, SESSION_TIMEOUT};
use crate::metrics::labels::Connection;
use crate::metrics::metrics;

/// Longer than any statement of ours needs, shorter than an operator's patience with a hanging link.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
/// A transaction of ours waits for nothing between two statements. One whose client is gone must not keep its locks:
/// they are what the next attempt waits for.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Five tasks use one at a time each (claims, results, heartbeat, promotion, sweep); none may wait for another's silent
/// connection. Idle ones cost nothing: there are only as many as were needed at once.
const POOL_SIZE: usize = 8;
/// With a place for everybody nobody should wait at all.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// What the pool's sessions begin with, beside [`SESSION_MARKER`]. Every statement of ours is a few index look-ups. A plan made while a
/// queue was empty must not stay a sequential scan when it is long, nor one be compiled because the planner has no statistics
/// for time windows.
fn settings() -> String {
    format!(
        "-c enable_seqscan=off -c jit=off -c statement_timeout={} -c idle_in_transaction_session_timeout={} {SESSION_MARKER}",
        STATEMENT_TIMEOUT.as_millis(),
        IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
    )
}

impl Database {
    /// A pool whose connections have prepared-statement caches.
    ///
    /// # Errors
    /// Never after construction succeeded, except for settings that deadpool refuses.
    pub fn pool(&self) -> Result<Pool, DbError> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let connector = PoolConnector { database: self.clone() };
        // The connector asks for the parameters at each connection; these are not used.
        let manager = Manager::from_connect(self.parameters().config, connector, recycling);
        Pool::builder(manager)
            .max_size(POOL_SIZE)
            // The one used last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .post_create(Hook::sync_fn(|_, _| {
                metrics().connected(Connection::Pool, true);
                Ok(())
            }))
            .timeouts(Timeouts {
                wait: Some(POOL_WAIT),
                create: Some(SESSION_TIMEOUT),
                recycle: Some(CONNECT_TIMEOUT),
            })
            .build()
            .map_err(|error| DbError::PoolSettings(error.to_string()))
    }
}

/// Opens the pool's connections: as sessions where that is possible, else without.
struct PoolConnector {
    database: Database,
}

type Opened = Result<(Client, JoinHandle<()>), Error>;

impl Connect for PoolConnector {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Opened> + Send + '_>> {
        Box::pin(async move {
            if self.database.is_pooled() {
                return self.open("").await;
            }
            match self.open(&settings()).await {
                Ok((client, driving)) => {
                    if !is_dedicated_session(&client).await? {
                        self.note("it drops the settings that a connection begins with");
                    }
                    Ok((client, driving))
                }
                Err(error) if is_refused_setting(&error) => {
                    self.note("it refuses the settings that a connection begins with");
                    self.open("").await
                }
                Err(error) => Err(error),
            }
        })
    }
}

impl PoolConnector {
    fn note(&self, how: &str) {
        // Once true it stays so: what does without sessions also works with them.
        if !self.database.pooled.swap(true, Ordering::SeqCst) {
            info!(
                how,
                "a transaction pooler is in between: statements are not prepared, each transaction sets what it needs"
            );
        }
    }

    async fn open(&self, settings: &str) -> Opened {
        let mut parameters = self.database.parameters();
        parameters.named("heimdalld", settings);
        // An error is the business of the statement that meets it.
        if let Some(tls) = parameters.tls {
            let (client, connection) = parameters.config.connect(tls).await?;
            Ok((client, tokio::spawn(async { log_end(connection.await) })))
        } else {
            let (client, connection) = parameters.config.connect(NoTls).await?;
            Ok((client, tokio::spawn(async { log_end(connection.await) })))
        }
    }
}

fn log_end(ended: Result<(), Error>) {
    if let Err(error) = ended {
        debug!(%error, "connection of the pool ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    #[test]
    fn a_transaction_through_a_pooler_sets_what_a_session_begins_with() {
        for setting in [
            "enable_seqscan = off".to_owned(),
            "jit = off".to_owned(),
            format!("statement_timeout = {}", STATEMENT_TIMEOUT.as_millis()),
            format!(
                "idle_in_transaction_session_timeout = {}",
                IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
            ),
        ] {
            assert!(
                sql::SESSION_SETTINGS.contains(&format!("SET LOCAL {setting};")),
                "{setting}"
            );
        }
    }
}
