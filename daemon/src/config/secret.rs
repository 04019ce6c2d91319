//! Values that must not be printed, and the files they come from.

use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

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
