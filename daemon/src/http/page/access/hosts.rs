//! The names by which the page may be asked. A page of somebody else can let its own name lead to
//! this host (DNS rebinding), but the browser then sends that name.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// The names of this host.
pub(super) struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// The names from the settings, and the host's own name with and without its domain.
    pub(super) fn new(mut names: Vec<String>) -> Self {
        let own = gethostname::gethostname().to_string_lossy().to_ascii_lowercase();
        let short = own.split('.').next().unwrap_or_default().to_owned();
        names.extend([own, short].into_iter().filter(|name| !name.is_empty()));
        Self { names }
    }

    /// Whether the request is meant for this host: by an address, `localhost`, or a known name.
    pub(super) fn allow(&self, headers: &HeaderMap) -> bool {
        host(headers)
            .is_some_and(|host| is_loopback_name(&host) || address(&host).is_some() || self.names.contains(&host))
    }
}

/// Whether the request is sent to a loopback address, or to `localhost`.
pub(super) fn is_sent_to_loopback(headers: &HeaderMap) -> bool {
    host(headers).is_some_and(|host| {
        is_loopback_name(&host) || address(&host).is_some_and(|address| address.to_canonical().is_loopback())
    })
}

fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// The Host header without its port, in lower case. `None` if there is not exactly one.
fn host(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(HOST).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else {
        return None;
    };
    let bare = match value.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => value,
    };
    // A name may end with the root's dot.
    Some(bare.trim_end_matches('.').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_by(host: &str) -> (bool, bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        let hosts = Hosts::new(vec!["heimdall.example.org".to_owned()]);
        (hosts.allow(&headers), is_sent_to_loopback(&headers))
    }

    #[test]
    fn only_addresses_and_known_names_are_allowed() {
        for (host, expected) in [
            ("127.0.0.1:9464", (true, true)),
            ("localhost:9464", (true, true)),
            ("LOCALHOST", (true, true)),
            ("[::1]:9464", (true, true)),
            ("[::ffff:127.0.0.1]:1", (true, true)),
            ("192.0.2.7:9464", (true, false)),
            ("Heimdall.example.org:443", (true, false)),
            ("heimdall.example.org.", (true, false)),
            ("evil.example:9464", (false, false)),
            ("127.0.0.1.evil.example", (false, false)),
            ("localhost.evil.example", (false, false)),
            ("", (false, false)),
        ] {
            assert_eq!(asked_by(host), expected, "{host}");
        }
        assert!(!Hosts::new(Vec::new()).allow(&HeaderMap::new()));
        let mut two = HeaderMap::new();
        two.append(HOST, "localhost".parse().unwrap());
        two.append(HOST, "evil.example".parse().unwrap());
        assert!(!Hosts::new(Vec::new()).allow(&two));
    }
}
