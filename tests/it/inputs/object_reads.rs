//! Reading objects: broken connections, wrong lengths, objects that change, keys that try to leave
//! the bucket.

use hyper::body::Bytes;
use percent_encoding::percent_decode_str;

use crate::support::daemon::Daemon;
use crate::support::s3_replies::{no_such_key, object, s3_error, truncate, working_store};
use crate::support::scripted_store::{Reply, Request, ScriptedStore};
use crate::support::{BUCKET, Bench, FeatureRow, recordings};

/// Extracts a session with a recording under each of these keys, and returns its rows.
async fn read(bench: &Bench, store: &ScriptedStore, keys: &[&str], settings: &[(&str, &str)]) -> Vec<FeatureRow> {
    let endpoint = store.endpoint();
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
async fn a_broken_body_is_continued_with_a_range_request_if_the_object_is_unchanged() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    // 40,000 of 96,000 bytes per response are two breaks. The other object sends 20,000 per response, which are more
    // breaks than the daemon accepts.
    let bytes = tone.clone();
    let store = ScriptedStore::start(move |request| {
        if request.is_probe() {
            return Reply::Send(no_such_key());
        }
        let whole = object(request, "v1", &bytes);
        let piece = if request.path.contains("slow") { 20_000 } else { 40_000 };
        let rest = bytes.len() - from(request);
        if request.path.contains("whole") || rest <= piece {
            working_store(request, &bytes)
        } else {
            Reply::Close(truncate(&whole, piece))
        }
    })
    .await;
    let session = bench.record(&["slow.bin"]).await;
    bench.complete(&session).await;
    let rows = read(&bench, &store, &["whole.bin", "broken.bin"], &[]).await;
    assert_eq!(rows[1].error_message, None);
    assert_eq!(rows[1].features[0]["rssi_dbm"], rows[0].features[0]["rssi_dbm"]);
    assert_eq!(rows[1].metadata["object_bytes"], 96_000);
    // Later ones look whether the store or the other object is at fault.
    let requests = &store.requests("broken")[..3];
    let ranges: Vec<_> = requests
        .iter()
        .map(|request| request.headers.get("range").map(String::as_str))
        .collect();
    assert_eq!(ranges, [None, Some("bytes=40000-"), Some("bytes=80000-")]);
    assert!(
        requests[1..]
            .iter()
            .all(|request| request.headers["if-match"] == "\"v1\"")
    );
    let is_range = |request: &&Request| request.headers.contains_key("range");
    let ranges = store.requests("slow").iter().filter(is_range).count();
    assert_eq!(ranges, 3, "three range requests and no more");
    assert!(
        bench.row(session.measurements[0]).await.is_none(),
        "it is retried later"
    );
}

/// First byte of the requested range.
fn from(request: &Request) -> usize {
    let range = request
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
    range.map_or(0, |from| from.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_replaced_between_two_ranges_is_read_again_from_its_start() {
    let bench = Bench::new().await;
    let (old, new) = (
        recordings::to_bytes((0..recordings::SAMPLES).map(|_| (0.9, 0.9))),
        recordings::tone(),
    );
    let store = ScriptedStore::start(move |request| {
        if request.is_probe() {
            return Reply::Send(no_such_key());
        }
        if request.path.contains("reference") {
            return Reply::Send(object(request, "new", &new));
        }
        if request.count == 1 {
            return Reply::Close(truncate(&object(request, "old", &old), 50_000));
        }
        // This one ignores If-Match and sends the rest of the new object. The others refuse.
        let mut request = request.clone();
        if request.path.contains("careless") {
            request.headers.remove("if-match");
        }
        Reply::Send(match (request.path.contains("shorter"), from(&request)) {
            (true, 1..) => s3_error(
                "416 Range Not Satisfiable",
                "InvalidRange",
                "The range is not satisfiable",
            ),
            _ => object(&request, "new", &new),
        })
    })
    .await;
    let rows = read(
        &bench,
        &store,
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
        let froms: Vec<usize> = store.requests(key).iter().map(from).collect();
        assert_eq!(froms, [0, 50_000, 0], "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_content_length_changes_nothing() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let endless = Bytes::from([&b"10000\r\n"[..], &vec![1; 65_536], b"\r\n"].concat());
    let store = ScriptedStore::start(move |request| {
        let head = |length: &str| format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\n{length}\r\n\r\n").into_bytes();
        let with = |length: &str| Reply::Send([head(length), tone.clone()].concat());
        match request.path.rsplit('/').next() {
            // Less than is sent: the object ends there, and the rest is not taken for the next response.
            Some("less.bin") => with("Content-Length: 48000"),
            // More than is sent, also after every range request.
            Some("more.bin") if from(request) == 0 => {
                Reply::Close([head("Content-Length: 96008"), tone.clone()].concat())
            }
            Some("more.bin") => Reply::Close(Vec::new()),
            Some("huge.bin") => Reply::Hang(head("Content-Length: 1000000000000000000")),
            Some("over.bin") => Reply::Hang(head("Content-Length: 1000001")),
            Some("endless.bin") => Reply::Repeat(head("Transfer-Encoding: chunked"), endless.clone(), 1 << 40),
            Some("nonsense.bin") => with("Content-Length: -5"),
            Some("two.bin") => with("Content-Length: 96000\r\nContent-Length: 96008"),
            _ => working_store(request, &tone),
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
    let rows = read(&bench, &store, &keys, &[("HEIMDALL_MAX_OBJECT_BYTES", "1000000")]).await;
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
        assert!(bench.row(measurement).await.is_none(), "it is retried later");
    }
}

/// Keys that look like a way out of the bucket, and are valid.
const VALID_KEYS: [&str; 21] = [
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
/// Locations that are refused.
const REFUSED_LOCATIONS: [&str; 6] = [
    "../x.bin",
    "a/../../secrets/x.bin",
    "./x.bin",
    "s3://secrets/x.bin",
    "https://evil.example/x.bin",
    "a\r\nHost: evil/x.bin",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_sent_unchanged_and_never_leaves_its_bucket() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let store = ScriptedStore::start(move |request| working_store(request, &tone)).await;
    // The first slash belongs to the bucket, the second one to the key.
    let rooted = "//x.bin";
    let mut keys = VALID_KEYS.to_vec();
    keys.push(rooted);
    keys.extend(REFUSED_LOCATIONS);
    let rows = read(&bench, &store, &keys, &[]).await;
    for (key, row) in keys.iter().zip(&rows) {
        let is_refused = REFUSED_LOCATIONS.contains(key);
        assert_eq!(
            row.error_kind.as_deref(),
            is_refused.then_some("location_refused"),
            "{key}: {:?}",
            row.error_message
        );
    }
    let mut seen: Vec<String> = Vec::new();
    for request in store.requests("") {
        // A server decodes the path once. Then dots and slashes have their meaning.
        let path = percent_decode_str(&request.path)
            .decode_utf8()
            .expect("UTF-8")
            .into_owned();
        let key = path
            .strip_prefix(&format!("/{BUCKET}/"))
            .unwrap_or_else(|| panic!("{path} is outside the bucket"));
        assert!(!request.path.contains(['?', '#', '\\']), "{}", request.path);
        assert!(!key.split('/').any(|segment| matches!(segment, "." | "..")), "{key}");
        assert_eq!(request.headers["host"], store.endpoint()["http://".len()..]);
        seen.push(key.to_owned());
    }
    for key in VALID_KEYS.iter().chain(&["/x.bin"]) {
        assert!(seen.iter().any(|seen| seen == key), "{key} is not among {seen:?}");
    }
}
