//! The object store: one GET per recording, read as a stream.
//!
//! rust-s3 makes and signs the request; the client that sends it is ours, since
//! it has to refuse redirects (the signature would go to whoever is named) and
//! to bound every phase in time without bounding the length of a body.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, ETAG, HeaderMap};
use reqwest::{Response, StatusCode};
use s3::Bucket;
use s3::command::Command;
use s3::creds::Credentials;
use s3::request::Request as _;
use s3::request::tokio_backend::ReqwestRequest;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::location::Location;
use crate::settings::StoreSettings;

/// A store on the same continent answers a SYN within a second; five allow for loss.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// S3 error bodies are a few hundred bytes of XML; more is not worth reading.
const MAX_ERROR_BODY_BYTES: usize = 8 * 1024;
/// A key that nobody writes: the store's answer to it tells whether it works.
const PROBE_KEY: &str = ".heimdalld-probe";

/// The store, with one connection pool for all of its buckets.
pub struct Store {
    client: reqwest::Client,
    buckets: Vec<Bucket>,
    names: Vec<String>,
    timeout: Duration,
}

/// The settings do not make a usable client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// rust-s3 refused the bucket, the region or the credentials.
    #[error("object store settings: {0}")]
    Settings(String),
    /// The HTTP client could not be built.
    #[error("HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// An object whose header has arrived and whose body is still to come.
pub struct Object {
    /// Size as the store promises it, bytes.
    pub size_bytes: Option<u64>,
    /// Entity tag without quotes.
    pub etag: Option<String>,
    headers: HeaderMap,
    body: Response,
    timeout: Duration,
}

impl Object {
    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`Failure::ObjectUnreadable`] when the connection breaks, falls silent
    /// for the store time-out, or ends before the promised size.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, Failure> {
        match timeout(self.timeout, self.body.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(error)) => Err(unreadable(format!("the body broke off: {}", chain(&error)))),
            Err(_) => Err(unreadable(format!("no byte of the body for {:?}", self.timeout))),
        }
    }

    /// User metadata (`x-amz-meta-{name}`), for the first of `names` that is there.
    #[must_use]
    pub fn metadata(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .find_map(|name| self.headers.get(format!("x-amz-meta-{name}"))?.to_str().ok())
    }
}

impl Store {
    /// A client for the configured buckets. Connects to nothing yet.
    ///
    /// # Errors
    /// When the settings do not make a usable client.
    pub fn new(settings: &StoreSettings, connections: usize) -> Result<Self, StoreError> {
        let wrong = |error: &dyn std::fmt::Display| StoreError::Settings(error.to_string());
        let credentials = Credentials::new(
            Some(settings.access_key.expose()),
            Some(settings.secret_key.expose()),
            None,
            None,
            None,
        )
        .map_err(|error| wrong(&error))?;
        let region = s3::Region::Custom {
            region: settings.region.clone(),
            endpoint: settings.endpoint.clone(),
        };
        let buckets = settings
            .buckets
            .iter()
            .map(|name| {
                Bucket::new(name, region.clone(), credentials.clone())
                    .map(|bucket| *bucket.with_path_style())
                    .map_err(|error| wrong(&error))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(15))
            .pool_max_idle_per_host(connections)
            .build()?;
        Ok(Self {
            client,
            buckets,
            names: settings.buckets.clone(),
            timeout: settings.timeout,
        })
    }

    /// Names of the buckets that may be read; the first is the default.
    #[must_use]
    pub fn bucket_names(&self) -> &[String] {
        &self.names
    }

    /// Asks for an object and waits for the answer's header.
    ///
    /// # Errors
    /// [`Failure::NotFound`], or [`Failure::ObjectUnreadable`] for everything
    /// else; whether the store or the object is to blame, [`Store::blame`] finds out.
    pub async fn get(&self, location: &Location) -> Result<Object, Failure> {
        let response = self.send(location).await?;
        let status = response.status();
        if status == StatusCode::OK {
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            return Ok(Object {
                size_bytes: header(CONTENT_LENGTH).and_then(|value| value.parse().ok()),
                etag: header(ETAG).map(|value| value.trim_matches('"').to_owned()),
                headers: response.headers().clone(),
                timeout: self.timeout,
                body: response,
            });
        }
        let (code, message) = error_body(response, self.timeout).await;
        // Stores of other makes send no code; the status alone then means the key.
        if status == StatusCode::NOT_FOUND && matches!(code.as_str(), "NoSuchKey" | "") {
            return Err(Failure::NotFound {
                key: location.key.clone(),
            });
        }
        Err(unreadable(
            format!("HTTP {} {code} {message}", status.as_u16())
                .trim_end()
                .to_owned(),
        ))
    }

    /// Who is to blame for an object that could not be read: asks the store for
    /// a key that cannot exist. Where that fails too, it is an outage.
    pub async fn blame(&self, failure: Failure, bucket: &str) -> Failure {
        match failure {
            Failure::ObjectUnreadable { what } => match self.probe(bucket).await {
                Ok(()) => Failure::ObjectUnreadable { what },
                Err(outage) => Failure::StoreOutage {
                    what: format!("{outage} (after: {what})"),
                },
            },
            other => other,
        }
    }

    /// Whether the store answers for this bucket with these credentials.
    ///
    /// # Errors
    /// What it, or the way to it, said instead.
    pub async fn probe(&self, bucket: &str) -> Result<(), String> {
        let location = Location {
            bucket: bucket.to_owned(),
            key: PROBE_KEY.to_owned(),
        };
        match self.get(&location).await {
            Ok(_) | Err(Failure::NotFound { .. }) => Ok(()),
            Err(Failure::ObjectUnreadable { what }) => Err(what),
            Err(other) => Err(other.to_string()),
        }
    }

    async fn send(&self, location: &Location) -> Result<Response, Failure> {
        let bucket = self
            .names
            .iter()
            .position(|name| *name == location.bucket)
            .map(|index| &self.buckets[index])
            .ok_or_else(|| Failure::LocationRefused {
                what: format!("bucket '{}'", location.bucket),
            })?;
        let signing = |error: s3::error::S3Error| unreadable(format!("the request could not be signed: {error}"));
        let signed = ReqwestRequest::new(bucket, &location.key, Command::GetObject)
            .await
            .map_err(signing)?;
        let headers = signed.headers().await.map_err(signing)?;
        let url = signed.url().map_err(signing)?;
        match timeout(self.timeout, self.client.get(url).headers(headers).send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(unreadable(chain(&error.without_url()))),
            Err(_) => Err(unreadable(format!("no answer for {:?}", self.timeout))),
        }
    }
}

fn unreadable(what: String) -> Failure {
    Failure::ObjectUnreadable { what }
}

/// An error with its causes: reqwest's own text says only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// `<Code>` and `<Message>` of an S3 error document; empty where there is none.
async fn error_body(mut response: Response, limit: Duration) -> (String, String) {
    let mut body = Vec::new();
    while let Ok(Ok(Some(piece))) = timeout(limit, response.chunk()).await {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ERROR_BODY_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    (element(&text, "Code").to_owned(), element(&text, "Message").to_owned())
}

/// Text between `<name>` and `</name>`, enough for the flat error document of S3.
fn element<'a>(text: &'a str, name: &str) -> &'a str {
    text.split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")))
        .map_or("", |(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_document_of_s3_is_read() {
        let text = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>not there</Message></Error>";
        assert_eq!(
            (element(text, "Code"), element(text, "Message")),
            ("NoSuchKey", "not there")
        );
        assert_eq!(element("<html>", "Code"), "");
    }
}
