//! Settings that do not come from a flag or a variable of ours: the file in TOML, and what libpq's
//! programs take. `heimdalld config` says where each comes from.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::daemon::{Daemon, command};
use crate::support::{BUCKET, Bench, DEADLINE, recordings, wait_until};

/// Status and all output of `heimdalld config`.
fn config(command: &mut Command) -> (Option<i32>, String) {
    let output = command.arg("config").output().expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// The line of a setting in the output, in words.
fn line<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
    line.unwrap_or_else(|| panic!("{name} is not in {text}"))
        .split_whitespace()
        .collect()
}

#[test]
fn config_prints_what_holds_and_where_it_comes_from_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("heimdalld.toml");
    let text =
        "s3_endpoint = 'http://minio:9000'\ns3_bucket = ['a-1', 'b-1']\nlease = '20s'\ns3_secret_key = 'hunter2'\n";
    fs::write(&path, text).expect("written");
    let file = path.to_string_lossy().into_owned();
    let (status, text) = config(
        command()
            .env("HEIMDALL_CONFIG_FILE", &file)
            .env("HEIMDALL_LEASE", "10s")
            .env("HEIMDALL_S3_ACCESS_KEY", "AKIA7\n")
            .env("HEIMDALL_S3_REGION", "")
            .env("PGHOST", "db.example.org")
            .env("PGPORT", "6432")
            .env("PGUSER", "radio")
            .env("PGPASSWORD", "hunter3")
            .arg("--concurrency=4"),
    );
    assert_eq!(status, Some(0), "{text}");
    for (name, value, source) in [
        ("HEIMDALL_S3_ENDPOINT", "http://minio:9000", file.as_str()),
        ("HEIMDALL_S3_BUCKET", "a-1,b-1", &file),
        ("HEIMDALL_S3_SECRET_KEY", "***", &file),
        ("HEIMDALL_S3_ACCESS_KEY", "***", "environment"),
        ("HEIMDALL_LEASE", "10s", "environment"),
        ("HEIMDALL_CONCURRENCY", "4", "--concurrency"),
        ("HEIMDALL_S3_REGION", "us-east-1", "default"),
        ("HEIMDALL_SWEEP_INTERVAL", "5min", "default"),
    ] {
        assert_eq!(line(&text, name), [name, value, source]);
    }
    assert_eq!(line(&text, "host"), ["host", "db.example.org", "(PGHOST)"]);
    assert_eq!(line(&text, "port"), ["port", "6432", "(PGPORT)"]);
    assert_eq!(line(&text, "password"), ["password", "***", "(PGPASSWORD)"]);
    for secret in ["hunter2", "hunter3", "AKIA7"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn config_says_what_is_wrong_after_what_holds() {
    let (status, text) = config(command().env("HEIMDALL_LEASE", "soon"));
    assert_eq!(status, Some(64), "{text}");
    assert_eq!(line(&text, "HEIMDALL_LEASE"), ["HEIMDALL_LEASE", "soon", "environment"]);
    assert!(text.contains("HEIMDALL_LEASE: 'soon' is not a duration"), "{text}");

    let (status, text) = config(command().env("HEIMDALL_CONFIG_FILE", "/nowhere/heimdalld.toml"));
    assert_eq!(status, Some(64), "{text}");
    assert!(
        text.contains("HEIMDALL_CONFIG_FILE: /nowhere/heimdalld.toml: No such file"),
        "{text}"
    );
}

#[test]
fn urls_of_other_tools_and_their_parameters_are_named() {
    for (url, says) in [
        ("postgresql+asyncpg://u:hunter2@h/d", "SQLAlchemy for asyncpg"),
        ("postgresql://u:hun@ter2@h/d", "%40"),
        ("postgresql://u:hunter2@h/d?sslmod=require", "sslmode does"),
        ("postgresql://u:hunter2@h/d?require_auth=scram-sha-256", "leave it out"),
    ] {
        let (status, text) = config(command().env("HEIMDALL_DATABASE_URL", url));
        assert_eq!(status, Some(64), "{text}");
        assert!(text.contains(says) && !text.contains("ter2"), "{text}");
    }
    let url = "postgresql://u:hunter2@h/d?schema=public&connection_limit=5&gssencmode=disable";
    let (_, text) = config(command().env("HEIMDALL_DATABASE_URL", url));
    for name in ["schema", "connection_limit", "gssencmode"] {
        assert!(
            text.contains(&format!("the parameter {name} of another driver")),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_works_with_a_service_a_password_file_and_a_file_of_settings() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin"]).await;
    let url: tokio_postgres::Config = bench.url_as("daemon").await.parse().expect("a URL");
    let tokio_postgres::config::Host::Unix(socket) = &url.get_hosts()[0] else {
        panic!("the cluster has a socket: {:?}", url.get_hosts());
    };
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: String, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        path.to_string_lossy().into_owned()
    };
    let port = url.get_ports().first().copied().unwrap_or(5432);
    let service = format!(
        "[radio]\nhost={}\nport={port}\ndbname={}\nuser=daemon\n",
        socket.display(),
        bench.database
    );
    let settings = format!(
        "s3_endpoint = '{}'\ns3_bucket = '{BUCKET}'\ns3_access_key = '{}'\ns3_secret_key = '{}'\nhttp_addr = 'off'\n",
        bench.store.endpoint(),
        heimdall_daemon::sandbox::s3::ACCESS_KEY,
        heimdall_daemon::sandbox::s3::SECRET_KEY,
    );
    let mut daemon = command();
    daemon
        .arg("run")
        .env("PGSERVICEFILE", put("services", service, 0o644))
        .env("PGSERVICE", "\"radio\"")
        .env(
            "PGPASSFILE",
            put("passwords", "*:*:*:daemon:not-asked-for\n".to_owned(), 0o644),
        )
        .env("HEIMDALL_CONFIG_FILE", put("heimdalld.toml", settings, 0o600));
    let daemon = Daemon::spawn(daemon);
    daemon.wait_for_log("listening").await;
    daemon.wait_for_log("chmod 600").await;
    daemon.assert_logged("quotes around these values are removed", 1).await;
    assert!(daemon.log_lines("quotes around")[0].contains("PGSERVICE"));
    bench.complete(&session).await;
    wait_until("the row", || async {
        bench.row(session.measurements[0]).await.is_some()
    })
    .await;
    assert!(
        !daemon.log_lines("").iter().any(|line| line.contains("not-asked-for")),
        "{DEADLINE:?}"
    );
    daemon.stop().await;
}
