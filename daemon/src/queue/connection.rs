//! Borrows connections from the pool, and decides whether they return to it.

use deadpool_postgres::Object;
use scopeguard::ScopeGuard;

use super::Queue;
use crate::metrics::labels::{Connection, Server};
use crate::metrics::metrics;
use crate::postgres::error::DbError;
use crate::postgres::with_timeout;

impl Queue {
    /// Runs `work` on a connection of the pool.
    ///
    /// The connection returns to the pool unless it did not answer in time, its session is
    /// unusable, or this future was dropped. In these cases the next user would wait for the
    /// unfinished statement.
    pub async fn with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let result = self.try_with_connection(work).await;
        let is_outage = result.as_ref().is_err_and(|error| !error.is_refusal());
        metrics().set_outage(Server::Database, is_outage);
        result
    }

    async fn try_with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let client = with_timeout(self.answer_timeout, self.pool.get())
            .await
            .inspect_err(|_| metrics().connected(Connection::Pool, false))?;
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
