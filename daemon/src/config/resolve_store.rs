//! Turns the arguments about the object store into settings.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum as _;
use reqwest::Url;

use super::arguments::Arguments;
use super::credentials::{CredentialSource, Credentials};
use super::secret::Secret;
use super::settings::{Addressing, DEFAULT_BUCKET, StoreSettings};
use super::tls::Tls;
use super::trust_roots::TrustRoots;
use super::validation::{Given, Validator, given};

impl Arguments {
    /// The object store.
    pub(super) fn store(&self, check: &mut Validator) -> StoreSettings {
        let (ms, seconds, hour) = (Duration::from_millis, Duration::from_secs, Duration::from_hours(1));
        let endpoint = check.endpoint(given!(self.s3_endpoint));
        let credentials = self.credentials(check, &endpoint);
        let buckets = check.buckets(given!(self.s3_bucket));
        let addressing = check.addressing(given!(self.s3_addressing), &endpoint, &buckets);
        if let Some((bucket, rest)) = bucket_in(&endpoint, &buckets) {
            let what = format!(
                "the bucket {bucket} is named twice, here and in HEIMDALL_S3_BUCKET, so no object would be found: write {rest}"
            );
            check.error("HEIMDALL_S3_ENDPOINT", what);
        }
        StoreSettings {
            tls: check.store_tls(&endpoint, self.s3_ca_file.as_ref()),
            endpoint,
            region: self.region(&credentials),
            buckets,
            addressing,
            credentials,
            proxies: check.proxies(&self.proxies),
            timeout: check.duration(given!(self.s3_timeout), seconds(20), ms(100)..=hour),
            probe_interval: check.duration(given!(self.s3_probe_interval), seconds(10), ms(10)..=hour),
        }
    }

    /// Our own keys; if none of them is given, the place where AWS's programs find theirs.
    fn credentials(&self, check: &mut Validator, endpoint: &str) -> CredentialSource {
        let access = (self.s3_access_key.as_ref(), self.s3_access_key_file.as_ref());
        let secret = (self.s3_secret_key.as_ref(), self.s3_secret_key_file.as_ref());
        let token = (self.s3_session_token.as_ref(), self.s3_session_token_file.as_ref());
        let is_given = |(value, file): (Option<&Secret>, Option<&PathBuf>)| value.is_some() || file.is_some();
        if ![access, secret, token].into_iter().any(is_given)
            && let Some(source) = self.aws.source(endpoint)
        {
            return CredentialSource::Aws(source, self.aws.clone());
        }
        CredentialSource::Given(Credentials {
            access: check.secret("HEIMDALL_S3_ACCESS_KEY", access.0, access.1),
            secret: check.secret("HEIMDALL_S3_SECRET_KEY", secret.0, secret.1),
            token: is_given(token).then(|| check.secret("HEIMDALL_S3_SESSION_TOKEN", token.0, token.1)),
        })
    }

    /// The region of the setting; with the keys of AWS's programs, also that of these programs.
    fn region(&self, credentials: &CredentialSource) -> String {
        let of_aws = match credentials {
            CredentialSource::Aws(_, environment) => environment.region(),
            CredentialSource::Given(_) => None,
        };
        let region = self.s3_region.as_deref().or(of_aws);
        region.unwrap_or("us-east-1").to_owned()
    }
}

/// A bucket that an endpoint names itself, as the pages of some providers show it, and the endpoint
/// without it.
fn bucket_in<'a>(endpoint: &str, buckets: &'a [String]) -> Option<(&'a str, String)> {
    let without = |bucket: &str| {
        if let Some(rest) = endpoint.strip_suffix(bucket).and_then(|rest| rest.strip_suffix('/'))
            && !rest.ends_with('/')
        {
            return Some(rest.to_owned());
        }
        let (scheme, host) = endpoint.split_once("://")?;
        let rest = host.strip_prefix(bucket)?.strip_prefix('.')?;
        is_of_provider(rest).then(|| format!("{scheme}://{rest}"))
    };
    buckets
        .iter()
        .find_map(|bucket| Some((bucket.as_str(), without(bucket)?)))
}

/// Whether a host is one that providers put buckets before. A host of somebody else may begin with the
/// name of a bucket by chance.
fn is_of_provider(host: &str) -> bool {
    let name = host.split(['/', ':']).next().unwrap_or_default();
    let starts = ["s3.", "s3-"];
    let ends = [
        ".digitaloceanspaces.com",
        ".r2.cloudflarestorage.com",
        ".your-objectstorage.com",
    ];
    starts.iter().any(|start| name.starts_with(start)) || ends.iter().any(|end| name.ends_with(end))
}

