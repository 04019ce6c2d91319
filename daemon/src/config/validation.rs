//! Reading settings, and gathering all that is wrong with them.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use super::connection_url::Address;
use super::credentials::DatabaseUrl;
use super::secret::Secret;
use super::settings::{ConfigErrors, DEFAULT_BUCKET, DEFAULT_HTTP, HttpAddress};
use super::tls::{Tls, TrustRoots};

/// Reads settings; what is wrong gets its line, and the default goes on in its place.
#[derive(Default)]
pub(super) struct Validator {
    wrong: Vec<String>,
}

impl Validator {
    pub(super) fn error(&mut self, name: &str, what: impl fmt::Display) {
        self.wrong.push(format!("{name}: {what}"));
    }

    /// The settings, if nothing was wrong with any.
    pub(super) fn finish<T>(self, settings: T) -> Result<T, ConfigErrors> {
        if self.wrong.is_empty() {
            Ok(settings)
        } else {
            Err(ConfigErrors(self.wrong))
        }
    }

    pub(super) fn duration(
        &mut self,
        name: &str,
        text: Option<&String>,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let Some(text) = text else { return default };
        match humantime::parse_duration(text.trim()) {
            Ok(value) if range.contains(&value) => return value,
            Ok(_) => {
                let (least, most) = (
                    humantime::format_duration(*range.start()),
                    humantime::format_duration(*range.end()),
                );
                self.error(name, format_args!("'{text}' is not between {least} and {most}"));
            }
            Err(_) => self.error(name, format_args!("'{text}' is not a duration such as 30s or 5min")),
        }
        default
    }

    pub(super) fn count(&mut self, name: &str, text: Option<&String>, default: usize, max: usize) -> usize {
        let Some(text) = text else { return default };
        match text.trim().parse::<usize>() {
            Ok(value) if (1..=max).contains(&value) => return value,
            _ => self.error(name, format_args!("'{text}' is not a whole number from 1 to {max}")),
        }
        default
    }

    pub(super) fn size(&mut self, name: &str, text: Option<&String>, default: u64, least: u64) -> u64 {
        let Some(text) = text else { return default };
        match parse_size(text.trim()) {
            Some(value) if value >= least => return value,
            Some(value) => self.error(name, format_args!("{value} bytes is under the least possible, {least}")),
            None => self.error(
                name,
                format_args!("'{text}' is not a size such as 1600000, 64MiB or 6GB"),
            ),
        }
        default
    }

    /// A secret given directly or as a file, one of the two.
    pub(super) fn secret(&mut self, name: &str, value: Option<&Secret>, file: Option<&PathBuf>) -> Secret {
        match (value, file) {
            (Some(_), Some(_)) => self.error(name, format_args!("given both directly and as {name}_FILE")),
            (Some(value), None) if !value.expose().is_empty() => return value.clone(),
            (_, None) => self.error(name, format_args!("not set (nor {name}_FILE)")),
            (None, Some(path)) => match Secret::read(path) {
                Ok(secret) => return secret,
                Err(error) => self.error(&format!("{name}_FILE"), error),
            },
        }
        Secret::default()
    }

