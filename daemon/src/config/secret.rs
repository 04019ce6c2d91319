//! Values that must not be printed, and the files they come from.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No secret is longer than this; a longer file is not the intended one.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A value that must not be printed: credentials, and URLs that contain them. Two secrets are
/// equal if their values are, wherever they come from.
#[derive(Clone, Default)]
pub struct Secret {
    value: String,
    file: Option<PathBuf>,
}

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            file: None,
        }
    }

    /// The value itself, for the code that sends it to a server.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Reads a file, and trims white space: editors add a line end.
    ///
    /// # Errors
    /// The reason, with the file's name: it cannot be read, is empty, is too long or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, String> {
        let error = |what: &dyn fmt::Display| format!("{}: {what}", path.display());
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
            .map_err(|reason| error(&reason))?;
        if text.len() as u64 > MAX_FILE_BYTES {
            let what = format_args!("more than {MAX_FILE_BYTES} bytes, this is no secret");
            return Err(error(&what));
        }
        match text.trim() {
            "" => Err(error(&"empty")),
            value => Ok(Self {
                value: value.to_owned(),
                file: Some(path.to_owned()),
            }),
        }
    }

    /// Whether it comes from a file.
    #[must_use]
    pub fn is_from_file(&self) -> bool {
        self.file.is_some()
    }

    /// Reads the file again; a value that does not come from a file stays the same.
    ///
    /// # Errors
    /// As [`Secret::read`].
    pub fn reload(&self) -> Result<Self, String> {
        match &self.file {
            Some(path) => Self::read(path),
            None => Ok(self.clone()),
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// For clap.
impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_content_of_its_file_without_the_line_end() {
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
        // A file without an end: reading must stop at the limit.
        assert!(Secret::read(Path::new("/dev/zero")).unwrap_err().contains("no secret"));
    }
}
