//! `heimdalld export`.

mod again;
mod choices;
mod contents;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use tempfile::TempDir;

use super::{logins, printed, run};
use crate::support::daemon::{Daemon, command};
use crate::support::{Bench, wait_until};

/// Functions that add a session, and a recording of it with one object for each second.
const FUNCTIONS: &str = r#"
    CREATE FUNCTION public.session(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
        INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
        VALUES (md5(at::text)::uuid, 'completed', 145000000, 1, at) RETURNING id
    $$;
    CREATE FUNCTION public.object(receiver text, second integer) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_build_object('rx_id', receiver, 'rx_lat', 44.5, 'rx_lon', 7.5, 'segment_start_ms', 1000 * second,
                                  'num_chunks', 5, 'signal_present', true, 'quality', '{"warnings": ["clipping", "dc_spike"]}'::jsonb,
                                  'extended', '{"detection_rate": 0.8}'::jsonb)
               || (SELECT jsonb_object_agg(d.name, jsonb_build_object('mean', second + random(), 'std', random()))
                   FROM heimdall.feature_dictionary d WHERE d.set = 'reference')
    $$;
    CREATE FUNCTION public.recording(at timestamptz, receiver text, seconds integer) RETURNS void LANGUAGE sql AS $$
        INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features,
            overall_confidence, mean_snr_db, num_receivers_detected, rx_id, extraction_failed, error_kind, error_message)
        SELECT at, md5(at || receiver)::uuid, md5(at::text)::uuid,
               ARRAY(SELECT public.object(receiver, s) FROM generate_series(0, seconds - 1) s),
               0.5, CASE WHEN seconds > 0 THEN 20 END, 1, CASE WHEN seconds > 0 THEN receiver END, seconds = 0,
               CASE WHEN seconds = 0 THEN 'too_short' END, CASE WHEN seconds = 0 THEN 'too short' END
    $$;"#;

/// Two sessions of one day, and one of the next. In the second one Torino fails, in the third one
/// Cuneo is silent.
const SESSIONS: &str = "
    SELECT public.session('2026-11-26 10:00Z'), public.recording('2026-11-26 10:00Z', 'Torino', 2),
           public.recording('2026-11-26 10:00Z', 'Cuneo', 3);
    SELECT public.session('2026-11-26 23:59:59Z'), public.recording('2026-11-26 23:59:59Z', 'Cuneo', 1),
           public.recording('2026-11-26 23:59:59Z', 'Torino', 0);
    SELECT public.session('2026-11-27 00:00Z'), public.recording('2026-11-27 00:00Z', 'Torino', 1);";

struct Export {
    bench: Bench,
    folder: TempDir,
    /// Of the folder that it writes into.
    name: &'static str,
}

impl Export {
    async fn new() -> Self {
        let bench = Bench::new().await;
        logins(&bench).await;
        bench.execute(FUNCTIONS).await;
        bench.execute(SESSIONS).await;
        let folder = TempDir::new().expect("a folder");
        let name = "out";
        Self { bench, folder, name }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    async fn run(&self, options: &[&str]) -> Output {
        let out = self.out();
        let arguments = [&["export"], options, &[out.to_str().expect("text")]].concat();
        run(&self.bench, "reader", &arguments).await
    }

    /// Runs it, and returns its last line without the time that it took.
    async fn written(&self, options: &[&str]) -> String {
        let (status, text) = printed(&self.run(options).await);
        assert_eq!(status, Some(0), "{text}");
        let last = text.lines().last().expect("a line");
        last.rsplit_once(", in ").expect("a time").0.to_owned()
    }

    fn day(&self, day: &str, extension: &str) -> PathBuf {
        self.out().join(format!("day={day}/samples.{extension}"))
    }

    fn state(&self) -> Value {
        let text = fs::read(self.out().join("_export.json")).expect("a state");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// Makes the samples of a day wait while the lock 7 is held.
    async fn block(&self, day: &str) {
        self.bench
            .execute(&format!(
                "CREATE FUNCTION public.waits(at timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
                 BEGIN
                     IF at >= '{day} 00:00Z' THEN PERFORM pg_advisory_xact_lock_shared(7); END IF;
                     RETURN true;
                 END $$;
                 ALTER VIEW heimdall.feature_samples RENAME TO samples_at_once;
                 CREATE VIEW heimdall.feature_samples AS
                 SELECT * FROM heimdall.samples_at_once WHERE public.waits(timestamp);
                 GRANT SELECT ON heimdall.feature_samples TO heimdall_reader;
                 SELECT pg_advisory_lock(7);"
            ))
            .await;
    }

    /// An export that waits for that lock, after the days before.
    async fn waiting(&self) -> Daemon {
        let mut command = command();
        command
            .arg("export")
            .arg(self.out())
            .env("HEIMDALL_DATABASE_URL", self.bench.url_as("reader").await)
            .stdout(Stdio::piped());
        let export = Daemon::spawn(command);
        self.bench
            .wait_count(
                "pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'",
                1,
            )
            .await;
        let first = self.day("2026-11-26", "parquet");
        wait_until("the first day is written", || async { first.exists() }).await;
        export
    }
}

fn read(path: &Path) -> RecordBatch {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .expect("Parquet");
    let batch = reader.next().expect("rows").expect("rows");
    assert!(reader.next().is_none());
    batch
}

/// The schema of a file, with what it says of the whole.
fn schema(path: &Path) -> SchemaRef {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    Arc::clone(reader.schema())
}

/// Slot, receiver, second and SNR of each row.
fn rows(batch: &RecordBatch) -> Vec<(i32, String, i32, Option<f64>)> {
    let column = |name| batch.column_by_name(name).expect("the column");
    let (slots, seconds) = (column("slot"), column("second"));
    let (slots, seconds) = (slots.as_primitive::<Int32Type>(), seconds.as_primitive::<Int32Type>());
    let receivers = column("rx_id").as_string::<i32>();
    let snr = column("snr_db_mean").as_primitive::<Float64Type>();
    (0..batch.num_rows())
        .map(|row| {
            let known = snr.is_valid(row).then(|| snr.value(row));
            (
                slots.value(row),
                receivers.value(row).to_owned(),
                seconds.value(row),
                known,
            )
        })
        .collect()
}
