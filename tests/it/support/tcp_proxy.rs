//! A TCP proxy in front of a server. It can cut, stall or drop what it carries, or lead to another
//! server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::config::Host;

use super::Bench;

/// What the proxy does with the bytes it receives. It acknowledges all of them, so the kernel's own
/// checks for dead peers notice nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything arrives.
    Forward,
    /// Everything arrives, but only after the mode changes.
    Stall,
    /// Nothing arrives in either direction. New connections are accepted and never answered.
    DropAll,
    /// Requests arrive, replies do not.
    DropReplies,
    /// Connections are accepted and closed at once.
    Refuse,
}

/// Address of the server.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl Target {
    /// The server of a connection string, as the tests' clusters have them.
    pub(crate) fn of_url(url: &str) -> Self {
        let config: tokio_postgres::Config = url.parse().expect("a connection string");
        match (&config.get_hosts()[0], config.get_ports()[0]) {
            (Host::Unix(folder), port) => Self::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            (Host::Tcp(host), port) => Self::Tcp(format!("{host}:{port}").parse().expect("an address")),
        }
    }
}

pub(crate) struct TcpProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    target: Mutex<Target>,
    mode: watch::Sender<Mode>,
    cuts: watch::Sender<u32>,
    accepted: AtomicU32,
}

impl TcpProxy {
    pub(crate) async fn to(target: Target) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            mode: watch::Sender::new(Mode::Forward),
            cuts: watch::Sender::new(0),
            accepted: AtomicU32::new(0),
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            server,
        }
    }

    /// A proxy in front of the bench's database.
    pub(crate) async fn to_database(bench: &Bench) -> Self {
        Self::to(Target::of_url(&bench.url().await)).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connection string for a role and a database of the server, through the proxy.
    pub(crate) fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@{}/{database}", self.address)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.shared.mode.send_replace(mode);
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// New connections go to this server from now on.
    pub(crate) fn lead_to(&self, target: Target) {
        *self.shared.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> u32 {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                shared.accepted.fetch_add(1, Ordering::Relaxed);
                if *shared.mode.borrow() != Mode::Refuse {
                    connections.spawn(carry(client, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(client: TcpStream, shared: Arc<Shared>) {
    let mut cuts = shared.cuts.subscribe();
    cuts.mark_unchanged();
    let _ = client.set_nodelay(true);
    let target = shared.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let carrying = async {
        let (from_client, to_client) = client.into_split();
        match target {
            Target::Unix(path) => {
                let Ok(server) = UnixStream::connect(path).await else {
                    return;
                };
                let (from_server, to_server) = server.into_split();
                both_ways(&shared, (from_client, to_server), (from_server, to_client)).await;
            }
            Target::Tcp(address) => {
                let Ok(server) = TcpStream::connect(address).await else {
                    return;
                };
                let _ = server.set_nodelay(true);
                let (from_server, to_server) = server.into_split();
                both_ways(&shared, (from_client, to_server), (from_server, to_client)).await;
            }
        }
    };
    tokio::select! {
        () = carrying => {}
        _ = cuts.changed() => {}
    }
}

/// Copies in both directions until one of them ends. Half a connection is of no use.
async fn both_ways(
    shared: &Shared,
    requests: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    answers: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
) {
    tokio::select! {
        () = pump(requests, shared.mode.subscribe(), |mode| mode == Mode::DropAll) => {}
        () = pump(answers, shared.mode.subscribe(), |mode| matches!(mode, Mode::DropAll | Mode::DropReplies)) => {}
    }
}

async fn pump(
    (mut from, mut to): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    mut mode: watch::Receiver<Mode>,
    drops: impl Fn(Mode) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    // After lost bytes a connection must not continue in the middle of a message.
    let mut has_lost_bytes = false;
    loop {
        if mode.wait_for(|mode| *mode != Mode::Stall).await.is_err() {
            return;
        }
        has_lost_bytes |= drops(*mode.borrow_and_update());
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            changed = mode.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        // The mode may have changed while this read waited.
        has_lost_bytes |= drops(*mode.borrow());
        if read == 0 {
            if has_lost_bytes {
                // The other end must not notice that this one has closed.
                let _ = mode.wait_for(|mode| *mode == Mode::Forward).await;
            }
            return;
        }
        if !has_lost_bytes && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
