//! Rows and schema of the files.

use arrow_array::Array as _;
use serde_json::Value;

use super::{Export, read, rows, schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_has_a_row_for_each_second_and_slot() {
    let export = Export::new().await;
    let line = export
        .written(&["--since", "2026-11-26 12:00", "--until", "2026-11-27"])
        .await;
    assert!(
        line.starts_with("1 day written, 8 rows, ") && line.ends_with("0 unchanged"),
        "{line}"
    );
    assert!(!export.day("2026-11-27", "parquet").exists());
    let line = export.written(&[]).await;
    assert!(
        line.starts_with("1 day written, 2 rows, ") && line.ends_with("1 unchanged"),
        "{line}"
    );

    let snr = async |at: &str, receiver: &str, second: i32| {
        let query = "SELECT min(snr_db_mean) FROM heimdall.feature_samples
                     WHERE recording_session_id = md5($1::text::timestamptz::text)::uuid AND rx_id = $2 AND second = $3";
        export
            .bench
            .value::<Option<f64>>(query, &[&at, &receiver, &second])
            .await
    };
    let mut expected = Vec::new();
    for (at, seconds) in [
        ("2026-11-26 10:00Z", 3),
        ("2026-11-26 23:59:59Z", 1),
        ("2026-11-27 00:00Z", 1),
    ] {
        for second in 0..seconds {
            for (slot, receiver) in (0..).zip(["Cuneo", "Torino"]) {
                expected.push((slot, receiver.to_owned(), second, snr(at, receiver, second).await));
            }
        }
    }
    // Shorter, failed, silent.
    let unknown: Vec<usize> = (0..10).filter(|row| expected[*row].3.is_none()).collect();
    assert_eq!(unknown, [5, 7, 8]);
    let first = read(&export.day("2026-11-26", "parquet"));
    let second = read(&export.day("2026-11-27", "parquet"));
    assert_eq!([rows(&first), rows(&second)].concat(), expected);
    // What is the same for all receivers is there without a sample; what is a receiver's own is not.
    let nulls = |name: &str| first.column_by_name(name).expect("the column").null_count();
    for (name, count) in [
        ("recording_session_id", 0),
        ("timestamp", 0),
        ("frequency_hz", 0),
        ("measurement_id", 2),
        ("rx_lat", 2),
        ("signal_present", 2),
        ("warnings", 2),
        ("duty_cycle_mean", 8),
    ] {
        assert_eq!(nulls(name), count, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_says_what_each_column_means() {
    let export = Export::new().await;
    export.written(&["--until", "2026-11-27"]).await;
    let schema = schema(&export.day("2026-11-26", "parquet"));
    let view = "SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'heimdall.feature_samples'::regclass";
    let mut columns: Vec<String> = export.bench.value(view, &[]).await;
    columns.insert(4, "slot".to_owned());
    let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, columns.iter().collect::<Vec<_>>());
    for field in schema.fields() {
        assert!(field.metadata().contains_key("definition"), "{field:?}");
    }
    let meaning = |name: &str, key: &str| schema.field_with_name(name).expect("it").metadata().get(key).cloned();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(meaning("envelope_mean_std", "unit"), some("1"));
    assert_eq!(meaning("bandwidth_hz_mean", "unit"), some("Hz"));
    assert_eq!(meaning("bandwidth_hz_mean", "statistic"), some("mean"));
    assert_eq!(meaning("detection_rate", "statistic"), None);
    assert!(meaning("snr_db_mean", "bias").is_some_and(|text| text.contains("7.9 dB")));
    let about = schema.metadata();
    assert_eq!(about["receivers"], r#"["Cuneo","Torino"]"#);
    assert_eq!(about["day"], "2026-11-26");
    let dictionary: Vec<Value> = serde_json::from_str(&about["dictionary"]).expect("JSON");
    let entries = export.bench.count("heimdall.feature_dictionary").await;
    assert_eq!(i64::try_from(dictionary.len()), Ok(entries));
}
