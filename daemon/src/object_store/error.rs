//! Why there is no client for the object store, and what the store returns in place of an object.

use std::time::Duration;

/// The settings do not make a usable client.
#[derive(Debug, thiserror::Error)]
pub enum StoreConfigError {
    /// rust-s3 refused the bucket, the region or the credentials.
    #[error("object store settings: {0}")]
    Settings(String),
    /// The HTTP client could not be built.
    #[error("HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The authorities that TLS needs cannot be read.
    #[error("object store: TLS: {0}")]
    Tls(String),
}

/// What the store, or the way to it, said in place of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// There is no such object.
    Missing,
    /// The request was signed at a time that is too far from the store's: it is so many seconds ahead of this host's clock.
    Skewed {
        /// In words.
        what: String,
        /// Below zero where it is behind.
        store_ahead_s: i64,
    },
    /// There is another object by now than the one whose rest was asked for.
    Replaced,
    /// Anything else.
    Other {
        /// In words.
        what: String,
        /// When the store wants to be asked again.
        retry_after: Option<Duration>,
    },
}

impl StoreError {
    /// A refusal with nothing but words.
    pub(super) fn other(what: impl Into<String>) -> Self {
        Self::Other {
            what: what.into(),
            retry_after: None,
        }
    }

    /// In words.
    #[must_use]
    pub fn what(&self) -> &str {
        match self {
            Self::Missing => "no such object",
            Self::Replaced => "the object was replaced",
            Self::Other { what, .. } | Self::Skewed { what, .. } => what,
        }
    }

    /// The same with other words.
    pub(super) fn map(self, change: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Other { what, retry_after } => Self::Other {
                what: change(&what),
                retry_after,
            },
            Self::Skewed { what, store_ahead_s } => Self::Skewed {
                what: change(&what),
                store_ahead_s,
            },
            definite => definite,
        }
    }
}
