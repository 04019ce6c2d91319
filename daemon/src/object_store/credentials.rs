//! What requests are signed with.

use s3::Bucket;
use s3::creds::Credentials as S3Credentials;

use super::error::StoreConfigError;
use crate::config::credentials::Credentials;
use crate::config::settings::StoreSettings;

/// What requests are signed with; another one after the credentials have changed.
pub(super) struct Access {
    pub(super) credentials: Credentials,
    pub(super) buckets: Vec<Bucket>,
}

impl Access {
    pub(super) fn new(settings: &StoreSettings, credentials: Credentials) -> Result<Self, StoreConfigError> {
        let wrong = |error: &dyn std::fmt::Display| StoreConfigError::Settings(error.to_string());
        let (access, secret) = (credentials.access.expose(), credentials.secret.expose());
        let signing =
            S3Credentials::new(Some(access), Some(secret), None, None, None).map_err(|error| wrong(&error))?;
        let region = s3::Region::Custom {
            region: settings.region.clone(),
            endpoint: settings.endpoint.clone(),
        };
        let buckets = settings
            .buckets
            .iter()
            .map(|name| {
                Bucket::new(name, region.clone(), signing.clone())
                    .map(|bucket| *bucket.with_path_style())
                    .map_err(|error| wrong(&error))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { credentials, buckets })
    }

    /// A text of the store's without our keys and signatures, should it have put them in.
    pub(super) fn redact(&self, text: &str) -> String {
        // The header in which a signature goes; all that follows may be part of it.
        let text = match text.split_once("AWS4-HMAC") {
            Some((before, _)) => format!("{before}***"),
            None => text.to_owned(),
        };
        // One may be part of the other.
        let mut keys = [self.credentials.access.expose(), self.credentials.secret.expose()];
        keys.sort_by_key(|key| std::cmp::Reverse(key.len()));
        keys.into_iter().fold(text, |text, key| text.replace(key, "***"))
    }
}
