//! A `PostgreSQL` cluster with TLS.

use std::net::TcpListener;

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;
use heimdall_daemon::sandbox::postgres::{Cluster, Durability};

use crate::support::certificates::Identity;
use crate::support::{connect, wait_until};

/// A cluster that listens on TCP, with TLS and passwords.
pub(super) struct TlsCluster {
    cluster: Cluster,
    port: u16,
}

/// The password of the role `daemon`.
pub(super) const PASSWORD: &str = "hunter2";

impl TlsCluster {
    pub(super) async fn start() -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|free| free.local_addr())
            .expect("a free port")
            .port();
        let mut cluster = Cluster::start(Durability::None).expect("a cluster starts");
        cluster.set_for_next_start(&["listen_addresses=127.0.0.1", &format!("port={port}")]);
        cluster.restart().expect("it starts again");
        let cluster = Self { cluster, port };
        migrate::migrate(&Secret::new(cluster.socket_url()))
            .await
            .expect("sql/ installs");
        let login = format!("CREATE ROLE daemon LOGIN PASSWORD '{PASSWORD}' IN ROLE heimdall_daemon");
        cluster.execute(&login).await;
        cluster.set_authentication("scram-sha-256").await;
        cluster
    }

    /// Sets the authentication method for TCP connections.
    pub(super) async fn set_authentication(&self, method: &str) {
        let rules = format!("local all all trust\nhostssl all all 127.0.0.1/32 {method}");
        self.write("pg_hba.conf", &rules).await;
        self.reload().await;
    }

    pub(super) fn socket_url(&self) -> String {
        self.cluster
            .url("postgres")
            .replace(":5432/", &format!(":{}/", self.port))
    }

    pub(super) fn url(&self, host: &str, parameters: &str) -> String {
        format!(
            "postgresql://daemon:{PASSWORD}@{host}:{}/postgres{parameters}",
            self.port
        )
    }

    pub(super) async fn execute(&self, statement: &str) {
        let (client, _) = connect(&self.socket_url()).await;
        client
            .batch_execute(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    /// Writes a file into the data folder, readable only by the server's user.
    pub(super) async fn write(&self, name: &str, text: &str) {
        let statement = format!(
            "DO $do$ BEGIN EXECUTE format('COPY (SELECT unnest(string_to_array(%L, E''\n''))) TO PROGRAM %L',
                $text${}$text$, format('umask 077; rm -f %1$s; cat > %1$s', current_setting('data_directory') || '/{name}'));
            END $do$",
            text.trim_end()
        );
        self.execute(&statement).await;
    }

    /// Makes the server reload its files, and waits until it has done so.
    pub(super) async fn reload(&self) {
        let loaded = async || {
            let (client, _) = connect(&self.socket_url()).await;
            let row = client
                .query_one("SELECT pg_conf_load_time()::text", &[])
                .await
                .expect("a time");
            row.get::<_, String>(0)
        };
        let before = loaded().await;
        self.execute("SELECT pg_reload_conf()").await;
        wait_until("the files are reloaded", || async { loaded().await != before }).await;
    }

    /// Ends the sessions of the daemons.
    pub(super) async fn end_sessions(&self) {
        self.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'daemon'")
            .await;
    }

    pub(super) async fn set_certificate(&self, identity: &Identity) {
        self.write("server.crt", &identity.certificate).await;
        self.write("server.key", &identity.key).await;
        self.execute("ALTER SYSTEM SET ssl = on").await;
        self.reload().await;
    }
}
