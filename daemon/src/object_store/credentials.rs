//! What requests are signed with.

use s3::Bucket;
use s3::creds::Credentials;

use super::error::StoreError;
use crate::config::credentials::Keys;
use crate::config::settings::StoreSettings;

/// What requests are signed with; another one after the keys have changed.
pub(super) struct Access {
    pub(super) keys: Keys,
    pub(super) buckets: Vec<Bucket>,
}

impl Access {
    pub(super) fn new(settings: &StoreSettings, keys: Keys) -> Result<Self, StoreError> {
        let wrong = |error: &dyn std::fmt::Display| StoreError::Settings(error.to_string());
        let (access, secret) = (keys.access.expose(), keys.secret.expose());
        let credentials =
            Credentials::new(Some(access), Some(secret), None, None, None).map_err(|error| wrong(&error))?;
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
        Ok(Self { keys, buckets })
    }

    /// A text of the store's without our keys and signatures, should it have put them in.
    pub(super) fn redact(&self, text: &str) -> String {
        // The header in which a signature goes; all that follows may be part of it.
        let text = match text.split_once("AWS4-HMAC") {
            Some((before, _)) => format!("{before}***"),
            None => text.to_owned(),
        };
        // One may be part of the other.
        let mut keys = [self.keys.access.expose(), self.keys.secret.expose()];
        keys.sort_by_key(|key| std::cmp::Reverse(key.len()));
        keys.into_iter().fold(text, |text, key| text.replace(key, "***"))
    }
}
