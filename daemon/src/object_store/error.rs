//! Errors of the object store.

use std::time::Duration;

/// Why the settings do not make a usable client.
#[derive(Debug, thiserror::Error)]
pub enum StoreConfigError {
    /// rust-s3 refused the bucket, the region or the credentials.
    #[error("object store settings: {0}")]
    Settings(String),
    /// The HTTP client could not be created.
    #[error("HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The trust roots cannot be read.
    #[error("object store: TLS: {0}")]
    Tls(String),
}

/// Why a request returned no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The object does not exist.
    #[error("no such object")]
    Missing,
    /// The store refuses the signature because its time differs too much from the store's.
    #[error("{reason}")]
    Skewed {
        /// Error of the store.
        reason: String,
        /// How far the store's clock is ahead of this host's, seconds; negative if it is behind.
        store_ahead_s: i64,
    },
    /// The store knows the key and refuses it this object. A key that may not list the bucket gets
    /// this for objects that do not exist, too.
    #[error("{reason}")]
    Denied {
        /// Error of the store.
        reason: String,
    },
    /// The object is no longer the one whose first part was read.
    #[error("the object was replaced")]
    Replaced,
    /// The object has the entity tag that it was not to have.
    #[error("the object has not changed")]
    Unchanged,
    /// Any other error of the store or of the connection.
    #[error("{reason}")]
    Other {
        /// Error of the store or of the connection.
        reason: String,
        /// Delay before the next request that the store asks for.
        retry_after: Option<Duration>,
    },
}

impl StoreError {
    pub(super) fn other(reason: impl Into<String>) -> Self {
        Self::Other {
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// Delay before the next request that the store asks for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Other { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The same error with its reason changed.
    pub(super) fn map_reason(mut self, change: impl FnOnce(&str) -> String) -> Self {
        if let Self::Other { reason, .. } | Self::Skewed { reason, .. } | Self::Denied { reason } = &mut self {
            *reason = change(reason);
        }
        self
    }
}
