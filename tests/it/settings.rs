//! Wrong settings.

use crate::support::daemon::command;

#[test]
fn all_wrong_settings_are_reported_in_one_go_with_status_64() {
    let output = command()
        .arg("run")
        .env("HEIMDALL_S3_ENDPOINT", "minio:9000")
        .env("HEIMDALL_CONCURRENCY", "many")
        .env("HEIMDALL_LEASE", "30")
        .env("HEIMDALL_S3_SECRET_KEY_FILE", "/nonexistent/secret")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8_lossy(&output.stderr);
    for name in [
        "HEIMDALL_DATABASE_URL",
        "HEIMDALL_S3_ENDPOINT",
        "HEIMDALL_S3_ACCESS_KEY",
        "HEIMDALL_S3_SECRET_KEY",
        "HEIMDALL_CONCURRENCY",
        "HEIMDALL_LEASE",
    ] {
        assert!(said.contains(name), "{name} is not in: {said}");
    }
}

#[test]
fn a_wrong_command_line_has_the_same_status() {
    let output = command().args(["run", "--no-such-flag"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(64));
}
