//! The connection pool for statements, and the settings of its connections.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_postgres::{Connect, Hook, Manager, ManagerConfig, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error};
use tracing::{debug, info};

use super::error::DbError;
use super::pooler::{SESSION_MARKER, is_dedicated_session, is_refused_setting};
use super::{CONNECT_TIMEOUT, Database, SESSION_TIMEOUT};
use crate::metrics::labels::Connection;
use crate::metrics::metrics;

/// Longer than any of our statements takes, and short enough that an operator still waits for it.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
/// Also the preparation of a statement waits for a table that somebody has locked. Less than
/// `deadlock_timeout` (1 s by default), so that a deadlock with the application ends our statement.
const LOCK_TIMEOUT: Duration = Duration::from_millis(900);
/// Our transactions do not wait between two statements. When the client of one is gone, the
/// transaction must release its locks soon, because the next attempt waits for them.
const IDLE_IN_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Six tasks use one connection each: claims, heartbeat, expander, scheduler, sweeper and coverage
/// keeper. Results leave on up to eight, those that are set aside or large on two each. The rest is
/// for readiness, metrics and the question who holds a lock. No task may wait for the silent
/// connection of another one. The pool opens only as many as are needed at once.
const POOL_SIZE: usize = 24;
/// The pool has a connection for each task, so waiting for one indicates a fault.
const POOL_WAIT: Duration = Duration::from_secs(5);

/// What distinguishes the pools.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    /// The name that the server shows.
    pub application_name: &'static str,
    /// Most connections.
    pub size: usize,
    /// The server ends longer statements.
    pub statement_timeout: Duration,
    /// Whether its connections count in the metrics as the daemon's.
    pub is_counted: bool,
}

impl PoolOptions {
    /// The daemon's statements on the queue.
    pub const QUEUE: Self = Self {
        application_name: "heimdalld",
        size: POOL_SIZE,
        statement_timeout: STATEMENT_TIMEOUT,
        is_counted: true,
    };
}

/// The settings that a connection of the pool starts with.
///
/// Each of our statements sees what was committed before it, whatever the database's default is: the
/// transaction that finishes a session's last measurement must see the others.
///
/// Each of our statements is a few index look-ups. A plan made while a queue was empty must not
/// stay a sequential scan when the queue is long, and no plan may be compiled because the planner
/// has no statistics for time windows.
fn settings(statement_timeout: Duration) -> String {
    format!(
        "-c default_transaction_isolation=read\\ committed -c enable_seqscan=off -c jit=off -c lock_timeout={} -c statement_timeout={} -c idle_in_transaction_session_timeout={} {SESSION_MARKER}",
        LOCK_TIMEOUT.as_millis(),
        statement_timeout.as_millis(),
        IDLE_IN_TRANSACTION_TIMEOUT.as_millis()
    )
}

impl Database {
    /// Makes a pool whose connections cache their prepared statements. It connects on demand.
    ///
    /// # Errors
    /// When deadpool refuses the settings of the pool.
    pub fn pool(&self, options: PoolOptions) -> Result<Pool, DbError> {
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        // The connector reads the parameters for each connection; those passed here are not used.
        let manager = Manager::from_connect(
            self.parameters().config,
            PoolConnector(self.clone(), options),
            recycling,
        );
        Pool::builder(manager)
            .max_size(options.size)
            // The connection that was used last has its statements prepared.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .post_create(Hook::sync_fn(move |_, _| {
                if options.is_counted {
                    metrics().connected(Connection::Pool, true);
                }
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

/// Opens the pool's connections: with the settings of a session where possible, otherwise without.
struct PoolConnector(Database, PoolOptions);

type Opened = Result<(Client, JoinHandle<()>), Error>;

impl Connect for PoolConnector {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Opened> + Send + '_>> {
        Box::pin(async move {
            if self.0.is_pooled() {
                return self.open("").await;
            }
            match self.open(&settings(self.1.statement_timeout)).await {
                Ok((client, driving)) => {
                    if !is_dedicated_session(&client).await? {
                        self.set_pooled("it drops the settings that a connection starts with");
                    }
                    Ok((client, driving))
                }
                Err(error) if is_refused_setting(&error) => {
                    self.set_pooled("it refuses the settings that a connection starts with");
                    self.open("").await
                }
                Err(error) => Err(error),
            }
        })
    }
}

impl PoolConnector {
    /// Never reset, because statements that need no session also work on one.
    fn set_pooled(&self, reason: &str) {
        if !self.0.pooled.swap(true, Ordering::SeqCst) {
            info!(
                reason,
                "a transaction pooler is in between: statements are not prepared, each transaction sets what it needs"
            );
        }
    }

    async fn open(&self, settings: &str) -> Opened {
        let (client, driver) = self.0.open(self.1.application_name, settings).await?;
        let driving = tokio::spawn(async {
            // The statement in flight returns the same error.
            if let Err(error) = driver.await {
                debug!(%error, "connection of the pool ended");
            }
        });
        Ok((client, driving))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    #[test]
    fn a_transaction_through_a_pooler_sets_the_settings_of_a_session() {
        assert!(sql::SESSION_SETTINGS.contains("SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"));
        for setting in [
            "enable_seqscan = off".to_owned(),
            "jit = off".to_owned(),
            format!("lock_timeout = {}", LOCK_TIMEOUT.as_millis()),
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
