//! `/healthz`, `/readyz` and the address of the HTTP server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use heimdall_daemon::config::settings::HttpAddress;
use heimdall_daemon::http;
use heimdall_daemon::sandbox::postgres::{Cluster, Durability};
use heimdall_daemon::sandbox::s3::SECRET_KEY;
use serde_json::Value;

use crate::support::daemon::{ANY_PORT, Daemon, command, get};
use crate::support::store_proxy::{Fault, StoreProxy};
use crate::support::{Bench, DEADLINE, cluster, connect, wait_for, wait_until};

/// Waits until a check of `/readyz` has this value of `ok`, and returns its reason. The HTTP status
/// agrees with the checks each time.
async fn wait_check(http: &str, check: &str, ok: bool) -> String {
    wait_for(&format!("{check} is {ok}"), || async {
        let (status, text) = get(&format!("{http}/readyz")).await;
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let checks = report["checks"].as_object().expect("checks");
        let names: Vec<&str> = checks.keys().map(String::as_str).collect();
        assert_eq!(names, ["database", "listener", "schema", "store", "work"]);
        let all = checks.values().all(|check| check["ok"] == true);
        assert_eq!(
            (status, report["ready"].as_bool()),
            (if all { 200 } else { 503 }, Some(all)),
            "{text}"
        );
        assert!(!text.contains(SECRET_KEY) && !text.contains("hunter2"), "{text}");
        let reason = checks[check]["reason"].as_str().expect("a reason");
        (checks[check]["ok"] == ok).then(|| reason.to_owned())
    })
    .await
}

