//! Formats and sessions, and what is refused.

use std::fs;

use arrow_ipc::reader::FileReader;

use super::super::{printed, refused, run};
use super::{Export, read, rows, schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_format_has_the_same_rows() {
    let mut export = Export::new().await;
    export.written(&[]).await;
    let path = export.day("2026-11-26", "parquet");
    let (parquet, of_parquet) = (read(&path), schema(&path));

    export.name = "arrow";
    export.written(&["--format", "arrow"]).await;
    let file = fs::File::open(export.day("2026-11-26", "arrow")).expect("a file");
    let mut reader = FileReader::try_new(file, None).expect("Arrow");
    let arrow = reader.next().expect("rows").expect("rows");
    assert_eq!(arrow.columns(), parquet.columns());
    assert_eq!(reader.schema(), of_parquet);

    export.name = "csv";
    export.written(&["--format", "csv"]).await;
    let text = fs::read_to_string(export.day("2026-11-26", "csv")).expect("a file");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).expect(name);
    let found: Vec<_> = lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields.len(), header.len(), "{line}");
            let number = |name: &str| fields[at(name)].parse::<i32>().expect("a number");
            let snr = fields[at("snr_db_mean")];
            let snr = (!snr.is_empty()).then(|| snr.parse::<f64>().expect("a number"));
            (number("slot"), fields[at("rx_id")].to_owned(), number("second"), snr)
        })
        .collect();
    assert_eq!(found, rows(&parquet));
    let first: Vec<&str> = text.lines().nth(1).expect("a row").split(',').collect();
    assert_eq!(first[at("timestamp")], "2026-11-26T10:00:00Z");
    assert_eq!(first[at("warnings")], "clipping dc_spike");
    let dictionary = fs::read_to_string(export.out().join("_dictionary.json")).expect("a file");
    assert!(dictionary.contains("\"bandwidth_hz\""), "{dictionary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_named_sessions_are_written() {
    let export = Export::new().await;
    let id = "SELECT id::text FROM heimdall.recording_sessions WHERE created_at = '2026-11-26 10:00Z'";
    let session: String = export.bench.value(id, &[]).await;
    let unknown = "00000000-0000-0000-0000-000000000007";
    let both = format!("{unknown},{session}");
    let (status, text) = printed(&export.run(&["--sessions", &both]).await);
    assert_eq!(status, Some(0));
    assert!(
        text.starts_with("1 of 2 sessions have no features in these days\n1 day written, 6 rows, "),
        "{text}"
    );
    // In another order it is the same export.
    let line = export.written(&["--sessions", &format!("{session},{unknown}")]).await;
    assert!(
        line.starts_with("0 days written") && line.ends_with("1 unchanged"),
        "{line}"
    );
    for other in [&[] as &[&str], &["--sessions", &session]] {
        let (status, text) = refused(&export.run(other).await);
        let out = export.out().display().to_string();
        let expected = format!("heimdalld: {out} has an export of other --sessions: name another folder\n");
        assert_eq!((status, text), (Some(64), expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_is_refused() {
    let export = Export::new().await;
    export.written(&[]).await;
    let out = export.out().display().to_string();
    let (status, text) = refused(&export.run(&["--format", "csv"]).await);
    let expected = format!("heimdalld: {out} has an export of another --format: name another folder\n");
    assert_eq!((status, text), (Some(64), expected));
    let state = export.out().join("_export.json");
    let fewer = fs::read_to_string(&state)
        .expect("a state")
        .replace("\"duty_cycle_std\",", "");
    fs::write(&state, fewer).expect("written");
    let (status, text) = refused(&export.run(&[]).await);
    let expected = format!("heimdalld: {out} has an export with other columns: name another folder\n");
    assert_eq!((status, text), (Some(64), expected));
    fs::write(&state, "{").expect("written");
    let (status, text) = refused(&export.run(&[]).await);
    assert!(
        status == Some(64) && text.contains("_export.json cannot be read: "),
        "{text}"
    );
    fs::rename(&state, export.out().join("photo.png")).expect("renamed");
    let (status, text) = refused(&export.run(&[]).await);
    let expected = format!("heimdalld: {out} has files and no export: name an empty or a new folder\n");
    assert_eq!((status, text), (Some(64), expected));

    for (options, words) in [
        (["--since", "soon"], "invalid input syntax"),
        (["--until", "2026-13-01"], "out of range"),
        (["--sessions", "seven"], "invalid value 'seven' for '--sessions"),
    ] {
        let (status, text) = refused(&export.run(&options).await);
        assert!(status == Some(64) && text.contains(words), "{text}");
    }
    let (status, text) = refused(&export.run(&["--since", "2026-11-27", "--until", "2026-11-27"]).await);
    assert_eq!(
        (status, &*text),
        (Some(64), "heimdalld: --until is not after --since\n")
    );

    let (status, text) = refused(&run(&export.bench, "nobody", &["export", &out]).await);
    assert_eq!(status, Some(77));
    assert!(text.contains(r#"GRANT heimdall_reader TO "nobody";"#), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_without_sessions_are_no_error() {
    let export = Export::new().await;
    let line = export.written(&["--since", "2027-01-01"]).await;
    assert_eq!(line, "0 days written, 0 rows, 0 B, 0 unchanged");
    assert_eq!(export.state()["receivers"], serde_json::json!([]));
    // The folder can be continued.
    assert!(export.written(&[]).await.starts_with("2 days written, 10 rows"));
}
