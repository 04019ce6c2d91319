//! Parses settings and collects all errors.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use humantime::{format_duration, parse_duration};

use super::connection_url::Address;
use super::credentials::DatabaseUrl;
use super::proxy::{Proxies, ProxyVariables};
use super::secret::Secret;
use super::settings::{ConfigErrors, DEFAULT_HTTP, HttpAddress};
use super::tls::Tls;
use super::trust_roots::TrustRoots;

/// The text of a setting, with the setting's name for errors.
pub(super) struct Given<'a> {
    pub(super) name: String,
    pub(super) text: Option<&'a str>,
}

/// The text of an argument. Its setting is named `HEIMDALL_` and the field in upper case.
macro_rules! given {
    ($arguments:ident.$field:ident) => {
        &Given {
            name: format!("HEIMDALL_{}", stringify!($field).to_uppercase()),
            text: $arguments.$field.as_deref(),
        }
    };
}

pub(super) use given;

/// Parses settings. Each error becomes a line, and a default takes the place of the wrong value.
#[derive(Default)]
pub(super) struct Validator {
    errors: Vec<String>,
}

impl Validator {
    pub(super) fn error(&mut self, name: &str, what: impl fmt::Display) {
        self.errors.push(format!("{name}: {what}"));
    }

    /// The settings, if there was no error.
    pub(super) fn finish<T>(self, settings: T) -> Result<T, ConfigErrors> {
        if self.errors.is_empty() {
            Ok(settings)
        } else {
            Err(ConfigErrors(self.errors))
        }
    }

    /// The parsed value; the default if the setting is missing or wrong.
    pub(super) fn parse<T>(
        &mut self,
        given: &Given<'_>,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        match given.text.map(|text| parse(text.trim())) {
            Some(Ok(value)) => value,
            Some(Err(what)) => {
                self.error(&given.name, what);
                default
            }
            None => default,
        }
    }

    pub(super) fn duration(
        &mut self,
        given: &Given<'_>,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        self.parse(given, default, |text| match parse_duration(text) {
            Ok(value) if range.contains(&value) => Ok(value),
            Ok(_) => {
                let (min, max) = (format_duration(*range.start()), format_duration(*range.end()));
                Err(format!("'{text}' is not between {min} and {max}"))
            }
            Err(_) => Err(format!("'{text}' is not a duration such as 30s or 5min")),
        })
    }

    /// A duration, or `None` for `off` and for `0`.
    pub(super) fn optional_duration(
        &mut self,
        given: &Given<'_>,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        if given
            .text
            .is_some_and(|text| is_off(text) || matches!(text, "0" | "0s"))
        {
            return None;
        }
        Some(self.duration(given, default, range))
    }

    /// `on` or `off`.
    pub(super) fn switch(&mut self, given: &Given<'_>, default: bool) -> bool {
        self.parse(given, default, |text| match &*text.to_ascii_lowercase() {
            "on" | "true" | "yes" | "1" => Ok(true),
            "off" | "false" | "no" | "0" => Ok(false),
            _ => Err(format!("'{text}' is neither on nor off")),
        })
    }

    pub(super) fn count<T>(&mut self, given: &Given<'_>, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        self.parse(given, default, |text| match text.parse::<T>() {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => {
                let (min, max) = (range.start(), range.end());
                Err(format!("'{text}' is not a whole number from {min} to {max}"))
            }
        })
    }

    pub(super) fn size(&mut self, given: &Given<'_>, default: u64, min: u64) -> u64 {
        self.parse(given, default, |text| match parse_size(text) {
            Some(value) if value >= min => Ok(value),
            Some(value) => Err(format!("{value} bytes is less than the minimum of {min}")),
            None => Err(format!("'{text}' is not a size such as 1600000, 64MiB or 6GB")),
        })
    }

    /// A secret, given directly or in a file, but not both.
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

    pub(super) fn proxies(&mut self, variables: &ProxyVariables) -> Proxies {
        variables.proxies().unwrap_or_else(|(name, what)| {
            self.error(name, what);
            Proxies::default()
        })
    }

    pub(super) fn http(&mut self, given: &Given<'_>) -> HttpAddress {
        self.parse(given, HttpAddress::Default(DEFAULT_HTTP), |text| match text.parse() {
            Ok(address) => Ok(HttpAddress::Given(address)),
            Err(_) if is_off(text) => Ok(HttpAddress::Off),
            Err(_) => Err(format!(
                "'{text}' is neither 'off' nor an address and port such as 127.0.0.1:9464 or [::1]:9464"
            )),
        })
    }

    /// A database URL, with the file of authorities if that is a separate setting.
    pub(super) fn database_url(&mut self, name: &str, mut url: DatabaseUrl) -> DatabaseUrl {
        if url.url.expose().is_empty() {
            return url;
        }
        if let Some(path) = &url.authorities
            && let Err(error) = Tls::from(TrustRoots::File(path.clone())).client_config()
        {
            self.error("HEIMDALL_DATABASE_CA_FILE", error);
            url.authorities = None;
        }
        // These errors never contain the URL, which may contain a password.
        let tls = Address::parse(&url).map(|address| address.tls);
        if let Err(error) = tls.and_then(|tls| tls.map_or(Ok(()), |tls| tls.client_config().map(drop))) {
            self.error(name, error);
        }
        url
    }
}

/// Whether a value switches something off.
pub(super) fn is_off(text: &str) -> bool {
    text.eq_ignore_ascii_case("off")
}

/// A size in bytes. The units of a thousand and of 1024, as most programs and Kubernetes write them.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match &*unit.trim().to_ascii_lowercase() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" | "ki" => 1 << 10,
        "mib" | "mi" => 1 << 20,
        "gib" | "gi" => 1 << 30,
        "tib" | "ti" => 1 << 40,
        // k, m and g alone are powers of ten for some programs, and of two for others.
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_decimal_and_binary_units() {
        assert_eq!(parse_size("1600000"), Some(1_600_000));
        assert_eq!(parse_size("6GB"), Some(6_000_000_000));
        assert_eq!(parse_size("64 MiB"), Some(64 << 20));
        assert_eq!(parse_size("64Mi"), Some(64 << 20));
        assert_eq!(parse_size("16gib"), Some(16 << 30));
        assert_eq!(parse_size("2TB"), Some(2_000_000_000_000));
        for wrong in ["64M", "64m", "1.5GiB", "1_000", "1e9"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
        assert_eq!(parse_size("99999999999GiB"), None);
        assert_eq!(parse_size("-1"), None);
        assert_eq!(parse_size("GiB"), None);
    }
}
