//! `heimdalld session`: one session, its receivers, what each waits for.

use uuid::Uuid;

use super::database::{reader, report_failure};
use super::environment::wrong_settings;
use super::outcome::{self, CommandError, CommandResult, json_line};
use super::terminal::screen::{Screen, Style};
use super::terminal::table::{Cell, Table};
use super::terminal::words;
use crate::config::arguments::Arguments;
use crate::status::session::{ReceiverReport, SessionReport};

#[derive(clap::Args, Debug)]
pub(super) struct SessionArguments {
    /// Id of the session
    id: Uuid,
    /// One JSON object on a line
    #[arg(long)]
    json: bool,
}

/// Prints a session. Status 1 if there is none.
pub(super) async fn session(settings: &Arguments, arguments: &SessionArguments) -> CommandResult {
    let url = settings.database().map_err(wrong_settings)?;
    let reader = reader(&url)?;
    let id = arguments.id;
    let failed = |error| report_failure(&url, &error);
    let Some(report) = reader.session(id).await.map_err(failed)? else {
        let measurement = reader.measurement(id).await.map_err(failed)?;
        let session = measurement.and_then(|found| found.status.recording_session_id);
        return Err(CommandError {
            message: match session {
                Some(session) => format!("{id} is a measurement of the session {session}"),
                None => format!("there is no session {id}"),
            },
            status: 1,
        });
    };
    if arguments.json {
        return outcome::report(&json_line(&report)?);
    }
    outcome::report(&text(&report, Screen::stdout()))
}

fn text(report: &SessionReport, screen: Screen) -> String {
    let mut out = String::new();
    let title = format!("session {}", report.session_id);
    out.push_str(&screen.paint(Style::Heading, &title));
    out.push('\n');
    let mut facts = vec![report.status.clone().unwrap_or_else(|| "without a status".to_owned())];
    if let Some(coverage) = &report.coverage {
        facts.push(format!("coverage {coverage}"));
    }
    facts.push(words::plural(report.measurements, "measurement"));
    if let Some(started_at) = &report.started_at {
        facts.push(format!("began {}", words::time(started_at)));
    }
    if let Some(seconds) = report.duration_seconds {
        facts.push(words::duration(seconds));
    }
    if let Some(hz) = report.frequency_hz {
        facts.push(format!("{:.4} MHz", hz / 1e6));
    }
    screen.line(&mut out, Style::Plain, 0, &facts.join(", "));
    if !report.is_completed {
        screen.line(
            &mut out,
            Style::Warning,
            0,
            "Its status does not count as completed: nothing is extracted before it does.",
        );
    }
    if report.receivers.is_empty() {
        return out;
    }
    out.push('\n');
    receivers(report, screen, &mut out);
    let shown = i64::try_from(report.receivers.len()).unwrap_or(i64::MAX);
    if shown < report.measurements {
        let more = format!("and {} more", words::count(report.measurements - shown));
        screen.line(&mut out, Style::Faint, 2, &more);
    }
    remarks(report, screen, &mut out);
    out
}

fn receivers(report: &SessionReport, screen: Screen, out: &mut String) {
    let mut table = Table::new(
        2,
        &[
            "receiver",
            "state",
            "tries>",
            "SNR dB>",
            "confidence>",
            "signal",
            "length>",
            "waits for",
        ],
    );
    for receiver in &report.receivers {
        let signal = match receiver.is_signal_present {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        table.add([
            Cell::from(name(receiver)),
            Cell::styled(style_of(&receiver.state), &receiver.state),
            Cell::from(receiver.attempts.to_string()),
            Cell::from(words::number(receiver.mean_snr_db, 1)),
            Cell::from(words::number(receiver.confidence, 2)),
            Cell::from(signal),
            Cell::from(words::duration_or_none(receiver.duration_ms.map(|ms| ms / 1_000.0))),
            Cell::from(waits_for(receiver)),
        ]);
    }
    table.write(screen, out);
}

fn name(receiver: &ReceiverReport) -> String {
    receiver
        .rx_id
        .clone()
        .unwrap_or_else(|| receiver.measurement_id.to_string())
}

/// In few words; the reason in full follows below the table.
fn waits_for(receiver: &ReceiverReport) -> String {
    let next = receiver
        .next_try_s
        .map(|seconds| format!("next try in {}", words::duration(seconds)));
    match (receiver.state.as_str(), next) {
        ("waiting" | "recheck", Some(next)) => match &receiver.error_kind {
            Some(kind) => format!("{kind}, {next}"),
            None => next,
        },
        ("waiting", None) => "somebody to act".to_owned(),
        ("ready", _) => format!("a daemon, {}", words::duration_or_none(receiver.age_s)),
        ("claimed", _) => format!("its daemon, {}", words::duration_or_none(receiver.age_s)),
        ("failed", _) => format!("nothing: {}", receiver.error_kind.as_deref().unwrap_or_default()),
        ("not queued", _) => "a backfill or sweep".to_owned(),
        ("not completed", _) => "its session".to_owned(),
        ("no object", _) => "its object".to_owned(),
        _ => receiver.error_kind.clone().unwrap_or_default(),
    }
}

/// The reasons and warnings, receiver by receiver.
fn remarks(report: &SessionReport, screen: Screen, out: &mut String) {
    let mut is_first = true;
    for receiver in &report.receivers {
        let says_more =
            receiver.error_kind.is_some() || ["waiting", "recheck", "not queued"].contains(&&*receiver.state);
        let reason = receiver.reason.as_deref().filter(|_| says_more);
        if reason.is_none() && receiver.warnings.is_empty() {
            continue;
        }
        if std::mem::take(&mut is_first) {
            out.push('\n');
        }
        if let Some(reason) = reason {
            let style = if receiver.error_kind.is_some() {
                Style::Wrong
            } else {
                Style::Plain
            };
            screen.line(out, style, 2, &format!("{}: {reason}", name(receiver)));
        }
        for warning in &receiver.warnings {
            screen.line(
                out,
                Style::Warning,
                2,
                &format!("{}: warning: {warning}", name(receiver)),
            );
        }
    }
}

/// The style of a state of `measurement_status`.
fn style_of(state: &str) -> Style {
    match state {
        "done" => Style::Good,
        "failed" => Style::Wrong,
        "waiting" | "recheck" | "not queued" => Style::Warning,
        _ => Style::Plain,
    }
}
