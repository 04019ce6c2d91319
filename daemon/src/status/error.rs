//! Why a report cannot be read.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::postgres::error::DbError;

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The database cannot be asked, or refuses.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The answer has another shape: the schema is of another version.
    #[error("the answer of the database does not fit this heimdalld: {0}")]
    Shape(#[from] serde_json::Error),
    /// The answer has no row.
    #[error("the database has no answer: type: heimdalld migrate")]
    NoAnswer,
}

impl StatusError {
    /// The code with which the server refused, if it did.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Database(error) => code(error),
            _ => None,
        }
    }
}

/// The code with which the server refused, if it did.
#[must_use]
pub fn code(error: &DbError) -> Option<&SqlState> {
    match error {
        DbError::Postgres(error) | DbError::Pool(PoolError::Backend(error)) => error.code(),
        _ => None,
    }
}
