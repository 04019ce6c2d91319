//! The order in which the hosts of a URL are tried.
//!
//! The client tries them in turn too. But one that accepts a connection and never answers, as a stopped
//! server does, would take all the time that a connection may have. Here each gets a share of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Both sides of a session.
type Session = (
    Client,
    Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>,
);

/// Which host is tried first: the one that was used last.
#[derive(Clone, Default)]
pub(super) struct HostOrder(Arc<AtomicUsize>);

impl HostOrder {
    /// Connects to the first host that does what the parameters ask for. All but the last one tried get
    /// the same share of `limit`, which the caller enforces for the whole.
    ///
    /// # Errors
    /// That of the host that was tried last.
    pub(super) async fn connect(
        &self,
        config: &Config,
        tls: &MakeRustlsConnect,
        limit: Duration,
    ) -> Result<Session, Error> {
        let hosts = number(config);
        let is_random = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
        let first = if is_random {
            fastrand::usize(..hosts)
        } else {
            self.0.load(Ordering::Relaxed) % hosts
        };
        let share = limit / u32::try_from(hosts + 1).unwrap_or(u32::MAX);
        for number in first..first + hosts - 1 {
            let index = number % hosts;
            // One that refuses, takes no writes, or is silent gives way to the next one.
            if let Ok(Ok(connected)) = timeout(share, only(config, index).connect(tls.clone())).await {
                self.0.store(index, Ordering::Relaxed);
                return Ok(connected);
            }
        }
        let last = (first + hosts - 1) % hosts;
        let connected = only(config, last).connect(tls.clone()).await?;
        self.0.store(last, Ordering::Relaxed);
        Ok(connected)
    }
}

fn number(config: &Config) -> usize {
    config.get_hosts().len().max(config.get_hostaddrs().len()).max(1)
}

/// The same parameters, with the host of this index alone. The client's parameters cannot be changed in
/// place: hosts can only be added.
fn only(config: &Config, index: usize) -> Config {
    if number(config) == 1 {
        return config.clone();
    }
    let mut new = Config::new();
    if let Some(user) = config.get_user() {
        new.user(user);
    }
    if let Some(password) = config.get_password() {
        new.password(password);
    }
    if let Some(name) = config.get_dbname() {
        new.dbname(name);
    }
    if let Some(options) = config.get_options() {
        new.options(options);
    }
    if let Some(name) = config.get_application_name() {
        new.application_name(name);
    }
    if let Some(limit) = config.get_connect_timeout() {
        new.connect_timeout(*limit);
    }
    if let Some(limit) = config.get_tcp_user_timeout() {
        new.tcp_user_timeout(*limit);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        new.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        new.keepalives_retries(retries);
    }
    new.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding())
        .load_balance_hosts(config.get_load_balance_hosts());
    match config.get_hosts().get(index) {
        Some(Host::Tcp(name)) => _ = new.host(name),
        Some(Host::Unix(folder)) => _ = new.host_path(folder),
        None => {}
    }
    if let Some(address) = config.get_hostaddrs().get(index) {
        new.hostaddr(*address);
    }
    // One port alone is that of all hosts.
    let ports = config.get_ports();
    if let Some(port) = ports.get(index).or(ports.first()) {
        new.port(*port);
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, index: usize) -> Config {
        only(&text.parse().unwrap(), index)
    }

    #[test]
    fn each_host_keeps_its_port_and_all_other_parameters() {
        let text = "postgresql://u:p@a:1,%2Frun%2Fpg:2,c:3/d?application_name=x&keepalives_interval=7&connect_timeout=3\
                    &channel_binding=require&sslmode=disable&options=-c%20a=b&target_session_attrs=read-write";
        for (index, host) in ["a:1", "%2Frun%2Fpg:2", "c:3"].into_iter().enumerate() {
            let expected = text.replace("a:1,%2Frun%2Fpg:2,c:3", host);
            assert_eq!(one(text, index), expected.parse().unwrap(), "{host}");
        }
        assert_eq!(
            one("host=a,b port=5433 user=u", 1),
            "host=b port=5433 user=u".parse().unwrap()
        );
        assert_eq!(one("host=a,b user=u", 1), "host=b user=u".parse().unwrap());
        let addresses = "host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1,2 user=u";
        assert_eq!(
            one(addresses, 1),
            "host=b hostaddr=10.0.0.2 port=2 user=u".parse().unwrap()
        );
        assert_eq!(one("host=a user=u", 0), "host=a user=u".parse().unwrap());
    }
}
