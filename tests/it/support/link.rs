//! A link to a server that can be cut, stalled, made to swallow what it carries, or led to another server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::config::Host;

/// What the link does with what it carries. It always acknowledges: nothing that the kernel does against silent peers
/// notices anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Everything arrives.
    Open,
    /// Nothing arrives now, all of it later.
    Stall,
    /// Nothing arrives ever, in either direction; new connections are accepted and never answered.
    Swallow,
    /// Requests arrive, answers do not.
    SwallowAnswers,
    /// Connections are accepted and closed at once.
    Refuse,
}

/// Where the link leads.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl Target {
    /// The socket in a connection string of one of the tests' clusters.
    pub(crate) fn of_url(url: &str) -> Self {
        let config: tokio_postgres::Config = url.parse().expect("a connection string");
        match (&config.get_hosts()[0], config.get_ports()[0]) {
            (Host::Unix(folder), port) => Self::Unix(folder.join(format!(".s.PGSQL.{port}"))),
            (Host::Tcp(host), port) => Self::Tcp(format!("{host}:{port}").parse().expect("an address")),
        }
    }
}

pub(crate) struct Link {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    target: Mutex<Target>,
    way: watch::Sender<Way>,
    cuts: watch::Sender<u32>,
    accepted: AtomicU32,
}

impl Link {
    pub(crate) async fn to(target: Target) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its number");
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            way: watch::Sender::new(Way::Open),
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

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connection string for a role and a database of the server at its end.
    pub(crate) fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@{}/{database}", self.address)
    }

    pub(crate) fn set(&self, way: Way) {
        self.shared.way.send_replace(way);
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// From now on, new connections lead here.
    pub(crate) fn lead_to(&self, target: Target) {
        *self.shared.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// Connections so far.
    pub(crate) fn accepted(&self) -> u32 {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Link {
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
                if *shared.way.borrow() != Way::Refuse {
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

/// Until one of them ends: a connection of which half is gone is gone.
async fn both_ways(
    shared: &Shared,
    requests: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    answers: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
) {
    tokio::select! {
        () = pump(requests, shared.way.subscribe(), |way| way == Way::Swallow) => {}
        () = pump(answers, shared.way.subscribe(), |way| matches!(way, Way::Swallow | Way::SwallowAnswers)) => {}
    }
}

async fn pump(
    (mut from, mut to): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    mut way: watch::Receiver<Way>,
    swallows: impl Fn(Way) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    // What has lost bytes once must not go on in the middle of a message.
    let mut spoilt = false;
    loop {
        if way.wait_for(|way| *way != Way::Stall).await.is_err() {
            return;
        }
        spoilt |= swallows(*way.borrow_and_update());
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            changed = way.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        // While the link was made to swallow, nothing may get through any more.
        spoilt |= swallows(*way.borrow());
        if read == 0 {
            if spoilt {
                // Nor does the other end get to know that this one has gone.
                let _ = way.wait_for(|way| *way == Way::Open).await;
            }
            return;
        }
        if !spoilt && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
