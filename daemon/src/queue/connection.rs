//! Borrows connections from the pool, and decides whether they return to it.

use std::time::Duration;

use deadpool_postgres::Object;
use scopeguard::ScopeGuard;

use super::Queue;
use crate::metrics::labels::{Connection, Server};
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::statement::query_once;
use crate::postgres::with_timeout;
use crate::sql;

/// A server that works answers a trivial statement within milliseconds.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

impl Queue {
    /// Runs `work` on a connection of the pool.
    ///
    /// The connection returns to the pool unless it did not answer in time, its session is
    /// unusable, or this future was dropped. In these cases the next user would wait for the
    /// unfinished statement. After a time-out a trivial statement shows whether the server answers
    /// others.
    pub async fn with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let result = match self.try_with_connection(work).await {
            // Boxed: it is rarely needed, and would double the size of every future that waits here.
            Err(DbError::Timeout(limit)) if Box::pin(self.answers()).await => Err(DbError::Slow(limit)),
            result => result,
        };
        if self.is_counted {
            metrics().set_outage(Server::Database, result.as_ref().is_err_and(DbError::is_outage));
        }
        result
    }

    /// Whether the server answers a trivial statement on another connection.
    async fn answers(&self) -> bool {
        let probe = self.with_timeout((self.answer_timeout / 2).min(PROBE_TIMEOUT));
        let asking = probe.try_with_connection(async |client| {
            query_once(client, sql::CLOCK, &[], self.is_pooled()).await?;
            Ok(())
        });
        asking.await.is_ok()
    }

    async fn try_with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let client = with_timeout(self.answer_timeout, self.pool.get())
            .await
            .inspect_err(|_| {
                if self.is_counted {
                    metrics().connected(Connection::Pool, false);
                }
            })?;
        let mut borrowed = scopeguard::guard(client, |dropped| self.discard(dropped));
        let result = with_timeout(self.answer_timeout, work(&mut borrowed)).await;
        let client = ScopeGuard::into_inner(borrowed);
        match &result {
            Err(DbError::Timeout(_)) => {
                self.discard(client);
                self.close_idle();
            }
            Err(error) if error.needs_new_session() => {
                drop(Object::take(client));
                self.close_idle();
            }
            _ => {}
        }
        result
    }

    /// Asks the server to cancel the statement of a connection, and closes the connection.
    fn discard(&self, client: Object) {
        self.database.cancel(client.cancel_token());
        drop(Object::take(client));
    }

    /// Closes the idle connections, because they have the same server and network path as the one
    /// that failed.
    fn close_idle(&self) {
        self.pool.retain(|_, _| false);
    }
}
