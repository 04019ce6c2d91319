//! A throw-away Postgres cluster: made in a private folder, reached by a unix socket in it,
//! gone with the process that made it.
//!
//! Nothing is left behind however that process ends. A small shell, the watchdog, holds the
//! read end of a pipe whose only write end is ours: the kernel closes it on a normal end, on a
//! panic, on Ctrl-C and on SIGKILL alike, and the watchdog then stops the server and removes the
//! folder. Dropping a [`Cluster`] closes the same pipe and waits, so there is one way of cleaning
//! up and every run uses it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use super::account::{Account, command_as, make_folder};
use super::binaries::Binaries;
use super::error::{Context, Result, SandboxError};

/// The port only names the socket's file: nothing listens on TCP.
pub(super) const PORT: u16 = 5432;
/// How long a server may take to answer; crash recovery of a test's data takes far less.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How often the server's own status line is read while it starts.
const START_POLL: Duration = Duration::from_millis(10);
/// Room for twenty migrations at once and two daemons, and a handful of psql sessions.
const MAX_CONNECTIONS: u16 = 200;
/// Lines of the server's log that an error shows.
const LOG_LINES_SHOWN: usize = 12;

/// Ends the server and removes the folder once standard input is closed. `$1` is `pg_ctl`,
/// `$2` the folder. Backends of a killed postmaster end by themselves.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
while read -r _; do :; done
if [ -f "$2/data/postmaster.pid" ]; then
    "$1" stop -s -D "$2/data" -m fast -t 10 || "$1" stop -s -D "$2/data" -m immediate -t 10 ||
        kill -9 "$(head -n 1 "$2/data/postmaster.pid")"
fi
for _ in 1 2 3 4 5; do rm -rf "$2" && break; sleep 1; done
"#;

/// Whether COMMIT waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production: wherever time is measured.
    Full,
    /// Nothing is flushed: for data that is thrown away in a minute.
    None,
}

/// A running cluster of its own, for as long as the value lives.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    account: Option<Account>,
    pub(super) durability: Durability,
    more_settings: Vec<String>,
    pub(super) folder: PathBuf,
    server: Option<Child>,
    watchdog: Child,
}

impl Cluster {
    /// Makes and starts a cluster and waits until it answers (about a second).
    ///
    /// # Errors
    /// When there are no server binaries, or when one of them fails; with its own words.
    pub fn start(durability: Durability) -> Result<Self> {
        let mut cluster = Self::found(durability)?;
        cluster.initdb()?;
        cluster.start_again()?;
        Ok(cluster)
    }

    /// A folder and its watchdog, nothing in it yet.
    pub(super) fn found(durability: Durability) -> Result<Self> {
        let binaries = Binaries::find()?;
        let account = Account::to_drop_to()?;
        let folder = make_folder(account.as_ref(), &format!(".s.PGSQL.{PORT}.lock"))?;
        let mut command = command_as(account.as_ref(), Path::new("/bin/sh"), &folder);
        let watchdog = (command
            .args(["-c", WATCHDOG, "sh"])
            .arg(binaries.path("pg_ctl"))
            .arg(&folder))
        .stdin(Stdio::piped())
        .spawn()
        .context("starting the cluster's watchdog");
        if watchdog.is_err() {
            let _ = std::fs::remove_dir(&folder);
        }
        Ok(Self {
            binaries,
            account,
            durability,
            more_settings: Vec::new(),
            folder,
            server: None,
            watchdog: watchdog?,
        })
    }

