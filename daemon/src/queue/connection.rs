//! A connection for a while, and what becomes of it afterwards.

use deadpool_postgres::{Object, PoolError, TimeoutType};
use scopeguard::ScopeGuard;

use super::Queue;
use crate::metrics::labels::{Connection, Server};
use crate::metrics::metrics;
use crate::postgres::error::DbError;

impl Queue {
    /// Does `work` on a connection, which goes back to the pool unless it fell silent, its session is spoilt, or the work is
    /// broken off: whoever got it next would wait behind what is still under way there.
    ///
    /// # Errors
    /// What the work says, or [`DbError::Timeout`].
    pub async fn with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let result = self.try_with_connection(work).await;
        metrics().set_outage(
            Server::Database,
            result.as_ref().is_err_and(|error| !error.is_refusal()),
        );
        result
    }

    async fn try_with_connection<T>(
        &self,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let getting = tokio::time::timeout(self.answer_timeout, self.pool.get()).await;
        let getting = getting.unwrap_or(Err(PoolError::Timeout(TimeoutType::Wait)));
        let client = getting.inspect_err(|_| metrics().connected(Connection::Pool, false))?;
        let mut lent = scopeguard::guard(client, |broken_off| self.abandon(broken_off));
        let result = tokio::time::timeout(self.answer_timeout, work(&mut lent))
            .await
            .unwrap_or(Err(DbError::Timeout(self.answer_timeout)));
        let client = ScopeGuard::into_inner(lent);
        match &result {
            Err(DbError::Timeout(_)) => {
                self.abandon(client);
                self.forsake_idle();
            }
            Err(error) if error.is_of_session() => {
                drop(Object::take(client));
                self.forsake_idle();
            }
            _ => {}
        }
        result
    }

    /// Asks the server to give up what a connection is at, and closes that instead of returning it to the pool.
    fn abandon(&self, client: Object) {
        self.database.cancel(client.cancel_token());
        drop(Object::take(client));
    }

    /// Closes the idle connections: they lead to the same server on the same way as one that has failed.
    fn forsake_idle(&self) {
        self.pool.retain(|_, _| false);
    }
}
