//! The files of `deploy/`, as far as they need the database or the binary. `tests/deploy` has
//! scripts for the rest.

use serde_json::Value;

use crate::support::daemon::{ANY_PORT, Daemon, command, get};
use crate::support::{Bench, recordings, wait_until};

const SCALED_OBJECT: &str = include_str!("../../../deploy/kubernetes/keda/scaledobject.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/heimdalld.json");
const UNIT: &str = include_str!("../../../deploy/systemd/heimdalld.service");
const UNIT_SETTINGS: &str = include_str!("../../../deploy/systemd/heimdalld.env");
const UNIT_PAGE: &str = include_str!("../../../deploy/systemd/page.conf");
const COMPOSE: &str = include_str!("../../../deploy/container/compose.yaml");
const DEPLOYMENT: &str = include_str!("../../../deploy/kubernetes/base/deployment.yaml");
const PAGE_COMPONENT: &str = include_str!("../../../deploy/kubernetes/page/kustomization.yaml");
const INGRESS: &str = include_str!("../../../deploy/kubernetes/page/ingress.yaml");
const SECRETS: &str = include_str!("../../../deploy/kubernetes/example/secrets.yaml");

/// The query of the autoscaler: the folded block after `query: >-`.
fn autoscaler_query() -> String {
    let block = SCALED_OBJECT.split("query: >-\n").nth(1).expect("a query");
    let lines: Vec<&str> = block
        .lines()
        .take_while(|line| line.starts_with("          "))
        .map(str::trim)
        .collect();
    lines.join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_autoscaler_sees_work_that_no_daemon_has_seen_and_no_work_that_waits_for_a_person() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let session = bench.record(&["good.bin", "good.bin", "gone.bin"]).await;
    let query = autoscaler_query();
    let wanted = async || {
        bench.execute("SET ROLE heimdall_reader").await;
        let wanted: i64 = bench.value(&query, &[]).await;
        bench.execute("RESET ROLE").await;
        wanted
    };
    bench.expand().await;
    assert_eq!(wanted().await, 0, "a session that still records is no work");
    bench.complete(&session).await;
    assert!(wanted().await > 0, "no daemon has expanded the note");
    bench.expand().await;
    assert_eq!(wanted().await, 3, "in the queue");
    bench.execute("SELECT heimdall.pause_extraction('test')").await;
    assert_eq!(wanted().await, 0, "paused");
    bench.execute("SELECT heimdall.resume_extraction()").await;
    bench
        .execute("UPDATE heimdall.feature_queue SET state = 'waiting', due_at = 'infinity' WHERE id = (SELECT min(id) FROM heimdall.feature_queue)")
        .await;
    assert_eq!(wanted().await, 2, "one is set aside");
}

#[test]
fn every_panel_of_the_dashboard_asks_for_the_chosen_job() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let panels: Vec<&Value> = panels.iter().filter(|panel| panel["type"] != "row").collect();
    assert!(panels.len() >= 20);
    for panel in panels {
        let targets = panel["targets"].as_array().expect("queries");
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            let query = target["expr"].as_str().expect("a query");
            let metrics = query.matches("heimdalld_").count() + query.matches("process_").count();
            assert_eq!(query.matches("job=\"$job\"").count(), metrics, "{query}");
        }
    }
}

/// `HEIMDALL_…` in a text.
fn names(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("HEIMDALL_")).collect()
}

#[test]
fn the_files_of_each_way_to_run_it_name_settings_that_exist() {
    let output = command().arg("config").output().expect("the binary runs");
    let listed = String::from_utf8(output.stdout).expect("a text");
    let exist = names(&listed);
    for text in [UNIT, UNIT_SETTINGS, UNIT_PAGE, COMPOSE, DEPLOYMENT, PAGE_COMPONENT] {
        let used = names(text);
        assert!(used.len() >= 3, "{used:?}");
        for name in used {
            assert!(exist.contains(&name), "{name} is no setting");
        }
    }
}

#[test]
fn each_way_to_run_it_has_the_tokens_of_the_page_as_secrets() {
    for (way, text) in [
        ("systemd", UNIT_PAGE),
        ("containers", COMPOSE),
        ("Kubernetes", PAGE_COMPONENT),
    ] {
        for (name, file) in [
            ("HEIMDALL_HTTP_TOKEN_FILE", "/page-token"),
            ("HEIMDALL_HTTP_READ_TOKEN_FILE", "/page-read-token"),
            ("HEIMDALL_ADMIN_DATABASE_URL_FILE", "/admin-database-url"),
        ] {
            assert!(names(text).contains(&name), "{way}: no {name}");
            let line = text.lines().find(|line| line.contains(name)).unwrap_or_default();
            assert!(line.contains(file), "{way}: {line}");
        }
    }
    for key in ["page-token:", "page-read-token:", "admin-database-url:"] {
        assert!(SECRETS.contains(key), "{key} is in no Secret");
    }
    // The page has no encryption of its own.
    assert!(COMPOSE.contains("ports: [\"127.0.0.1:9464:9464\"]"));
    assert!(INGRESS.contains("  tls:\n"));
    assert!(!names(UNIT_PAGE).contains(&"HEIMDALL_HTTP_ADDR"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_subcommand_health_and_the_metric_say_what_readyz_says() {
    let bench = Bench::new().await;
    let daemon = Daemon::start_with(&bench, &[ANY_PORT]).await;
    let http = daemon.http().await;
    let address = http.strip_prefix("http://").expect("a URL");
    let ask = |arguments: &[&str], address: &str| {
        let mut health = command();
        health.arg("health").args(arguments).env("HEIMDALL_HTTP_ADDR", address);
        let output = health.output().expect("the binary runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    };
    let (status, text) = ask(&[], address);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("\"ready\": true"), "{text}");
    let metrics = async || get(&format!("{http}/metrics")).await.1;
    assert!(metrics().await.contains("\nheimdalld_ready 1\n"));
    // As a container has it: all interfaces.
    let port = address.split(':').nth(1).expect("a port");
    assert_eq!(
        ask(&["--live"], &format!("0.0.0.0:{port}")),
        (Some(0), "ok\n".to_owned())
    );

    bench
        .execute("INSERT INTO heimdall.schema_migrations (version, name, serves_from) VALUES (4711, 'later', 4711)")
        .await;
    wait_until("health is 1", || async { ask(&[], address).0 == Some(1) }).await;
    let (_, text) = ask(&[], address);
    assert!(text.contains("4711"), "{text}");
    assert!(metrics().await.contains("\nheimdalld_ready 0\n"));
    assert_eq!(ask(&["--live"], address).0, Some(0));

    assert_eq!(ask(&[], "off").0, Some(64));
    daemon.stop().await;
    let (status, text) = ask(&[], address);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains(&format!("http://{address}/readyz: ")), "{text}");
}
