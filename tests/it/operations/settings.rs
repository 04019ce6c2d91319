//! Wrong settings.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::support::daemon::command;

#[test]
fn all_wrong_settings_are_reported_together_with_status_64() {
    let output = command()
        .arg("run")
        .env("HEIMDALL_S3_ENDPOINT", "minio:9000")
        .env("HEIMDALL_CONCURRENCY", "many")
        .env("HEIMDALL_LEASE", "30")
        .env("HEIMDALL_S3_SECRET_KEY_FILE", "/nonexistent/secret")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(64));
    let stderr = String::from_utf8_lossy(&output.stderr);
    for name in [
        "HEIMDALL_DATABASE_URL",
        "HEIMDALL_S3_ENDPOINT",
        "HEIMDALL_S3_ACCESS_KEY",
        "HEIMDALL_S3_SECRET_KEY",
        "HEIMDALL_CONCURRENCY",
        "HEIMDALL_LEASE",
    ] {
        assert!(stderr.contains(name), "{name} is not in: {stderr}");
    }
}

#[test]
fn a_wrong_command_line_has_the_same_status() {
    let output = command()
        .args(["run", "--no-such-flag"])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn unusable_secret_and_ca_files_are_wrong_settings() {
    let not_pem = env!("CARGO_MANIFEST_PATH");
    let output = command()
        .arg("run")
        .env("HEIMDALL_DATABASE_URL", "postgresql://u:hunter2@db/x")
        .env("HEIMDALL_DATABASE_CA_FILE", not_pem)
        .env("HEIMDALL_S3_ENDPOINT", "https://store:9000")
        .env("HEIMDALL_S3_CA_FILE", "/nowhere/ca.pem")
        .env("HEIMDALL_S3_ACCESS_KEY_FILE", "/nowhere/access")
        .env("HEIMDALL_S3_SECRET_KEY", "s")
        .env("HEIMDALL_S3_SECRET_KEY_FILE", "/nowhere/secret")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8_lossy(&output.stderr);
    for says in [
        &format!("HEIMDALL_DATABASE_CA_FILE: {not_pem}: no certificate in it"),
        "HEIMDALL_S3_CA_FILE: /nowhere/ca.pem: No such file",
        "HEIMDALL_S3_ACCESS_KEY_FILE: /nowhere/access: No such file",
        "HEIMDALL_S3_SECRET_KEY: given both directly and as HEIMDALL_S3_SECRET_KEY_FILE",
    ] {
        assert!(text.contains(says), "'{says}' is not in {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");

    for (mode, says) in [
        ("prefer", "lets anybody on the way switch TLS off"),
        ("sometimes", "sslmode"),
    ] {
        let output = command()
            .args([
                "run",
                "--database-url",
                &format!("postgresql://u:hunter2@db/x?sslmode={mode}"),
            ])
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            text.contains("HEIMDALL_DATABASE_URL: ") && text.contains(says) && !text.contains("hunter2"),
            "{text}"
        );
    }
}

/// As compose files write unset variables, and Kubernetes secrets end.
#[test]
fn an_empty_value_is_no_value_and_a_line_end_is_no_part_of_one() {
    let mut run = command();
    run.arg("run");
    for name in [
        "HEIMDALL_LISTENER_DATABASE_URL",
        "HEIMDALL_DATABASE_CA_FILE",
        "HEIMDALL_S3_CA_FILE",
        "HEIMDALL_S3_ACCESS_KEY_FILE",
        "HEIMDALL_CONCURRENCY",
        "HEIMDALL_HTTP_ADDR",
        "HEIMDALL_LOG",
        "HEIMDALL_LOG_FORMAT",
        "HEIMDALL_SWEEP_INTERVAL",
    ] {
        run.env(name, "");
    }
    let output = run
        .env("HEIMDALL_DATABASE_URL", "postgresql://u@db/x\n")
        .env("HEIMDALL_S3_ENDPOINT", "http://store:9000\n")
        .env("HEIMDALL_S3_ACCESS_KEY", "a\n")
        // The only one that is missing, so that the daemon does not start.
        .env("HEIMDALL_S3_SECRET_KEY", "\n")
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8_lossy(&output.stderr);
    let wrong: Vec<&str> = text.lines().filter(|line| line.contains("HEIMDALL_")).collect();
    assert!(
        wrong.len() == 1 && wrong[0].contains("HEIMDALL_S3_SECRET_KEY:"),
        "{text}"
    );
}

#[test]
fn a_misspelt_setting_is_named_with_the_one_that_is_meant() {
    for subcommand in ["run", "migrate", "doctor"] {
        let output = command()
            .arg(subcommand)
            .env("HEIMDALL_CONCURENCY", "4")
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(64), "{subcommand}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            text.contains("HEIMDALL_CONCURENCY: no such setting, HEIMDALL_CONCURRENCY is one"),
            "{text}"
        );
    }
    for (name, meant) in [
        ("HEIMDALLD_S3_ENDPOINT", "HEIMDALL_S3_ENDPOINT"),
        ("heimdall_lease", "HEIMDALL_LEASE"),
    ] {
        let (status, text) = config(&[(name, "x")]);
        assert_eq!(status, Some(64));
        assert!(
            text.contains(&format!("{name}: no such setting, {meant} is one")),
            "{text}"
        );
    }
    // One that is unlike all others may be the reason why another one is missing.
    let (_, text) = config(&[
        ("HEIMDALL_S3_URL", "http://minio:9000"),
        ("HEIMDALLD_PORT", "tcp://10.0.0.1:9464"),
    ]);
    assert!(
        text.contains("HEIMDALL_S3_ENDPOINT: not set")
            && text.contains("HEIMDALL_S3_URL: no such setting, it is ignored"),
        "{text}"
    );
    assert!(!text.contains("HEIMDALLD_PORT"), "{text}");
}

