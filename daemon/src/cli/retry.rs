//! `heimdalld retry`: what failed is tried again.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use uuid::Uuid;

use super::database::{ADMIN, READER, Session, failure, reader, report_failure};
use super::environment::wrong_settings;
use super::outcome::{CommandError, CommandResult, exit_code, print, usage_error};
use super::terminal::words::plural;
use crate::config::arguments::Arguments;
use crate::config::credentials::DatabaseUrl;
use crate::postgres::error::DbError;
use crate::postgres::statement::Parameters;
use crate::sanitize::sanitize;
use crate::sql;

#[derive(clap::Args, Debug)]
pub(super) struct RetryArguments {
    #[command(flatten)]
    what: What,
    /// Only what failed since this time, such as 2026-11-28
    #[arg(long, value_name = "TIME", conflicts_with_all = ["measurement", "session"])]
    since: Option<String>,
    /// Only what failed before this time
    #[arg(long, value_name = "TIME", conflicts_with_all = ["measurement", "session"])]
    until: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
struct What {
    /// One measurement
    #[arg(long, value_name = "ID")]
    measurement: Option<Uuid>,
    /// What failed, waits or is not queued in a session
    #[arg(long, value_name = "ID")]
    session: Option<Uuid>,
    /// All that failed with this kind, such as `not_found`
    #[arg(long, value_name = "ERROR_KIND")]
    kind: Option<String>,
    /// All that failed
    #[arg(long)]
    all: bool,
}

/// What is to be done, and to how many measurements.
struct Plan {
    text: String,
    measurements: i64,
}

/// Says what it will do and to how many, asks, and does it.
pub(super) async fn retry(settings: &Arguments, arguments: &RetryArguments) -> CommandResult {
    let url = settings.administrator().map_err(wrong_settings)?;
    let plan = plan(&url, arguments).await?;
    print(format_args!("{}", sanitize(&plan.text)));
    if plan.measurements == 0 {
        print(format_args!("nothing to do"));
        return Ok(exit_code(true));
    }
    if !arguments.yes && !confirm()? {
        print(format_args!("nothing was changed"));
        return Ok(exit_code(false));
    }
    let queued = carry_out(&url, arguments)
        .await
        .map_err(|error| failure(&url, ADMIN, &error))?;
    print(format_args!("{} queued again", plural(queued, "measurement")));
    Ok(exit_code(true))
}

async fn plan(url: &DatabaseUrl, arguments: &RetryArguments) -> Result<Plan, CommandError> {
    let what = &arguments.what;
    let reader = reader(url)?;
    if let Some(id) = what.measurement {
        let report = reader
            .measurement(id)
            .await
            .map_err(|error| report_failure(url, &error))?;
        let state = report.ok_or_else(|| missing("measurement", id))?.status;
        let name = state.rx_id.unwrap_or_else(|| "no receiver".to_owned());
        let reason = state.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        return Ok(Plan {
            text: format!(
                "retries the measurement {id} of {name}, which is {}{reason}",
                state.state
            ),
            measurements: 1,
        });
    }
    if let Some(id) = what.session {
        let report = reader.session(id).await.map_err(|error| report_failure(url, &error))?;
        let total = report.ok_or_else(|| missing("session", id))?.measurements;
        let measurements = count(url, sql::COUNT_SESSION_RETRIES, &[&id]).await?;
        return Ok(Plan {
            text: format!(
                "retries {measurements} of the {} of the session {id}: those that failed, wait or are not queued",
                plural(total, "measurement")
            ),
            measurements,
        });
    }
    let parameters: Parameters<'_> = &[&what.kind, &arguments.since, &arguments.until];
    let measurements = count(url, sql::COUNT_FAILED, parameters).await?;
    let kind = what
        .kind
        .as_ref()
        .map(|kind| format!(" with {kind}"))
        .unwrap_or_default();
    let since = arguments
        .since
        .as_ref()
        .map(|time| format!(" since {time}"))
        .unwrap_or_default();
    let until = arguments
        .until
        .as_ref()
        .map(|time| format!(" before {time}"))
        .unwrap_or_default();
    Ok(Plan {
        text: format!(
            "retries {} at most: all that failed{kind}{since}{until} and still belong to a completed session",
            plural(measurements, "measurement")
        ),
        measurements,
    })
}

fn missing(what: &str, id: Uuid) -> CommandError {
    CommandError {
        message: format!("there is no {what} {id}"),
        status: 1,
    }
}

async fn count(url: &DatabaseUrl, statement: &str, parameters: Parameters<'_>) -> Result<i64, CommandError> {
    let counting = async {
        let session = Session::open(url, "heimdalld retry").await?;
        let rows = session.rows(statement, parameters).await?;
        Ok::<i64, DbError>(rows.first().ok_or(DbError::NoRow)?.try_get("measurements")?)
    };
    counting.await.map_err(|error| failure(url, READER, &error))
}

/// Returns how many measurements were queued.
async fn carry_out(url: &DatabaseUrl, arguments: &RetryArguments) -> Result<i64, DbError> {
    let what = &arguments.what;
    let session = Session::open(url, "heimdalld retry").await?;
    let (statement, parameters): (&str, Parameters<'_>) = if let Some(id) = &what.measurement {
        (sql::RETRY_MEASUREMENT, &[id])
    } else if let Some(id) = &what.session {
        (sql::RETRY_SESSION, &[id])
    } else {
        (sql::RETRY_FAILED, &[&what.kind, &arguments.since, &arguments.until])
    };
    let rows = session.rows(statement, parameters).await?;
    Ok(rows.first().ok_or(DbError::NoRow)?.try_get("measurements")?)
}

/// Asks on the terminal.
fn confirm() -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Err(usage_error(
            "this is no terminal: type --yes to do it without a question",
        ));
    }
    let mut out = io::stdout().lock();
    write!(out, "Do it? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
