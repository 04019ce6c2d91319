//! The operator's page, `/healthz`, `/readyz` and `/metrics`, over HTTP/1.
//!
//! No client can slow down the daemon or other clients. A connection serves one request; its time,
//! its size and the number of connections are limited. At the limit, a new connection replaces one
//! that waits for its client.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus_client::encoding::prometheus_text;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, info, warn};

use self::connections::{Answering, Connections};
use self::page::Peer;
use self::page::state::Page;
use self::readiness::Status;
use crate::config::settings::HttpAddress;

pub mod client;
mod connections;
pub mod page;
pub mod readiness;

/// A request fits one packet.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole connection. [`Status`] limits the time for the answer; Prometheus gives up after 10
/// s.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);
/// The minimum that hyper accepts; a request has about 200 bytes.
const MAX_REQUEST_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
/// Number of ports tried after the default one.
const MORE_PORTS: u16 = 15;
/// Delay after a failed accept, for example when no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The port cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "HEIMDALL_HTTP_ADDR: cannot listen on {address}: {error}. Give another address, port 0 for any free one, or 'off'"
)]
pub struct HttpError {
    address: SocketAddr,
    error: io::Error,
}

/// Opens the port; `None` if HTTP is off. An address from the settings must be free. Without one,
/// several daemons on one host use the default port and those after it; if none of them is free,
/// the daemon runs without HTTP.
///
/// # Errors
/// When the address from the settings cannot be used.
pub async fn bind(setting: HttpAddress) -> Result<Option<TcpListener>, HttpError> {
    let first = match setting {
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
        "no free port for HTTP, running without it: set HEIMDALL_HTTP_ADDR"
    );
    Ok(None)
}

/// Serves requests until the future is dropped.
pub async fn serve(listener: TcpListener, status: Arc<Status>, page: Arc<Page>) {
    if let Ok(address) = listener.local_addr() {
        info!(%address, "serving HTTP");
    }
    let router = router(status, page);
    let mut connections = Connections::default();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                debug!(%error, "cannot accept");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        connections.make_room();
        let answering = Answering::default();
        let task = tokio::spawn(serve_connection(stream, peer, router.clone(), answering.clone()));
        connections.add(AbortOnDropHandle::new(task), answering);
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router, answering: Answering) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        // A body may arrive slowly.
        answering.set(request.body().is_end_stream());
        let (answer, answering) = (router.call(request), answering.clone());
        async move {
            let answer = answer.await;
            answering.set(false);
            answer
        }
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

fn router(status: Arc<Status>, page: Arc<Page>) -> Router {
    Router::new()
        .route("/healthz", get("ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback((StatusCode::NOT_FOUND, "there are /, /healthz, /readyz and /metrics\n"))
        .layer(from_fn(only_read))
        .with_state(status)
        .merge(page::router(page))
        .layer(from_fn(add_headers))
}

async fn readyz(State(status): State<Arc<Status>>) -> impl IntoResponse {
    let report = status.ready().await;
    let code = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let json = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
    (code, [(CONTENT_TYPE, "application/json")], json)
}

async fn metrics(State(status): State<Arc<Status>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], status.metrics().await)
}

async fn only_read(request: Request, next: Next) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => next.run(request).await,
        _ => {
            let allowed = [(ALLOW, "GET, HEAD")];
            (StatusCode::METHOD_NOT_ALLOWED, allowed, "only GET and HEAD\n").into_response()
        }
    }
}

/// Adds what an answer does not have already.
async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ] {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
