//! Wrong settings.

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
}
