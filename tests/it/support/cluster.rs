//! The run's `PostgreSQL` cluster, and databases in it.

use std::sync::atomic::{AtomicU32, Ordering};

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;
use heimdall_daemon::sandbox::postgres::{Cluster, Durability};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

/// The migrated database that the database of each test is a copy of.
const TEMPLATE: &str = "heimdall_template";

/// Never dropped: statics are not. The cluster's watchdog ends it with the process.
static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT_DATABASE: AtomicU32 = AtomicU32::new(1);

/// The run's cluster, with a migrated template.
pub(crate) async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| Box::pin(start_cluster(Durability::None, TEMPLATE)))
        .await
}

/// A new cluster with a migrated database of this name, and logins as an installation has them: the
/// application's, the daemon's and an administrator's.
pub(super) async fn start_cluster(durability: Durability, database: &str) -> Cluster {
    let cluster = tokio::task::spawn_blocking(move || Cluster::start(durability))
        .await
        .expect("the start does not panic")
        .expect("a cluster starts");
    cluster
        .create_database(database, None)
        .await
        .expect("an empty database");
    migrate::migrate(&Secret::new(cluster.url(database)))
        .await
        .expect("sql/ installs");
    let (client, connection) = connect(&cluster.url("postgres")).await;
    client
        .batch_execute(
            "CREATE ROLE app LOGIN; CREATE ROLE daemon LOGIN IN ROLE heimdall_daemon;
             CREATE ROLE administrator LOGIN IN ROLE heimdall_admin;",
        )
        .await
        .expect("the roles are created");
    drop(client);
    connection.await.expect("the connection ends");
    cluster
}

/// A client, and the task that drives its connection and ends with it.
pub(crate) async fn connect(url: &str) -> (Client, JoinHandle<()>) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database answers");
    let driver = tokio::spawn(async move {
        // The statement that fails reports the error.
        let _ = connection.await;
    });
    (client, driver)
}

/// The name of a new, empty database in the run's cluster.
pub(crate) async fn empty_database() -> String {
    create_database(None).await
}

/// The name of a new database in the run's cluster with our schema.
pub(super) async fn migrated_database() -> String {
    create_database(Some(TEMPLATE)).await
}

async fn create_database(template: Option<&str>) -> String {
    let name = format!("test_{}", NEXT_DATABASE.fetch_add(1, Ordering::Relaxed));
    cluster()
        .await
        .create_database(&name, template)
        .await
        .expect("the database is created");
    name
}