impl Validator {
    fn endpoint(&mut self, given: &Given<'_>) -> String {
        if given.text.is_none() {
            self.error(&given.name, "not set");
        }
        self.parse(given, String::new(), |text| match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
                Err(format!("'{text}' is not an http:// or https:// URL"))
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => Err(
                "the URL must not contain credentials: use HEIMDALL_S3_ACCESS_KEY and HEIMDALL_S3_SECRET_KEY"
                    .to_owned(),
            ),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                Err("the URL must not contain '?' or '#'".to_owned())
            }
            Ok(url) => Ok(url.as_str().trim_end_matches('/').to_owned()),
            Err(error) => Err(format!("'{text}': {error}")),
        })
    }

    fn buckets(&mut self, given: &Given<'_>) -> Vec<String> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        self.parse(given, vec![DEFAULT_BUCKET.to_owned()], |text| {
            let mut names: Vec<String> = Vec::new();
            for name in text.split(',').map(str::trim) {
                if !(3..=63).contains(&name.len()) || !name.bytes().all(is_allowed) {
                    return Err(format!(
                        "'{text}' is not a list of bucket names (each 3 to 63 of a-z, 0-9, '-', '.')"
                    ));
                }
                if !names.iter().any(|other| other == name) {
                    names.push(name.to_owned());
                }
            }
            Ok(names)
        })
    }

    /// How requests name the bucket. A bucket can be part of the name of a host only if that is a
    /// name, and if TLS can check it.
    fn addressing(&mut self, given: &Given<'_>, endpoint: &str, buckets: &[String]) -> Addressing {
        let addressing = self.parse(given, Addressing::default(), |text| {
            Addressing::from_str(text, true).map_err(|_| format!("'{text}' is neither path nor virtual"))
        });
        if addressing == Addressing::Virtual {
            let dotted = buckets.iter().find(|bucket| bucket.contains('.'));
            if let Some(bucket) = dotted.filter(|_| endpoint.starts_with("https://")) {
                let what = format!("no certificate is valid for {bucket}.…, which has another dot: use path");
                self.error(&given.name, what);
            }
            if Url::parse(endpoint).is_ok_and(|url| url.domain().is_none()) {
                self.error(
                    &given.name,
                    "a bucket cannot stand before an IP address: use path, or a name in the endpoint",
                );
            }
        }
        addressing
    }

    /// TLS for the store: with the authorities in the file, or else those of the system.
    fn store_tls(&mut self, endpoint: &str, file: Option<&PathBuf>) -> Tls {
        const NAME: &str = "HEIMDALL_S3_CA_FILE";
        let tls = Tls::from(match file {
            Some(_) if endpoint.starts_with("http://") => {
                self.error(NAME, "has no effect, because the endpoint is http://");
                TrustRoots::Empty
            }
            Some(path) => TrustRoots::File(path.clone()),
            None if endpoint.starts_with("https://") => TrustRoots::System,
            None => TrustRoots::Empty,
        });
        if let Err(error) = tls.client_config() {
            self.error(if file.is_some() { NAME } else { "HEIMDALL_S3_ENDPOINT" }, error);
        }
        tls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_is_named_twice_counts_once() {
        let buckets = |text| {
            let name = String::new();
            Validator::default().buckets(&Given { name, text })
        };
        assert_eq!(buckets(Some("b-1, a-1,b-1")), ["b-1", "a-1"]);
        assert_eq!(buckets(None), [DEFAULT_BUCKET]);
    }

    #[test]
    fn an_endpoint_that_names_the_bucket_is_found() {
        let buckets = ["minio".to_owned(), "iq".to_owned()];
        let rest = |endpoint: &str| bucket_in(endpoint, &buckets).map(|(_, rest)| rest);
        for (endpoint, expected) in [
            (
                "https://account.r2.cloudflarestorage.com/iq",
                "https://account.r2.cloudflarestorage.com",
            ),
            ("http://minio:9000/minio", "http://minio:9000"),
            (
                "https://iq.s3.eu-west-1.amazonaws.com",
                "https://s3.eu-west-1.amazonaws.com",
            ),
            (
                "https://iq.nyc3.digitaloceanspaces.com",
                "https://nyc3.digitaloceanspaces.com",
            ),
        ] {
            assert_eq!(rest(endpoint).as_deref(), Some(expected), "{endpoint}");
        }
        for harmless in [
            "http://minio",
            "https://minio.example.org",
            "http://gate/s3/other-iq",
            "https://iq",
        ] {
            assert_eq!(rest(harmless), None, "{harmless}");
        }
    }
}
