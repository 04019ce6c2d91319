//! An object that is read as a stream, and resumed if its body breaks off.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::client::ObjectStore;
use super::error::StoreError;
use super::location::Location;
use super::pace::Pace;
use super::response::{etag, header};
use super::signing::Wanted;
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::sanitize::with_causes;

/// A body that breaks off more often than this without progress is unreadable.
const MAX_RESUMPTIONS: u32 = 3;
/// After this many bytes a body may break off once more, so that an object of any size can be read
/// over a connection that breaks now and then.
const BYTES_PER_RESUMPTION: u64 = 64 << 20;
/// Delay before a resumption. Many bodies break off at the same time, and the jitter spreads their
/// requests.
const RESUMPTION_DELAY: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_secs(1),
};

/// An object whose header has arrived and whose body is being read.
pub struct Object<'a> {
    /// Size according to the store, bytes.
    pub size_bytes: Option<u64>,
    /// Entity tag without quotes.
    pub etag: String,
    store: &'a ObjectStore,
    location: Location,
    headers: HeaderMap,
    body: Response,
    read_bytes: u64,
    resumptions_left: u32,
    /// At this position one more resumption is allowed.
    next_resumption_at: u64,
    pace: Pace,
    /// The body arrives too slowly: another connection may be faster.
    too_slow: Option<String>,
}

impl ObjectStore {
    /// Requests an object and waits for the header of the answer.
    ///
    /// # Errors
    /// [`ExtractionError::NotFound`], or [`ExtractionError::ObjectUnreadable`] for any other error:
    /// the circuit breaker finds out whether the store or the object is the cause.
    pub async fn get(&self, location: &Location) -> Result<Object<'_>, ExtractionError> {
        let response = self.request(location, Wanted::Whole).await;
        self.open(location, response)
    }

    /// The same, unless the object has the entity tag `known`: then `None`, and no byte is read.
    ///
    /// # Errors
    /// As [`ObjectStore::get`].
    pub async fn get_unless(&self, location: &Location, known: &str) -> Result<Option<Object<'_>>, ExtractionError> {
        match self.request(location, Wanted::Unless(known)).await {
            Err(StoreError::Unchanged) => Ok(None),
            response => self.open(location, response).map(Some),
        }
    }

    fn open(&self, location: &Location, response: Result<Response, StoreError>) -> Result<Object<'_>, ExtractionError> {
        match response {
            Ok(response) => Ok(Object::new(self, location, response)),
            Err(StoreError::Missing) => Err(not_found(location)),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }
}

impl<'a> Object<'a> {
    fn new(store: &'a ObjectStore, location: &Location, response: Response) -> Self {
        Self {
            size_bytes: header(&response, CONTENT_LENGTH).and_then(|value| value.parse().ok()),
            etag: etag(&response).unwrap_or_default().to_owned(),
            store,
            location: location.clone(),
            headers: response.headers().clone(),
            body: response,
            read_bytes: 0,
            resumptions_left: MAX_RESUMPTIONS,
            next_resumption_at: BYTES_PER_RESUMPTION,
            pace: Pace::default(),
            too_slow: None,
        }
    }

