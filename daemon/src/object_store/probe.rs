//! Requests that show whether the store works.

use std::time::Instant;

use tokio::time::timeout;

use super::client::ObjectStore;
use super::error::StoreError;
use super::location::Location;
use super::pace::Pace;
use super::signing::Wanted;
use crate::sanitize::with_causes;

/// Key of an object that cannot exist.
const PROBE_KEY: &str = ".heimdalld-probe";
/// How much of an object [`ObjectStore::sample`] reads: enough to pass the first blocks of its
/// file, and little work for a store in trouble.
const SAMPLE_BYTES: usize = 1 << 20;

impl ObjectStore {
    /// Whether the store works for this bucket and these credentials: it must answer that the
    /// object at a key that cannot exist does not exist.
    ///
    /// # Errors
    /// Any other answer, or the error of the connection. A server that returns an object
    /// for that key is not an object store.
    pub async fn probe(&self, bucket: &str) -> Result<(), StoreError> {
        let location = Location {
            bucket: bucket.to_owned(),
            key: PROBE_KEY.to_owned(),
        };
        match self.request(&location, Wanted::Whole).await {
            Err(StoreError::Missing) => Ok(()),
            Ok(_) => Err(StoreError::other(format!(
                "an object at {PROBE_KEY}, which cannot exist: this is not an object store"
            ))),
            Err(error) => Err(error),
        }
    }

    /// Whether an object can be read: reads its first megabyte.
    ///
    /// # Errors
    /// The error of the store or of the connection.
    pub async fn sample(&self, location: &Location) -> Result<(), StoreError> {
        let mut response = self.request(location, Wanted::Whole).await?;
        let mut missing_bytes = SAMPLE_BYTES;
        let mut pace = Pace::default();
        while missing_bytes > 0 {
            let begun = Instant::now();
            let reason = match timeout(self.timeout(), response.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    missing_bytes = missing_bytes.saturating_sub(piece.len());
                    match pace.record(begun.elapsed(), piece.len(), self.timeout()) {
                        Some(reason) => reason,
                        None => continue,
                    }
                }
                Ok(Ok(None)) => break,
                Ok(Err(error)) => format!("the body broke off: {}", with_causes(&error)),
                Err(_) => format!("no byte of the body for {:?}", self.timeout()),
            };
            return Err(StoreError::other(reason));
        }
        Ok(())
    }

    /// The Date header of the answer to an unsigned HEAD request.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn date(&self) -> Result<Option<String>, reqwest::Error> {
        let answer = self.client.head(&self.settings.endpoint).send().await?;
        let date = answer.headers().get(reqwest::header::DATE);
        Ok(date.and_then(|date| date.to_str().ok()).map(str::to_owned))
    }
}
