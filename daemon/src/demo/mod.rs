//! `heimdalld demo`: starts a throw-away Postgres and an S3 server, stores recordings, completes a
//! session, and shows the rows.
//!
//! In the order of the data: [`receivers`] holds the recordings, which [`signal`] makes or
//! [`folder`] takes from a folder; the [`environment`] starts the servers and the daemon; the
//! [`application`] stores the recordings and completes the session; the [`timeline`] prints what
//! happens and when; the [`report`] shows the rows and compares them with the expected ones.

pub mod application;
pub mod environment;
pub mod folder;
pub mod receivers;
pub mod report;
pub mod signal;
pub mod table;
pub mod timeline;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::service::signals;
use application::{Application, Session};
use environment::{DATABASE, Environment};
use receivers::Receiver;
use table::Screen;
use timeline::Timeline;

/// Length of the made session.
const SESSION_SECONDS: f64 = 1.0;
/// The seven made recordings take a fraction of a second. An hour at 2 MS/s can take minutes.
const EXTRACTION_LIMIT: Duration = Duration::from_mins(10);

/// Options of `heimdalld demo`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DemoArguments {
    /// End after the first session; status 0 only if every row is as it should be
    #[arg(long)]
    exit: bool,
    /// A folder of real recordings in place of the made ones, each file a receiver
    #[arg(long, value_name = "DIR")]
    recordings: Option<PathBuf>,
}

/// Runs the demo until its end, Ctrl-C or SIGTERM.
#[expect(clippy::print_stderr, reason = "the error of a command, for a person")]
pub async fn main(arguments: DemoArguments) -> ExitCode {
    let stop = CancellationToken::new();
    let _signals = signals::on_signals(stop.clone(), || {});
    let success = match run(&arguments, &stop).await {
        Ok(Some(deviations)) => deviations.is_empty(),
        // Stopped from outside. With --exit that is too early.
        Ok(None) => !arguments.exit,
        Err(error) => {
            eprintln!("heimdalld demo: {error:#}");
            false
        }
    };
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the deviations from the expected rows, or `None` if `stop` comes first.
async fn run(arguments: &DemoArguments, stop: &CancellationToken) -> Result<Option<Vec<String>>> {
    let mut receivers = match &arguments.recordings {
        Some(folder) => folder::recordings(folder)?,
        None => receivers::generated(),
    };
    print_beginning();
    let timeline = Timeline::start();
    timeline.follow_log();
    // Dropping a future stops everything that it has started.
    let started = stop.run_until_cancelled(Environment::start(&timeline)).await;
    let Some(mut environment) = started.transpose()? else {
        return Ok(None);
    };
    let demo = async {
        let deviations = run_session(&mut environment, &mut receivers, &timeline).await?;
        if !arguments.exit {
            print_result(&deviations);
            show_further_sessions(&mut environment, &timeline).await?;
        }
        anyhow::Ok(deviations)
    };
    let deviations = stop.run_until_cancelled(demo).await;
    environment.shut_down().await;
    let deviations = deviations.transpose()?;
    // After the daemon's last log lines, so that the result is the last line.
    if let Some(deviations) = &deviations {
        print_result(deviations);
    }
    Ok(deviations)
}

/// What it takes. The folder of the cluster has 43 MB after the first session.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn print_beginning() {
    println!(
        "This takes some seconds, and 50 MB in {} while it runs. Nothing is left of it afterwards.\n",
        std::env::temp_dir().display()
    );
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn print_result(deviations: &[String]) {
    for deviation in deviations {
        println!("NOT AS IT SHOULD BE: {deviation}");
    }
    if deviations.is_empty() {
        println!("Every row is as it should be.");
    }
}

/// Stores the recordings, completes their session and shows its rows. Returns the deviations from
/// the expected rows.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn run_session(
    environment: &mut Environment,
    receivers: &mut [Receiver],
    timeline: &Timeline,
) -> Result<Vec<String>> {
    let application = Application::connect(&environment.cluster).await?;
    let session = application
        .record(receivers, SESSION_SECONDS, environment.store.objects(), timeline)
        .await?;
    timeline.print(format_args!(
        "application: a session of {} measurements, {:.1} MB of recordings in the store",
        session.measurements.len(),
        session.uploaded_bytes as f64 / 1e6
    ));

    println!("\nThe application sends its UPDATE, status = 'completed'. Milliseconds since then:\n");
    timeline.restart_clock();
    application.complete(&session).await?;
    timeline.print("application: committed");
    timeout(EXTRACTION_LIMIT, wait_until_ready(environment, &session, timeline))
        .await
        .context("waiting for the features")??;

    let admin = &environment.admin;
    println!("\nheimdall.feature_coverage\n\n{}", report::coverage(admin).await?);
    let rows = report::session_rows(admin, session.id).await?;
    println!(
        "The session's receivers, from heimdall.measurement_features\n\n{}",
        table::table(&rows, Screen::stdout())
    );
    report::deviations(admin, &rows, &session, receivers).await
}

/// Prints notifications until one says that the session's features are stored.
async fn wait_until_ready(environment: &mut Environment, session: &Session, timeline: &Timeline) -> Result<()> {
    while environment.next_ready(timeline).await? != Some(session.id) {}
    Ok(())
}

/// Prints how to continue, then shows every other session that completes. Never returns `Ok`.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn show_further_sessions(environment: &mut Environment, timeline: &Timeline) -> Result<()> {
    let screen = Screen::stdout();
    let heading = |text: &str| screen.paint("1", text);
    if let Some(address) = timeline.http() {
        println!("\n{}\n", heading("In a browser:"));
        println!("    http://{address}/           the operator's page");
        println!("    http://{address}/metrics    for Prometheus");
        println!("    http://{address}/readyz     whether the daemon can work, and why not");
    }
    println!("\n{}\n", heading("In another terminal:"));
    println!("    {}\n", environment.cluster.psql_command(DATABASE));
    println!("{}\n", heading("There, each of these fits the screen:"));
    print_indented(include_str!("sql/suggestions.sql"));
    println!("\n{}\n", heading("And another session of the same receivers:"));
    print_indented(include_str!("sql/another_session.sql"));
    println!("\nCtrl-C ends the demo and removes everything.\n");
    loop {
        if let Some(session) = environment.next_ready(timeline).await? {
            let rows = report::session_rows(&environment.admin, session).await?;
            timeline.print(format_args!("{session} is done"));
            println!("\n    {session}\n\n{}", table::table(&rows, screen));
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn print_indented(text: &str) {
    for line in text.trim_end().lines() {
        println!("    {line}");
    }
}
