//! Reading an object over a link that breaks, from a store that lies, under a key that tries to escape.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use heimdall_daemon::demo::store::{ACCESS_KEY, SECRET_KEY};
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;

use crate::support::daemon::{Daemon, command};
use crate::support::wire::{Answer, Ask, Wire, answer, cut, good, missing, object, refuse};
use crate::support::{BUCKET, Bench, FeatureRow, iq};

/// The rows of one recording under each of these keys.
async fn read(bench: &Bench, wire: &Wire, keys: &[&str], settings: &[(&str, &str)]) -> Vec<FeatureRow> {
    let endpoint = wire.endpoint();
    let mut all = vec![
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
        ("HEIMDALL_S3_TIMEOUT", "500ms"),
    ];
    all.extend(settings);
    let daemon = Daemon::start_with(bench, &all).await;
    let session = bench.record(keys).await;
    bench.complete(&session).await;
    let rows = bench.rows(&session).await;
    daemon.stop().await;
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_breaks_is_read_on_where_it_broke_if_it_is_still_the_same_object() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    // 40,000 of 96,000 bytes at a time: two breaks. One dribbles 20,000: more breaks than are borne.
    let bytes = tone.clone();
    let wire = Wire::open(move |ask| {
        let whole = object(ask, "v1", &bytes);
        let piece = if ask.path.contains("dribble") { 20_000 } else { 40_000 };
        let rest = bytes.len() - from(ask);
        if ask.path.contains("whole") || rest <= piece {
            good(ask, &bytes)
        } else {
            Answer::Close(cut(&whole, piece))
        }
    })
    .await;
    let session = bench.record(&["dribble.bin"]).await;
    bench.complete(&session).await;
    let rows = read(&bench, &wire, &["whole.bin", "broken.bin"], &[]).await;
    assert_eq!(rows[1].error_message, None);
    assert_eq!(rows[1].features[0]["rssi_dbm"], rows[0].features[0]["rssi_dbm"]);
    assert_eq!(rows[1].metadata["object_bytes"], 96_000);
    let asked = wire.asked("broken");
    let ranges: Vec<_> = asked
        .iter()
        .map(|ask| ask.headers.get("range").map(String::as_str))
        .collect();
    assert_eq!(ranges, [None, Some("bytes=40000-"), Some("bytes=80000-")]);
    assert!(asked[1..].iter().all(|ask| ask.headers["if-match"] == "\"v1\""));
    assert_eq!(wire.asked("dribble").len(), 4, "three resumptions and no more");
    assert!(
        bench.row(session.measurements[0]).await.is_none(),
        "it is tried again later"
    );
}

