//! The environment as compose files, unit files and Kubernetes give it: empty values, line ends, and
//! names that are no setting.

use std::path::PathBuf;

use super::arguments::Arguments;
use super::secret::Secret;

/// A typing error changes a letter or two, or exchanges two.
const MOST_CHANGES: usize = 2;
/// Ends of the names that Kubernetes sets for a service, which may be called heimdall.
const SERVICE_ENDS: [&str; 7] = ["_HOST", "_PORT", "_ADDR", "_PROTO", "_TCP", "_UDP", "_HTTP"];

/// A value that may be empty, or end with a line end.
trait Trim: Sized {
    /// The value without white space around it; `None` if nothing is left.
    fn trim(self) -> Option<Self>;
}

impl Trim for String {
    fn trim(self) -> Option<Self> {
        let text = str::trim(&self);
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl Trim for Secret {
    fn trim(self) -> Option<Self> {
        let text = self.expose().trim();
        (!text.is_empty()).then(|| Self::new(text))
    }
}

impl Trim for PathBuf {
    fn trim(self) -> Option<Self> {
        match self.into_os_string().into_string() {
            Ok(text) => Trim::trim(text).map(Self::from),
            Err(path) => Some(path.into()),
        }
    }
}

macro_rules! trim_fields {
    ($arguments:ident: $($field:ident)*) => {
        Arguments { $($field: $arguments.$field.and_then(Trim::trim),)* }
    };
}

impl Arguments {
    /// The same without white space around values. A value that is empty counts as not given.
    #[must_use]
    pub fn trimmed(self) -> Self {
        trim_fields!(self: database_url database_url_file database_ca_file listener_database_url
            listener_database_url_file s3_endpoint s3_ca_file s3_region s3_bucket s3_access_key s3_access_key_file
            s3_secret_key s3_secret_key_file s3_timeout s3_probe_interval concurrency extract_threads lease
            poll_interval sweep_interval sweep_recordings sweep_history max_object_bytes max_bytes_in_flight
            shutdown_grace http_addr log log_format)
    }
}

/// Names in the environment that begin with `HEIMDALL_` and are no setting.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct UnknownNames {
    /// Those that look like a typing error, each with the setting that is meant.
    pub misspelt: Vec<(String, String)>,
    /// All others.
    pub others: Vec<String>,
}

impl UnknownNames {
    /// Compares the names of the environment with those of the settings.
    #[must_use]
    pub fn among(names: impl Iterator<Item = String>, settings: &[String]) -> Self {
        let mut unknown = Self::default();
        for name in names {
            if !name.starts_with("HEIMDALL_") || settings.contains(&name) {
                continue;
            }
            let distance = |setting: &&String| strsim::damerau_levenshtein(&name, setting);
            match settings.iter().min_by_key(distance) {
                Some(nearest) if distance(&nearest) <= MOST_CHANGES => unknown.misspelt.push((name, nearest.clone())),
                _ if SERVICE_ENDS.iter().any(|end| name.ends_with(end)) => {}
                _ => unknown.others.push(name),
            }
        }
        unknown.misspelt.sort_unstable();
        unknown.others.sort_unstable();
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_count_as_not_given_and_line_ends_are_removed() {
        let trimmed = Arguments {
            database_url: Some(Secret::new("postgresql://u@db/x\n")),
            s3_secret_key: Some(Secret::new(" \n")),
            s3_ca_file: Some(PathBuf::new()),
            s3_access_key_file: Some("/run/key\n".into()),
            concurrency: Some(String::new()),
            s3_region: Some("eu-west-1\r\n".to_owned()),
            ..Arguments::default()
        }
        .trimmed();
        assert_eq!(trimmed.database_url.unwrap().expose(), "postgresql://u@db/x");
        assert!(trimmed.s3_secret_key.is_none() && trimmed.s3_ca_file.is_none() && trimmed.concurrency.is_none());
        assert_eq!(trimmed.s3_access_key_file.unwrap().to_str(), Some("/run/key"));
        assert_eq!(trimmed.s3_region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn a_misspelt_name_is_told_from_those_of_other_programs() {
        let settings = ["HEIMDALL_CONCURRENCY", "HEIMDALL_S3_BUCKET", "HEIMDALL_HTTP_ADDR"].map(str::to_owned);
        let names = [
            "HEIMDALL_CONCURENCY",
            "HEIMDALL_S3_BUCKETS",
            "HEIMDALL_S3_BUCKET",
            "HEIMDALL_POSTGRES_SERVICE_HOST",
            "HEIMDALL_PORT_9464_TCP",
            "HEIMDALL_STAGE",
            "PATH",
        ];
        let unknown = UnknownNames::among(names.into_iter().map(str::to_owned), &settings);
        let pairs: Vec<(&str, &str)> = unknown.misspelt.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("HEIMDALL_CONCURENCY", "HEIMDALL_CONCURRENCY"),
                ("HEIMDALL_S3_BUCKETS", "HEIMDALL_S3_BUCKET")
            ]
        );
        assert_eq!(unknown.others, ["HEIMDALL_STAGE"]);
    }
}
