//! One GET to a daemon on this host.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer takes at most 5 s, see [`super::readiness`].
const TIMEOUT: Duration = Duration::from_secs(7);
/// A report of `/readyz` has about a kilobyte.
const MAX_ANSWER_BYTES: u64 = 1 << 20;

/// Status and body of the answer. The server closes the connection after it.
///
/// # Errors
/// When nobody listens, nobody answers within 7 s, or the answer is not HTTP.
pub fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    parse(&text).ok_or_else(|| io::Error::other("the answer is not HTTP"))
}

fn parse(text: &str) -> Option<(u16, String)> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let answer = "HTTP/1.0 503 Service Unavailable\r\ncontent-type: application/json\r\n\r\n{\"a\": 1}\n";
        assert_eq!(parse(answer), Some((503, "{\"a\": 1}\n".to_owned())));
        assert_eq!(parse("SSH-2.0-OpenSSH_9.2\r\n\r\n"), None);
        assert_eq!(parse("HTTP/1.1 200 OK\r\n"), None);
    }
}
