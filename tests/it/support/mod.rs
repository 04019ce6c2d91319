//! What the tests stand on: one throw-away cluster a run, one database and one store a test, the real binary.

pub(crate) mod certificates;
pub(crate) mod daemon;
pub(crate) mod faketime;
pub(crate) mod faults;
pub(crate) mod iq;
pub(crate) mod link;
pub(crate) mod pgbouncer;
pub(crate) mod prometheus;
pub(crate) mod wire;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use heimdall_daemon::config::secret::Secret;
use heimdall_daemon::postgres::migrate;
use heimdall_daemon::sandbox::objects::Metadata;
use heimdall_daemon::sandbox::postgres::{Cluster, Durability};
use heimdall_daemon::sandbox::s3::S3Server;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// The bucket that the daemons of the tests read.
pub(crate) const BUCKET: &str = "heimdall-raw-iq";
/// Long enough for a machine that does ten other things; a test that reaches it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The migrated database that each test's is a copy of.
const TEMPLATE: &str = "heimdall_template";

/// Runs in which nothing is thrown away end with the process: the cluster's watchdog sees to that.
static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT_DATABASE: AtomicU32 = AtomicU32::new(1);

/// The run's cluster, with a migrated template.
pub(crate) async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| Box::pin(start_cluster(Durability::None, TEMPLATE)))
        .await
}

/// A new cluster with a migrated database of this name.
async fn start_cluster(durability: Durability, database: &str) -> Cluster {
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
    // As an installation has them: the application's login and the daemon's.
    client
        .batch_execute("CREATE ROLE app LOGIN; CREATE ROLE daemon LOGIN IN ROLE heimdall_daemon;")
        .await
        .expect("roles");
    drop(client);
    connection.await.expect("the connection ends");
    cluster
}

/// A client, and the task that drives its connection and ends with it.
pub(crate) async fn connect(url: &str) -> (Client, tokio::task::JoinHandle<()>) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database answers");
    let driving = tokio::spawn(async move {
        // An error is the business of the statement that meets it.
        let _ = connection.await;
    });
    (client, driving)
}

/// An empty database of its own in the run's cluster, named after nothing.
pub(crate) async fn empty_database() -> String {
    let name = format!("test_{}", NEXT_DATABASE.fetch_add(1, Ordering::Relaxed));
    cluster().await.create_database(&name, None).await.expect("a database");
    name
}

/// Tries until `attempt` yields something; panics at the deadline.
pub(crate) async fn wait_for<T, F: Future<Output = Option<T>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(begun.elapsed() < DEADLINE, "after {DEADLINE:?} still not: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A migrated database and a store, both this test's alone.
pub(crate) struct Bench {
    /// Where it is not the run's.
    pub(crate) own_cluster: Option<Cluster>,
    pub(crate) database: String,
    pub(crate) sql: Client,
    pub(crate) store: S3Server,
}

/// A session with its measurements, in the order of their locations.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) measurements: Vec<Uuid>,
}

