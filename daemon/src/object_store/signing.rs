//! Signed requests: the credentials, and the clock that they are signed with.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use s3::Bucket;
use s3::command::Command;
use s3::creds::Credentials as S3Credentials;
use s3::request::Request as _;
use s3::request::tokio_backend::ReqwestRequest;
use tracing::warn;

use super::error::{StoreConfigError, StoreError};
use super::location::Location;
use crate::config::credentials::Credentials;
use crate::config::secret::Secret;
use crate::config::settings::{Addressing, StoreSettings};

/// A clock difference is logged again if it has changed by more than this. Two measurements of the
/// same difference can be this far apart: whole seconds, and a slow answer.
const CLOCK_DRIFT_S: u64 = 60;

/// What is requested of an object.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// All of it.
    Whole,
    /// All of it, unless it has this entity tag.
    Unless(&'a str),
    /// The remainder after its body broke off.
    Remainder {
        from_bytes: u64,
        /// Entity tag of the object whose first part was read.
        etag: &'a str,
    },
}

/// Credentials, and the buckets that rust-s3 signs requests for with them.
pub(super) struct Signer {
    pub(super) credentials: Credentials,
    buckets: Vec<Bucket>,
}

impl Signer {
    pub(super) fn new(settings: &StoreSettings, credentials: Credentials) -> Result<Self, StoreConfigError> {
        let wrong = |error: &dyn std::fmt::Display| StoreConfigError::Settings(error.to_string());
        let (access, secret) = (credentials.access.expose(), credentials.secret.expose());
        let token = credentials.token.as_ref().map(Secret::expose);
        let signing =
            S3Credentials::new(Some(access), Some(secret), None, token, None).map_err(|error| wrong(&error))?;
        let region = s3::Region::Custom {
            region: settings.region.clone(),
            endpoint: settings.endpoint.clone(),
        };
        let buckets = settings
            .buckets
            .iter()
            .map(|name| {
                let bucket = Bucket::new(name, region.clone(), signing.clone()).map_err(|error| wrong(&error))?;
                Ok(match settings.addressing {
                    Addressing::Path => *bucket.with_path_style(),
                    Addressing::Virtual => *bucket,
                })
            })
            .collect::<Result<Vec<_>, StoreConfigError>>()?;
        Ok(Self { credentials, buckets })
    }

    /// URL and signed headers of a GET request for an object.
    pub(super) async fn sign(
        &self,
        location: &Location,
        wanted: Wanted<'_>,
        clock: &StoreClock,
    ) -> Result<(Url, HeaderMap), StoreError> {
        let signing =
            |error: s3::error::S3Error| StoreError::other(format!("the request could not be signed: {error}"));
        let bucket = self.buckets.iter().find(|bucket| bucket.name == location.bucket);
        let bucket =
            bucket.ok_or_else(|| StoreError::other(format!("bucket '{}' is not configured", location.bucket)))?;
        let command = match wanted {
            Wanted::Whole | Wanted::Unless(_) => Command::GetObject,
            Wanted::Remainder { from_bytes, .. } => Command::GetObjectRange {
                start: from_bytes,
                end: None,
            },
        };
        // rust-s3 removes one leading slash; the key may begin with another.
        let path = format!("/{}", location.key);
        let mut request = ReqwestRequest::new(bucket, &path, command).await.map_err(signing)?;
        request.datetime = clock.now().into();
        let mut headers = request.headers().await.map_err(signing)?;
        let condition = match wanted {
            Wanted::Whole => None,
            Wanted::Unless(etag) => Some((IF_NONE_MATCH, etag)),
            Wanted::Remainder { etag, .. } => Some((IF_MATCH, etag)),
        };
        if let Some((name, etag)) = condition {
            let etag = HeaderValue::from_str(&format!("\"{etag}\""));
            headers.insert(name, etag.map_err(|error| StoreError::other(error.to_string()))?);
        }
        Ok((request.url().map_err(signing)?, headers))
    }

    /// Replaces our keys and signatures in a text of the store, which may repeat them.
    pub(super) fn redact(&self, text: &str) -> String {
        // All text after the name of the algorithm may be part of a signature.
        let text = match text.split_once("AWS4-HMAC") {
            Some((before, _)) => format!("{before}***"),
            None => text.to_owned(),
        };
        // The longer key first: the shorter one may be a part of it.
        let Credentials { access, secret, token } = &self.credentials;
        let mut keys = vec![access.expose(), secret.expose()];
        keys.extend(token.as_ref().map(Secret::expose));
        keys.sort_by_key(|key| std::cmp::Reverse(key.len()));
        keys.into_iter().fold(text, |text, key| text.replace(key, "***"))
    }
}

/// How far the store's clock is ahead of this host's, seconds. 0 until the store refuses a
/// signature because of its time.
///
/// A signature is valid for 15 minutes by the store's clock. If this host's clock is wrong by more,
/// requests are signed with the time that the store returns with its error.
#[derive(Default)]
pub(super) struct StoreClock(AtomicI64);

impl StoreClock {
    /// The time of the store.
    pub(super) fn now(&self) -> SystemTime {
        let ahead_s = self.0.load(Ordering::Relaxed);
        let difference = Duration::from_secs(ahead_s.unsigned_abs());
        if ahead_s < 0 {
            SystemTime::now() - difference
        } else {
            SystemTime::now() + difference
        }
    }

    pub(super) fn set_ahead(&self, store_ahead_s: i64) {
        let before_s = self.0.swap(store_ahead_s, Ordering::Relaxed);
        if before_s.abs_diff(store_ahead_s) > CLOCK_DRIFT_S {
            warn!(
                store_ahead_s,
                "the clocks of this host and of the object store differ; requests are signed with the store's time"
            );
        }
    }
}
