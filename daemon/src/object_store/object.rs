//! An object that is being read, and read on after a break.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::client::{ObjectStore, Rest};
use super::error::StoreError;
use super::location::Location;
use super::response::{etag, header};
use crate::backoff::Backoff;
use crate::job::error::ExtractionError;
use crate::sanitize::with_causes;

/// A link that breaks more often than this without getting on is not there.
const MAX_RESUMPTIONS: u32 = 3;
/// Every so many bytes earn a new one, so that an object of any size gets through a link that breaks now and then.
const BYTES_PER_RESUMPTION: u64 = 64 << 20;
/// What breaks one body breaks many at once; they should not come back together.
const PAUSE: Backoff = Backoff {
    base: Duration::from_millis(100),
    max: Duration::from_secs(1),
};

/// An object whose header has arrived and whose body is still to come.
pub struct Object<'a> {
    /// Size as the store promises it, bytes.
    pub size_bytes: Option<u64>,
    /// Entity tag without quotes.
    pub etag: String,
    store: &'a ObjectStore,
    location: Location,
    headers: HeaderMap,
    body: Response,
    read_bytes: u64,
    resumptions_left: u32,
    next_earned_at: u64,
}

impl ObjectStore {
    /// Asks for an object and waits for the answer's header.
    ///
    /// # Errors
    /// [`ExtractionError::NotFound`], or [`ExtractionError::ObjectUnreadable`] for everything
    /// else; whether the store or the object is to blame, the gate finds out.
    pub async fn get(&self, location: &Location) -> Result<Object<'_>, ExtractionError> {
        match self.ask(location, None).await {
            Ok(response) => Ok(Object::new(self, location, response)),
            Err(StoreError::Missing) => Err(ExtractionError::NotFound {
                key: location.key.clone(),
            }),
            Err(error) => Err(unreadable(error.what().to_owned())),
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
            next_earned_at: BYTES_PER_RESUMPTION,
        }
    }

    /// The next piece of the body; `None` at its end. Where the connection
    /// breaks, the rest is asked for, on condition that it is the same object.
    ///
    /// # Errors
    /// [`ExtractionError::ObjectUnreadable`] when it breaks too often or falls silent
    /// twice for the store time-out; [`ExtractionError::ObjectReplaced`] when there is
    /// another object by now; [`ExtractionError::NotFound`] when there is none.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, ExtractionError> {
        loop {
            let broken = match timeout(self.store.timeout, self.body.chunk()).await {
                Ok(Ok(Some(piece))) => {
                    self.read_bytes += piece.len() as u64;
                    if self.read_bytes >= self.next_earned_at {
                        self.next_earned_at = self.read_bytes + BYTES_PER_RESUMPTION;
                        self.resumptions_left = (self.resumptions_left + 1).min(MAX_RESUMPTIONS);
                    }
                    return Ok(Some(piece));
                }
                Ok(Ok(None)) if self.size_bytes.is_none_or(|size| size == self.read_bytes) => return Ok(None),
                Ok(Ok(None)) => "the body ended too early".to_owned(),
                Ok(Err(error)) => format!("the body broke off: {}", with_causes(&error)),
                Err(_) => {
                    // One more chance: each of them takes as long as this one did.
                    self.resumptions_left = self.resumptions_left.min(1);
                    format!("no byte of the body for {:?}", self.store.timeout)
                }
            };
            self.resume(broken).await?;
        }
    }

    /// Goes on at another byte of the same object.
    ///
    /// # Errors
    /// As [`Object::next_piece`].
    pub async fn go_to(&mut self, byte: u64) -> Result<(), ExtractionError> {
        self.read_bytes = byte;
        self.resumptions_left = MAX_RESUMPTIONS;
        self.next_earned_at = byte + BYTES_PER_RESUMPTION;
        self.resume("read at another place".to_owned()).await
    }

    async fn resume(&mut self, mut broken: String) -> Result<(), ExtractionError> {
        let from_bytes = self.read_bytes;
        let of = self.size_bytes.map_or(String::new(), |size| format!(" of {size}"));
        loop {
            if self.resumptions_left == 0 {
                return Err(unreadable(format!("{broken} (after {from_bytes}{of} bytes)")));
            }
            self.resumptions_left -= 1;
            sleep(PAUSE.jittered(MAX_RESUMPTIONS - self.resumptions_left)).await;
            debug!(key = self.location.key, from_bytes, error = broken, "reading on");
            let rest = Rest {
                from_bytes,
                etag: &self.etag,
            };
            match self.store.ask(&self.location, Some(rest)).await {
                Ok(response) if self.is_rest(&response) => {
                    self.body = response;
                    return Ok(());
                }
                Ok(response) if response.status() == StatusCode::OK && etag(&response) == Some(&self.etag) => {
                    return Err(unreadable(format!(
                        "{broken}, and the store knows no ranges to read on"
                    )));
                }
                Ok(_) | Err(StoreError::Replaced) => return Err(ExtractionError::ObjectReplaced),
                Err(StoreError::Missing) => {
                    return Err(ExtractionError::NotFound {
                        key: self.location.key.clone(),
                    });
                }
                Err(StoreError::Other { what, .. } | StoreError::Skewed { what, .. }) => broken = what,
            }
        }
    }

    /// Whether an answer is what is missing of this very object.
    fn is_rest(&self, response: &Response) -> bool {
        let range = header(response, CONTENT_RANGE).and_then(parse_range);
        response.status() == StatusCode::PARTIAL_CONTENT
            && etag(response) == Some(&self.etag)
            && range.is_some_and(|(first, size)| {
                first == self.read_bytes && (size.is_none() || self.size_bytes.is_none() || size == self.size_bytes)
            })
    }

    /// User metadata (`x-amz-meta-{name}`), for the first of `names` that is there.
    #[must_use]
    pub fn metadata(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .find_map(|name| self.headers.get(format!("x-amz-meta-{name}"))?.to_str().ok())
    }
}

/// First byte and whole size of `bytes 5-9/10`; the size may be `*`.
fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    let size = match size.trim() {
        "*" => None,
        digits => Some(digits.parse().ok()?),
    };
    Some((first.trim().parse().ok()?, size))
}

fn unreadable(reason: String) -> ExtractionError {
    ExtractionError::ObjectUnreadable { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_or_refused() {
        assert_eq!(parse_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(parse_range("bytes 5-9/*"), Some((5, None)));
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
            assert_eq!(parse_range(wrong), None, "{wrong}");
        }
    }
}
