//! Proxies for HTTP, from the variables that most programs read.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::environment::bare;

/// The variables of the environment, by their names in upper case.
#[derive(Clone, Default)]
pub struct ProxyVariables {
    http: Option<String>,
    https: Option<String>,
    all: Option<String>,
    none: Option<String>,
}

/// Which requests go through a proxy.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    /// Knows `NO_PROXY`.
    matcher: Option<Arc<Matcher>>,
}

impl ProxyVariables {
    /// Takes the variables of this process: in lower case or, as most programs do, in upper case.
    #[must_use]
    pub fn from_environment() -> Self {
        let value = |name: &str| {
            let value = std::env::var(name.to_lowercase())
                .or_else(|_| std::env::var(name))
                .ok()?;
            Some(bare(&value).to_owned()).filter(|value| !value.is_empty())
        };
        Self {
            http: value("HTTP_PROXY"),
            https: value("HTTPS_PROXY"),
            all: value("ALL_PROXY"),
            none: value("NO_PROXY"),
        }
    }

    /// Whether a variable has an effect.
    #[must_use]
    pub fn reads(name: &str) -> bool {
        let upper = name.to_ascii_uppercase();
        let is_whole = name == upper || name == name.to_ascii_lowercase();
        is_whole && ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].contains(&upper.as_str())
    }

    /// The proxies that the variables name.
    ///
    /// # Errors
    /// The variable whose value is no URL of a proxy, without the value, which may have a password.
    pub fn proxies(&self) -> Result<Proxies, (&'static str, String)> {
        // Another one that takes its place for both schemes leaves it without effect.
        let all = || parse("ALL_PROXY", self.all.as_deref());
        let http = parse("HTTP_PROXY", self.http.as_deref())?;
        let https = parse("HTTPS_PROXY", self.https.as_deref())?;
        let http = http.map_or_else(all, |http| Ok(Some(http)))?;
        let https = https.map_or_else(all, |https| Ok(Some(https)))?;
        let matcher = Matcher::builder()
            .http(http.as_ref().map(Url::to_string).unwrap_or_default())
            .https(https.as_ref().map(Url::to_string).unwrap_or_default())
            .no(self.none.clone().unwrap_or_default())
            .build();
        let matcher = (http.is_some() || https.is_some()).then(|| Arc::new(matcher));
        Ok(Proxies { http, https, matcher })
    }
}

impl Proxies {
    /// The URL of the proxy for a request, with its password; `None`: the request goes straight to
    /// its server. Servers on this host and metadata services (link-local addresses) get their
    /// requests straight, whatever the variables say.
    #[must_use]
    pub fn of(&self, url: &Url) -> Option<Url> {
        let matcher = self.matcher.as_ref()?;
        if is_local(url) {
            return None;
        }
        matcher.intercept(&url.as_str().parse().ok()?)?;
        match url.scheme() {
            "https" => self.https.clone(),
            _ => self.http.clone(),
        }
    }

    /// The proxy of requests to a URL as a person may see it; `None`: there is none.
    #[must_use]
    pub fn shown(&self, url: &str) -> Option<String> {
        let proxy = self.of(&Url::parse(url).ok()?)?;
        let port = proxy.port_or_known_default().unwrap_or_default();
        Some(format!("{}://{}:{port}", proxy.scheme(), proxy.host_str()?))
    }
}

/// The URL of a proxy; without a scheme, it is `http`.
fn parse(name: &'static str, value: Option<&str>) -> Result<Option<Url>, (&'static str, String)> {
    let Some(value) = value else { return Ok(None) };
    let text = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => Ok(Some(url)),
        _ => Err((
            name,
            "not the URL of an HTTP proxy, such as http://proxy:3128".to_owned(),
        )),
    }
}

/// Whether a server is on this host, or at a link-local address, where metadata services are.
fn is_local(url: &Url) -> bool {
    /// The agent of EKS.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23);
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback()
                || address.is_unicast_link_local()
                || address.segments()[..2] == METADATA.segments()[..2]
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Shows no value: a URL of a proxy may have a password.
impl fmt::Debug for ProxyVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyVariables").finish_non_exhaustive()
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(http: &str, https: &str, none: &str) -> ProxyVariables {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        ProxyVariables {
            http: given(http),
            https: given(https),
            all: None,
            none: given(none),
        }
    }

    #[test]
    fn requests_go_through_the_proxy_of_their_scheme_unless_excluded() {
        let none = "minio.internal,10.0.0.0/8,.corp";
        let proxies = variables("proxy:3128", "http://u:hunter2@proxy:3129", none)
            .proxies()
            .unwrap();
        for (url, proxy) in [
            ("http://store.example.org:9000/a", Some("http://proxy:3128")),
            ("https://s3.eu-west-1.amazonaws.com/a", Some("http://proxy:3129")),
            ("http://minio.internal:9000", None),
            ("http://10.1.2.3:9000", None),
            ("http://minio.corp", None),
            ("http://127.0.0.1:9000", None),
            ("http://localhost:9000", None),
            ("http://[::1]:9000", None),
            ("http://169.254.169.254/latest", None),
            ("http://[fd00:ec2::23]/v1/credentials", None),
        ] {
            assert_eq!(proxies.shown(url).as_deref(), proxy, "{url}");
        }
        let url = Url::parse("https://s3.eu-west-1.amazonaws.com").unwrap();
        assert_eq!(proxies.of(&url).unwrap().password(), Some("hunter2"));
        assert!(!format!("{proxies:?}").contains("hunter2"));
        assert_eq!(variables("", "", "").proxies().unwrap().shown("http://a"), None);
    }

    #[test]
    fn a_wrong_proxy_is_named_by_its_variable() {
        let wrong = variables("", "ftp://u:hunter2@proxy", "").proxies().unwrap_err();
        assert_eq!(wrong.0, "HTTPS_PROXY");
        assert!(!wrong.1.contains("hunter2"), "{}", wrong.1);
    }
}