/// Over a connection to another database, since a database cannot do it to itself.
async fn allow_connections(database: &str, allowed: bool) {
    let (sql, _) = connect(&cluster().await.url("postgres")).await;
    let alter = format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {allowed}");
    sql.batch_execute(&alter).await.expect("altered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readyz_names_each_unavailable_server_and_healthz_stays_200() {
    let bench = Bench::new().await;
    let store_proxy = StoreProxy::start(bench.store.objects()).await;
    let endpoint = store_proxy.endpoint();
    let url = bench.url_as("daemon").await.replace("daemon@", "daemon:hunter2@");
    let settings = [
        ANY_PORT,
        ("HEIMDALL_DATABASE_URL", url.as_str()),
        ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
        ("HEIMDALL_S3_TIMEOUT", "300ms"),
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    let http = daemon.http().await;
    assert_eq!(get(&format!("{http}/healthz")).await, (200, "ok\n".to_owned()));
    for check in ["database", "listener", "schema", "store"] {
        wait_check(&http, check, true).await;
    }

    store_proxy.set("", Fault::Status(403, "InvalidAccessKeyId"));
    let reason = wait_check(&http, "store", false).await;
    assert!(
        reason.contains("heimdall-raw-iq") && reason.contains("403 InvalidAccessKeyId"),
        "{reason}"
    );
    store_proxy.set("", Fault::Hang);
    wait_until("the store is silent", || async {
        let reason = wait_check(&http, "store", false).await;
        reason.contains("no answer")
    })
    .await;
    store_proxy.clear_faults();
    wait_check(&http, "store", true).await;

    // New connections are refused. Those of the pool stay open.
    allow_connections(&bench.database, false).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'heimdalld listener'";
    assert_eq!(bench.value::<i64>(cut, &[]).await, 1);
    let reason = wait_check(&http, "listener", false).await;
    assert!(reason.contains("polling"), "{reason}");
    allow_connections(&bench.database, true).await;
    wait_check(&http, "listener", true).await;

    bench.execute("SELECT heimdall.pause_extraction('test')").await;
    wait_until("the pause shows", || async {
        wait_check(&http, "database", true).await.contains("paused")
    })
    .await;
    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (4711, 'later', 4711)")
        .await;
    let reason = wait_check(&http, "schema", false).await;
    assert!(reason.contains("4711") && reason.contains("newer"), "{reason}");
    bench
        .execute("DELETE FROM heimdall.schema_migrations WHERE version = 4711")
        .await;
    wait_check(&http, "schema", true).await;
    assert_eq!(get(&format!("{http}/healthz")).await.0, 200);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_without_its_database_is_healthy_and_not_ready() {
    let start = tokio::task::spawn_blocking(|| Cluster::start(Durability::None));
    let mut cluster = start.await.expect("no panic").expect("a cluster");
    cluster.stop_immediate().expect("it stops");
    let bench = Bench::new().await;
    let mut daemon = command();
    daemon
        .arg("run")
        .env("HEIMDALL_DATABASE_URL", cluster.url("postgres"))
        .env("HEIMDALL_S3_ENDPOINT", bench.store.endpoint())
        .env("HEIMDALL_S3_ACCESS_KEY", "a")
        .env("HEIMDALL_S3_SECRET_KEY", "b")
        .env("HEIMDALL_HTTP_ADDR", "127.0.0.1:0");
    let daemon = Daemon::spawn(daemon);
    let http = daemon.http().await;
    assert_eq!(get(&format!("{http}/healthz")).await.0, 200);
    let reason = wait_check(&http, "database", false).await;
    assert!(reason.contains("onnect"), "{reason}");
    // The metrics lack only what is read from the database.
    let (status, text) = get(&format!("{http}/metrics")).await;
    assert_eq!(status, 200);
    assert!(text.contains("heimdalld_outage{server=\"database\"} 1\n"), "{text}");
    assert!(!text.contains("heimdalld_queue_measurements"), "{text}");

    cluster.start_again().expect("it starts");
    // This database has no schema.
    wait_until("the missing schema is reported", || async {
        let reason = wait_check(&http, "database", false).await;
        reason.contains("heimdall.schema_migrations")
    })
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_set_must_be_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = command()
        .arg("run")
        .env("HEIMDALL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
        .env("HEIMDALL_S3_ENDPOINT", "http://127.0.0.1:1")
        .env("HEIMDALL_S3_ACCESS_KEY", "a")
        .env("HEIMDALL_S3_SECRET_KEY", "b")
        .env("HEIMDALL_HTTP_ADDR", &address)
        .output()
        .expect("the binary runs");
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(
        log.contains("HEIMDALL_HTTP_ADDR") && log.contains(&address) && log.contains("'off'"),
        "{log}"
    );
}

#[tokio::test]
async fn the_default_address_gives_way_to_the_next_port() {
    // Two neighbouring ports are taken, so the next one after them is used.
    let (first, _taken) = loop {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let first = taken.local_addr().expect("an address");
        let next = first.port().checked_add(1);
        let Some(Ok(second)) = next.map(|port| std::net::TcpListener::bind((first.ip(), port))) else {
            continue;
        };
        break (first, [taken, second]);
    };
    let bound = http::bind(HttpAddress::Default(first))
        .await
        .expect("no error")
        .expect("a port");
    let port = bound.local_addr().expect("an address").port();
    assert!(
        port > first.port() + 1 && port <= first.port() + 15,
        "{port} after {first}"
    );
    assert!(http::bind(HttpAddress::Off).await.expect("no error").is_none());
    assert!(http::bind(HttpAddress::Given(first)).await.is_err());
}

/// Sends `request` and returns the reply up to the end of the connection, or up to a silence of
/// [`DEADLINE`].
fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("it connects");
    stream.set_read_timeout(Some(DEADLINE)).expect("set");
    // The server may close before it has read everything.
    let _ = stream.write_all(request);
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_http_clients_only_slow_themselves() {
    let bench = Bench::new().await;
    let daemon = Daemon::start_with(&bench, &[ANY_PORT]).await;
    let http = daemon.http().await;
    let address: SocketAddr = http["http://".len()..].parse().expect("an address");

    let reply = send(
        address,
        b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
    );
    assert!(
        reply.starts_with("HTTP/1.1 405 ") && reply.contains("allow: GET, HEAD"),
        "{reply}"
    );
    let reply = send(address, b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(
        reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\r\n\r\n"),
        "{reply}"
    );
    assert!(reply.contains("connection: close"), "{reply}");
    let reply = send(address, b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
    let reply = send(address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc");
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 400 "), "{reply}");
    let huge = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let reply = send(address, huge.as_bytes());
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 431 "), "{reply}");

    // Three times as many connections as the server accepts, each in the middle of its header.
    let begun = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(address).expect("it connects");
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHo")
            .expect("the start is accepted");
        slow.push(stream);
    }
    assert_eq!(get(&format!("{http}/healthz")).await.0, 200);
    assert_eq!(get(&format!("{http}/readyz")).await.0, 200);
    let files = || std::fs::read_dir(format!("/proc/{}/fd", daemon.pid())).map_or(0, Iterator::count);
    wait_until("at most 100 connections are open", || async { files() < 100 + 40 }).await;
    // The last one is closed too, after its time-out.
    let last = slow.last_mut().expect("there are some");
    last.set_read_timeout(Some(DEADLINE)).expect("set");
    let mut reply = Vec::new();
    let _ = last.read_to_end(&mut reply);
    assert!(begun.elapsed() > Duration::from_secs(4) && begun.elapsed() < DEADLINE);
    assert_eq!(get(&format!("{http}/healthz")).await.0, 200);
    daemon.stop().await;
}
