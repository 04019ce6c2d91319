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
    /// Whether the server refuses a value of a parameter: SQLSTATE class 22.
    #[must_use]
    pub fn is_of_value(&self) -> bool {
        self.code().is_some_and(|state| state.code().starts_with("22"))
    }

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
