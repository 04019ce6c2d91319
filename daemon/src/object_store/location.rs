//! Where an object is: `iq_data_location` as the application writes it.

use crate::job::error::ExtractionError;

/// S3's limit for a key.
const MAX_KEY_BYTES: usize = 1024;

/// An object in one of the allowed buckets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// One of the configured buckets.
    pub bucket: String,
    /// Object key, not encoded, without a leading slash.
    pub key: String,
}

impl Location {
    /// Parses `key`, `bucket/key` or `s3://bucket/key`.
    ///
    /// If the first path component of a text without a scheme is one of the allowed `buckets`, it
    /// is the bucket; otherwise the whole text is a key in `buckets[0]`.
    ///
    /// # Errors
    /// [`ExtractionError::LocationRefused`] if it names another bucket or scheme; if the
    /// key is empty, too long, or has control characters; or if the key has a `.` or `..` segment,
    /// which a server could resolve into another bucket.
    pub fn parse(text: &str, buckets: &[String]) -> Result<Self, ExtractionError> {
        let refused = |reason| ExtractionError::LocationRefused { reason };
        let (bucket, key) = split_bucket(text, buckets).map_err(refused)?;
        if key.is_empty() {
            return Err(refused(format!("'{}' names no object", text.escape_debug())));
        }
        check_key(key).map_err(refused)?;
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The last segment of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

fn split_bucket<'a>(text: &'a str, buckets: &'a [String]) -> Result<(&'a str, &'a str), String> {
    let is_allowed = |name: &str| buckets.iter().any(|bucket| bucket == name);
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("s3") => {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            if !is_allowed(bucket) {
                return Err(format!(
                    "bucket '{}' is outside the allowed buckets ({})",
                    bucket.escape_debug(),
                    buckets.join(", ")
                ));
            }
            Ok((bucket, key))
        }
        Some((scheme, _)) if is_scheme(scheme) => Err(format!(
            "'{scheme}://' is not an object of the allowed buckets ({})",
            buckets.join(", ")
        )),
        _ => {
            let path = text.strip_prefix('/').unwrap_or(text);
            match path.split_once('/') {
                Some((first, key)) if is_allowed(first) => Ok((first, key)),
                _ => Ok((&buckets[0], path)),
            }
        }
    }
}

fn check_key(key: &str) -> Result<(), String> {
    if key.len() > MAX_KEY_BYTES {
        return Err(format!("the key has {} bytes, the limit is {MAX_KEY_BYTES}", key.len()));
    }
    if key.split('/').any(|segment| segment == "." || segment == "..") {
        return Err(format!("'{}' has a '.' or '..' segment", key.escape_debug()));
    }
    match key.chars().find(|c| c.is_control()) {
        Some(control) => Err(format!(
            "the key has a control character ({})",
            control.escape_unicode()
        )),
        None => Ok(()),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(String, String), String> {
        let buckets = ["heimdall-raw-iq".to_owned(), "archive".to_owned()];
        Location::parse(text, &buckets)
            .map(|at| (at.bucket, at.key))
            .map_err(|error| error.to_string())
    }

    fn at(bucket: &str, key: &str) -> (String, String) {
        (bucket.to_owned(), key.to_owned())
    }

    #[test]
    fn the_three_forms_name_the_same_object() {
        for text in [
            "2026/11/22/s/145500000/t.bin",
            "/2026/11/22/s/145500000/t.bin",
            "heimdall-raw-iq/2026/11/22/s/145500000/t.bin",
            "s3://heimdall-raw-iq/2026/11/22/s/145500000/t.bin",
        ] {
            assert_eq!(
                parse(text).unwrap(),
                at("heimdall-raw-iq", "2026/11/22/s/145500000/t.bin"),
                "{text}"
            );
        }
        assert_eq!(parse("s3://archive/x.npy").unwrap(), at("archive", "x.npy"));
        assert_eq!(parse("archive/x.npy").unwrap(), at("archive", "x.npy"));
    }

    #[test]
    fn keys_are_taken_literally() {
        for key in [
            "a b.bin",
            "50%.bin",
            "a+b.bin",
            "ü/漢.bin",
            "a?b#c.bin",
            "..x/y..bin",
            "time 12://x",
        ] {
            assert_eq!(parse(key).unwrap(), at("heimdall-raw-iq", key));
        }
    }

    #[test]
    fn another_bucket_or_scheme_is_refused() {
        assert!(
            parse("s3://secrets/x.bin")
                .unwrap_err()
                .contains("outside the allowed buckets (heimdall-raw-iq, archive)")
        );
        for text in ["http://evil/x", "file:///etc/passwd", "gs://archive/x"] {
            assert!(parse(text).unwrap_err().contains("IQ location not allowed"), "{text}");
        }
    }

    #[test]
    fn a_key_cannot_escape_its_bucket() {
        for text in [
            "../secrets/x",
            "a/../../secrets/x",
            "s3://archive/..",
            "a/./b",
            "",
            "s3://archive",
            "archive/",
            "a\nb",
            "a\0b",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&"k".repeat(1025)).is_err());
        assert!(parse(&"k".repeat(1024)).is_ok());
    }

    #[test]
    fn the_name_is_the_last_segment() {
        let name = |key: &str| {
            let bucket = String::new();
            let key = key.to_owned();
            Location { bucket, key }.name().to_owned()
        };
        assert_eq!(name("a.b/c.WAV"), "c.WAV");
        assert_eq!(name("c"), "c");
    }
}
