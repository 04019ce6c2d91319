//! `heimdalld export`: training samples as files, a file for each day.

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::day::{Target, write_day};
use self::error::ExportError;
use self::files::Format;
use self::folder::Folder;
use self::progress::{Done, Progress};
use self::source::{Found, Source};
use self::stop::until_stopped;
use super::environment::wrong_settings;
use super::outcome::{CommandResult, EXIT_INTERRUPTED, exit_code, print};
use super::terminal::bar::clear_line;
use super::terminal::words::count_unsigned;
use crate::config::arguments::Arguments;
use crate::config::credentials::DatabaseUrl;
use crate::service::signals;

mod builders;
mod columns;
mod csv;
mod day;
mod error;
mod files;
mod folder;
mod progress;
mod source;
mod stop;

#[derive(clap::Args, Debug)]
pub(super) struct ExportArguments {
    /// Only sessions since this day of UTC, such as 2026-11-01
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Only sessions before this day
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Only these sessions, comma-separated
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    sessions: Option<Vec<Uuid>>,
    /// `parquet`, `arrow` or `csv`
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    format: Format,
    /// Folder: day=2026-11-28/samples.parquet and so on
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

/// Writes the days that the folder does not have, or whose samples have changed.
pub(super) async fn export(settings: &Arguments, arguments: &ExportArguments) -> CommandResult {
    let url = settings.database().map_err(wrong_settings)?;
    let stop = CancellationToken::new();
    let _signals = signals::on_signals(stop.clone(), clear_line);
    let begun = Instant::now();
    let mut done = Done::default();
    let result = write_all(&url, arguments, &stop, &mut done).await;
    let line = done.text(begun.elapsed().as_secs_f64());
    match result {
        Ok(()) => {
            print(format_args!("{line}"));
            Ok(exit_code(true))
        }
        Err(ExportError::Interrupted) => {
            print(format_args!("interrupted: {line}"));
            print(format_args!("Typed again, it goes on with the days that are left."));
            Ok(ExitCode::from(EXIT_INTERRUPTED))
        }
        Err(error) => {
            if done.days > 0 {
                print(format_args!("{line}"));
            }
            Err(error.into_command_error(&url))
        }
    }
}

/// Two days are read at once, each by a connection of its own: most of the time is the server's, which
/// takes numbers out of JSON.
async fn write_all(
    url: &DatabaseUrl,
    arguments: &ExportArguments,
    stop: &CancellationToken,
    done: &mut Done,
) -> Result<(), ExportError> {
    let mut sessions = arguments.sessions.clone();
    if let Some(sessions) = &mut sessions {
        sessions.sort_unstable();
        sessions.dedup();
    }
    let source = Source::open(url, sessions.clone()).await?;
    let (first, last) = source
        .span(arguments.since.as_deref(), arguments.until.as_deref())
        .await?;
    let mut folder = Folder::open(&arguments.out, source.selection(arguments.format))?;
    folder.write_dictionary(source.dictionary())?;
    let found = until_stopped(stop, source.days(&first, &last)).await?;
    tell_missing(&source, &found);
    for gone in folder.days(&first, &last) {
        if !found.iter().any(|day| day.name == gone) {
            folder.remove(&gone)?;
            done.removed += 1;
        }
    }
    let days: Vec<_> = found.iter().filter(|day| !folder.has(&day.name, &day.mark)).collect();
    done.unchanged = (found.len() - days.len()) as u64;
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        // The receivers of all these days, so that their files have the same slots.
        let receivers = until_stopped(stop, source.receivers(&first.name, &last.name)).await?;
        folder.add_receivers(receivers)?;
    }
    let progress = Progress::new(days.iter().map(|day| day.sessions).sum());
    let sources = match days.len() {
        0 => Vec::new(),
        1 => vec![source],
        _ => vec![source, Source::open(url, sessions).await?],
    };
    let target = RefCell::new(Target {
        folder,
        progress,
        done: std::mem::take(done),
    });
    let days = RefCell::new(days.into_iter());
    let failed = stop.child_token();
    let writing = sources
        .into_iter()
        .map(|source| write_days(source, &days, &target, &failed));
    let ends = join_all(writing).await;
    *done = target.into_inner().done;
    let mut errors: Vec<_> = ends.into_iter().filter_map(Result::err).collect();
    // The others were interrupted by the first one that failed.
    let cause = errors
        .iter()
        .position(|error| !matches!(error, ExportError::Interrupted));
    match errors.len() {
        0 => Ok(()),
        _ => Err(errors.swap_remove(cause.unwrap_or(0))),
    }
}

/// Writes days until none is left.
async fn write_days(
    mut source: Source,
    days: &RefCell<impl Iterator<Item = &Found>>,
    target: &RefCell<Target>,
    stop: &CancellationToken,
) -> Result<(), ExportError> {
    loop {
        let next = days.borrow_mut().next();
        let Some(day) = next else { return Ok(()) };
        let written = write_day(&mut source, target, &day.name, stop).await;
        if written.is_err() {
            stop.cancel();
            return written;
        }
    }
}

/// Named sessions that have nothing.
fn tell_missing(source: &Source, found: &[Found]) {
    let with_features: u64 = found.iter().map(|day| day.sessions).sum();
    if let Some(named) = source.sessions() {
        let without = (named.len() as u64).saturating_sub(with_features);
        if without > 0 {
            let (without, named) = (count_unsigned(without), count_unsigned(named.len() as u64));
            print(format_args!(
                "{without} of {named} sessions have no features in these days"
            ));
        }
    }
}
