//! The database URL and the keys of the object store, with the files that they are read from.

use std::path::PathBuf;

use super::connection_url::Address;
use super::secret::Secret;

/// Where the database is and who asks. Compared by value, wherever it came from.
#[derive(Clone, Debug, Default)]
pub struct DatabaseUrl {
    /// Whole, the authorities of [`DatabaseUrl::authorities`] included.
    pub url: Secret,
    /// Where it was read, if that was a file.
    pub file: Option<PathBuf>,
    /// The file of authorities, where it is given apart.
    pub authorities: Option<PathBuf>,
}

impl DatabaseUrl {
    /// What the file says now; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read any more, or says nothing of use.
    pub fn reload(&self) -> Result<Option<Secret>, String> {
        let Some(file) = &self.file else { return Ok(None) };
        let url = Secret::read(file)?;
        Ok(Some(match &self.authorities {
            Some(path) => Address::with_authorities(&url, path)?,
            None => url,
        }))
    }
}

impl From<&Secret> for DatabaseUrl {
    fn from(url: &Secret) -> Self {
        Self {
            url: url.clone(),
            ..Self::default()
        }
    }
}

impl From<&Self> for DatabaseUrl {
    fn from(url: &Self) -> Self {
        url.clone()
    }
}

impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for DatabaseUrl {}

/// What requests to the store are signed with. Compared by value, wherever it came from.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Access key.
    pub access: Secret,
    /// Secret key.
    pub secret: Secret,
    /// Where the access key was read, if that was a file.
    pub access_file: Option<PathBuf>,
    /// Where the secret key was read, if that was a file.
    pub secret_file: Option<PathBuf>,
}

impl Credentials {
    /// Both keys, those anew that come from files; `None` if neither does.
    ///
    /// # Errors
    /// When a file cannot be read any more.
    pub fn reload(&self) -> Result<Option<Self>, String> {
        let anew = |file: &Option<PathBuf>, value: &Secret| match file {
            Some(path) => Secret::read(path),
            None => Ok(value.clone()),
        };
        if self.access_file.is_none() && self.secret_file.is_none() {
            return Ok(None);
        }
        Ok(Some(Self {
            access: anew(&self.access_file, &self.access)?,
            secret: anew(&self.secret_file, &self.secret)?,
            ..self.clone()
        }))
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        (&self.access, &self.secret) == (&other.access, &other.secret)
    }
}
