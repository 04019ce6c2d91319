//! The documents: the tables of `deploy/README.md` are complete, and the queries can be typed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use heimdall_daemon::job::error::KINDS;

#[path = "../../layout/markdown.rs"]
mod markdown;

use self::markdown::section;
use crate::support::Bench;
use crate::support::daemon::command;

const README: &str = include_str!("../../../README.md");
const OPERATOR: &str = include_str!("../../../deploy/README.md");
const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yml");
const ALERT_TESTS: &str = include_str!("../../../deploy/prometheus/alerts_test.yml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/heimdalld.json");
const ADMINISTRATOR: &str = include_str!("../../../sql/README.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files with this extension under a folder, build outputs and Git's own files left out.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" && name != ".git" {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found
}

/// The cells of the table under a heading, without its head.
fn table(text: &str, wanted: &str) -> Vec<Vec<String>> {
    let section = section(text, wanted);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.map(|row| row.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()));
    let rows: Vec<Vec<String>> = cells.map(Iterator::collect).skip(2).collect();
    assert!(!rows.is_empty(), "no table under #{wanted}");
    rows
}

/// What stands in backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The settings and their defaults, as `heimdalld config` lists them.
fn defaults() -> BTreeMap<String, Option<String>> {
    let output = command().arg("config").output().expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("a text");
    let lines = text.lines().take_while(|line| line.starts_with("HEIMDALL_"));
    let named = lines.map(|line| {
        let (name, rest) = line.split_once(' ').expect("a value");
        let default = rest.trim().strip_suffix("default").map(|value| value.trim().to_owned());
        (name.to_owned(), default)
    });
    named.collect()
}

#[test]
fn the_table_of_settings_has_every_flag_with_its_default() {
    let defaults = defaults();
    assert!(defaults.len() > 25, "{defaults:?}");
    let rows = table(OPERATOR, "settings");
    let listed: BTreeSet<&str> = rows.iter().flat_map(|row| code(&row[0])).collect();
    assert_eq!(listed, defaults.keys().map(String::as_str).collect::<BTreeSet<_>>());
    for (name, default) in &defaults {
        let Some(default) = default else {
            continue;
        };
        let default = default.split(',').next().unwrap_or_default();
        let row = rows.iter().find(|row| code(&row[0]).contains(&&**name)).expect(name);
        assert_eq!(row[1].trim_matches('`'), default, "{name}");
    }
}

#[test]
fn the_table_of_settings_has_the_limits_that_the_daemon_enforces() {
    let rows = table(OPERATOR, "settings");
    let mut daemon = command();
    daemon.arg("run");
    let limited = rows
        .iter()
        .filter(|row| row[2].starts_with(|c: char| c.is_ascii_digit()));
    let limits: Vec<(&str, &str)> = limited.map(|row| (code(&row[0])[0], &*row[2])).collect();
    for (name, limit) in &limits {
        daemon.env(
            name,
            if limit.ends_with(char::is_alphabetic) && limit.contains(" to ") {
                "9999days"
            } else {
                "0"
            },
        );
    }
    let output = daemon.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8_lossy(&output.stderr);
    for (name, limit) in &limits {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{name}:")));
        let line = line.unwrap_or_else(|| panic!("0 is allowed for {name}: {text}"));
        for end in limit.split(" to ").filter_map(|end| end.split(' ').next()) {
            assert!(line.contains(end), "{limit} is not in: {line}");
        }
    }
    assert!(limits.len() >= 11, "{limits:?}");
}

#[test]
fn the_tables_for_failures_and_log_lines_are_those_of_the_daemon() {
    let rows = table(OPERATOR, "when-something-goes-wrong");
    let listed: BTreeSet<&str> = rows.iter().filter_map(|row| code(&row[2]).first().copied()).collect();
    let written: BTreeSet<&str> = KINDS.iter().copied().chain(["crashed"]).collect();
    assert_eq!(listed, written);

    let sources = files(&root().join("daemon/src"), "rs");
    let sources: Vec<String> = sources
        .iter()
        .map(|path| fs::read_to_string(path).expect("a text"))
        .collect();
    for row in table(OPERATOR, "log-lines") {
        let line = format!("\"{}", code(&row[0])[0]);
        assert!(
            sources.iter().any(|source| source.contains(&line)),
            "{line} is not logged"
        );
    }
}

/// Names of metrics in a text: words with the daemon's prefix.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("heimdalld_")).collect()
}

/// A histogram has a name for each of its parts.
fn family(name: &str) -> &str {
    let ends = ["_bucket", "_sum", "_count"];
    ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

#[test]
fn the_alerts_and_the_dashboard_use_metrics_that_exist() {
    let exist = section(OPERATOR, "metrics");
    let exist = metrics(&exist);
    for (file, text) in [("alerts", ALERTS), ("dashboard", DASHBOARD)] {
        let used: BTreeSet<&str> = metrics(text).into_iter().map(family).collect();
        let unknown: Vec<_> = used.difference(&exist).collect();
        assert!(
            unknown.is_empty() && used.len() >= 15,
            "{file}: {unknown:?} of {used:?}"
        );
    }
}

#[test]
fn every_alert_is_listed_and_has_a_case_in_which_it_fires() {
    let named = |text: &str, before: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix(before));
        lines.map(|name| name.trim().to_owned()).collect()
    };
    let rules = named(ALERTS, "- alert: ");
    assert!(rules.len() >= 15, "{rules:?}");
    assert_eq!(named(ALERT_TESTS, "alertname: "), rules);
    let listed = table(OPERATOR, "alerts");
    let listed: BTreeSet<String> = listed.iter().map(|row| code(&row[0])[0].to_owned()).collect();
    assert_eq!(listed, rules);
}

/// The queries in the blocks of code that are indented by four.
fn queries(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut query = String::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("    ")) {
        if query.is_empty() && !line.starts_with("SELECT ") {
            continue;
        }
        let line = line.split(" --").next().unwrap_or_default();
        query.push_str(line);
        query.push('\n');
        if line.contains(';') {
            found.push(std::mem::take(&mut query));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queries_in_the_documents_can_be_typed_as_they_are_shown() {
    let bench = Bench::new().await;
    let session = bench.record(&["gone.bin"]).await;
    bench.complete(&session).await;
    let queries = [queries(README), queries(OPERATOR), queries(ADMINISTRATOR)].concat();
    assert!(queries.len() >= 6, "{queries:#?}");
    for query in queries {
        bench.execute(&query.replace('…', &session.id.to_string())).await;
    }
}
