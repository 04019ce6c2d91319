//! Values that must not be printed, and the files they come from.

use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::db::address::Address;

/// No secret is longer; a file that is, is another one.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A value that must not be printed: credentials and URLs that hold them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a file holds, without the line end that editors put there.
    ///
    /// # Errors
    /// Why not, with the file's name.
    pub fn read(path: &Path) -> Result<Self, String> {
        let wrong = |what: &dyn fmt::Display| format!("{}: {what}", path.display());
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
            .map_err(|error| wrong(&error))?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(wrong(&format_args!(
                "more than {MAX_FILE_BYTES} bytes, this is no secret"
            )));
        }
        match text.trim() {
            "" => Err(wrong(&"empty")),
            value => Ok(Self::new(value)),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(value))
    }
}

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
    pub fn read_again(&self) -> Result<Option<Secret>, String> {
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
pub struct Keys {
    /// Access key.
    pub access: Secret,
    /// Secret key.
    pub secret: Secret,
    /// Where the access key was read, if that was a file.
    pub access_file: Option<PathBuf>,
    /// Where the secret key was read, if that was a file.
    pub secret_file: Option<PathBuf>,
}

impl Keys {
    /// Both keys, those anew that come from files; `None` if neither does.
    ///
    /// # Errors
    /// When a file cannot be read any more.
    pub fn read_again(&self) -> Result<Option<Self>, String> {
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

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        (&self.access, &self.secret) == (&other.access, &other.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_what_its_file_holds_without_the_line_end() {
        let path = std::env::temp_dir().join(format!("heimdall-secret-{}", std::process::id()));
        let read = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            Secret::read(&path)
        };
        for content in ["s3cr3t", "s3cr3t\n", "s3cr3t\r\n"] {
            assert_eq!(read(content.as_bytes()).unwrap().expose(), "s3cr3t");
        }
        for (content, why) in [
            (&b""[..], "empty"),
            (b" \n", "empty"),
            (b"\xff\xfe", "UTF-8"),
            (&vec![b'a'; 70_000], "no secret"),
        ] {
            let error = read(content).unwrap_err();
            assert!(error.contains(why) && error.contains("heimdall-secret-"), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(Secret::read(&path).unwrap_err().contains("No such file"));
        // Without an end; it must not be read to it.
        assert!(Secret::read(Path::new("/dev/zero")).unwrap_err().contains("no secret"));
    }
}