/// First byte that is asked for.
fn from(ask: &Ask) -> usize {
    let range = ask
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    range.map_or(0, |from| from.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_replaced_between_two_ranges_is_read_again_and_never_mixed() {
    let bench = Bench::new().await;
    let (old, new) = (iq::to_bytes((0..iq::SAMPLES).map(|_| (0.9, 0.9))), iq::tone());
    let wire = Wire::open(move |ask| {
        if ask.path.contains("reference") {
            return Answer::Send(object(ask, "new", &new));
        }
        if ask.count == 1 {
            return Answer::Close(cut(&object(ask, "old", &old), 50_000));
        }
        // This one knows no conditions and sends the other object's rest; the others refuse.
        let mut ask = ask.clone();
        if ask.path.contains("careless") {
            ask.headers.remove("if-match");
        }
        Answer::Send(match (ask.path.contains("shorter"), from(&ask)) {
            (true, 1..) => refuse(
                "416 Range Not Satisfiable",
                "InvalidRange",
                "The range is not satisfiable",
            ),
            _ => object(&ask, "new", &new),
        })
    })
    .await;
    let rows = read(
        &bench,
        &wire,
        &["reference.bin", "replaced.bin", "careless.bin", "shorter.bin"],
        &[],
    )
    .await;
    for row in &rows {
        assert_eq!(row.error_message, None);
        assert_eq!(row.metadata["object_etag"], "new");
        assert_eq!(row.features[0]["snr_db"], rows[0].features[0]["snr_db"]);
        assert_eq!(row.attempts, 1);
    }
    for key in ["replaced", "careless", "shorter"] {
        let froms: Vec<usize> = wire.asked(key).iter().map(from).collect();
        assert_eq!(froms, [0, 50_000, 0], "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_length_that_lies_gains_nothing() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    let endless = Bytes::from([&b"10000\r\n"[..], &vec![1; 65_536], b"\r\n"].concat());
    let wire = Wire::open(move |ask| {
        let head = |length: &str| format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\n{length}\r\n\r\n").into_bytes();
        let with = |length: &str| Answer::Send([head(length), tone.clone()].concat());
        match ask.path.rsplit('/').next() {
            // Less than comes: what is promised is the object, and what follows is not taken for the next answer.
            Some("less.bin") => with("Content-Length: 48000"),
            // More than comes, and every resumption is the same.
            Some("more.bin") if from(ask) == 0 => Answer::Close([head("Content-Length: 96008"), tone.clone()].concat()),
            Some("more.bin") => Answer::Close(Vec::new()),
            Some("huge.bin") => Answer::Hang(head("Content-Length: 1000000000000000000")),
            Some("over.bin") => Answer::Hang(head("Content-Length: 1000001")),
            Some("endless.bin") => Answer::Repeat(head("Transfer-Encoding: chunked"), endless.clone(), 1 << 40),
            Some("nonsense.bin") => with("Content-Length: -5"),
            Some("two.bin") => with("Content-Length: 96000\r\nContent-Length: 96008"),
            _ => good(ask, &tone),
        }
    })
    .await;
    let later = bench.record(&["more.bin", "nonsense.bin", "two.bin"]).await;
    bench.complete(&later).await;
    let keys = [
        "huge.bin",
        "over.bin",
        "endless.bin",
        "less.bin",
        "fine.bin",
        "fine.bin",
        "fine.bin",
    ];
    let rows = read(&bench, &wire, &keys, &[("HEIMDALL_MAX_OBJECT_BYTES", "1000000")]).await;
    let message = |n: usize| rows[n].error_message.clone().unwrap_or_default();
    let limit = "the limit is 1000000 bytes (HEIMDALL_MAX_OBJECT_BYTES)";
    assert_eq!(
        message(0),
        format!("IQ file too large: 1000000000000000000 bytes, {limit}")
    );
    assert_eq!(message(1), format!("IQ file too large: 1000001 bytes, {limit}"));
    assert!(
        message(2).starts_with("IQ file too large: 1") && message(2).ends_with(limit),
        "{}",
        message(2)
    );
    assert_eq!(rows[2].error_kind.as_deref(), Some("too_large"));
    assert_eq!(
        (message(3), &rows[3].metadata["object_bytes"]),
        (String::new(), &48_000.into())
    );
    assert!(rows[4..].iter().all(|row| !row.failed), "{:?}", rows[4].error_message);
    for measurement in later.measurements {
        assert!(bench.row(measurement).await.is_none(), "it is tried again later");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_goes_over_the_wire_as_it_is_and_never_out_of_its_bucket() {
    let bench = Bench::new().await;
    let tone = iq::tone();
    let wire = Wire::open(move |ask| good(ask, &tone)).await;
    let kept = [
        "%2e%2e/secrets/x.bin",
        "a/%2e%2e/%2e%2e/secrets/x.bin",
        "..%2fsecrets/x.bin",
        "a/..%2f..%2fsecrets%2fx.bin",
        "%252e%252e/x.bin",
        "..\\secrets\\x.bin",
        "a\\..\\..\\x.bin",
        "..;/x.bin",
        "a//b///x.bin",
        "x?versionId=1&y.bin",
        "x#fragment.bin",
        "x;y=1.bin",
        "http:x@evil.example.bin",
        "a b+c%20d.bin",
        "漢/ü~*'().bin",
        "...bin",
        "a/.../x.bin",
        "@evil.example/x.bin",
        "%00.bin",
        "%0d%0aHost: evil.bin",
        "s3:/x.bin",
    ];
    // The first slash is the bucket's; a second is the key's own.
    let rooted = "//x.bin";
    let mut keys = kept.to_vec();
    keys.push(rooted);
    let refused = [
        "../x.bin",
        "a/../../secrets/x.bin",
        "./x.bin",
        "s3://secrets/x.bin",
        "https://evil.example/x.bin",
        "a\r\nHost: evil/x.bin",
    ];
    keys.extend(refused);
    let rows = read(&bench, &wire, &keys, &[]).await;
    for (key, row) in keys.iter().zip(&rows) {
        let is_refused = refused.contains(key);
        assert_eq!(
            row.error_kind.as_deref(),
            is_refused.then_some("location_refused"),
            "{key}: {:?}",
            row.error_message
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for ask in wire.asked("") {
        // What a server does with the path: one decoding, then dots and slashes mean what they mean.
        let path = percent_decode_str(&ask.path).decode_utf8().expect("UTF-8").into_owned();
        let key = path
            .strip_prefix(&format!("/{BUCKET}/"))
            .unwrap_or_else(|| panic!("{path} is outside"));
        assert!(!ask.path.contains(['?', '#', '\\']), "{}", ask.path);
        assert!(!key.split('/').any(|segment| matches!(segment, "." | "..")), "{key}");
        assert_eq!(ask.headers["host"], wire.endpoint()["http://".len()..]);
        seen.push(key.to_owned());
    }
    for key in kept.iter().chain(&["/x.bin"]) {
        assert!(seen.iter().any(|seen| seen == key), "{key} is not among {seen:?}");
    }
}

/// Says back whatever it is told, in every place where it could be taken up.
fn echo(ask: &Ask) -> Vec<u8> {
    let secret = format!(
        "{} {} {ACCESS_KEY} {SECRET_KEY}",
        ask.headers["authorization"], ask.path
    );
    let body = format!("<Error><Code>Echo{ACCESS_KEY}</Code><Message>{secret}</Message></Error>");
    answer(
        "500 Internal Server Error",
        &format!("ETag: \"{secret}\"\r\nServer: {secret}\r\n"),
        body.as_bytes(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_ever_said_whatever_fails_and_however_much_is_logged() {
    const PASSWORD: &str = "hunter2-of-the-database";
    let bench = Bench::new().await;
    let tone = iq::tone();
    let broken = Arc::new(AtomicU32::new(1));
    let rule = Arc::clone(&broken);
    let wire = Wire::open(move |ask| match rule.load(Ordering::SeqCst) {
        0 => good(ask, &tone),
        1 => Answer::Send(echo(ask)),
        2 => Answer::Close(b"220 smtp.example ESMTP\r\n".to_vec()),
        3 => Answer::Hang(Vec::new()),
        _ if ask.path.contains("probe") => Answer::Send(missing()),
        _ if ask.path.contains("echo") => Answer::Send(echo(ask)),
        _ => Answer::Close(cut(&object(ask, "v1", &tone), 50_000)),
    })
    .await;
    let url = bench
        .url_as("daemon")
        .await
        .replace("daemon@", &format!("daemon:{PASSWORD}@"));
    let endpoint = wire.endpoint();
    for format in ["pretty", "json"] {
        broken.store(1, Ordering::SeqCst);
        let settings = [
            ("HEIMDALL_DATABASE_URL", url.as_str()),
            ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
            ("HEIMDALL_S3_TIMEOUT", "300ms"),
            ("HEIMDALL_S3_PROBE_INTERVAL", "50ms"),
            ("HEIMDALL_LOG", "trace"),
            ("HEIMDALL_LOG_FORMAT", format),
            ("RUST_BACKTRACE", "full"),
        ];
        let daemon = Daemon::start_with(&bench, &settings).await;
        let session = bench.record(&["good.bin", "echo.bin", "cut.bin"]).await;
        bench.complete(&session).await;
        daemon.wait_said("object store away").await;
        for kind in [2, 3, 4] {
            let asked = wire.asked("").len();
            broken.store(kind, Ordering::SeqCst);
            crate::support::wait_for("requests", || async {
                (wire.asked("").len() > asked + 3).then_some(())
            })
            .await;
        }
        bench.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'daemon' AND datname = current_database()").await;
        broken.store(0, Ordering::SeqCst);
        daemon.wait_said("object store back").await;
        bench.rows_at_once(&session).await;
        let said = daemon.said("");
        assert!(said.len() > 50, "only {} lines at trace", said.len());
        for line in &said {
            for secret in [ACCESS_KEY, SECRET_KEY, PASSWORD, "AWS4-HMAC", "Signature="] {
                assert!(!line.contains(secret), "{secret} in: {line}");
            }
        }
        daemon.stop().await;
    }
    let rows: String = bench
        .value(
            "SELECT coalesce(string_agg(f::text, ' '), '') FROM heimdall.measurement_features f",
            &[],
        )
        .await;
    for secret in [SECRET_KEY, PASSWORD, "AWS4-HMAC"] {
        assert!(!rows.contains(secret), "{secret} in a row");
    }
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["--version"],
        &["run", "--concurrency", "0"],
        &["run", "--nonsense"],
    ] {
        let output = command()
            .args(arguments)
            .env("HEIMDALL_DATABASE_URL", &url)
            .env("HEIMDALL_S3_ACCESS_KEY", ACCESS_KEY)
            .env("HEIMDALL_S3_SECRET_KEY", SECRET_KEY)
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        for secret in [ACCESS_KEY, SECRET_KEY, PASSWORD] {
            assert!(!text.contains(secret), "{secret} in {arguments:?}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hostile_store_says_breaks_no_log_line_and_no_row() {
    let bench = Bench::new().await;
    let hostile = "x\u{1b}[2J\u{1b}]0;owned\u{7}\n2026-11-25T00:00:00Z  INFO extracted features measurement=fake\r\n\0\u{202e}'; DROP TABLE heimdall.feature_queue; --";
    let tone = iq::tone();
    let wire = Wire::open(move |ask| {
        if !ask.path.contains("bad") {
            return good(ask, &tone);
        }
        let message = format!("{hostile}{}", "A".repeat(3_000_000));
        Answer::Send(refuse("500 Internal Server Error", hostile, &message))
    })
    .await;
    let endpoint = wire.endpoint();
    for format in ["pretty", "json"] {
        let daemon = Daemon::start_with(
            &bench,
            &[("HEIMDALL_S3_ENDPOINT", &endpoint), ("HEIMDALL_LOG_FORMAT", format)],
        )
        .await;
        let locations = [
            "good.bin".to_owned(),
            "bad.bin".to_owned(),
            format!("a\u{1b}[31m\n{}", "b".repeat(1_000_000)),
            "s3://\u{202e}x\n/y".to_owned(),
        ];
        let session = bench.record(&locations.each_ref().map(String::as_str)).await;
        let name = "E'Zürich \\x1b[31m\\n'' || x'";
        let rename =
            format!("UPDATE heimdall.websdr_stations SET name = {name} || '{format}' WHERE name = 'Station 1'");
        bench.execute(&rename).await;
        bench.complete(&session).await;
        daemon.wait_said("recording postponed").await;
        bench
            .wait_count("heimdall.feature_queue WHERE state = 'ready'", 0)
            .await;
        let rows = bench.rows_at_once(&session).await;
        assert!(!rows[0].failed);
        for row in &rows[1..] {
            let message = row.error_message.as_deref().expect("a message");
            assert!(
                row.failed && message.len() < 2_100 && !message.contains(|c: char| c.is_control()),
                "{message}"
            );
        }
        assert!(
            rows[1]
                .error_message
                .as_deref()
                .is_some_and(|message| message.contains("HTTP 500"))
        );
        for line in daemon.said("") {
            assert!(line.len() < 8_000 && !line.contains(|c: char| c.is_control()), "{line}");
            if format == "json" {
                let parsed: serde_json::Value = serde_json::from_str(&line).expect("a JSON object a line");
                assert!(parsed["timestamp"].is_string());
            } else {
                assert!(line.starts_with("20") && line.contains('Z'), "no line of ours: {line}");
            }
            assert!(!line.starts_with("2026-11-25T00:00:00Z"), "a forged line");
        }
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_change_in_their_files_are_picked_up_when_the_store_refuses_the_old_ones() {
    let bench = Bench::new().await;
    bench.put("a.bin", iq::tone());
    let folder = std::env::temp_dir().join(format!("heimdall-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (access, secret) = (folder.join("access"), folder.join("secret"));
    std::fs::write(&access, format!("{ACCESS_KEY}\n")).expect("written");
    std::fs::write(&secret, "the one of yesterday\r\n").expect("written");
    let mut daemon = command();
    daemon
        .arg("run")
        .env("HEIMDALL_DATABASE_URL", bench.url_as("daemon").await)
        .env("HEIMDALL_S3_ENDPOINT", bench.store.endpoint())
        .env("HEIMDALL_S3_BUCKET", BUCKET)
        .env("HEIMDALL_S3_PROBE_INTERVAL", "50ms")
        .env("HEIMDALL_S3_ACCESS_KEY_FILE", &access)
        .env("HEIMDALL_S3_SECRET_KEY_FILE", &secret);
    let daemon = Daemon::spawn(daemon);
    daemon.wait_said("listening").await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    daemon.wait_said("HTTP 403 SignatureDoesNotMatch").await;
    std::fs::write(&secret, format!("{SECRET_KEY}\n")).expect("written");
    let row = bench.rows(&session).await.remove(0);
    assert_eq!((row.failed, row.attempts), (false, 1));
    assert_eq!(daemon.said("the new ones are used").len(), 1);
    daemon.stop().await;
    std::fs::remove_dir_all(folder).expect("removed");
}