    /// The next piece of the body; `None` at its end. If the body breaks off, requests the
    /// remainder, on condition that the object is still the same.
    ///
    /// # Errors
    /// - [`ExtractionError::ObjectUnreadable`] if the body breaks off too often, or if it arrives too
    ///   slowly, or not at all, for the store's time-out twice.
    /// - [`ExtractionError::ObjectReplaced`] if there is another object at the location.
    /// - [`ExtractionError::NotFound`] if there is none.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, ExtractionError> {
        loop {
            let timeout_after = self.store.timeout();
            if let Some(reason) = self.too_slow.take() {
                self.resumptions_left = self.resumptions_left.min(1);
                self.resume(reason).await?;
            }
            let begun = Instant::now();
            let reason = match timeout(timeout_after, self.body.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    self.read_bytes += piece.len() as u64;
                    self.too_slow = self.pace.record(begun.elapsed(), piece.len(), timeout_after);
                    if self.read_bytes >= self.next_resumption_at {
                        self.next_resumption_at = self.read_bytes + BYTES_PER_RESUMPTION;
                        self.resumptions_left = (self.resumptions_left + 1).min(MAX_RESUMPTIONS);
                    }
                    return Ok(Some(piece));
                }
                Ok(Ok(None)) if self.size_bytes.is_none_or(|size| size == self.read_bytes) => return Ok(None),
                Ok(Ok(None)) => "the body ended too early".to_owned(),
                Ok(Err(error)) => format!("the body broke off: {}", with_causes(&error)),
                Err(_) => {
                    // Only one resumption more, since each may take as long again.
                    self.resumptions_left = self.resumptions_left.min(1);
                    format!("no byte of the body for {timeout_after:?}")
                }
            };
            self.resume(reason).await?;
        }
    }

    /// Continues at another position of the same object.
    ///
    /// # Errors
    /// As [`Object::next_piece`].
    pub async fn go_to(&mut self, byte: u64) -> Result<(), ExtractionError> {
        self.read_bytes = byte;
        self.resumptions_left = MAX_RESUMPTIONS;
        self.next_resumption_at = byte + BYTES_PER_RESUMPTION;
        self.resume("another position was requested".to_owned()).await
    }

    /// Requests the object from the current position on. `reason` is the last error.
    async fn resume(&mut self, mut reason: String) -> Result<(), ExtractionError> {
        let from_bytes = self.read_bytes;
        let of_size = self.size_bytes.map_or(String::new(), |size| format!(" of {size}"));
        loop {
            if self.resumptions_left == 0 {
                return Err(unreadable(format!("{reason} (after {from_bytes}{of_size} bytes)")));
            }
            self.resumptions_left -= 1;
            sleep(RESUMPTION_DELAY.jittered(MAX_RESUMPTIONS - self.resumptions_left)).await;
            debug!(
                key = self.location.key,
                from_bytes,
                error = reason,
                "resuming an object"
            );
            let remainder = Wanted::Remainder {
                from_bytes,
                etag: &self.etag,
            };
            match self.store.request(&self.location, remainder).await {
                Ok(response) if self.is_remainder(&response) => {
                    self.body = response;
                    return Ok(());
                }
                Ok(response) if response.status() == StatusCode::OK && etag(&response) == Some(&self.etag) => {
                    return Err(unreadable(format!(
                        "{reason}, and the store does not support range requests"
                    )));
                }
                Ok(_) | Err(StoreError::Replaced) => return Err(ExtractionError::ObjectReplaced),
                Err(StoreError::Missing) => return Err(not_found(&self.location)),
                Err(error) => reason = error.to_string(),
            }
        }
    }

    /// Whether an answer is the remainder of the same object, from the current position on.
    fn is_remainder(&self, response: &Response) -> bool {
        let range = header(response, CONTENT_RANGE).and_then(parse_content_range);
        response.status() == StatusCode::PARTIAL_CONTENT
            && etag(response) == Some(&self.etag)
            && range.is_some_and(|(first, size)| {
                first == self.read_bytes && (size.is_none() || self.size_bytes.is_none() || size == self.size_bytes)
            })
    }

    /// The Content-Encoding that the store has for the object. The client decodes nothing: the body
    /// has the bytes that are stored.
    #[must_use]
    pub fn content_encoding(&self) -> Option<&str> {
        self.headers.get(CONTENT_ENCODING)?.to_str().ok()
    }

    /// User metadata (`x-amz-meta-{name}`) under the first of `names` that exists.
    #[must_use]
    pub fn metadata(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .find_map(|name| self.headers.get(format!("x-amz-meta-{name}"))?.to_str().ok())
    }
}

fn not_found(location: &Location) -> ExtractionError {
    ExtractionError::NotFound {
        key: location.key.clone(),
    }
}

fn unreadable(reason: String) -> ExtractionError {
    ExtractionError::ObjectUnreadable { reason }
}

/// First byte and total size from a Content-Range header such as `bytes 5-9/10`. `*` is an unknown
/// size.
fn parse_content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    let size = match size.trim() {
        "*" => None,
        digits => Some(digits.parse().ok()?),
    };
    Some((first.trim().parse().ok()?, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_parsed_or_refused() {
        assert_eq!(parse_content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_content_range("bytes 5-9/*"), Some((5, None)));
        for wrong in [
            "",
            "bytes",
            "bytes 5/10",
            "bytes */10",
            "lines 5-9/10",
            "bytes 5-9",
            "bytes -1-9/10",
            "bytes 5-9/x",
        ] {
            assert_eq!(parse_content_range(wrong), None, "{wrong}");
        }
    }
}