    pub(super) fn endpoint(&mut self, text: Option<&str>) -> String {
        const NAME: &str = "HEIMDALL_S3_ENDPOINT";
        let Some(text) = text else {
            self.error(NAME, "not set");
            return String::new();
        };
        match Url::parse(text.trim()) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() => {
                self.error(NAME, format_args!("'{text}' is not an http:// or https:// URL"));
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                self.error(
                    NAME,
                    "credentials belong into HEIMDALL_S3_ACCESS_KEY and HEIMDALL_S3_SECRET_KEY",
                );
            }
            Ok(url) => return url.as_str().trim_end_matches('/').to_owned(),
            Err(error) => self.error(NAME, format_args!("'{text}': {error}")),
        }
        String::new()
    }

    pub(super) fn buckets(&mut self, text: Option<&str>) -> Vec<String> {
        let Some(text) = text else {
            return vec![DEFAULT_BUCKET.to_owned()];
        };
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',').map(str::trim) {
            if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        }
        if !names
            .iter()
            .all(|name| (3..=63).contains(&name.len()) && name.bytes().all(allowed))
        {
            let what =
                format_args!("'{text}' is not a list of bucket names (each 3 to 63 of a-z, 0-9, '-', '.')").to_string();
            self.error("HEIMDALL_S3_BUCKET", what);
        }
        names
    }

    pub(super) fn http(&mut self, text: Option<&str>) -> HttpAddress {
        let Some(text) = text else {
            return HttpAddress::Default(DEFAULT_HTTP);
        };
        if text.trim() == "off" {
            return HttpAddress::Off;
        }
        if let Ok(address) = text.trim().parse() {
            return HttpAddress::Given(address);
        }
        self.error(
            "HEIMDALL_HTTP_ADDR",
            format_args!("'{text}' is neither 'off' nor an address and port such as 127.0.0.1:9464 or [::1]:9464"),
        );
        HttpAddress::Off
    }

    /// The URL, from a file or not, with the authorities in it if their file is given apart.
    pub(super) fn database_url(
        &mut self,
        name: &str,
        url: Secret,
        file: Option<&PathBuf>,
        authorities: Option<&PathBuf>,
    ) -> DatabaseUrl {
        if url.expose().is_empty() {
            return DatabaseUrl::default();
        }
        let url = self.database_authorities(url, authorities);
        match Address::parse(&url) {
            // The error names the part that is wrong, never the URL, which may hold a password.
            Err(error) => self.error(name, error),
            Ok(address) => {
                if let Some(Err(error)) = address.tls.map(|tls| tls.client_config()) {
                    self.error(name, error);
                }
            }
        }
        DatabaseUrl {
            url,
            file: file.cloned(),
            authorities: authorities.cloned(),
        }
    }

    fn database_authorities(&mut self, url: Secret, file: Option<&PathBuf>) -> Secret {
        const NAME: &str = "HEIMDALL_DATABASE_CA_FILE";
        let Some(path) = file else { return url };
        if let Err(error) = Tls::from(TrustRoots::File(path.clone())).client_config() {
            self.error(NAME, error);
            return url;
        }
        Address::with_authorities(&url, path).unwrap_or_else(|error| {
            self.error(NAME, error);
            url
        })
    }

    /// Whose certificates the store has to show.
    pub(super) fn store_tls(&mut self, endpoint: &str, file: Option<&PathBuf>) -> Tls {
        const NAME: &str = "HEIMDALL_S3_CA_FILE";
        let tls = Tls::from(match file {
            Some(_) if endpoint.starts_with("http://") => {
                self.error(NAME, "without effect: the endpoint is http://");
                return TrustRoots::Nobody.into();
            }
            Some(path) => TrustRoots::File(path.clone()),
            None if endpoint.starts_with("https://") => TrustRoots::System,
            None => TrustRoots::Nobody,
        });
        if let Err(error) = tls.client_config() {
            self.error(if file.is_some() { NAME } else { "HEIMDALL_S3_ENDPOINT" }, error);
        }
        tls
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KB" | "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_is_named_twice_counts_once() {
        let mut check = Validator::default();
        assert_eq!(check.buckets(Some("b-1, a-1,b-1")), ["b-1", "a-1"]);
        assert_eq!(check.buckets(None), [DEFAULT_BUCKET]);
    }

    #[test]
    fn sizes_are_read_in_decimal_and_binary_units() {
        assert_eq!(parse_size("1600000"), Some(1_600_000));
        assert_eq!(parse_size("6GB"), Some(6_000_000_000));
        assert_eq!(parse_size("64 MiB"), Some(64 << 20));
        assert_eq!(parse_size("99999999999GiB"), None);
        assert_eq!(parse_size("-1"), None);
        assert_eq!(parse_size("GiB"), None);
    }
}
