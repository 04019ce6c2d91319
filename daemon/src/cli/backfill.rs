//! `heimdalld backfill`: queues earlier recordings, and follows them.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::database::{ADMIN, Session, failure, reader, report_failure};
use super::environment::wrong_settings;
use super::outcome::{CommandError, CommandResult, EXIT_INTERRUPTED, exit_code, print};
use super::terminal::bar::{bar, clear_line};
use super::terminal::words::{count, duration, plural, rate};
use crate::config::arguments::Arguments;
use crate::config::credentials::DatabaseUrl;
use crate::postgres::error::DbError;
use crate::service::signals;
use crate::sql;
use crate::status::StatusReader;
use crate::status::overview::Backfill;

/// Between two looks at the progress.
const LOOK: Duration = Duration::from_millis(500);
/// Between two lines of progress, where output is no terminal.
const LINE: Duration = Duration::from_secs(10);

#[derive(clap::Args, Debug)]
pub(super) struct BackfillArguments {
    /// Only sessions since this time, such as 2026-11-01
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only sessions before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only the receiver with this name or id
    #[arg(long, value_name = "NAME")]
    station: Option<String>,
    /// At most so many sessions, the newest first
    #[arg(long, value_name = "SESSIONS", value_parser = clap::value_parser!(i32).range(1..))]
    limit: Option<i32>,
    /// Also what failed before
    #[arg(long)]
    include_failed: bool,
    /// Show the progress until its end
    #[arg(long)]
    follow: bool,
    /// Show or follow this one, request none
    #[arg(long, value_name = "BACKFILL", conflicts_with_all = ["since", "until", "station", "limit", "include_failed"])]
    id: Option<Uuid>,
    /// Remove from the queue what this one has queued
    #[arg(long, value_name = "BACKFILL", conflicts_with_all = ["since", "until", "station", "limit", "include_failed", "follow", "id"])]
    cancel: Option<Uuid>,
}

/// Requests a backfill, shows one, or cancels one.
pub(super) async fn backfill(settings: &Arguments, arguments: &BackfillArguments) -> CommandResult {
    let url = settings.administrator().map_err(wrong_settings)?;
    let stop = CancellationToken::new();
    let _signals = signals::on_signals(stop.clone(), || {
        clear_line();
        print(format_args!(
            "A backfill that was requested goes on in the database: heimdalld status shows it."
        ));
    });
    if let Some(id) = arguments.cancel {
        return cancel(&url, id).await;
    }
    let id = match arguments.id {
        Some(id) => id,
        None => match request(&url, arguments, &stop).await? {
            Some(id) => id,
            None => return Ok(exit_code(true)),
        },
    };
    let reader = reader(&url)?;
    if arguments.follow {
        return follow(&url, &reader, id, &stop).await;
    }
    let found = look(&url, &reader, id).await?;
    print(format_args!("{}", progress(&found)));
    if !found.has_ended() {
        print(format_args!("to follow it:  heimdalld backfill --follow --id {id}"));
        print(format_args!("to cancel it:  heimdalld backfill --cancel {id}"));
    }
    Ok(exit_code(true))
}

/// Returns the id; `None` where nothing is missing.
async fn request(
    url: &DatabaseUrl,
    arguments: &BackfillArguments,
    stop: &CancellationToken,
) -> Result<Option<Uuid>, CommandError> {
    let failed = |error: DbError| failure(url, ADMIN, &error);
    let session = Session::open(url, "heimdalld backfill").await.map_err(failed)?;
    let BackfillArguments {
        since,
        until,
        station,
        limit,
        include_failed,
        ..
    } = arguments;
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [limit, include_failed, since, until, station];
    let mut requesting = std::pin::pin!(session.rows(sql::REQUEST_BACKFILL, &parameters));
    let answer = if let Some(answer) = stop.run_until_cancelled(&mut requesting).await {
        answer
    } else {
        session.cancel(url);
        // It may have been too late.
        requesting.await
    };
    let rows = match answer {
        Err(error) if stop.is_cancelled() => {
            return Err(CommandError {
                message: format!("interrupted, nothing was queued ({error})"),
                status: EXIT_INTERRUPTED,
            });
        }
        answer => answer.map_err(failed)?,
    };
    let row = rows.first().ok_or_else(|| failed(DbError::NoRow))?;
    let (id, recordings, measurements): (Uuid, i64, i64) = (row.get(0), row.get(1), row.get(2));
    if measurements == 0 {
        print(format_args!("nothing is missing, nothing was queued"));
        return Ok(None);
    }
    print(format_args!(
        "backfill {id}: {} of {} queued",
        plural(measurements, "measurement"),
        plural(recordings, "session")
    ));
    Ok(Some(id))
}

