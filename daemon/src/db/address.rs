//! The database URL: what tokio-postgres reads of it, and the parameters about TLS, which are ours.
//!
//! libpq has six modes, of which one alone is safe from who sits in between. Ours are two: plain,
//! and TLS with a certificate that is checked in full, which `require`, `verify-ca` and
//! `verify-full` all mean. What could be switched off on the way (`allow`, `prefer`) is refused.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::settings::Secret;
use crate::tls::Trust;

/// Where the database is and whose certificate it has to show.
#[derive(Clone, Debug)]
pub struct Address {
    /// Everything but TLS.
    pub config: Config,
    /// `None`: plain.
    pub trust: Option<Trust>,
}

/// What of a URL is about TLS.
#[derive(Debug, Default, PartialEq, Eq)]
struct TlsParameters {
    mode: Option<String>,
    root_certificate: Option<String>,
}

impl Address {
    /// Reads a URL (`postgresql://…`) or a list of parameters (`host=… user=…`).
    ///
    /// # Errors
    /// What is wrong with it; never the text itself, which may hold a password.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let (rest, tls) = split(text.expose())?;
        let mut config = Config::from_str(&rest).map_err(|error| describe(&error))?;
        let mut trust = tls.trust()?;
        let hosts = config.get_hosts();
        if hosts.is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        if !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_))) {
            // As libpq does: nobody sits in between on a socket, and servers speak no TLS there.
            trust = None;
        }
        config.ssl_mode(if trust.is_some() {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self { config, trust })
    }

    /// The text with `sslrootcert` added to it.
    ///
    /// # Errors
    /// When it names a file of authorities already.
    pub fn with_authorities(text: &Secret, path: &Path) -> Result<Secret, String> {
        let (_, tls) = split(text.expose())?;
        if tls.root_certificate.is_some() {
            return Err("the URL has an sslrootcert already".to_owned());
        }
        let path = path.to_str().ok_or("the file's name is not UTF-8")?;
        let text = text.expose();
        Ok(Secret::new(match query_start(text) {
            Some(start) => {
                let separator = if start == text.len() { '?' } else { '&' };
                format!(
                    "{text}{separator}sslrootcert={}",
                    utf8_percent_encode(path, NON_ALPHANUMERIC)
                )
            }
            None => format!(
                "{text} sslrootcert='{}'",
                path.replace('\\', "\\\\").replace('\'', "\\'")
            ),
        }))
    }
}

impl TlsParameters {
    fn trust(self) -> Result<Option<Trust>, String> {
        let authorities = match self.root_certificate.as_deref() {
            None | Some("system" | "") => Trust::System,
            Some(path) => Trust::File(PathBuf::from(path)),
        };
        match self.mode.as_deref() {
            None | Some("disable") if self.root_certificate.is_none() => Ok(None),
            None | Some("require" | "verify-ca" | "verify-full") => Ok(Some(authorities)),
            Some("disable") => Err("sslmode=disable and a file of authorities contradict each other".to_owned()),
            Some(mode @ ("allow" | "prefer")) => Err(format!(
                "sslmode={mode} lets anybody on the way switch TLS off: say verify-full or disable"
            )),
            Some(_) => Err("invalid value for option `sslmode`".to_owned()),
        }
    }

    /// Takes a parameter if it is about TLS.
    fn take(&mut self, name: &str, value: impl Into<String>) -> bool {
        match name {
            "sslmode" => self.mode = Some(value.into()),
            "sslrootcert" => self.root_certificate = Some(value.into()),
            _ => return false,
        }
        true
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Where the query of a URL begins, or would begin: where tokio-postgres looks for it. `None`: it is no URL.
fn query_start(text: &str) -> Option<usize> {
    let rest = text
        .strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))?;
    let from = text.len() - rest.len() + rest.find('@').map_or(0, |at| at + 1);
    Some(text[from..].find('?').map_or(text.len(), |at| from + at))
}

/// The text without the parameters about TLS, and those.
fn split(text: &str) -> Result<(String, TlsParameters), String> {
    match query_start(text).map(|start| text.split_at(start)) {
        Some((base, query)) => split_url(base, query.trim_start_matches('?')),
        None => Ok(split_list(text)),
    }
}

fn split_url(base: &str, query: &str) -> Result<(String, TlsParameters), String> {
    let mut tls = TlsParameters::default();
    let mut kept = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| "a parameter of the URL is not UTF-8".to_owned())?;
        if !tls.take(name, value) {
            kept.push(parameter);
        }
    }
    let rest = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    Ok((rest, tls))
}

