//! What can go wrong between a statement and its answer, and what each means.

use std::time::Duration;

use crate::sanitize::{sanitize, with_causes};

/// Why there is no connection or no answer.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL cannot be used.
    #[error("database URL: {0}")]
    Url(String),
    /// The authorities that TLS needs cannot be read.
    #[error("TLS: {0}")]
    Tls(String),
    /// The pool refuses its settings.
    #[error("connection pool: {0}")]
    PoolSettings(String),
    /// The server, or the way to it, said no.
    #[error("{}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// The pool gave no connection.
    #[error("{}", describe_pool(.0))]
    Pool(#[from] deadpool_postgres::PoolError),
    /// A statement that always yields a row yielded none.
    #[error("a statement yielded no row: is sql/ older than this daemon?")]
    NoRow,
    /// The connection has ended without an error.
    #[error("connection closed")]
    Closed,
    /// The server takes no writes.
    #[error("the server is read-only: has another taken over?")]
    ReadOnly,
    /// There is no session to be had.
    #[error(
        "a transaction pooler is in between, this needs a session of its own: go past it, by the server's own address"
    )]
    Pooler,
    /// The session has lost its LISTEN, as behind a transaction pooler.
    #[error("the session does not listen: is there a transaction pooler in between?")]
    NotListening,
    /// What is to be sent cannot be read back.
    #[error("temporary file: {0}")]
    Spool(#[from] std::io::Error),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}

impl DbError {
    /// Whether the session, not the statement, is what has to be done anew.
    #[must_use]
    pub fn is_of_session(&self) -> bool {
        let code = match self {
            Self::Postgres(error) => error.code(),
            _ => None,
        };
        code.is_some_and(|state| SESSION_STATES.contains(&state.code()))
    }

    /// Whether the database works and refused just this.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let (Self::Postgres(error) | Self::Pool(deadpool_postgres::PoolError::Backend(error))) = self else {
            return matches!(self, Self::NoRow | Self::Spool(_));
        };
        if let Some(state) = error.code() {
            // 08 connection, 28 login, 3D no such database, 40 serialisation and deadlock, 53 resources, 55P03 and 57
            // stop and time-outs, 58 disk, and what only this session has met: all pass, none is about a row.
            let state = state.code();
            return !["08", "28", "3D", "40", "53", "57", "58"].contains(&&state[..2])
                && state != "55P03"
                && !SESSION_STATES.contains(&state);
        }
        // A value that does not fit its parameter or column: the schema is another version's. The rest is the connection.
        let text = error.to_string();
        ["error serializing", "error deserializing", "invalid column"]
            .iter()
            .any(|start| text.starts_with(start))
    }
}

/// What a new session may not meet again: 0A000 a prepared statement's result has another shape since a migration, 25006
/// this server has become read-only, 25P03 and 25P04 a transaction took too long, 26000 a prepared statement is not there.
const SESSION_STATES: [&str; 5] = ["0A000", "25006", "25P03", "25P04", "26000"];

/// `severity: message (SQLSTATE)` with detail and hint, or the cause of a broken connection.
fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(server) = error.as_db_error() {
        let mut text = format!("{} ({})", server.message(), server.code().code());
        for more in [server.detail(), server.hint()].into_iter().flatten() {
            text = format!("{text}; {more}");
        }
        return sanitize(&text);
    }
    sanitize(&with_causes(error))
}

fn describe_pool(error: &deadpool_postgres::PoolError) -> String {
    match error {
        deadpool_postgres::PoolError::Backend(error) => describe(error),
        other => other.to_string(),
    }
}
