//! The real `PgBouncer` in front of the run's cluster, in transaction mode.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use super::{cluster, wait_until};

/// A port only names a socket in the cluster's folder.
static NEXT_PORT: AtomicU16 = AtomicU16::new(6_001);

/// Ends the pooler when our end of the pipe closes, however this process ends.
const KEEPER: &str = r#""$0" "$1" & while read -r _; do :; done; kill $!; wait"#;

/// A running pooler, for as long as the value lives.
pub(crate) struct PgBouncer {
    keeper: Child,
    port: u16,
}

impl PgBouncer {
    /// A pooler with two connections to the server, which all clients share. `settings` are further
    /// lines of its file.
    pub(crate) async fn start(settings: &str) -> Self {
        Self::start_before(&cluster().await.url("postgres"), settings).await
    }

    /// The same in front of the server of this connection string.
    pub(crate) async fn start_before(url: &str, settings: &str) -> Self {
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        let folder = socket_folder(url);
        let users = folder.join(format!("pgbouncer-{port}.users"));
        let roles = ["daemon", "postgres"].map(|role| format!("\"{role}\" \"secret\"\n"));
        std::fs::write(&users, roles.concat()).expect("written");
        let file = folder.join(format!("pgbouncer-{port}.ini"));
        let text = format!(
            "[databases]\n* = host={folder} port=5432\n[pgbouncer]\nlisten_addr =\nlisten_port = {port}\n\
             unix_socket_dir = {folder}\nauth_type = trust\nauth_file = {users}\npool_mode = transaction\n\
             default_pool_size = 2\nmax_client_conn = 200\n{settings}\n",
            folder = folder.display(),
            users = users.display()
        );
        std::fs::write(&file, text).expect("written");
        // PgBouncer refuses to run as root. The cluster's account can reach the server's socket.
        let owner = folder.metadata().expect("the folder exists");
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER]).arg(program()).arg(&file);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if owner.uid() != std::fs::metadata("/proc/self").map_or(owner.uid(), |own| own.uid()) {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let keeper = command.spawn().expect("sh runs");
        let socket = folder.join(format!(".s.PGSQL.{port}"));
        let bouncer = Self { keeper, port };
        wait_until("the pooler listens", || async { socket.exists() }).await;
        bouncer
    }

    /// The same URL through the pooler.
    pub(crate) fn url(&self, direct: &str) -> String {
        assert!(direct.contains(":5432/"), "{direct}");
        direct.replace(":5432/", &format!(":{}/", self.port))
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn socket_folder(url: &str) -> PathBuf {
    let start = url.find('@').expect("a role") + 1;
    let end = url.rfind(":5432/").expect("a port");
    url[start..end].replace("%2F", "/").replace("%25", "%").into()
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from);
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pgbouncer/usr/sbin");
    std::env::split_paths(&path)
        .chain(usual)
        .chain([unpacked])
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.is_file())
        .expect("no pgbouncer. Run as root: apt-get install pgbouncer; or run deploy/test.sh, which fetches it")
}
