//! Why an export ends early.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::database::{READER, failure};
use crate::cli::outcome::{CommandError, EXIT_USAGE};
use crate::config::credentials::DatabaseUrl;
use crate::postgres::error::DbError;
use crate::sanitize::sanitize;

/// Why an export ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    /// The database, or the connection to it.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The view of the samples is another one.
    #[error("heimdall.feature_samples does not fit this program: {0}; type: heimdalld migrate --check")]
    View(String),
    /// The rows did not come in their order, or one came twice.
    #[error("the samples of {0} did not come in their order")]
    Order(String),
    /// Names of receivers that are none.
    #[error("more than {0} receivers: do the objects of these sessions lack an rx_id?")]
    Receivers(usize),
    /// A file or folder.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file's contents.
    #[error("cannot be written as Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The same.
    #[error("cannot be written as Arrow: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// The folder and the command line do not fit.
    #[error("{0}")]
    Usage(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl From<tokio_postgres::Error> for ExportError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error.into())
    }
}

impl ExportError {
    /// For `map_err`.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// The last line of the command, and its exit status.
    pub(super) fn into_command_error(self, url: &DatabaseUrl) -> CommandError {
        match self {
            Self::Database(error) => failure(url, READER, &error),
            error => CommandError {
                status: if matches!(error, Self::Usage(_)) { EXIT_USAGE } else { 1 },
                message: sanitize(&error.to_string()),
            },
        }
    }
}
