//! A database and a store for one test, and what the application does to them.

use heimdall_daemon::sandbox::objects::Metadata;
use heimdall_daemon::sandbox::postgres::{Cluster, Durability};
use heimdall_daemon::sandbox::s3::S3Server;
use serde_json::Value;
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::cluster::{cluster, connect, migrated_database, start_cluster};
use super::{BUCKET, recordings, wait_for, wait_until};

/// A migrated database and a store for one test.
pub(crate) struct Bench {
    /// Only if it does not use the run's cluster.
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

/// The row of `measurement_features` for one measurement.
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

impl FeatureRow {
    /// The warnings in the `quality` of the first segment.
    pub(crate) fn warnings(&self) -> &Value {
        &self.features[0]["quality"]["warnings"]
    }

    /// The row has the peak of [`recordings::tone`] at its frequency.
    #[track_caller]
    pub(crate) fn assert_tone(&self) {
        assert_eq!(self.error_message, None);
        let peak_hz = &self.features[0]["frequency_offset_hz"]["mean"];
        assert_eq!(*peak_hz, 1_000.0, "{}", self.metadata);
    }
}

impl Bench {
    /// A database in the run's cluster, and a store.
    pub(crate) async fn new() -> Self {
        let database = migrated_database().await;
        Self::on(None, database).await
    }

    /// The same with a cluster of its own, as durable as in production, which the test may crash.
    pub(crate) async fn with_own_cluster() -> Self {
        let database = "own".to_owned();
        let cluster = start_cluster(Durability::Full, &database).await;
        Self::on(Some(cluster), database).await
    }

    async fn on(own_cluster: Option<Cluster>, database: String) -> Self {
        let url = match &own_cluster {
            Some(cluster) => cluster.url(&database),
            None => cluster().await.url(&database),
        };
        let (sql, _) = connect(&url).await;
        let store = S3Server::start().await.expect("a store");
        store.objects().create_bucket(BUCKET);
        Self {
            own_cluster,
            database,
            sql,
            store,
        }
    }

    /// The cluster of a bench made by [`Self::with_own_cluster`].
    pub(crate) fn own_cluster(&mut self) -> &mut Cluster {
        self.own_cluster.as_mut().expect("a bench with its own cluster")
    }

    /// Replaces the connection, after the server of its own cluster was restarted.
    pub(crate) async fn reconnect(&mut self) {
        (self.sql, _) = connect(&self.url().await).await;
    }

    /// Connection string for a superuser.
    pub(crate) async fn url(&self) -> String {
        self.url_as("postgres").await
    }

    /// Connection string for a role.
    pub(crate) async fn url_as(&self, role: &str) -> String {
        match &self.own_cluster {
            Some(cluster) => cluster.url_as(role, &self.database),
            None => cluster().await.url_as(role, &self.database),
        }
    }

    /// Puts an object into the bucket.
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.store.objects().put(BUCKET, key, bytes.into(), Metadata::new());
    }

    /// Runs statements. Panics if one fails.
    pub(crate) async fn execute(&self, statement: &str) {
        self.sql
            .batch_execute(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    /// The only row of a query.
    pub(crate) async fn row_of(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> Row {
        self.sql
            .query_one(query, parameters)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error:?}"))
    }

    /// The first column of the only row of a query.
    pub(crate) async fn value<T: FromSqlOwned>(&self, query: &str, parameters: &[&(dyn ToSql + Sync)]) -> T {
        self.row_of(query, parameters).await.get(0)
    }

    /// Connections of the daemon's to this database, of those that meet `condition`. Other tests'
    /// daemons are connected to the same cluster, so `pg_stat_activity` alone has theirs too.
    pub(crate) async fn count_connections(&self, condition: &str) -> i64 {
        let ours = "pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'heimdalld%'";
        self.count(&format!("{ours} AND {condition}")).await
    }

    /// Rows in `from`, a table with its WHERE.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        self.value(&format!("SELECT count(*) FROM {from}"), &[]).await
    }

    /// Inserts a session that still records, with a station and a measurement for each location, at
    /// the sample rate of
    /// [`recordings::tone`].
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
            measurements.push(
                self.value(query, &[&station, location, &id, &recordings::SAMPLE_RATE_HZ])
                    .await,
            );
        }
        Session { id, measurements }
    }

    /// The same with this number of locations, `{prefix}-0.bin` and so on.
    pub(crate) async fn record_objects(&self, prefix: &str, count: usize) -> Session {
        let locations: Vec<String> = (0..count).map(|n| format!("{prefix}-{n}.bin")).collect();
        let locations: Vec<&str> = locations.iter().map(String::as_str).collect();
        self.record(&locations).await
    }

    /// What the application does when the session ends.
    pub(crate) async fn complete(&self, session: &Session) {
        let completed = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = $1";
        self.sql
            .execute(completed, &[&session.id])
            .await
            .expect("the session completes");
    }

    /// Expands all notes of the application's changes, as the daemons do every second.
    pub(crate) async fn expand(&self) {
        while self
            .value::<bool>("SELECT more FROM heimdall.expand_notes()", &[])
            .await
        {}
    }

    /// Completes every session in one statement.
    pub(crate) async fn complete_all(&self) {
        self.execute("UPDATE heimdall.recording_sessions SET status = 'completed'")
            .await;
    }

    /// Inserts sessions of one measurement each, all of the same object, with this status. Triggers
    /// do not fire.
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
            .execute(insert, &[&sessions, &location, &status, &recordings::SAMPLE_RATE_HZ])
            .await;
        assert_eq!(
            inserted.expect("the history is inserted"),
            u64::from(sessions.unsigned_abs())
        );
        self.execute("ALTER TABLE heimdall.recording_sessions ENABLE TRIGGER USER; ALTER TABLE heimdall.measurements ENABLE TRIGGER USER").await;
    }

    /// The row of a measurement, if it exists.
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

    /// The same without the delays between attempts: what waits becomes ready at once. Rechecks of
    /// missing objects keep their delay.
    pub(crate) async fn rows_without_delays(&self, session: &Session) -> Vec<FeatureRow> {
        let waits = "heimdall.feature_queue WHERE state = 'waiting' AND NOT recheck";
        wait_until("a row for each measurement", || async {
            if self.count(waits).await > 0 {
                let now = "UPDATE heimdall.feature_queue SET state = 'ready', due_at = NULL WHERE state = 'waiting' AND NOT recheck;
                    SELECT heimdall.wake_workers()";
                self.execute(now).await;
            }
            let left = "heimdall.session_coverage WHERE measurements_pending > 0 AND recording_session_id";
            self.count(&format!("{left} = '{}'", session.id)).await == 0
        })
        .await;
        self.rows(session).await
    }

    /// Waits until `from`, a table with its WHERE, has exactly so many rows.
    pub(crate) async fn wait_count(&self, from: &str, wanted: i64) {
        let what = format!("{wanted} in {from}");
        wait_until(&what, || async { self.count(from).await == wanted }).await;
    }

    /// Waits until exactly so many measurements are claimed.
    pub(crate) async fn wait_claimed(&self, wanted: i64) {
        self.wait_count("heimdall.feature_queue WHERE state = 'claimed'", wanted)
            .await;
    }
}

/// Every row has features, after so many attempts.
pub(crate) fn assert_extracted(rows: &[FeatureRow], attempts: i32) {
    for (index, row) in rows.iter().enumerate() {
        assert_eq!((row.failed, row.attempts), (false, attempts), "row {index}: {row:?}");
    }
}