/// What stands in `measurement_features` for one measurement.
#[derive(Debug, Clone)]
pub(crate) struct FeatureRow {
    pub(crate) failed: bool,
    pub(crate) error_kind: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) features: Value,
    pub(crate) metadata: Value,
    pub(crate) mean_snr_db: Option<f64>,
    pub(crate) confidence: f64,
    pub(crate) detected: i32,
    pub(crate) attempts: i32,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let cluster = cluster().await;
        let database = format!("test_{}", NEXT_DATABASE.fetch_add(1, Ordering::Relaxed));
        cluster
            .create_database(&database, Some(TEMPLATE))
            .await
            .expect("a copy of the template");
        let (sql, _) = connect(&cluster.url(&database)).await;
        let store = S3Server::start().await.expect("a store");
        store.objects().create_bucket(BUCKET);
        let own_cluster = None;
        Self {
            own_cluster,
            database,
            sql,
            store,
        }
    }

    /// On a cluster of its own, as durable as in production, which the test may crash.
    pub(crate) async fn apart() -> Self {
        let database = "apart".to_owned();
        let cluster = start_cluster(Durability::Full, &database).await;
        let (sql, _) = connect(&cluster.url(&database)).await;
        let store = S3Server::start().await.expect("a store");
        store.objects().create_bucket(BUCKET);
        Self {
            own_cluster: Some(cluster),
            database,
            sql,
            store,
        }
    }

    /// The cluster of a bench made by [`Self::apart`].
    pub(crate) fn own_cluster(&mut self) -> &mut Cluster {
        self.own_cluster.as_mut().expect("a bench apart")
    }

    /// A new connection, after the server of a bench apart was away.
    pub(crate) async fn reconnect(&mut self) {
        (self.sql, _) = connect(&self.url().await).await;
    }

    pub(crate) async fn url(&self) -> String {
        self.url_as("postgres").await
    }

    pub(crate) async fn url_as(&self, role: &str) -> String {
        match &self.own_cluster {
            Some(cluster) => cluster.url_as(role, &self.database),
            None => cluster().await.url_as(role, &self.database),
        }
    }

    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.store.objects().put(BUCKET, key, bytes.into(), Metadata::new());
    }

    pub(crate) async fn execute(&self, statement: &str) {
        self.sql
            .batch_execute(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    /// The one value that a query yields.
    pub(crate) async fn value<T: FromSqlOwned>(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> T {
        let row = self
            .sql
            .query_one(query, parameters)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error:?}"));
        row.get(0)
    }

    pub(crate) async fn count(&self, from: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {from}"), &[]).await
    }

    /// Enters a session that still records, with a station and a measurement for each location. The
    /// recordings are those of [`iq::tone`], at its sample rate.
    pub(crate) async fn record(&self, locations: &[&str]) -> Session {
        let query = "INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
                     VALUES ('recording', 145000000, 1) RETURNING id";
        let id = self.value(query, &[]).await;
        let mut measurements = Vec::new();
        for (index, location) in locations.iter().enumerate() {
            let query = "WITH station AS (
                    INSERT INTO heimdall.websdr_stations (name, latitude, longitude) VALUES ($1::text, 45.04, 7.67)
                    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id)
                INSERT INTO heimdall.measurements (websdr_station_id, frequency_hz, iq_data_location, recording_session_id, iq_sample_rate)
                SELECT id, 145000000, $2::text, $3::uuid, $4::float8 FROM station RETURNING id";
            let station = format!("Station {}", index + 1);
            measurements.push(self.value(query, &[&station, location, &id, &iq::SAMPLE_RATE_HZ]).await);
        }
        Session { id, measurements }
    }

    pub(crate) async fn complete(&self, session: &Session) {
        let completed = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = $1";
        self.sql
            .execute(completed, &[&session.id])
            .await
            .expect("the session completes");
    }

    /// Many sessions of one measurement each, all of the same object, left as `status`. Triggers do not fire.
    pub(crate) async fn history(&self, sessions: i32, location: &str, status: &str) {
        self.execute("ALTER TABLE heimdall.recording_sessions DISABLE TRIGGER USER; ALTER TABLE heimdall.measurements DISABLE TRIGGER USER").await;
        let insert = "WITH session AS (
                INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds, created_at)
                SELECT $3::text, 145000000, 1, now() - n * interval '1 minute' FROM generate_series(1, $1::int) n
                RETURNING id, created_at)
            INSERT INTO heimdall.measurements (frequency_hz, iq_data_location, recording_session_id, iq_sample_rate, created_at)
            SELECT 145000000, $2::text, id, $4::float8, created_at FROM session";
        let inserted = self
            .sql
            .execute(insert, &[&sessions, &location, &status, &iq::SAMPLE_RATE_HZ])
            .await;
        assert_eq!(
            inserted.expect("the history is entered"),
            u64::from(sessions.unsigned_abs())
        );
        self.execute("ALTER TABLE heimdall.recording_sessions ENABLE TRIGGER USER; ALTER TABLE heimdall.measurements ENABLE TRIGGER USER").await;
    }

    /// The measurement's one row, if it stands.
    pub(crate) async fn row(&self, measurement: Uuid) -> Option<FeatureRow> {
        let query =
            "SELECT extraction_failed, error_kind, error_message, to_jsonb(receiver_features), extraction_metadata,
                mean_snr_db, overall_confidence, num_receivers_detected, attempts
            FROM heimdall.measurement_features WHERE measurement_id = $1";
        let rows = self.sql.query(query, &[&measurement]).await.expect("the row is read");
        assert!(rows.len() < 2, "{} rows for one measurement", rows.len());
        rows.first().map(|row| FeatureRow {
            failed: row.get(0),
            error_kind: row.get(1),
            error_message: row.get(2),
            features: row.get(3),
            metadata: row.get(4),
            mean_snr_db: row.get(5),
            confidence: row.get(6),
            detected: row.get(7),
            attempts: row.get(8),
        })
    }

    /// Waits until every measurement of the session has its row.
    pub(crate) async fn rows(&self, session: &Session) -> Vec<FeatureRow> {
        let mut rows = Vec::new();
        for measurement in &session.measurements {
            rows.push(wait_for("a row for each measurement", || self.row(*measurement)).await);
        }
        rows
    }

    /// The same, while what waits for later never has to wait.
    pub(crate) async fn rows_at_once(&self, session: &Session) -> Vec<FeatureRow> {
        let waits = "heimdall.feature_queue WHERE state = 'waiting' AND NOT recheck";
        wait_for("a row for each measurement", || async {
            if self.count(waits).await > 0 {
                let now = "UPDATE heimdall.feature_queue SET state = 'ready', due_at = NULL WHERE state = 'waiting' AND NOT recheck;
                    SELECT heimdall.wake_workers()";
                self.execute(now).await;
            }
            let left = "heimdall.session_coverage WHERE measurements_pending > 0 AND recording_session_id";
            (self.count(&format!("{left} = '{}'", session.id)).await == 0).then_some(())
        })
        .await;
        self.rows(session).await
    }

    /// Waits until `from` (a table with its WHERE) has exactly so many rows.
    pub(crate) async fn wait_count(&self, from: &str, wanted: i64) {
        let what = format!("{wanted} in {from}");
        wait_for(&what, || async { (self.count(from).await == wanted).then_some(()) }).await;
    }
}
