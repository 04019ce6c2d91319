//! The object store: one GET per recording, read as a stream.
//!
//! rust-s3 makes and signs the request; the client that sends it is ours, since
//! it has to refuse redirects (the signature would go to whoever is named) and
//! to bound every phase in time without bounding the length of a body.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{HeaderValue, IF_MATCH};
use s3::command::Command;
use s3::request::Request as _;
use s3::request::tokio_backend::ReqwestRequest;
use tokio::time::timeout;
use tracing::{info, warn};

use super::credentials::Access;
use super::error::{StoreConfigError, StoreError};
use super::location::Location;
use super::response::check;
use crate::config::settings::StoreSettings;
use crate::sanitize::with_causes;

/// A store on the same continent answers a SYN within a second; five allow for loss.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A key that nobody writes: the store's answer to it tells whether it works.
const PROBE_KEY: &str = ".heimdalld-probe";
/// Two looks at the same difference between two clocks, a second each way and a slow answer between them.
const CLOCK_DRIFT_S: u64 = 60;
/// So much of an object tells whether it can be read: past its first blocks, and no burden to a store in trouble.
const SAMPLE_BYTES: usize = 1 << 20;

/// The store, with one connection pool for all of its buckets.
pub struct ObjectStore {
    client: reqwest::Client,
    settings: StoreSettings,
    access: RwLock<Arc<Access>>,
    /// How far the store's clock is ahead of this host's, seconds; 0 until it refuses a signature for that.
    ahead_s: AtomicI64,
    pub(super) timeout: Duration,
}

/// The part of an object that is still missing.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    pub(super) from_bytes: u64,
    pub(super) etag: &'a str,
}

