//! The database URL: what tokio-postgres reads of it, and the parameters about TLS, which are ours.
//!
//! libpq has six modes, of which one alone is safe from who sits in between. Ours are two: plain,
//! and TLS with a certificate that is checked in full, which `require`, `verify-ca` and
//! `verify-full` all mean. What could be switched off on the way (`allow`, `prefer`) is refused.

use std::path::Path;
use std::str::FromStr as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::secret::Secret;
use super::tls::Tls;
use super::tls_parameters::{query_start, split};
use crate::sanitize::with_causes;

/// Where the database is, whose certificate it has to show, and which one it is shown.
#[derive(Clone, Debug)]
pub struct Address {
    /// Everything but TLS.
    pub config: Config,
    /// `None`: plain.
    pub tls: Option<Tls>,
}

impl Address {
    /// Reads a URL (`postgresql://…`) or a list of parameters (`host=… user=…`).
    ///
    /// # Errors
    /// What is wrong with it; never the text itself, which may hold a password.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let (rest, parameters) = split(text.expose())?;
        let mut config = Config::from_str(&rest).map_err(|error| with_causes(&error))?;
        let mut tls = parameters.tls()?;
        let hosts = config.get_hosts();
        if hosts.is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        if !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_))) {
            // As libpq does: nobody sits in between on a socket, and servers speak no TLS there.
            tls = None;
        }
        config.ssl_mode(if tls.is_some() {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self { config, tls })
    }

    /// The text with `sslrootcert` added to it.
    ///
    /// # Errors
    /// When it names a file of authorities already.
    pub fn with_authorities(text: &Secret, path: &Path) -> Result<Secret, String> {
        let (_, parameters) = split(text.expose())?;
        if parameters.authorities.is_some() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tls::{ClientIdentity, TrustRoots};

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(&Secret::new(text))
    }

    fn trust(text: &str) -> Option<TrustRoots> {
        parse(text).unwrap().tls.map(|tls| tls.trust)
    }

    #[test]
    fn tls_is_checked_in_full_or_not_spoken() {
        let ca = || Some(TrustRoots::File("/etc/a b.pem".into()));
        assert_eq!(trust("postgresql://u@h/d"), None);
        assert_eq!(trust("postgresql://u@h/d?sslmode=disable&connect_timeout=3"), None);
        for mode in ["require", "verify-ca", "verify-full"] {
            assert_eq!(
                trust(&format!("postgresql://u@h/d?sslmode={mode}")),
                Some(TrustRoots::System)
            );
            assert_eq!(
                trust(&format!("host=h sslmode={mode} user=u")),
                Some(TrustRoots::System)
            );
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
            Some(TrustRoots::System)
        );
        assert_eq!(trust("postgresql://u@%2Frun%2Fpg/d?sslmode=verify-full"), None);
    }

    #[test]
    fn a_certificate_of_its_own_asks_for_tls() {
        let identity = Some(ClientIdentity {
            certificate: "/etc/a b.crt".into(),
            key: "/etc/a b.key".into(),
        });
        for text in [
            "postgresql://u@h/d?sslcert=/etc/a%20b.crt&sslkey=%2Fetc%2Fa%20b.key",
            "host=h sslmode=verify-full sslkey='/etc/a b.key' sslcert='/etc/a b.crt'",
        ] {
            let address = parse(text).unwrap();
            assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
            let tls = address.tls.unwrap();
            assert_eq!((tls.trust, tls.identity), (TrustRoots::System, identity.clone()));
        }
    }

    #[test]
    fn what_only_looks_like_tls_or_leads_nowhere_is_refused() {
        for (text, why) in [
            ("postgresql://u@h/d?sslmode=prefer", "switch TLS off"),
            ("host=h sslmode=allow", "switch TLS off"),
            ("postgresql://u@h/d?sslmode=disable&sslrootcert=/ca", "contradict"),
            ("postgresql://u@h/d?sslmode=always", "sslmode"),
            ("postgresql://u@h/d?sslmode=disable&sslcert=/c&sslkey=/k", "contradict"),
            ("postgresql://u@h/d?sslkey=/key", "no sslcert"),
            ("host=h sslcert=/certificate", "no sslkey"),
            ("postgresql://u@h/d?sslcert=/c&sslkey=/k&sslpassword=p", "sslpassword"),
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
            assert_eq!(trust(with.expose()), Some(TrustRoots::File(path.into())), "{text}");
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
