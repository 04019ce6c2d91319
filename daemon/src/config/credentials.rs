//! The database URL and the keys of the object store.

use std::fmt;
use std::path::PathBuf;

use super::aws::{AwsEnvironment, AwsSource};
use super::libpq::Libpq;
use super::secret::Secret;

/// How to reach the database: the URL, and the file of certificate authorities if that is a
/// separate setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The URL, or a list of parameters.
    pub url: Secret,
    /// PEM file of the authorities that may sign the server's certificate.
    pub authorities: Option<PathBuf>,
    /// What libpq's programs take besides the URL.
    pub libpq: Libpq,
}

impl DatabaseUrl {
    /// The URL as its file has it now; the same URL if it does not come from a file.
    ///
    /// # Errors
    /// When the file cannot be read any more, or is empty.
    pub fn reload(&self) -> Result<Self, String> {
        Ok(Self {
            url: self.url.reload()?,
            authorities: self.authorities.clone(),
            libpq: self.libpq.reload(),
        })
    }
}

impl From<&Secret> for DatabaseUrl {
    fn from(url: &Secret) -> Self {
        Self {
            url: url.clone(),
            authorities: None,
            libpq: Libpq::default(),
        }
    }
}

impl From<&Self> for DatabaseUrl {
    fn from(url: &Self) -> Self {
        url.clone()
    }
}

/// The keys that sign requests to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Access key.
    pub access: Secret,
    /// Secret key.
    pub secret: Secret,
    /// Session token of temporary keys.
    pub token: Option<Secret>,
}

/// Where the keys come from.
#[derive(Clone, Debug)]
pub enum CredentialSource {
    /// From our settings.
    Given(Credentials),
    /// From where AWS's programs find them.
    Aws(AwsSource, AwsEnvironment),
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("the settings HEIMDALL_S3_ACCESS_KEY and HEIMDALL_S3_SECRET_KEY"),
            Self::Aws(source, _) => source.fmt(f),
        }
    }
}

impl Credentials {
    /// The keys as their files have them now; a key that does not come from a file stays the same.
    ///
    /// # Errors
    /// When a file cannot be read any more, or is empty.
    pub fn reload(&self) -> Result<Self, String> {
        Ok(Self {
            access: self.access.reload()?,
            secret: self.secret.reload()?,
            token: self.token.as_ref().map(Secret::reload).transpose()?,
        })
    }

    /// Whether a part comes from a file.
    #[must_use]
    pub fn is_from_files(&self) -> bool {
        let parts = [Some(&self.access), Some(&self.secret), self.token.as_ref()];
        parts.into_iter().flatten().any(Secret::is_from_file)
    }
}
