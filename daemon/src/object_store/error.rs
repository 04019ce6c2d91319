//! Why there is no client for the object store.

/// The settings do not make a usable client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
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
