//! Errors of connections and statements, and how the callers must handle them.

use std::time::Duration;

use super::schema::SchemaMismatch;
use crate::sanitize::{sanitize, with_causes};

/// Why a connection or a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL is wrong.
    #[error("database URL: {0}")]
    Url(String),
    /// The certificates for TLS cannot be read.
    #[error("TLS: {0}")]
    Tls(String),
    /// The pool refuses its settings.
    #[error("connection pool: {0}")]
    PoolSettings(String),
    /// The server refused, or the connection to it broke.
    #[error("{}", describe(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// The pool gave no connection.
    #[error("{}", describe_pool(.0))]
    Pool(#[from] deadpool_postgres::PoolError),
    /// The schema does not serve this daemon.
    #[error(transparent)]
    Schema(#[from] SchemaMismatch),
    /// A statement that always returns a row returned none.
    #[error("a statement returned no row: is sql/ older than this daemon?")]
    NoRow,
    /// The connection has ended without an error.
    #[error("connection closed")]
    Closed,
    /// The server accepts no writes.
    #[error("the server is read-only: has another taken over?")]
    ReadOnly,
    /// The connection is not a session.
    #[error("a transaction pooler is in between, this needs a session: go past it, use the server's own address")]
    Pooler,
    /// The server does not list the channel for this session, for example after a transaction
    /// pooler.
    #[error("the session does not listen: is there a transaction pooler in between?")]
    NotListening,
    /// The segments of a result cannot be read back from their temporary file.
    #[error("temporary file: {0}")]
    Spool(#[from] std::io::Error),
    /// The answer did not arrive in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The answer did not arrive in time, and the server answers other statements.
    #[error("no answer within {0:?}, though the server answers other statements")]
    Slow(Duration),
}

impl DbError {
    /// Whether the statement needs a new session, and can succeed in one.
    #[must_use]
    pub fn needs_new_session(&self) -> bool {
        matches!(self, Self::Postgres(error)
            if error.code().is_some_and(|state| SESSION_STATES.contains(&state.code())))
    }

    /// Whether the database works, and this statement alone had to wait for too long: for a lock of
    /// somebody else, or because it is slow.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        match self {
            Self::Slow(_) => true,
            Self::Postgres(error) => error.code().is_some_and(|state| BLOCKED_STATES.contains(&state.code())),
            _ => false,
        }
    }

    /// Whether the statement was blocked, and not by a lock.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        match self {
            Self::Slow(_) => true,
            Self::Postgres(error) => error.code().is_some_and(|state| SLOW_STATES.contains(&state.code())),
            _ => false,
        }
    }

    /// Whether no statement can succeed at present.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        !self.is_refusal() && !self.is_blocked()
    }

    /// Whether the database works and refuses this statement. If not, the statement must be sent
    /// again.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let (Self::Postgres(error) | Self::Pool(deadpool_postgres::PoolError::Backend(error))) = self else {
            return matches!(self, Self::NoRow | Self::Spool(_));
        };
        if let Some(state) = error.code() {
            // These errors pass and say nothing about the row: 08 connection, 28 login, 3D no such
            // database, 40 serialisation and deadlock, 53 resources, 55P03 lock time-out, 57
            // shutdown and cancel, 58 disk, and those of the session alone.
            let state = state.code();
            return !["08", "28", "3D", "40", "53", "57", "58"].contains(&&state[..2])
                && state != "55P03"
                && !SESSION_STATES.contains(&state);
        }
        // A value does not fit its parameter or column, because the schema has another version. All
        // other errors without a code are those of the connection.
        let text = error.to_string();
        ["error serializing", "error deserializing", "invalid column"]
            .iter()
            .any(|start| text.starts_with(start))
    }
}

/// 40001 serialisation, 40P01 deadlock, 55P03 lock time-out, 57014 statement time-out or cancelled,
/// 25P04 transaction time-out.
const BLOCKED_STATES: [&str; 5] = ["25P04", "40001", "40P01", "55P03", "57014"];
/// Of these, those of a statement that did not wait for a lock, or not for a lock alone.
const SLOW_STATES: [&str; 2] = ["25P04", "57014"];

/// Errors that a new session may not get again: 0A000 a migration has changed the result of a
/// prepared statement, 25006 the server has become read-only, 25P03 and 25P04 a transaction took
/// too long, 26000 a prepared statement does not exist.
const SESSION_STATES: [&str; 5] = ["0A000", "25006", "25P03", "25P04", "26000"];

/// `message (SQLSTATE); detail; hint` of the server, or the causes of a broken connection.
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
