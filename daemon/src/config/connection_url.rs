//! The database URL: tokio-postgres parses it, except for the TLS parameters, which we parse.
//!
//! libpq has six values of `sslmode`, and only one is safe against an attacker in the network. We
//! have two cases: plain, and TLS with a certificate that is checked in full (`require`,
//! `verify-ca` and `verify-full` all mean this). `allow` and `prefer` are refused, because an
//! attacker could switch TLS off.

use std::str::FromStr as _;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::credentials::DatabaseUrl;
use super::foreign_parameters::check_scheme;
use super::libpq::Found;
use super::tls::Tls;
use super::tls_parameters::split;
use super::trust_roots::TrustRoots;
use crate::sanitize::with_causes;

/// A parsed database URL.
#[derive(Clone, Debug)]
pub struct Address {
    /// Everything except TLS.
    pub config: Config,
    /// `None`: plain.
    pub tls: Option<Tls>,
    /// What has no effect, a line each: parameters of other drivers, a password file that others may
    /// read.
    pub remarks: Vec<String>,
    /// Where the parameters come from that are not in the URL: the parameter and its source.
    pub sources: Vec<(&'static str, String)>,
}

impl Address {
    /// Parses a URL (`postgresql://…`) or a list of parameters (`host=… user=…`).
    ///
    /// # Errors
    /// What is wrong. The error never contains the text, which may contain a password.
    pub fn parse(url: &DatabaseUrl) -> Result<Self, String> {
        check_scheme(url.url.expose())?;
        let (rest, mut own) = split(url.url.expose())?;
        let mut config = Config::from_str(&rest).map_err(|error| with_causes(&error))?;
        let found = url.libpq.find(own.service.as_deref())?;
        let mut sources = complete(&mut config, &found)?;
        own.tls.complete(&found);
        let effect = |name| format!("the parameter {name} of another driver has no effect");
        let mut remarks: Vec<String> = own.ignored.iter().map(effect).collect();
        if config.get_password().is_none() {
            match url.libpq.password(&config, own.password_file.as_deref()) {
                Ok(None) => {}
                Ok(Some((password, file))) => {
                    config.password(password);
                    sources.push(("password", file));
                }
                Err(reason) => remarks.push(reason),
            }
        }
        let mut parameters = own.tls;
        if let Some(path) = &url.authorities {
            let from_url = parameters.authorities.replace(TrustRoots::File(path.clone()));
            if from_url.is_some() {
                return Err("it has an sslrootcert, and HEIMDALL_DATABASE_CA_FILE is set too".to_owned());
            }
        }
        let mut tls = parameters.tls()?;
        let hosts = config.get_hosts();
        if hosts.is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host: write postgresql://user@host/database, or set PGHOST".to_owned());
        }
        if !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_))) {
            // As in libpq: a Unix socket does not leave the host, and servers do not use TLS on it.
            tls = None;
        }
        config.ssl_mode(if tls.is_some() {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self {
            config,
            tls,
            remarks,
            sources,
        })
    }
}

/// Gives a configuration what it lacks. Returns what it got, with the source.
fn complete(config: &mut Config, found: &Found) -> Result<Vec<(&'static str, String)>, String> {
    let has_address = !config.get_hosts().is_empty() || !config.get_hostaddrs().is_empty();
    let mut sources = Vec::new();
    for (parameter, given) in [
        ("host", has_address),
        ("hostaddr", has_address),
        ("port", !config.get_ports().is_empty() || has_address),
        ("dbname", config.get_dbname().is_some()),
        ("user", config.get_user().is_some()),
        ("password", config.get_password().is_some()),
    ] {
        let Some((value, source)) = found.get(parameter).filter(|_| !given) else {
            continue;
        };
        let wrong = |what: &str| format!("{source}: '{value}' is no {what}");
        match parameter {
            "host" => {
                for host in value.split(',') {
                    config.host(host);
                }
            }
            "hostaddr" => {
                for address in value.split(',') {
                    config.hostaddr(address.trim().parse().map_err(|_| wrong("IP address"))?);
                }
            }
            "port" => {
                for port in value.split(',') {
                    config.port(port.trim().parse().map_err(|_| wrong("port"))?);
                }
            }
            "dbname" => _ = config.dbname(value),
            "user" => _ = config.user(value),
            _ => _ = config.password(value),
        }
        sources.push((parameter, source.to_owned()));
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::secret::Secret;
    use crate::config::tls::ClientIdentity;

    fn parse(text: &str) -> Result<Address, String> {
        Address::parse(&DatabaseUrl::from(&Secret::new(text)))
    }

    fn trust(text: &str) -> Option<TrustRoots> {
        parse(text).unwrap().tls.map(|tls| tls.trust)
    }

    #[test]
    fn tls_is_checked_in_full_or_not_used() {
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
    fn a_client_certificate_requires_tls() {
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
    fn unsafe_contradictory_and_incomplete_urls_are_refused() {
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
    fn all_other_parameters_are_kept() {
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
    fn a_separate_file_of_authorities_is_used_unless_the_url_has_one() {
        let path = std::path::PathBuf::from("/etc/it's 100%.pem");
        for text in [
            "postgresql://u:a@h/d",
            "postgresql://u@h/d?connect_timeout=3",
            "host=h user=u",
        ] {
            let mut url = DatabaseUrl::from(&Secret::new(text));
            url.authorities = Some(path.clone());
            let trust = Address::parse(&url).unwrap().tls.map(|tls| tls.trust);
            assert_eq!(trust, Some(TrustRoots::File(path.clone())), "{text}");
            let separator = match text.split_once('?') {
                Some(_) => '&',
                None if text.contains("://") => '?',
                None => ' ',
            };
            url.url = Secret::new(format!("{text}{separator}sslrootcert=system"));
            assert!(Address::parse(&url).is_err());
        }
    }

    #[test]
    fn no_text_causes_a_panic_or_shows_the_password() {
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
