//! The report as text of at most 100 columns.

use crate::cli::terminal::screen::{Screen, Style};
use crate::cli::terminal::table::{Cell, Table};
use crate::cli::terminal::words::{self, count, count_unsigned, duration, duration_or_none, plural, rate};
use crate::status::overview::{Backfill, Failure, Overview, QueueReport};
use crate::status::throughput::Window;
use crate::status::worker::Worker;

/// Backfills that have ended are shown for this long.
const RECENT_S: f64 = 86_400.0;

/// The whole report.
pub(super) fn overview(report: &Overview, screen: Screen) -> String {
    let mut out = String::new();
    header(report, screen, &mut out);
    queue(&report.queue, screen, &mut out);
    done(report, screen, &mut out);
    workers(&report.workers, screen, &mut out);
    backfills(&report.backfills, screen, &mut out);
    failures(&report.failures, screen, &mut out);
    out
}

fn heading(out: &mut String, screen: Screen, text: &str) {
    out.push('\n');
    screen.line(out, Style::Heading, 0, text);
}

fn header(report: &Overview, screen: Screen, out: &mut String) {
    let database = &report.database;
    let version = database.server_version.split(' ').next().unwrap_or_default();
    let title = format!(
        "{} on PostgreSQL {version}, schema {}, {}",
        database.database,
        database.schema_version,
        words::time(&database.at)
    );
    screen.line(out, Style::Faint, 0, &title);
    if let Some(pause) = &database.pause {
        let text = format!(
            "PAUSED for {} by {}: {}. To go on, type:  SELECT heimdall.resume_extraction();",
            duration(pause.age_s),
            pause.by,
            pause.reason
        );
        screen.line(out, Style::Wrong, 0, &text);
    }
    let coverage = &database.coverage;
    let text = format!(
        "coverage {:.2} %: {} of {} have features",
        coverage.coverage_percent,
        count(coverage.recordings_with_features),
        plural(coverage.total_recordings, "session")
    );
    screen.line(out, Style::Heading, 0, &text);
    let known = coverage.measurements_with_features + coverage.measurements_failed + coverage.measurements_pending;
    let text = format!(
        "{}: {} with features, {} failed, {} pending, {} not queued",
        plural(coverage.total_measurements, "measurement"),
        count(coverage.measurements_with_features),
        count(coverage.measurements_failed),
        count(coverage.measurements_pending),
        count((coverage.total_measurements - known).max(0))
    );
    screen.line(out, Style::Plain, 0, &text);
    let swept = database.sweep.as_ref().and_then(|sweep| sweep.age_s);
    let text = match swept {
        Some(age_s) => format!("last sweep {} ago", duration(age_s)),
        None => "no sweep yet".to_owned(),
    };
    screen.line(out, Style::Plain, 0, &text);
}

fn queue(queue: &QueueReport, screen: Screen, out: &mut String) {
    let age = if queue.counted_s_ago >= 5.0 {
        format!(" (counted {} ago)", duration(queue.counted_s_ago))
    } else {
        String::new()
    };
    heading(
        out,
        screen,
        &format!("queue: {}{age}", plural(queue.total, "measurement")),
    );
    let mut table = Table::new(2, &["source", "state", "measurements>", "oldest>"]);
    for row in &queue.counts {
        table.add([
            Cell::from(&row.source),
            Cell::from(&row.state),
            Cell::from(count(row.measurements)),
            Cell::from(duration(row.oldest_s)),
        ]);
    }
    if !table.is_empty() {
        table.write(screen, out);
    }
    if queue.notes > 0 {
        let text = format!(
            "{} of the application not looked at yet, the oldest for {}",
            plural(queue.notes, "change"),
            duration_or_none(queue.oldest_note_s)
        );
        screen.line(out, Style::Plain, 2, &text);
    }
    if queue.failed_notes > 0 {
        let text = format!(
            "{} cannot be expanded and set aside; type:  SELECT id, kind, failure FROM heimdall.change_notes WHERE failure IS NOT NULL;",
            plural(queue.failed_notes, "change")
        );
        screen.line(out, Style::Wrong, 2, &text);
    }
    if queue.parked > 0 {
        let text = format!(
            "{} until somebody acts, because not even an error row can be written; type:  SELECT measurement_id, failure FROM heimdall.feature_queue WHERE due_at = 'infinity';",
            if queue.parked == 1 {
                "1 measurement waits".to_owned()
            } else {
                format!("{} measurements wait", count(queue.parked))
            }
        );
        screen.line(out, Style::Wrong, 2, &text);
    }
}

fn done(report: &Overview, screen: Screen, out: &mut String) {
    heading(
        out,
        screen,
        "done, and the time from the completion of a session to the row",
    );
    let mut table = Table::new(
        2,
        &[
            "",
            "with features>",
            "failed>",
            "per s>",
            "50 %>",
            "95 %>",
            "99 %>",
            "read>",
            "extraction>",
        ],
    );
    table.add(window_row("last hour", &report.throughput.hour));
    table.add(window_row("last day", &report.throughput.day));
    table.write(screen, out);
}

