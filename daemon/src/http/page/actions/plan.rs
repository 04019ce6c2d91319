//! What an action would do now, and to how many.

use serde_json::Value;
use uuid::Uuid;

use super::{Action, Range};
use crate::http::page::database::reports;
use crate::http::page::format::count;
use crate::postgres::error::DbError;
use crate::queue::Queue;
use crate::sql;
use crate::status::StatusReader;
use crate::status::error::StatusError;

/// What an action would do now.
pub(in crate::http::page) struct Plan {
    /// To whom it applies, as a sentence.
    pub(in crate::http::page) to: String,
    /// The same as a number; 0 where it does not grow.
    pub(in crate::http::page) measurements: i64,
    /// Why it would do nothing; `None`: it would do something.
    pub(in crate::http::page) obstacle: Option<String>,
}

impl Plan {
    /// Whether it applies to clearly more measurements than somebody has seen. A few more come while
    /// a person reads.
    pub(in crate::http::page) fn has_grown(&self, seen: i64) -> bool {
        self.measurements > seen.saturating_add(seen / 10).saturating_add(10)
    }
}

/// Looks up to how many measurements the action would apply.
pub(in crate::http::page) async fn plan(
    action: &Action,
    queue: &Queue,
    reader: &StatusReader,
) -> Result<Plan, StatusError> {
    Ok(match action {
        Action::RetryMeasurement(id) => {
            let states = ["failed", "waiting", "recheck", "ready", "not queued"];
            measurement(*id, reader, &states).await?
        }
        Action::CancelMeasurement(id) => measurement(*id, reader, &["ready", "waiting", "recheck"]).await?,
        Action::ExtractMeasurementAgain(id) => measurement(*id, reader, &["done"]).await?,
        Action::ExtractSessionAgain(id) => {
            let report = one(queue, sql::PLAN_SESSION, &[id]).await?;
            plan_of(
                number(&report, "done"),
                "measurement that has features",
                "measurements that have features",
            )
        }
        Action::Prioritise(id) => {
            let report = one(queue, sql::PLAN_SESSION, &[id]).await?;
            plan_of(number(&report, "later"), "queued measurement", "queued measurements")
        }
        Action::RetryFailed(kind) => {
            let all_times = None::<String>;
            let rows = queue.rows(sql::COUNT_FAILED, &[kind, &all_times, &all_times]).await?;
            plan_of(
                rows.first()
                    .ok_or(DbError::NoRow)?
                    .try_get("measurements")
                    .map_err(DbError::from)?,
                "measurement that failed",
                "measurements that failed",
            )
        }
        Action::Pause(_) => pause(&one(queue, sql::PLAN_PAUSE, &[]).await?, false),
        Action::Resume => pause(&one(queue, sql::PLAN_PAUSE, &[]).await?, true),
        Action::Backfill(range) => backfill(range, queue).await?,
        Action::CancelBackfill(id) => cancel_backfill(*id, reader).await?,
    })
}

fn plan_of(number: i64, singular: &str, plural: &str) -> Plan {
    Plan {
        to: format!("{} {}", count(number), if number == 1 { singular } else { plural }),
        measurements: number,
        obstacle: (number == 0).then(|| format!("There are no {plural}.")),
    }
}

async fn one(
    queue: &Queue,
    statement: &str,
    parameters: crate::postgres::statement::Parameters<'_>,
) -> Result<Value, StatusError> {
    let mut found = reports(queue, statement, parameters).await?;
    Ok(found.pop().ok_or(DbError::NoRow)?)
}

fn number(report: &Value, name: &str) -> i64 {
    report[name].as_i64().unwrap_or(0)
}

async fn measurement(id: Uuid, reader: &StatusReader, states: &[&str]) -> Result<Plan, StatusError> {
    let Some(report) = reader.measurement(id).await? else {
        return Ok(Plan {
            to: "0 measurements".to_owned(),
            measurements: 0,
            obstacle: Some("There is no such measurement.".to_owned()),
        });
    };
    let state = report.status.state;
    let why = report.status.reason.unwrap_or_default();
    Ok(Plan {
        to: "1 measurement".to_owned(),
        measurements: 1,
        obstacle: (!states.contains(&state.as_str())).then(|| format!("It is {state}. {why}")),
    })
}

fn pause(report: &Value, is_wanted: bool) -> Plan {
    let is_paused = report["paused"].as_bool().unwrap_or(false);
    Plan {
        to: format!(
            "{} measurements in the queue, {} of them in flight",
            count(number(report, "outstanding")),
            count(number(report, "in_flight"))
        ),
        measurements: 0,
        obstacle: (is_paused != is_wanted).then(|| {
            let what = if is_paused { "paused already" } else { "not paused" };
            format!("The extraction is {what}.")
        }),
    }
}

async fn backfill(range: &Range, queue: &Queue) -> Result<Plan, StatusError> {
    let parameters: crate::postgres::statement::Parameters<'_> =
        &[&range.since, &range.until, &range.sessions, &range.include_failed];
    let report = one(queue, sql::PLAN_BACKFILL, parameters).await?;
    let (sessions, measurements) = (number(&report, "sessions"), number(&report, "measurements"));
    Ok(Plan {
        to: format!("{} measurements of {} sessions", count(measurements), count(sessions)),
        measurements,
        obstacle: (measurements == 0).then(|| "Nothing is missing there.".to_owned()),
    })
}

async fn cancel_backfill(id: Uuid, reader: &StatusReader) -> Result<Plan, StatusError> {
    let backfill = reader.backfills(Some(id)).await?.pop();
    let left = backfill.map(|backfill| backfill.total - backfill.done - backfill.failed);
    Ok(Plan {
        to: format!("at most {} measurements", count(left.unwrap_or(0))),
        measurements: left.unwrap_or(0),
        obstacle: match left {
            None => Some("There is no such backfill.".to_owned()),
            Some(left) if left <= 0 => Some("It has ended.".to_owned()),
            Some(_) => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::plan_of;

    #[test]
    fn a_plan_has_grown_when_it_applies_to_clearly_more() {
        for (measurements, seen, expected) in [
            (1, 0, false),
            (11, 0, true),
            (110, 90, true),
            (109, 90, false),
            (50_000, 50_000, false),
            (50, 50_000, false),
            (i64::MAX, i64::MAX, false),
        ] {
            let plan = plan_of(measurements, "one", "many");
            assert_eq!(plan.has_grown(seen), expected, "{measurements} {seen}");
        }
    }
}
