//! A store whose replies a test writes byte by byte, also those that no HTTP library sends.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::certificates::Identity;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The target of the request line, not decoded.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    /// The body, if there is one with a length.
    pub(crate) body: String,
    /// Number of requests for this path so far, with this one.
    pub(crate) count: u32,
}

impl Request {
    /// A probe of the circuit breaker, for a key that does not exist.
    pub(crate) fn is_probe(&self) -> bool {
        self.path.contains("heimdalld-probe")
    }
}

/// What the store sends.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These bytes. The connection stays open for the next request.
    Send(Vec<u8>),
    /// These bytes. Then it closes the connection.
    Close(Vec<u8>),
    /// These bytes. It closes the connection when the next request comes, as a server does whose idle
    /// time has just ended.
    Once(Vec<u8>),
    /// These bytes, and nothing after them on an open connection.
    Hang(Vec<u8>),
    /// A head, then a block again and again up to this number of bytes.
    Repeat(Vec<u8>, Bytes, u64),
}

type Rule = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// The server. It ends when the value is dropped.
pub(crate) struct ScriptedStore {
    address: SocketAddr,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    server: JoinHandle<()>,
    /// While the server does not listen: a bound socket, which refuses connections as a free port
    /// does.
    bound: Option<TcpSocket>,
}

struct Shared {
    rule: Mutex<Rule>,
    requests: Mutex<Vec<Request>>,
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ScriptedStore {
    pub(crate) async fn start(rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, rule).await
    }

    /// A store that speaks TLS if there is an acceptor.
    pub(crate) async fn start_with(
        tls: Option<TlsAcceptor>,
        rule: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared {
            rule: Mutex::new(Arc::new(rule)),
            requests: Mutex::default(),
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared), tls.clone()));
        Self {
            address,
            shared,
            tls,
            server,
            bound: None,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Replies by another rule from now on.
    pub(crate) fn set(&self, rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        *lock(&self.shared.rule) = Arc::new(rule);
    }

    /// Requests so far whose path contains `part`.
    pub(crate) fn requests(&self, part: &str) -> Vec<Request> {
        let requests = lock(&self.shared.requests);
        requests
            .iter()
            .filter(|request| request.path.contains(part))
            .cloned()
            .collect()
    }

    /// Closes the listener and all connections. The port stays bound, so that no other test gets
    /// it.
    pub(crate) async fn stop_listening(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
        self.bound = Some(socket(self.address));
    }

    /// Listens, but accepts nothing, and fills the queue of waiting connections, so that a new one
    /// gets no reply. It lasts until the listener is dropped and the tasks are aborted.
    pub(crate) async fn stop_accepting(&mut self) -> (TcpListener, Vec<tokio::task::JoinHandle<()>>) {
        self.stop_listening().await;
        let listener = socket(self.address).listen(1).expect("listening");
        let address = self.address;
        let fill = |_| {
            tokio::spawn(async move {
                let stream = tokio::net::TcpStream::connect(address).await;
                std::future::pending::<()>().await;
                drop(stream);
            })
        };
        (listener, (0..4).map(fill).collect())
    }

    /// Has this certificate when it listens the next time.
    pub(crate) fn set_identity(&mut self, identity: &Identity) {
        self.tls = Some(identity.acceptor());
    }

    /// Serves again after [`Self::stop_listening`].
    pub(crate) fn listen_again(&mut self) {
        let listener = socket(self.address).listen(64).expect("listening again");
        self.bound = None;
        self.server = tokio::spawn(accept(listener, Arc::clone(&self.shared), self.tls.clone()));
    }
}

fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind(address).expect("the port is free");
    socket
}

impl Drop for ScriptedStore {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        connections.spawn(async move {
            match tls {
                None => serve(stream, shared).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some((path, headers)) = read_head(&mut stream).await {
        let length = headers.get("content-length").and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        let request = {
            let mut requests = lock(&shared.requests);
            let before = requests.iter().filter(|request| request.path == path).count();
            let count = u32::try_from(before + 1).expect("few");
            let request = Request {
                path,
                headers,
                body,
                count,
            };
            requests.push(request.clone());
            request
        };
        let rule = Arc::clone(&*lock(&shared.rule));
        let sent = match rule(&request) {
            Reply::Send(bytes) => stream.write_all(&bytes).await,
            Reply::Close(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Once(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                read_head(&mut stream).await;
                return;
            }
            Reply::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                std::future::pending().await
            }
            Reply::Repeat(head, block, bytes) => repeat(&mut stream, &head, &block, bytes).await,
        };
        if sent.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn repeat(stream: &mut (impl AsyncWrite + Unpin), head: &[u8], block: &Bytes, bytes: u64) -> std::io::Result<()> {
    stream.write_all(head).await?;
    let mut left = bytes;
    while left > 0 {
        let piece = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        stream.write_all(&block[..piece]).await?;
        left -= piece as u64;
    }
    Ok(())
}

async fn read_head(
    stream: &mut (impl tokio::io::AsyncBufRead + AsyncWrite + Unpin),
) -> Option<(String, HashMap<String, String>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line).await {
            Ok(0) => return None,
            Ok(_) => {}
            Err(_) => {
                // Not HTTP. Web servers reply with 400.
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                let _ = stream.flush().await;
                return None;
            }
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let headers = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some((path, headers))
}
