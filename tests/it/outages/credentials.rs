//! Temporary keys of roles: replaced while the daemon works, and an outage when there are none.

use std::time::Duration;

use crate::support::aws_services::{AGENT_TOKEN, AwsServices, WEB_IDENTITY};
use crate::support::daemon::{Daemon, command_on};
use crate::support::s3_replies::{s3_error, working_store};
use crate::support::scripted_store::{Reply, ScriptedStore};
use crate::support::{Bench, assert_extracted, recordings, wait_until};

/// A daemon without keys in its settings.
async fn daemon_with_role(bench: &Bench, aws: &AwsServices, variables: &[(&str, &str)]) -> Daemon {
    let mut command = command_on(bench, "run").await;
    command
        .env_remove("HEIMDALL_S3_ACCESS_KEY")
        .env_remove("HEIMDALL_S3_SECRET_KEY")
        .env("HEIMDALL_S3_ENDPOINT", aws.store.endpoint())
        .env("HEIMDALL_S3_PROBE_INTERVAL", "50ms")
        .env("HEIMDALL_HTTP_ADDR", "off")
        .envs(variables.iter().copied());
    let daemon = Daemon::spawn(command);
    daemon.wait_for_log("listening").await;
    daemon
}

/// Works for longer than a set of keys is valid, without an outage or an attempt that failed.
async fn works_with_a_role(variables: &[(&str, &str)], source: &str) {
    let bench = Bench::new().await;
    let aws = AwsServices::start(Duration::from_secs(12)).await;
    let endpoint = aws.services.endpoint();
    let variables: Vec<(&str, String)> = variables
        .iter()
        .map(|(name, value)| (*name, value.replace("{endpoint}", &endpoint)))
        .collect();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let daemon = daemon_with_role(&bench, &aws, &variables).await;
    let mut round = 0;
    while aws.issued() < 3 {
        let session = bench.record_objects(&format!("round-{round}"), 2).await;
        bench.complete(&session).await;
        assert_extracted(&bench.rows(&session).await, 1);
        tokio::time::sleep(Duration::from_millis(200)).await;
        round += 1;
        assert!(round < 300, "keys were issued {} times", aws.issued());
    }
    assert_eq!(daemon.log_lines("object store away"), Vec::<String>::new());
    let start = daemon.log_lines("heimdalld starts").remove(0);
    assert!(start.contains(source), "{start}");
    for secret in ["secret-0", "session-0", AGENT_TOKEN, WEB_IDENTITY] {
        assert_eq!(daemon.log_lines(secret), Vec::<String>::new());
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_of_a_service_account_is_renewed_while_it_works() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{WEB_IDENTITY}\n")).expect("written");
    let path = file.path().display().to_string();
    let variables = [
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", path.as_str()),
        ("AWS_ENDPOINT_URL_STS", "{endpoint}/sts"),
        ("AWS_REGION", "eu-west-1"),
    ];
    works_with_a_role(&variables, "AWS_WEB_IDENTITY_TOKEN_FILE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_of_a_container_is_renewed_while_it_works() {
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{endpoint}/agent"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", AGENT_TOKEN),
        // Whatever it says, an agent on this host is asked straight.
        ("HTTP_PROXY", "http://127.0.0.1:9"),
    ];
    works_with_a_role(&variables, "AWS_CONTAINER_CREDENTIALS").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_of_an_instance_is_renewed_while_it_works() {
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{endpoint}")];
    works_with_a_role(&variables, "the role of this instance").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_sts_a_role_is_an_outage_that_ends_by_itself() {
    let bench = Bench::new().await;
    let aws = AwsServices::start(Duration::from_mins(15)).await;
    aws.fail();
    let endpoint = aws.services.endpoint();
    let variables = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.as_str())];
    let daemon = daemon_with_role(&bench, &aws, &variables).await;
    daemon.wait_for_log("object store away").await;
    let line = daemon.log_lines("object store away").remove(0);
    assert!(line.contains("no keys from the role of this instance"), "{line}");
    let session = bench.record_objects("patient", 2).await;
    bench.complete(&session).await;
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'ready' AND attempt = 0", 2)
        .await;
    aws.work();
    assert_extracted(&bench.rows(&session).await, 1);
    daemon.assert_logged("object store back", 1).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_an_outage_until_its_file_has_a_new_one() {
    let bench = Bench::new().await;
    let tone = recordings::tone();
    let store =
        ScriptedStore::start(
            move |request| match request.headers.get("x-amz-security-token").map(String::as_str) {
                Some("new") => working_store(request, &tone),
                _ => Reply::Send(s3_error("400 Bad Request", "ExpiredToken", "The token has expired.")),
            },
        )
        .await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "old\n").expect("written");
    let path = file.path().display().to_string();
    let daemon = Daemon::start_at(&bench, &store.endpoint(), &[("HEIMDALL_S3_SESSION_TOKEN_FILE", &path)]).await;
    let session = bench.record_objects("later", 3).await;
    bench.complete(&session).await;
    daemon.wait_for_log("object store away").await;
    assert!(daemon.log_lines("object store away")[0].contains("ExpiredToken"));
    bench
        .wait_count("heimdall.feature_queue WHERE state = 'ready' AND attempt = 0", 3)
        .await;
    std::fs::write(file.path(), "new\n").expect("written");
    assert_extracted(&bench.rows(&session).await, 1);
    wait_until("the end of the outage", || async {
        daemon.log_lines("object store back").len() == 1
    })
    .await;
    daemon.stop().await;
}