/// `heimdalld config` with these variables alone.
fn config(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = command().arg("config").envs(variables.iter().copied()).output();
    let output = output.expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn values_that_would_be_misread_in_silence_are_refused_with_what_to_write() {
    for (name, value, says) in [
        (
            "HEIMDALL_LOG",
            "warning",
            "HEIMDALL_LOG: 'warning' is none of off, error, warn",
        ),
        (
            "HEIMDALL_LOG",
            "heimdalld=debug",
            "HEIMDALL_LOG: 'heimdalld': the daemon's part is heimdall_daemon",
        ),
        (
            "HEIMDALL_HTTP_HOSTS",
            "https://h.example",
            "HEIMDALL_HTTP_HOSTS: 'https://h.example' is not the name of a host",
        ),
        (
            "HEIMDALL_HTTP_HOSTS",
            "*.example",
            "HEIMDALL_HTTP_HOSTS: '*.example': no wildcards",
        ),
        (
            "HEIMDALL_S3_ENDPOINT",
            "https://account.r2.cloudflarestorage.com/heimdall-raw-iq",
            "write https://account.r2.cloudflarestorage.com\n",
        ),
        (
            "HEIMDALL_MAX_OBJECT_BYTES",
            "64M",
            "HEIMDALL_MAX_OBJECT_BYTES: '64M' is not a size",
        ),
        (
            "ALL_PROXY",
            "socks5://proxy:1080",
            "ALL_PROXY: not the URL of an HTTP proxy",
        ),
    ] {
        let (status, text) = config(&[(name, value)]);
        assert_eq!(status, Some(64), "{name}={value}");
        assert!(text.contains(says), "'{says}' is not in {text}");
    }
    // A proxy that others take the place of is not used.
    let (_, text) = config(&[
        ("ALL_PROXY", "socks5://proxy:1080"),
        ("http_proxy", "http://proxy:3128"),
        ("HTTPS_PROXY", "http://proxy:3128"),
    ]);
    assert!(!text.contains("ALL_PROXY"), "{text}");
}

#[test]
fn a_value_that_is_not_utf_8_is_named_and_not_shown() {
    for name in ["HEIMDALL_S3_SECRET_KEY", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"] {
        let output = command()
            .arg("config")
            .env(name, OsStr::from_bytes(b"hunter2\xff"))
            .output()
            .expect("the binary runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{text}");
        assert!(
            text.contains(name) && text.contains("UTF-8") && !text.contains("hunter2"),
            "{text}"
        );
    }
}

/// As `docker --env-file` passes on what is in the file.
#[test]
fn quotes_around_any_variable_that_the_daemon_reads_are_no_part_of_its_value() {
    let (_, text) = config(&[
        ("PGHOST", "\"db.example\""),
        ("PGUSER", "'radio'"),
        ("PGPASSWORD", "\"hunter2\""),
        ("HEIMDALL_S3_ENDPOINT", "\"https://s3.eu-west-1.amazonaws.com\""),
        ("AWS_ACCESS_KEY_ID", "\"AKIA7\""),
        ("AWS_SECRET_ACCESS_KEY", "'hunter2'"),
        ("AWS_REGION", "\"eu-west-1\""),
        ("HTTPS_PROXY", "\"http://proxy:3128\""),
    ]);
    for line in [
        "host      db.example  (PGHOST)",
        "user      radio  (PGUSER)",
        "region    eu-west-1",
        "proxy     http://proxy:3128",
    ] {
        assert!(text.contains(line), "'{line}' is not in {text}");
    }
}
