//! How the store is reached: virtual hosts, proxies, keys from AWS's files; and what is said of it.

use std::process::Command;

use heimdall_daemon::sandbox::s3::{ACCESS_KEY, DOMAIN, SECRET_KEY};

use crate::support::daemon::{Daemon, command, command_on};
use crate::support::doctor::doctor;
use crate::support::s3_replies::working_store;
use crate::support::scripted_store::ScriptedStore;
use crate::support::{BUCKET, Bench, assert_extracted, recordings};

fn output(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_in_the_name_of_the_host_is_read_through_a_proxy() {
    let bench = Bench::new().await;
    let proxy = bench.store.endpoint();
    let endpoint = format!("http://{DOMAIN}:9000");
    bench.put("2026/a b+ü.bin", recordings::tone());
    for addressing in ["path", "virtual"] {
        let settings = [
            ("HEIMDALL_S3_ENDPOINT", endpoint.as_str()),
            ("HEIMDALL_S3_ADDRESSING", addressing),
            ("HTTP_PROXY", proxy.as_str()),
        ];
        let daemon = Daemon::start_with(&bench, &settings).await;
        let session = bench.record(&["2026/a b+ü.bin"]).await;
        bench.complete(&session).await;
        assert_extracted(&bench.rows(&session).await, 1);
        daemon.assert_logged("go through a proxy", 1).await;
        assert!(daemon.log_lines("go through a proxy")[0].contains(&proxy));
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_request_names_the_bucket_where_the_setting_says() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let proxy = ScriptedStore::start(move |request| working_store(request, &tone)).await;
    for (addressing, none, url) in [
        ("virtual", "", format!("http://{BUCKET}.{DOMAIN}/x.bin")),
        ("", "", format!("http://{DOMAIN}/{BUCKET}/x.bin")),
    ] {
        let settings = [
            ("HEIMDALL_S3_ENDPOINT", &*format!("http://{DOMAIN}")),
            ("HEIMDALL_S3_ADDRESSING", addressing),
            ("http_proxy", &proxy.endpoint()),
            ("NO_PROXY", none),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let daemon = Daemon::start_with(&bench, &settings).await;
        let session = bench.record(&["x.bin"]).await;
        bench.complete(&session).await;
        let asked = || async { !proxy.requests(&url).is_empty() };
        crate::support::wait_until(&url, asked).await;
        daemon.stop().await;
    }
}

#[test]
fn addressing_and_proxies_are_checked() {
    let with = |variables: &[(&str, &str)]| {
        let mut command = command();
        command
            .arg("config")
            .env("HEIMDALL_DATABASE_URL", "postgresql://u@localhost/d")
            .env("HEIMDALL_S3_ENDPOINT", "https://s3.eu-west-1.amazonaws.com")
            .env("HEIMDALL_S3_ACCESS_KEY", "a")
            .env("HEIMDALL_S3_SECRET_KEY", "b")
            .envs(variables.iter().copied());
        output(command)
    };
    for (variables, says) in [
        (&[("HEIMDALL_S3_ADDRESSING", "hosts")][..], "neither path nor virtual"),
        (
            &[("HEIMDALL_S3_ADDRESSING", "virtual"), ("HEIMDALL_S3_BUCKET", "raw.iq")],
            "HEIMDALL_S3_ADDRESSING: no certificate is valid for raw.iq",
        ),
        (
            &[
                ("HEIMDALL_S3_ADDRESSING", "virtual"),
                ("HEIMDALL_S3_ENDPOINT", "http://10.0.0.1:9000"),
            ],
            "an IP address",
        ),
        (&[("HTTPS_PROXY", "ftp://u:hunter2@proxy")], "HTTPS_PROXY: not the URL"),
        (
            &[("HEIMDALL_S3_ENDPOINT", "http://minio:9000?x")],
            "must not contain '?'",
        ),
    ] {
        let (status, text) = with(variables);
        assert_eq!(status, Some(64), "{text}");
        assert!(text.contains(says) && !text.contains("hunter2"), "{says}: {text}");
    }
    let (status, text) = with(&[("HTTPS_PROXY", "http://u:hunter2@proxy:3128")]);
    assert_eq!(status, Some(0), "{text}");
    assert!(
        text.contains("proxy     http://proxy:3128") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn the_place_of_the_keys_is_shown_and_never_a_key() {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join(".aws")).expect("created");
    let file = "[radio]\naws_access_key_id = AKIA7\naws_secret_access_key = hunter2\n";
    std::fs::write(home.path().join(".aws/credentials"), file).expect("written");
    let with = |variables: &[(&str, &str)]| {
        let mut command = command();
        command
            .arg("config")
            .env("HOME", home.path())
            .env("HEIMDALL_DATABASE_URL", "postgresql://u@localhost/d")
            .env("HEIMDALL_S3_ENDPOINT", "http://minio:9000")
            .envs(variables.iter().copied());
        output(command)
    };
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIA7"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_REGION", "eu-west-1"),
    ];
    for (variables, says) in [
        (&keys[..], "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (&[("AWS_PROFILE", "radio")], "the profile radio of AWS's shared files"),
        (
            &[
                ("HEIMDALL_S3_ACCESS_KEY", "AKIA7"),
                ("HEIMDALL_S3_SECRET_KEY", "hunter2"),
            ],
            "the settings HEIMDALL_S3_ACCESS_KEY",
        ),
    ] {
        let (status, text) = with(variables);
        assert_eq!(status, Some(0), "{text}");
        assert!(text.contains(says), "{says}: {text}");
        assert!(!text.contains("AKIA7") && !text.contains("hunter2"), "{text}");
    }
    assert!(with(&keys).1.contains("region    eu-west-1"));
    let (status, text) = with(&[]);
    assert_eq!(status, Some(64), "{text}");
    assert!(text.contains("HEIMDALL_S3_ACCESS_KEY: not set"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_a_profile_work_and_the_doctor_says_where_they_come_from() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials");
    std::fs::write(
        &file,
        format!("[radio]\naws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n"),
    )
    .expect("written");
    let path = file.display().to_string();
    let settings = [
        ("HEIMDALL_S3_ACCESS_KEY", ""),
        ("HEIMDALL_S3_SECRET_KEY", ""),
        ("AWS_SHARED_CREDENTIALS_FILE", path.as_str()),
        ("AWS_PROFILE", "radio"),
    ];
    let daemon = Daemon::start_with(&bench, &settings).await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.stop().await;
    let report = doctor(&bench, &settings).await;
    report.expect("ok", "store's keys", "the profile radio", "");
    let report = doctor(&bench, &[&settings[..3], &[("AWS_PROFILE", "none")]].concat()).await;
    report.expect(
        "wrong",
        "store's keys",
        "no keys from the profile none",
        "heimdalld config",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_in_flags_and_passwords_without_tls_are_warned_of() {
    let bench = Bench::new().await;
    let mut command = command_on(&bench, "run").await;
    command
        .env_remove("HEIMDALL_DATABASE_URL")
        .env("HEIMDALL_HTTP_ADDR", "off")
        .args(["--database-url", "postgresql://u:hunter2@192.0.2.1,127.0.0.1:9/d"])
        .args(["--s3-secret-key", SECRET_KEY]);
    let daemon = Daemon::spawn(command);
    daemon.wait_for_log("heimdalld starts").await;
    for (text, names) in [
        ("list of processes", "--s3-secret-key"),
        ("list of processes", "--database-url"),
        ("without TLS", "192.0.2.1"),
    ] {
        let lines = daemon.log_lines(text);
        assert_eq!(
            lines.iter().filter(|line| line.contains(names)).count(),
            1,
            "{names}: {lines:#?}"
        );
    }
    assert_eq!(daemon.log_lines("without TLS").len(), 1);
    assert_eq!(daemon.log_lines("hunter2"), Vec::<String>::new());
    assert_eq!(daemon.log_lines(SECRET_KEY), Vec::<String>::new());
    daemon.stop().await;
}
