//! A throw-away Postgres cluster in a private folder. Clients connect through a unix socket in that
//! folder. The server and the folder are removed when this process ends.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use tokio_postgres::NoTls;

use super::account::{Account, command_as, make_folder};
use super::binaries::Binaries;
use super::watchdog::Watchdog;

/// Part of the socket's file name. The server does not listen on TCP.
pub(super) const PORT: u16 = 5432;

/// Whether COMMIT waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As in production. For measurements of time.
    Full,
    /// Nothing is flushed. For data that is deleted a minute later.
    None,
}

/// A running cluster. Dropping the value stops it and removes its folder.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    account: Option<Account>,
    pub(super) durability: Durability,
    pub(super) more_settings: Vec<String>,
    /// Holds the data, the socket and the server's log.
    pub(super) folder: PathBuf,
    watchdog: Option<Watchdog>,
    pub(super) server: Option<Child>,
}

impl Cluster {
    /// Makes and starts a cluster and waits until it accepts connections (about a second).
    ///
    /// # Errors
    /// If there are no server binaries, or one of them fails. The error shows what it printed.
    pub fn start(durability: Durability) -> Result<Self> {
        let mut cluster = Self::prepare(durability)?;
        let arguments = [
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ];
        cluster.run("initdb", &arguments)?;
        cluster.start_again()?;
        Ok(cluster)
    }

    /// A cluster with an empty folder and a watchdog.
    pub(super) fn prepare(durability: Durability) -> Result<Self> {
        let binaries = Binaries::find()?;
        let account = Account::unprivileged()?;
        let folder = make_folder(account.as_ref(), &format!(".s.PGSQL.{PORT}.lock"))?;
        let watchdog = Watchdog::start(account.as_ref(), &binaries.path("pg_ctl"), &folder)?;
        Ok(Self {
            binaries,
            account,
            durability,
            more_settings: Vec::new(),
            folder,
            watchdog: Some(watchdog),
            server: None,
        })
    }

    /// The superuser's connection string for one of the databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_as("postgres", database)
    }

    /// A role's connection string. The server trusts every client that can reach the socket.
    #[must_use]
    pub fn url_as(&self, role: &str, database: &str) -> String {
        let folder = self.folder.to_string_lossy().replace('%', "%25").replace('/', "%2F");
        format!("postgres://{role}@{folder}:{PORT}/{database}")
    }

    /// The command that opens psql in `database`: that of the server, if none is on the PATH.
    #[must_use]
    pub fn psql_command(&self, database: &str) -> String {
        let on_path = std::env::var_os("PATH")
            .is_some_and(|folders| std::env::split_paths(&folders).any(|folder| folder.join("psql").is_file()));
        let own = self.binaries.path("psql");
        let psql = if on_path || !own.is_file() {
            "psql".to_owned()
        } else {
            own.display().to_string()
        };
        format!("{psql} -h {} -p {PORT} -U postgres {database}", self.folder.display())
    }

    /// The server's version, for example `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.binaries.version()
    }

    /// Makes a database, as a copy of `template` if there is one.
    ///
    /// # Errors
    /// The server's error, for example if the template is in use. If the server does not answer,
    /// the error shows the end of its log.
    pub async fn create_database(&self, name: &str, template: Option<&str>) -> Result<()> {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls)
            .await
            .with_context(|| {
                format!(
                    "creating database {name}; the end of the server's log:\n{}\n",
                    self.log_tail()
                )
            })?;
        let connection = tokio::spawn(connection);
        let quoted = |identifier: &str| format!("\"{}\"", identifier.replace('"', "\"\""));
        let template = quoted(template.unwrap_or("template1"));
        // CREATE DATABASE takes no parameters.
        let created = client
            .batch_execute(&format!("CREATE DATABASE {} TEMPLATE {template}", quoted(name)))
            .await;
        drop(client);
        let ended = connection.await;
        let doing = || format!("creating database {name}");
        ended.with_context(doing)?.with_context(doing)?;
        created.with_context(doing)
    }

    /// Runs one of the cluster's programs to its end.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = self
            .command(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .with_context(|| format!("running {program}"))?;
        if !output.status.success() {
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8_lossy(&printed);
            bail!("{program} ended with {}:\n{}", output.status, printed.trim());
        }
        Ok(())
    }

    /// One of the cluster's programs, for its data folder.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = command_as(self.account.as_ref(), &self.binaries.path(program), &self.folder);
        command.arg("-D").arg(self.data_folder());
        command
    }

    /// Whether the server has the files of an extension.
    pub(super) fn has_extension(&self, name: &str) -> bool {
        self.binaries.has_extension(name)
    }

    pub(super) fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The watchdog stops the server.
        drop(self.watchdog.take());
        if let Some(server) = &mut self.server {
            let _ = server.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(url: &str, query: &str) -> String {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client.query_one(query, &[]).await.expect("a row").get(0)
    }

    #[tokio::test]
    async fn a_cluster_starts_survives_a_crash_and_leaves_nothing_behind() {
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