async fn cancel(url: &DatabaseUrl, id: Uuid) -> CommandResult {
    let cancelling = async {
        let session = Session::open(url, "heimdalld backfill").await?;
        let rows = session.rows(sql::CANCEL_BACKFILL, &[&id]).await?;
        Ok::<i64, DbError>(rows.first().ok_or(DbError::NoRow)?.try_get("measurements")?)
    };
    let cancelled = cancelling.await.map_err(|error| failure(url, ADMIN, &error))?;
    print(format_args!(
        "{} removed from the queue; what is in hand is finished",
        plural(cancelled, "measurement")
    ));
    Ok(exit_code(true))
}

async fn look(url: &DatabaseUrl, reader: &StatusReader, id: Uuid) -> Result<Backfill, CommandError> {
    let found = reader
        .backfills(Some(id))
        .await
        .map_err(|error| report_failure(url, &error))?;
    found.into_iter().next().ok_or_else(|| CommandError {
        message: format!("there is no backfill {id}"),
        status: 1,
    })
}

/// Shows the progress until the end, or until Ctrl-C. A database that does not answer meanwhile is
/// awaited.
async fn follow(url: &DatabaseUrl, reader: &StatusReader, id: Uuid, stop: &CancellationToken) -> CommandResult {
    let mut found = look(url, reader, id).await?;
    let bar = Bar::new(&found);
    let mut printed: Option<Instant> = None;
    let mut warned = false;
    while !found.has_ended() {
        bar.show(&found);
        if bar.is_hidden() && printed.is_none_or(|printed| printed.elapsed() >= LINE) {
            print(format_args!("{}", progress(&found)));
            printed = Some(Instant::now());
        }
        if !std::mem::replace(&mut warned, true) && reader.workers().await.is_ok_and(|workers| workers.is_empty()) {
            bar.say("no daemon is alive, so nothing happens now; type: heimdalld run");
        }
        if stop.run_until_cancelled(sleep(LOOK)).await.is_none() {
            bar.clear();
            return Ok(goes_on(&found));
        }
        match stop.run_until_cancelled(look(url, reader, id)).await {
            Some(Ok(new)) => found = new,
            Some(Err(error)) if error.status == 1 => return Err(error),
            // The next look may succeed.
            Some(Err(error)) => bar.message(&error.message),
            None => {
                bar.clear();
                return Ok(goes_on(&found));
            }
        }
    }
    bar.clear();
    print(format_args!("{}", progress(&found)));
    Ok(exit_code(true))
}

/// What Ctrl-C leaves.
fn goes_on(found: &Backfill) -> ExitCode {
    let id = found.backfill_id;
    print(format_args!("{}", progress(found)));
    print(format_args!(
        "The backfill goes on in the database without this command."
    ));
    print(format_args!("to follow it:  heimdalld backfill --follow --id {id}"));
    print(format_args!("to cancel it:  heimdalld backfill --cancel {id}"));
    ExitCode::from(EXIT_INTERRUPTED)
}

/// The progress in one line.
fn progress(found: &Backfill) -> String {
    let mut parts = vec![
        format!(
            "{}: {} of {}",
            found.state,
            count(found.done + found.failed),
            plural(found.total, "measurement")
        ),
        format!("{} failed", count(found.failed)),
        format!("{:.1} %", found.percent),
    ];
    if found.rechecking > 0 {
        parts.push(format!("{} looked for again", count(found.rechecking)));
    }
    if found.cancelled > 0 {
        parts.push(format!("{} cancelled", count(found.cancelled)));
    }
    if found.done + found.failed > 0 && found.state != "cancelled" {
        parts.push(format!("{} per s", rate(found.rate_per_second)));
    }
    if let Some(left_s) = found.left_s {
        parts.push(format!("ends in {}", duration(left_s)));
    }
    parts.join(", ")
}

/// A progress bar on standard error; hidden where that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(found: &Backfill) -> Self {
        Self(bar(found.total.unsigned_abs(), 20))
    }

    fn is_hidden(&self) -> bool {
        self.0.is_hidden()
    }

    fn show(&self, found: &Backfill) {
        self.0.set_length(found.total.unsigned_abs());
        self.0.set_position((found.done + found.failed).unsigned_abs());
        let left = found.left_s.map(|left_s| format!(", ends in {}", duration(left_s)));
        self.message(&format!(
            "{}: {} of {}, {} failed, {} per s{}",
            found.state,
            count(found.done + found.failed),
            count(found.total),
            count(found.failed),
            rate(found.rate_per_second),
            left.unwrap_or_default()
        ));
    }

    fn message(&self, text: &str) {
        self.0.set_message(text.to_owned());
    }

    /// A line that stays.
    fn say(&self, text: &str) {
        self.0.suspend(|| print(format_args!("{text}")));
    }

    fn clear(&self) {
        self.0.finish_and_clear();
    }
}
