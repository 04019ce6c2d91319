//! A store whose every byte on the wire is the test's: for what no HTTP library would send.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::BUCKET;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// The target of the request line, not decoded.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    /// How many requests for this path there were, with this one.
    pub(crate) count: u32,
}

/// What goes back.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// These bytes, and the connection is kept.
    Send(Vec<u8>),
    /// These bytes, and the connection is closed.
    Close(Vec<u8>),
    /// These bytes, and then nothing more.
    Hang(Vec<u8>),
    /// A head, then a block over and over until so many bytes are sent.
    Repeat(Vec<u8>, Bytes, u64),
}

type Rule = Arc<dyn Fn(&Ask) -> Answer + Send + Sync>;

/// The server; it ends with the value.
pub(crate) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    server: JoinHandle<()>,
    /// While nobody listens: bound, which refuses connections as a free port does.
    kept: Option<TcpSocket>,
}

struct Shared {
    rule: Mutex<Rule>,
    asked: Mutex<Vec<Ask>>,
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    pub(crate) async fn open(rule: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        Self::open_with(None, rule).await
    }

    pub(crate) async fn open_with(
        tls: Option<TlsAcceptor>,
        rule: impl Fn(&Ask) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared {
            rule: Mutex::new(Arc::new(rule)),
            asked: Mutex::default(),
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared), tls.clone()));
        Self {
            address,
            shared,
            tls,
            server,
            kept: None,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Another rule from now on.
    pub(crate) fn set(&self, rule: impl Fn(&Ask) -> Answer + Send + Sync + 'static) {
        *lock(&self.shared.rule) = Arc::new(rule);
    }

    /// Requests so far whose path contains `part`.
    pub(crate) fn asked(&self, part: &str) -> Vec<Ask> {
        let asked = lock(&self.shared.asked);
        asked.iter().filter(|ask| ask.path.contains(part)).cloned().collect()
    }

    /// Nobody listens any more, and all connections are closed. The port stays ours, or another test may be given it.
    pub(crate) async fn shut(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
        self.kept = Some(socket(self.address));
    }

    /// The port is there, but nobody takes a connection; the connections fill its queue.
    pub(crate) async fn jam(&mut self) -> (TcpListener, Vec<tokio::task::JoinHandle<()>>) {
        self.shut().await;
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

    /// Serves again after [`Self::shut`].
    pub(crate) fn reopen(&mut self) {
        let listener = socket(self.address).listen(64).expect("listening again");
        self.kept = None;
        self.server = tokio::spawn(accept(listener, Arc::clone(&self.shared), self.tls.clone()));
    }
}

fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("an option");
    socket.bind(address).expect("the port is ours");
    socket
}

impl Drop for Wire {
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
        let ask = {
            let mut asked = lock(&shared.asked);
            let before = asked.iter().filter(|ask| ask.path == path).count();
            let count = u32::try_from(before + 1).expect("few");
            let ask = Ask { path, headers, count };
            asked.push(ask.clone());
            ask
        };
        let rule = Arc::clone(&*lock(&shared.rule));
        let sent = match rule(&ask) {
            Answer::Send(bytes) => stream.write_all(&bytes).await,
            Answer::Close(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Answer::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                std::future::pending().await
            }
            Answer::Repeat(head, block, bytes) => repeat(&mut stream, &head, &block, bytes).await,
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
                // No HTTP: as web servers answer to it.
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

/// An answer with a length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// S3's way of saying no.
pub(crate) fn refuse(status: &str, code: &str, message: &str) -> Vec<u8> {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    answer(status, "Content-Type: application/xml\r\n", text.as_bytes())
}

pub(crate) fn missing() -> Vec<u8> {
    refuse("404 Not Found", "NoSuchKey", "The specified key does not exist.")
}

/// An object as S3 answers for it, or the part of it that is asked for.
pub(crate) fn object(ask: &Ask, etag: &str, bytes: &[u8]) -> Vec<u8> {
    let quoted = format!("\"{etag}\"");
    if ask.headers.get("if-match").is_some_and(|wanted| *wanted != quoted) {
        return refuse(
            "412 Precondition Failed",
            "PreconditionFailed",
            "At least one is false.",
        );
    }
    let from = ask
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        None => answer("200 OK", &format!("ETag: {quoted}\r\n"), bytes),
        Some(from) => {
            let headers = format!(
                "ETag: {quoted}\r\nContent-Range: bytes {from}-{}/{}\r\n",
                bytes.len() - 1,
                bytes.len()
            );
            answer("206 Partial Content", &headers, &bytes[from..])
        }
    }
}

/// Cuts an answer so many bytes after its head.
pub(crate) fn cut(answer: &[u8], body_bytes: usize) -> Vec<u8> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    answer[..head + body_bytes].to_vec()
}

/// A store that works: every key that ends in `.bin` is `bytes`, others are missing.
pub(crate) fn good(ask: &Ask, bytes: &[u8]) -> Answer {
    let path = ask.path.split('?').next().unwrap_or_default();
    Answer::Send(
        if path.starts_with(&format!("/{BUCKET}/")) && path.rsplit('.').next() == Some("bin") {
            object(ask, "v1", bytes)
        } else {
            missing()
        },
    )
}
