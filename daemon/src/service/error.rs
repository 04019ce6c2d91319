//! Why the daemon ends.

use crate::http::HttpError;
use crate::http::page::state::PageError;
use crate::object_store::error::StoreConfigError;
use crate::postgres::error::DbError;

/// Why the daemon cannot start. Later faults of the environment do not end it; only a bug does.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database settings are wrong.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The store settings are wrong.
    #[error(transparent)]
    Store(#[from] StoreConfigError),
    /// The HTTP port cannot be opened.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The operator's page cannot be served.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The system refuses to start threads.
    #[error("cannot start the extractor's threads: {0}")]
    Threads(std::io::Error),
    /// A task ended that never ends before the shutdown.
    #[error("internal error: the {0} has ended")]
    TaskEnded(&'static str),
}
