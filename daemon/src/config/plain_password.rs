//! Passwords that leave this host without TLS.

use std::net::IpAddr;

use tokio_postgres::config::Host;

use super::connection_url::Address;

/// The servers to which the password of an address is sent without TLS, over a network.
pub(super) fn servers(address: &Address) -> Vec<String> {
    if address.tls.is_some() || address.config.get_password().is_none() {
        return Vec::new();
    }
    let is_local = |host: &str| {
        let address: Result<IpAddr, _> = host.parse();
        address.map_or(host == "localhost", |address| address.is_loopback())
    };
    let names = address.config.get_hosts().iter().filter_map(|host| match host {
        Host::Tcp(name) => Some(name.clone()),
        Host::Unix(_) => None,
    });
    let addresses = address.config.get_hostaddrs().iter().map(ToString::to_string);
    names.chain(addresses).filter(|host| !is_local(host)).collect()
}

/// Whether a URL or a list of parameters has a password in it.
#[must_use]
pub fn is_in(url: &str) -> bool {
    let login = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    url.contains("password=") || login.is_some_and(|(login, _)| login.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::credentials::DatabaseUrl;
    use crate::config::secret::Secret;

    #[test]
    fn a_password_that_leaves_the_host_without_tls_is_known() {
        let found = |text: &str| servers(&Address::parse(&DatabaseUrl::from(&Secret::new(text))).unwrap());
        assert_eq!(found("postgresql://u:p@db,10.0.0.1,127.0.0.1/d"), ["db", "10.0.0.1"]);
        for harmless in [
            "postgresql://u@db/d",
            "postgresql://u:p@localhost,[::1]/d",
            "postgresql://u:p@%2Frun%2Fpg/d",
            "postgresql://u:p@db/d?sslmode=verify-full",
        ] {
            assert_eq!(found(harmless), Vec::<String>::new(), "{harmless}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_seen() {
        for url in [
            "postgresql://u:p@db/d",
            "host=db password=p",
            "postgresql://u@db/d?password=p",
        ] {
            assert!(is_in(url), "{url}");
        }
        for url in ["postgresql://u@db:5432/d", "host=db user=u"] {
            assert!(!is_in(url), "{url}");
        }
    }
}