impl ObjectStore {
    /// A client for the configured buckets. Connects to nothing yet.
    ///
    /// # Errors
    /// When the settings do not make a usable client.
    pub fn new(settings: &StoreSettings, connections: usize) -> Result<Self, StoreConfigError> {
        let tls = settings.tls.client_config().map_err(StoreConfigError::Tls)?;
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(15))
            .pool_max_idle_per_host(connections)
            .build()?;
        Ok(Self {
            client,
            access: RwLock::new(Arc::new(Access::new(settings, settings.credentials.clone())?)),
            ahead_s: AtomicI64::new(0),
            timeout: settings.timeout,
            settings: settings.clone(),
        })
    }

    /// Names of the buckets that may be read; the first is the default.
    #[must_use]
    pub fn bucket_names(&self) -> &[String] {
        &self.settings.buckets
    }

    /// Whether the store answers for this bucket with these credentials: asked
    /// for a key that nobody writes, it has to say that there is no such object.
    ///
    /// # Errors
    /// What it, or the way to it, said instead.
    pub async fn probe(&self, bucket: &str) -> Result<(), StoreError> {
        let location = Location {
            bucket: bucket.to_owned(),
            key: PROBE_KEY.to_owned(),
        };
        match self.ask(&location, None).await {
            Err(StoreError::Missing) => Ok(()),
            Ok(_) => Err(StoreError::other(format!(
                "an object where none can be, at {PROBE_KEY}"
            ))),
            Err(error) => Err(error),
        }
    }

    /// The Date header of whatever the endpoint answers to nobody in particular.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn date(&self) -> Result<Option<String>, reqwest::Error> {
        let answer = self.client.head(&self.settings.endpoint).send().await?;
        let date = answer.headers().get(reqwest::header::DATE);
        Ok(date.and_then(|date| date.to_str().ok()).map(str::to_owned))
    }

    /// Whether an object can be read: its first bytes, up to a megabyte.
    ///
    /// # Errors
    /// What the store, or the way to it, said instead.
    pub async fn sample(&self, location: &Location) -> Result<(), StoreError> {
        let mut response = self.ask(location, None).await?;
        let mut left = SAMPLE_BYTES;
        while left > 0 {
            match timeout(self.timeout, response.chunk()).await {
                Ok(Ok(Some(piece))) => left = left.saturating_sub(piece.len()),
                Ok(Ok(None)) => break,
                Ok(Err(error)) => {
                    return Err(StoreError::other(format!(
                        "the body broke off: {}",
                        with_causes(&error)
                    )));
                }
                Err(_) => return Err(StoreError::other(format!("no byte of the body for {:?}", self.timeout))),
            }
        }
        Ok(())
    }

    /// Reads the keys from their files again, if that is where they come from.
    pub fn reload_credentials(&self) {
        let credentials = match self.settings.credentials.reload() {
            Ok(credentials) if credentials != self.access().credentials => credentials,
            Ok(_) => return,
            Err(error) => return warn!(error, "the store's keys cannot be read again"),
        };
        match Access::new(&self.settings, credentials) {
            Ok(access) => {
                *self.access.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(access);
                info!("the store's keys have changed, the new ones are used");
            }
            Err(error) => warn!(%error, "the store's new keys cannot be used"),
        }
    }

    fn access(&self) -> Arc<Access> {
        Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a request for an object, or for what is missing of it.
    pub(super) async fn ask(&self, location: &Location, rest: Option<Rest<'_>>) -> Result<Response, StoreError> {
        let access = self.access();
        let mut answer = self.send(location, rest, &access).await;
        if let Err(StoreError::Skewed { store_ahead_s, .. }) = answer {
            self.follow_clock(store_ahead_s);
            answer = self.send(location, rest, &access).await;
        }
        answer.map_err(|error| error.map(|what| access.redact(what)))
    }

    /// A signature counts for a quarter of an hour by the store's clock. Where this host's is wrong, so are its signatures,
    /// but the store has returned its time with the error.
    fn follow_clock(&self, store_ahead_s: i64) {
        if self
            .ahead_s
            .swap(store_ahead_s, Ordering::Relaxed)
            .abs_diff(store_ahead_s)
            > CLOCK_DRIFT_S
        {
            warn!(
                store_ahead_s,
                "this host's clock and the store's differ: requests are signed by the store's"
            );
        }
    }

    async fn send(&self, location: &Location, rest: Option<Rest<'_>>, access: &Access) -> Result<Response, StoreError> {
        let names = self.settings.buckets.iter();
        let bucket = names
            .zip(&access.buckets)
            .find_map(|(name, bucket)| (*name == location.bucket).then_some(bucket))
            .ok_or_else(|| StoreError::other(format!("bucket '{}' is not configured", location.bucket)))?;
        let signing =
            |error: s3::error::S3Error| StoreError::other(format!("the request could not be signed: {error}"));
        let command = rest.map_or(Command::GetObject, |rest| Command::GetObjectRange {
            start: rest.from_bytes,
            end: None,
        });
        // rust-s3 takes one slash off the front; a key may begin with one of its own.
        let path = format!("/{}", location.key);
        let mut signed = ReqwestRequest::new(bucket, &path, command).await.map_err(signing)?;
        let ahead_s = self.ahead_s.load(Ordering::Relaxed);
        let distance = Duration::from_secs(ahead_s.unsigned_abs());
        if ahead_s < 0 {
            signed.datetime -= distance;
        } else {
            signed.datetime += distance;
        }
        let mut headers = signed.headers().await.map_err(signing)?;
        if let Some(rest) = rest {
            let condition = HeaderValue::from_str(&format!("\"{}\"", rest.etag));
            headers.insert(
                IF_MATCH,
                condition.map_err(|error| StoreError::other(error.to_string()))?,
            );
        }
        let url = signed.url().map_err(signing)?;
        match timeout(self.timeout, self.client.get(url).headers(headers).send()).await {
            Ok(Ok(response)) => check(response, rest.is_some(), self.timeout).await,
            Ok(Err(error)) => Err(StoreError::other(with_causes(&error.without_url()))),
            Err(_) => Err(StoreError::other(format!("no answer for {:?}", self.timeout))),
        }
    }
}
