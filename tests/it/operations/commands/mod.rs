//! The commands that an operator types beside the daemon.

mod backfill;
mod bars;
mod doctor;
#[cfg(feature = "export")]
mod export;
mod extract;
mod help;
mod log;
mod pseudo_terminal;
mod reports;
mod retry;
mod session;
mod status;
mod terminal;

use std::process::Output;

use serde_json::Value;

use crate::support::Bench;
use crate::support::daemon::command;

/// Runs a command with this login's database and no other setting.
async fn run(bench: &Bench, login: &str, arguments: &[&str]) -> Output {
    let mut command = command();
    command
        .args(arguments)
        .env("HEIMDALL_DATABASE_URL", bench.url_as(login).await);
    let running = tokio::task::spawn_blocking(move || command.output());
    running.await.expect("no panic").expect("the binary runs")
}

/// Exit status and standard output, which has no colour and no control character but line ends.
#[track_caller]
fn printed(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    let unsafe_one = text.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
    assert_eq!(unsafe_one, None, "{text}");
    (output.status.code(), text)
}

/// The same of standard error.
#[track_caller]
fn refused(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    (output.status.code(), text)
}

/// The one JSON object on standard output.
#[track_caller]
fn json(output: &Output) -> Value {
    let (status, text) = printed(output);
    assert_eq!((status, text.lines().count()), (Some(0), 1), "{text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Logins for the roles beside the daemon's: `reader`, `admin` and `nobody`.
async fn logins(bench: &Bench) {
    bench
        .execute(
            "DO $$
             DECLARE r record;
             BEGIN
                 FOR r IN SELECT * FROM (VALUES ('reader', 'heimdall_reader'), ('admin', 'heimdall_admin'), ('nobody', NULL)) v (name, role) LOOP
                     BEGIN
                         EXECUTE format('CREATE ROLE %I LOGIN', r.name);
                     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                     END;
                     IF r.role IS NOT NULL THEN
                         BEGIN
                             EXECUTE format('GRANT %I TO %I', r.role, r.name);
                         EXCEPTION WHEN OTHERS THEN NULL;
                         END;
                     END IF;
                 END LOOP;
             END $$",
        )
        .await;
}

/// A name that would clear the screen, change the colour and the direction of writing.
const HOSTILE: &str = "Zürich \u{1b}[2J\u{9b}31m\u{202e}gpj\r\n\u{7}东京";
