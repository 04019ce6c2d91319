//! A proxy in front of a store that injects faults into requests.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use heimdall_daemon::sandbox::objects::Objects;
use heimdall_daemon::sandbox::s3::service;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::dto::StreamingBlob;
use s3s::service::S3Service;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::Bench;

/// A fault of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The reply comes after this delay.
    Delay(Duration),
    /// The reply never comes.
    Hang,
    /// This HTTP status and S3 error code instead of the object.
    Status(u16, &'static str),
    /// The header announces the whole body. The connection breaks after this number of bytes of it.
    Cut(usize),
    /// The body comes byte by byte, with this delay before each.
    Drip(Duration),
}

/// The proxy. A fault applies to requests whose path contains a given text.
pub(crate) struct StoreProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    faults: Mutex<Vec<(String, Fault)>>,
    requests: Mutex<HashMap<String, u32>>,
}

impl StoreProxy {
    pub(crate) async fn start(objects: &Objects) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared::default());
        let server = tokio::spawn(accept(listener, service(objects.clone()), Arc::clone(&shared)));
        Self {
            address,
            shared,
            server,
        }
    }

    /// A proxy in front of the bench's store, with this fault for requests whose path contains
    /// `part`.
    pub(crate) async fn with_fault(bench: &Bench, part: &str, fault: Fault) -> Self {
        let proxy = Self::start(bench.store.objects()).await;
        proxy.set(part, fault);
        proxy
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests whose path contains `part` have this fault from now on. The fault set last wins.
    pub(crate) fn set(&self, part: &str, fault: Fault) {
        self.shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((part.to_owned(), fault));
    }

    /// Removes all faults.
    pub(crate) fn clear_faults(&self) {
        self.shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Requests so far whose path contains `part`.
    pub(crate) fn requests(&self, part: &str) -> u32 {
        let requests = self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests
            .iter()
            .filter(|(path, _)| path.contains(part))
            .map(|(_, count)| count)
            .sum()
    }

    /// Waits until this object was requested once, as it is when a daemon has just claimed its
    /// recording.
    pub(crate) async fn wait_requested(&self, part: &str) {
        let what = format!("one request for {part}");
        super::wait_until(&what, || async { self.requests(part) == 1 }).await;
    }
}

impl Drop for StoreProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, store: S3Service, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (store, shared) = (store.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            let reply = service_fn(move |request| reply(request, store.clone(), Arc::clone(&shared)));
            let _ = Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), reply)
                .await;
        });
    }
}

async fn reply(
    request: Request<Incoming>,
    store: S3Service,
    shared: Arc<Shared>,
) -> Result<Response<s3s::Body>, Infallible> {
    let path = request.uri().path().to_owned();
    *shared
        .requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(path.clone())
        .or_default() += 1;
    let fault = {
        let faults = shared.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults
            .iter()
            .rev()
            .find(|(part, _)| path.contains(part.as_str()))
            .map(|(_, fault)| *fault)
    };
    match fault {
        Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Status(status, code)) => return Ok(error(status, code)),
        Some(Fault::Cut(_) | Fault::Drip(_)) | None => {}
    }
    let response = match store.call(request.map(s3s::Body::from)).await {
        Ok(response) => response,
        Err(_) => error(500, "InternalError"),
    };
    Ok(match fault {
        Some(Fault::Cut(bytes)) => response.map(|body| cut(body, bytes)),
        Some(Fault::Drip(delay)) => response.map(|body| drip(body, delay)),
        _ => response,
    })
}

fn error(status: u16, code: &str) -> Response<s3s::Body> {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>");
    Response::builder()
        .status(status)
        .body(s3s::Body::from(text))
        .expect("a valid status")
}

fn drip(body: s3s::Body, delay: Duration) -> s3s::Body {
    let bytes = body.flat_map(move |piece| {
        let piece = piece.unwrap_or_default();
        let bytes = (0..piece.len()).map(move |at| piece.slice(at..=at));
        futures_util::stream::iter(bytes).then(move |byte| async move {
            tokio::time::sleep(delay).await;
            Ok::<_, std::io::Error>(byte)
        })
    });
    StreamingBlob::wrap(Box::pin(bytes)).into()
}

fn cut(body: s3s::Body, keep_bytes: usize) -> s3s::Body {
    let mut left = keep_bytes;
    let pieces = body.map(move |piece| {
        let piece: Bytes = piece.map_err(std::io::Error::other)?;
        if left == 0 {
            return Err(std::io::Error::other("cut"));
        }
        let kept = piece.slice(..piece.len().min(left));
        left -= kept.len();
        Ok(kept)
    });
    // One more item, so that even a short body ends with an error.
    let broken = futures_util::stream::once(async { Err(std::io::Error::other("cut")) });
    StreamingBlob::wrap(pieces.chain(broken)).into()
}
