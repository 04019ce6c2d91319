//! `/healthz`, `/readyz` and `/metrics`, over HTTP/1.
//!
//! One request a connection, a hard limit on its time, its size and the number
//! of connections, and nothing but GET and HEAD: whoever reaches the port can
//! slow nobody but himself. At the limit the oldest connection gives way, since
//! an honest one is through in milliseconds.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::prometheus_text;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use self::readiness::Status;
use crate::config::settings::HttpAddress;

pub mod readiness;

/// Prometheus, a few probes and a browser are at it at once, at most.
const MAX_CONNECTIONS: usize = 32;
/// A request of ours fits one packet.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// All of a connection. The answer itself is bounded by [`Status`]; Prometheus gives up after 10 s.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);
/// The least that hyper takes; a request of ours has 200 bytes.
const MAX_REQUEST_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
/// Ports that are tried after the default one.
const MORE_PORTS: u16 = 15;
/// After a failed accept, as when file descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The port cannot be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "HEIMDALL_HTTP_ADDR: cannot listen on {address}: {error}. Give another address, port 0 for any free one, or 'off'"
)]
pub struct HttpError {
    address: SocketAddr,
    error: io::Error,
}

/// Takes the port; `None` when there is to be no HTTP. An address that was asked
/// for has to be free. The default is everybody's: several daemons on one host
/// take the ports behind it, and if there is none left, the daemon works on without.
///
/// # Errors
/// When the address that was asked for cannot be had.
pub async fn bind(wanted: HttpAddress) -> Result<Option<TcpListener>, HttpError> {
    let first = match wanted {
        HttpAddress::Off => return Ok(None),
        HttpAddress::Given(address) => {
            let listener = TcpListener::bind(address).await;
            return listener.map(Some).map_err(|error| HttpError { address, error });
        }
        HttpAddress::Default(address) => address,
    };
    for port in first.port()..=first.port().saturating_add(MORE_PORTS) {
        let address = SocketAddr::new(first.ip(), port);
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(Some(listener)),
            Err(error) => debug!(%address, %error, "port taken"),
        }
    }
    warn!(
        %first,
        tried = MORE_PORTS + 1,
        "no free port for HTTP, going on without: set HEIMDALL_HTTP_ADDR"
    );
    Ok(None)
}

/// Answers until dropped.
pub async fn serve(listener: TcpListener, status: Arc<Status>) {
    if let Ok(address) = listener.local_addr() {
        info!(%address, "serving HTTP");
    }
    let mut connections = JoinSet::new();
    let mut handles: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                debug!(%error, "cannot accept");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        handles.retain(|handle| !handle.is_finished());
        if handles.len() >= MAX_CONNECTIONS
            && let Some(oldest) = handles.pop_front()
        {
            oldest.abort();
        }
        handles.push_back(connections.spawn(connection(stream, Arc::clone(&status))));
    }
}

async fn connection(stream: TcpStream, status: Arc<Status>) {
    let service = service_fn(move |request| {
        let status = Arc::clone(&status);
        async move { Ok::<_, Infallible>(answer(&request, &status).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_REQUEST_BYTES)
        .max_headers(MAX_HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIMEOUT, serving).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "HTTP connection ended"),
        Err(_) => debug!("HTTP connection took too long"),
    }
}

/// hyper leaves the body of an answer to HEAD unsent.
async fn answer(request: &Request<Incoming>, status: &Status) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match request.uri().path() {
        "/healthz" => plain(StatusCode::OK, "ok\n"),
        "/readyz" => {
            let report = status.ready().await;
            let code = if report.ready {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            let text = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
            response(code, "application/json", text)
        }
        "/metrics" => response(StatusCode::OK, prometheus_text::CONTENT_TYPE, status.metrics().await),
        "/" => page(),
        _ => plain(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n"),
    }
}

fn page() -> Response<Full<Bytes>> {
    let text = concat!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>heimdalld</title><h1>heimdalld ",
        env!("CARGO_PKG_VERSION"),
        "</h1><ul><li><a href=\"/healthz\">/healthz</a>: does the process live?",
        "<li><a href=\"/readyz\">/readyz</a>: can it work, and if not, why?",
        "<li><a href=\"/metrics\">/metrics</a>: for Prometheus</ul></html>\n"
    );
    response(StatusCode::OK, "text/html; charset=utf-8", text.to_owned())
}

fn plain(code: StatusCode, text: &str) -> Response<Full<Bytes>> {
    response(code, "text/plain; charset=utf-8", text.to_owned())
}

fn response(code: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