fn window_row(name: &str, window: &Window) -> [Cell; 9] {
    [
        Cell::from(name),
        Cell::from(count_unsigned(window.done.extracted)),
        Cell::from(count_unsigned(window.done.failed)),
        Cell::from(rate(window.per_second)),
        Cell::from(duration_or_none(window.latency.p50_s)),
        Cell::from(duration_or_none(window.latency.p95_s)),
        Cell::from(duration_or_none(window.latency.p99_s)),
        Cell::from(words::bytes(window.done.read_bytes)),
        Cell::from(duration(window.done.extract_s)),
    ]
}

fn workers(workers: &[Worker], screen: Screen, out: &mut String) {
    let alive = workers.iter().filter(|worker| worker.is_alive).count();
    heading(out, screen, &plural(i64::try_from(alive).unwrap_or(i64::MAX), "daemon"));
    if alive == 0 {
        let text = "nothing is extracted while none is alive; type: heimdalld run";
        screen.line(out, Style::Wrong, 2, text);
    }
    let mut table = Table::new(
        2,
        &[
            "host",
            "pid>",
            "version",
            "in hand>",
            "oldest>",
            "heartbeat>",
            "up>",
            "oldest in hand",
        ],
    );
    for worker in workers {
        table.add([
            Cell::styled(
                if worker.is_alive { Style::Plain } else { Style::Wrong },
                worker.host.as_deref().unwrap_or("lost, others take over"),
            ),
            Cell::from(worker.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string())),
            Cell::from(worker.version.as_deref().unwrap_or("-")),
            Cell::from(match worker.concurrency {
                Some(concurrency) => format!("{} of {concurrency}", worker.claimed),
                None => worker.claimed.to_string(),
            }),
            Cell::from(duration_or_none(worker.oldest_claim_s)),
            Cell::from(duration_or_none(worker.heartbeat_s_ago)),
            Cell::from(duration_or_none(worker.up_s)),
            Cell::from(
                worker
                    .in_hand
                    .first()
                    .and_then(|first| first.rx_id.as_deref())
                    .unwrap_or("-"),
            ),
        ]);
    }
    if !table.is_empty() {
        table.write(screen, out);
    }
    stalls(workers, screen, out);
}

/// What the daemons cannot do at present.
fn stalls(workers: &[Worker], screen: Screen, out: &mut String) {
    for worker in workers {
        for stall in &worker.stalled {
            let since = stall.since.as_str().map(words::time).unwrap_or_default();
            let measurement = stall
                .measurement_id
                .map(|id| format!(" (measurement {id})"))
                .unwrap_or_default();
            let host = worker.host.as_deref().unwrap_or_default();
            let text = format!(
                "{host}: {} stalled since {since}{measurement}: {}",
                stall.step, stall.reason
            );
            screen.line(out, Style::Wrong, 2, &text);
        }
    }
}

fn backfills(backfills: &[Backfill], screen: Screen, out: &mut String) {
    let shown = backfills
        .iter()
        .filter(|backfill| !backfill.has_ended() || backfill.age_s < RECENT_S);
    let shown: Vec<&Backfill> = shown.take(5).collect();
    if shown.is_empty() {
        return;
    }
    heading(out, screen, "backfills");
    let mut table = Table::new(
        2,
        &[
            "requested",
            "by",
            "state",
            "done>",
            "of>",
            "failed>",
            "%>",
            "per s>",
            "ends in>",
        ],
    );
    for backfill in shown {
        table.add([
            Cell::from(format!("{} ago", duration(backfill.age_s))),
            Cell::from(&backfill.requested_by),
            Cell::from(&backfill.state),
            Cell::from(count(backfill.done + backfill.failed)),
            Cell::from(count(backfill.total)),
            Cell::from(count(backfill.failed)),
            Cell::from(format!("{:.1}", backfill.percent)),
            Cell::from(rate(backfill.rate_per_second)),
            Cell::from(duration_or_none(backfill.left_s)),
        ]);
    }
    table.write(screen, out);
}

fn failures(failures: &[Failure], screen: Screen, out: &mut String) {
    if failures.is_empty() {
        return;
    }
    heading(out, screen, "failures");
    let mut table = Table::new(2, &["kind", "measurements>", "last>", "what to do"]);
    for failure in failures {
        table.add([
            Cell::styled(
                Style::Wrong,
                failure.error_kind.as_deref().unwrap_or("(earlier service)"),
            ),
            Cell::from(count(failure.failures)),
            Cell::from(format!("{} ago", duration(failure.last_s_ago))),
            Cell::from(&failure.what_to_do),
        ]);
    }
    table.write(screen, out);
    if let Some(first) = failures.first()
        && let Some(message) = &first.example_message
    {
        screen.line(out, Style::Faint, 2, &format!("for example: {message}"));
    }
}