/// The same for `name = value` and `name = 'va\'lue'`. What is wrong with the list, tokio-postgres will say.
fn split_list(text: &str) -> (String, TlsParameters) {
    let mut tls = TlsParameters::default();
    let mut kept = String::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else {
            break;
        };
        let value_at = after.trim_start();
        let quoted = value_at.starts_with('\'');
        let mut characters = value_at.char_indices().skip(usize::from(quoted));
        let (mut value, mut end) = (String::new(), value_at.len());
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                '\'' if quoted => {
                    end = at + 1;
                    break;
                }
                c if c.is_whitespace() && !quoted => {
                    end = at;
                    break;
                }
                c => value.push(c),
            }
        }
        let next = &value_at[end..];
        if !tls.take(name.trim(), value) {
            kept.push_str(&rest[..rest.len() - next.len()]);
            kept.push(' ');
        }
        rest = next.trim_start();
    }
    kept.push_str(rest);
    (kept, tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(&Secret::new(text))
    }

    fn trust(text: &str) -> Option<Trust> {
        parse(text).unwrap().trust
    }

    #[test]
    fn tls_is_checked_in_full_or_not_spoken() {
        let ca = || Some(Trust::File("/etc/a b.pem".into()));
        assert_eq!(trust("postgresql://u@h/d"), None);
        assert_eq!(trust("postgresql://u@h/d?sslmode=disable&connect_timeout=3"), None);
        for mode in ["require", "verify-ca", "verify-full"] {
            assert_eq!(
                trust(&format!("postgresql://u@h/d?sslmode={mode}")),
                Some(Trust::System)
            );
            assert_eq!(trust(&format!("host=h sslmode={mode} user=u")), Some(Trust::System));
            let url = format!("postgres://u@h/d?sslrootcert=%2Fetc%2Fa%20b.pem&sslmode={mode}&application_name=x");
            assert_eq!(trust(&url), ca());
            assert_eq!(
                trust(&format!("host=h sslrootcert = '/etc/a b.pem' sslmode='{mode}'")),
                ca()
            );
        }
        assert_eq!(trust("postgresql://u@h/d?sslrootcert=/etc/a%20b.pem"), ca());
        assert_eq!(
            trust("postgresql://u@h/d?sslmode=verify-full&sslrootcert=system"),
            Some(Trust::System)
        );
        assert_eq!(trust("postgresql://u@%2Frun%2Fpg/d?sslmode=verify-full"), None);
    }

    #[test]
    fn what_only_looks_like_tls_or_leads_nowhere_is_refused() {
        for (text, why) in [
            ("postgresql://u@h/d?sslmode=prefer", "switch TLS off"),
            ("host=h sslmode=allow", "switch TLS off"),
            ("postgresql://u@h/d?sslmode=disable&sslrootcert=/ca", "contradict"),
            ("postgresql://u@h/d?sslmode=always", "sslmode"),
            ("postgresql://u@h/d?sslkey=/key", "sslkey"),
            ("postgresql:///d", "no host"),
            ("user=u dbname=d", "no host"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_was() {
        let config =
            parse("postgresql://u:p%40ss?w@h:5433/d?sslmode=require&application_name=a%26b&channel_binding=require")
                .unwrap()
                .config;
        assert_eq!(
            (
                config.get_user(),
                config.get_password(),
                config.get_dbname(),
                config.get_application_name()
            ),
            (Some("u"), Some(&b"p@ss?w"[..]), Some("d"), Some("a&b"))
        );
        let config = parse(r"host=h password='a\'b sslmode=x' sslmode=verify-full dbname=d")
            .unwrap()
            .config;
        assert_eq!(
            (config.get_password(), config.get_dbname()),
            (Some(&b"a'b sslmode=x"[..]), Some("d"))
        );
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn a_file_of_authorities_is_added_once() {
        let path = Path::new("/etc/it's 100%.pem");
        for text in [
            "postgresql://u:a@h/d",
            "postgresql://u@h/d?connect_timeout=3",
            "host=h user=u",
        ] {
            let with = Address::with_authorities(&Secret::new(text), path).unwrap();
            assert_eq!(trust(with.expose()), Some(Trust::File(path.into())), "{text}");
            assert!(Address::with_authorities(&with, path).is_err());
        }
    }

    #[test]
    fn no_text_makes_it_panic_or_shows_the_password() {
        for text in [
            "",
            "=",
            "a=",
            "'",
            "host='",
            "host=\\",
            "postgresql://",
            "postgres://@?&=&",
            "sslmode",
            "password=hunter2 port=x",
            "postgresql://u:hunter2@h:port/d",
            "postgresql://u:hunter2@h/d?sslmode=%ff",
        ] {
            if let Err(error) = parse(text) {
                assert!(!error.contains("hunter2"), "{text}: {error}");
            }
        }
    }
}
