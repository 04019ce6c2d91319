//! The HTTP client for the store, and for services that give keys for it.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Proxy};
use rustls::ClientConfig;

use crate::config::proxy::Proxies;

/// A store on the same continent answers a SYN within a second; five allow for lost packets.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client that follows no redirect, since a signature would go to the server that it names, and
/// connects within `limit`.
pub(super) fn http_client(tls: ClientConfig, proxies: &Proxies, limit: Duration) -> ClientBuilder {
    let proxies = proxies.clone();
    reqwest::Client::builder()
        .use_preconfigured_tls(tls)
        .redirect(Policy::none())
        .proxy(Proxy::custom(move |url| proxies.of(url)))
        .connect_timeout(CONNECT_TIMEOUT.min(limit))
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(15))
}
