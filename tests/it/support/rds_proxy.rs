//! A pooler that refuses startup options as RDS Proxy does.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::Bench;
use super::tcp_proxy::Target;

/// What RDS Proxy answers, SQLSTATE 0A000.
const REFUSAL: &str = "Feature not supported: RDS Proxy currently doesn't support command-line options.";

/// The pooler. It ends when the value is dropped.
pub(crate) struct RdsProxy {
    port: u16,
    server: JoinHandle<()>,
}

impl RdsProxy {
    /// In front of the bench's database.
    pub(crate) async fn start(bench: &Bench) -> Self {
        let target = Target::of_url(&bench.url().await);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, target.clone()));
            }
        });
        Self { port, server }
    }

    /// Connection string for a role of the bench's database.
    pub(crate) fn url_as(&self, role: &str, bench: &Bench) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{}", self.port, bench.database)
    }
}

impl Drop for RdsProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Looks at the first message of a connection, then only copies.
async fn carry(mut client: TcpStream, target: Target) {
    let Ok(length) = client.read_u32().await else { return };
    let mut startup = vec![0; length as usize - 4];
    if client.read_exact(&mut startup).await.is_err() {
        return;
    }
    let has_options = startup.windows(9).any(|bytes| bytes == b"\0options\0");
    if has_options {
        drop(client.write_all(&refusal()).await);
        return;
    }
    let Target::Unix(path) = target else {
        panic!("the tests' clusters have a socket");
    };
    let mut server = tokio::net::UnixStream::connect(path)
        .await
        .expect("the server is there");
    server.write_u32(length).await.expect("the startup is sent");
    server.write_all(&startup).await.expect("the startup is sent");
    drop(copy_bidirectional(&mut client, &mut server).await);
}

/// An `ErrorResponse` of the protocol.
fn refusal() -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C0A000\0M{REFUSAL}\0\0");
    let length = u32::try_from(fields.len() + 4).expect("short");
    [&b"E"[..], &length.to_be_bytes(), fields.as_bytes()].concat()
}