    /// Connection string of the superuser for one of the cluster's databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as("postgres", database)
    }

    /// Connection string of any role: whoever can reach the socket is trusted.
    #[must_use]
    pub fn url_as(&self, role: &str, database: &str) -> String {
        let socket_folder = self
            .socket_folder()
            .to_string_lossy()
            .replace('%', "%25")
            .replace('/', "%2F");
        format!("postgres://{role}@{socket_folder}:{PORT}/{database}")
    }

    /// What to type for a psql in `database`.
    #[must_use]
    pub fn psql_command(&self, database: &str) -> String {
        format!(
            "psql -h {} -p {PORT} -U postgres {database}",
            self.socket_folder().display()
        )
    }

    /// The server's version, for example `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.binaries.version()
    }

    /// Server settings (`name=value`) for the next start, over the cluster's own.
    pub fn set_for_next_start(&mut self, settings: &[&str]) {
        self.more_settings = settings.iter().map(|&setting| setting.to_owned()).collect();
    }

    /// Process id of the running postmaster.
    #[must_use]
    pub fn postmaster_pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Makes a database, as a copy of `template` where one is given.
    ///
    /// # Errors
    /// What the server says, for example when the template is in use; or the end of its log when it is gone.
    pub async fn create_database(&self, name: &str, template: Option<&str>) -> Result<()> {
        let mut doing = format!("creating database {name}");
        let connected = tokio_postgres::connect(&self.url("postgres"), NoTls).await;
        if connected.is_err() {
            doing = format!("{doing}; the server's last words:\n{}\n", self.log_tail());
        }
        let (client, connection) = connected.context(&doing)?;
        let connection = tokio::spawn(connection);
        let quoted = |identifier: &str| format!("\"{}\"", identifier.replace('"', "\"\""));
        let template = quoted(template.unwrap_or("template1"));
        // CREATE DATABASE takes no parameters.
        let created = client
            .batch_execute(&format!("CREATE DATABASE {} TEMPLATE {template}", quoted(name)))
            .await;
        drop(client);
        connection.await.context(&doing)?.context(&doing)?;
        created.context(&doing)
    }

    /// Stops the server as a crash of the machine would, without a checkpoint: the next start
    /// goes through recovery.
    ///
    /// # Errors
    /// When the server has not ended after half a minute.
    pub fn stop_immediate(&mut self) -> Result<()> {
        // A connection that comes while the server stops is to be refused, but only once the client has said what it wants; the
        // server waits for that, up to authentication_timeout (a minute), and a silent link makes it wait so long.
        self.run("pg_ctl", &["stop", "-s", "-m", "immediate", "-t", "90"])?;
        if let Some(mut server) = self.server.take() {
            server.wait().context("waiting for the server's end")?;
        }
        Ok(())
    }

    /// Starts a stopped server on the same data and the same socket.
    ///
    /// # Errors
    /// When it ends or says nothing within a minute; with the end of its log.
    pub fn start_again(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("server.log"));
        let log = log.context("opening the server's log")?;
        let mut settings = vec![
            "listen_addresses=".to_owned(),
            format!("port={PORT}"),
            format!("unix_socket_directories={}", self.socket_folder().display()),
            format!("max_connections={MAX_CONNECTIONS}"),
        ];
        if self.durability == Durability::None {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(String::from));
        }
        settings.extend(self.more_settings.iter().cloned());
        let mut command = self.command("postgres");
        for setting in settings {
            command.arg("-c").arg(setting);
        }
        command
            .stdout(log.try_clone().context("opening the server's log")?)
            .stderr(log);
        self.server = Some(command.spawn().context("starting postgres")?);
        self.wait_until_ready()
    }

    /// Stops as [`Self::stop_immediate`] does and starts again.
    ///
    /// # Errors
    /// As the two halves.
    pub fn restart(&mut self) -> Result<()> {
        self.stop_immediate()?;
        self.start_again()
    }

    /// The server writes its state into the eighth line of its pid file, which `pg_ctl -w` reads
    /// too; the first line says whose file it is, since a killed server leaves one behind.
    fn wait_until_ready(&mut self) -> Result<()> {
        let pid_file = self.data_folder().join("postmaster.pid");
        let deadline = Instant::now() + START_LIMIT;
        while let Some(server) = &mut self.server {
            let pid = server.id().to_string();
            let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
            let mut lines = text.lines().map(str::trim);
            if lines.next() == Some(&*pid) && lines.nth(6) == Some("ready") {
                return Ok(());
            }
            if let Some(status) = server.try_wait().context("watching the server start")? {
                self.server = None;
                return Err(SandboxError::new(format!(
                    "postgres ended with {status}:\n{}",
                    self.log_tail()
                )));
            }
            if Instant::now() > deadline {
                break;
            }
            std::thread::sleep(START_POLL);
        }
        Err(SandboxError::new(format!(
            "postgres is not ready after {START_LIMIT:?}:\n{}",
            self.log_tail()
        )))
    }

    fn initdb(&self) -> Result<()> {
        let arguments = [
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ];
        self.run("initdb", &arguments)
    }

    /// Runs one of the cluster's programs to its end.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = self
            .command(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output();
        let output = output.context(format!("running {program}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        Err(SandboxError::new(format!(
            "{program} ended with {}:\n{}",
            output.status,
            said.trim()
        )))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = command_as(self.account.as_ref(), &self.binaries.path(program), &self.folder);
        command.arg("-D").arg(self.data_folder());
        command
    }

    fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn socket_folder(&self) -> &Path {
        &self.folder
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
        if let Some(server) = &mut self.server {
            let _ = server.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(url: &str, query: &str) -> String {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server answers");
        tokio::spawn(connection);
        client.query_one(query, &[]).await.expect("a row").get(0)
    }

    #[tokio::test]
    async fn a_cluster_answers_survives_a_crash_and_leaves_nothing_behind() {
        let mut cluster = Cluster::start(Durability::None).expect("a cluster");
        cluster.create_database("odd \"name", None).await.expect("a database");
        assert_eq!(ask(&cluster.url("postgres"), "SHOW fsync").await, "off");
        let version = ask(&cluster.url("postgres"), "SHOW server_version").await;
        assert!(version.starts_with(cluster.version()), "{version}");

        let before = cluster.postmaster_pid();
        cluster.restart().expect("it starts again");
        assert_ne!(cluster.postmaster_pid(), before);
        let databases = "SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'odd%'";
        assert_eq!(ask(&cluster.url("postgres"), databases).await, "odd \"name");

        let folder = cluster.folder.clone();
        let pid_file = cluster.data_folder().join("postmaster.pid");
        assert!(pid_file.exists());
        drop(cluster);
        assert!(!folder.exists(), "{folder:?} is still there");
    }

    #[tokio::test]
    async fn a_database_is_a_copy_of_its_template() {
        let cluster = Cluster::start(Durability::Full).expect("a cluster");
        assert_eq!(ask(&cluster.url("postgres"), "SHOW fsync").await, "on");
        cluster.create_database("first", None).await.expect("a database");
        ask(
            &cluster.url("first"),
            "SELECT (SELECT 'made') FROM (SELECT lo_create(4711)) made",
        )
        .await;
        cluster.create_database("second", Some("first")).await.expect("a copy");
        let copied = "SELECT count(*)::text FROM pg_largeobject_metadata WHERE oid = 4711";
        assert_eq!(ask(&cluster.url("second"), copied).await, "1");
    }
}
