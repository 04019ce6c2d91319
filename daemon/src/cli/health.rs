//! `heimdalld health`: asks a daemon on this host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::environment::wrong_settings;
use super::outcome::{CommandError, CommandResult, exit_code, report, usage_error};
use crate::config::arguments::Arguments;
use crate::config::settings::HttpAddress;
use crate::http::client;

const OK: u16 = 200;

/// Prints the answer of `/readyz`, or of `/healthz` if `live`. Success is an answer of 200.
pub(super) fn ask(arguments: &Arguments, live: bool) -> CommandResult {
    let (HttpAddress::Default(address) | HttpAddress::Given(address)) = arguments.http().map_err(wrong_settings)?
    else {
        return Err(usage_error("HEIMDALL_HTTP_ADDR is 'off': the daemon answers nobody"));
    };
    let address = reachable(address);
    let path = if live { "/healthz" } else { "/readyz" };
    let (status, text) = client::get(address, path).map_err(|error| CommandError {
        message: format!("http://{address}{path}: {error}"),
        status: 1,
    })?;
    report(&format!("{}\n", text.trim_end()))?;
    Ok(exit_code(status == OK))
}

/// An address for "all interfaces" is none to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
