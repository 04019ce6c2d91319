//! `heimdalld status`: how the whole stands.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use console::Term;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use self::view::overview;
use super::database::{reader, report_failure};
use super::environment::wrong_settings;
use super::outcome::{self, CommandError, CommandResult, json_line};
use super::terminal::screen::{Screen, Style};
use super::terminal::{show, words};
use crate::config::arguments::Arguments;
use crate::service::signals;
use crate::status::overview::Overview;

mod view;

/// Moves to the upper left; clears what is left of a line; clears what is left of the screen.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

#[derive(clap::Args, Debug)]
pub(super) struct StatusArguments {
    /// Show it again and again until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// With --watch: time between two reports [default: 2s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, requires = "watch")]
    every: Option<Duration>,
    /// One JSON object on a line; with --watch a line each time
    #[arg(long)]
    json: bool,
}

/// Prints how the whole stands.
pub(super) async fn status(settings: &Arguments, arguments: &StatusArguments) -> CommandResult {
    let url = settings.database().map_err(wrong_settings)?;
    let reader = reader(&url)?;
    let read = async || reader.overview().await.map_err(|error| report_failure(&url, &error));
    if arguments.watch {
        let every = arguments.every.unwrap_or(Duration::from_secs(2));
        return watch(read, every.max(Duration::from_millis(100)), arguments.json).await;
    }
    let report = read().await?;
    if arguments.json {
        return outcome::report(&json_line(&report)?);
    }
    outcome::report(&overview(&report, Screen::stdout()))
}

/// Shows reports until Ctrl-C. The first one must succeed; later failures are shown, and the next
/// report is awaited.
async fn watch(
    read: impl AsyncFn() -> Result<Overview, CommandError>,
    every: Duration,
    as_json: bool,
) -> CommandResult {
    let stop = CancellationToken::new();
    let _signals = signals::on_signals(stop.clone(), || drop(Term::stdout().show_cursor()));
    let mut report = read().await?;
    let live = !as_json && Screen::stdout().lines.is_some();
    let (mut last, mut trouble): (Instant, Option<String>) = (Instant::now(), None);
    if live {
        drop(Term::stdout().hide_cursor());
        drop(Term::stdout().clear_screen());
    }
    let mut resized = signal(SignalKind::window_change())?;
    let ended = loop {
        let next = Instant::now() + every;
        let shown = loop {
            let text = if as_json {
                json_line(&report)?
            } else {
                frame(&report, trouble.as_deref(), last, live)
            };
            let shown = show(&text);
            if shown.is_err() || !(live && is_resized_before(next, &mut resized, &stop).await) {
                break shown;
            }
        };
        if let Err(error) = shown {
            break outcome::unwritten(&error);
        }
        if stop.run_until_cancelled(sleep_until(next.into())).await.is_none() {
            break Ok(ExitCode::SUCCESS);
        }
        match stop.run_until_cancelled(read()).await {
            None => break Ok(ExitCode::SUCCESS),
            Some(Ok(new)) => (report, last, trouble) = (new, Instant::now(), None),
            Some(Err(error)) => trouble = Some(error.message),
        }
    };
    if live {
        drop(Term::stdout().show_cursor());
    }
    ended
}

/// Waits for the next report. Whether the terminal got another size before, so that the last one is
/// shown again.
async fn is_resized_before(next: Instant, resized: &mut Signal, stop: &CancellationToken) -> bool {
    tokio::select! {
        change = resized.recv() => change.is_some(),
        () = sleep_until(next.into()) => false,
        () = stop.cancelled() => false,
    }
}

/// One picture: on a terminal it replaces the last one, cut to the height of the screen.
fn frame(report: &Overview, trouble: Option<&str>, last: Instant, live: bool) -> String {
    let screen = Screen::stdout();
    let mut text = String::new();
    if let Some(trouble) = trouble {
        let age = words::duration(last.elapsed().as_secs_f64());
        let notice = format!("no answer for {age}: {trouble}");
        screen.line(&mut text, Style::Wrong, 0, &notice);
        text.push('\n');
    }
    text.push_str(&overview(report, screen));
    let Some(lines) = screen.lines.filter(|_| live) else {
        // A line between two reports.
        return text + "\n";
    };
    let mut picture = HOME.to_owned();
    let all = text.lines().count();
    let room = lines.saturating_sub(1);
    let shown = if all > room { room.saturating_sub(1) } else { all };
    for line in text.lines().take(shown) {
        picture.extend([line, CLEAR_LINE, "\r\n"]);
    }
    if all > shown {
        let more = format!("{} more lines: a larger window shows them", all - shown);
        picture.extend([&screen.paint(Style::Faint, &more), CLEAR_LINE, "\r\n"]);
    }
    picture + CLEAR_BELOW
}
