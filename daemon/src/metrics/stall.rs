//! What has not succeeded for long although there was work, and why. Readiness, `heimdalld doctor`,
//! the metrics and the log say so.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tracing::{info, warn};
use uuid::Uuid;

use crate::metrics::labels::Work;
use crate::metrics::metrics;

/// Work that has not succeeded for this long is reported. It is longer than a restart of the server
/// or a migration takes.
pub const REPORTED_AFTER: Duration = Duration::from_mins(1);
/// Number of measurements that a report names.
const NAMED: usize = 20;

/// What does not succeed at present.
#[derive(Debug, Default)]
pub struct Stalls(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    work: HashMap<Work, Trouble>,
    set_aside: HashMap<Uuid, Trouble>,
}

/// Since when, and why.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The first failure after the last success.
    pub since: Instant,
    /// The last failure.
    pub reason: String,
    reported: bool,
}

impl Trouble {
    fn new(reason: &impl Display) -> Self {
        Self {
            since: Instant::now(),
            reason: reason.to_string(),
            reported: false,
        }
    }

    fn is_long(&self) -> bool {
        self.since.elapsed() >= REPORTED_AFTER
    }
}

impl Stalls {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work failed. Logs once when it has not succeeded for a minute.
    pub fn failed(&self, work: Work, reason: &impl Display) {
        self.failing_for(work, Duration::ZERO, reason);
    }

    /// The same for work that has been waiting for this long when its failure is noticed.
    pub fn failing_for(&self, work: Work, age: Duration, reason: &impl Display) {
        let mut state = self.lock();
        let trouble = state.work.entry(work).or_insert_with(|| Trouble::new(reason));
        if let Some(since) = Instant::now().checked_sub(age) {
            trouble.since = trouble.since.min(since);
        }
        trouble.reason = reason.to_string();
        if trouble.is_long() && !trouble.reported {
            trouble.reported = true;
            warn!(
                work = work.word(),
                seconds = trouble.since.elapsed().as_secs(),
                reason = trouble.reason,
                "stalled: nothing of this work has succeeded, although there was some"
            );
        }
    }

    /// For how long work has failed without a success; zero if the last one succeeded.
    #[must_use]
    pub fn failing(&self, work: Work) -> Duration {
        let state = self.lock();
        state
            .work
            .get(&work)
            .map_or(Duration::ZERO, |trouble| trouble.since.elapsed())
    }

    /// Work succeeded, or there is none.
    pub fn succeeded(&self, work: Work) {
        if let Some(trouble) = self.lock().work.remove(&work)
            && trouble.reported
        {
            info!(
                work = work.word(),
                seconds = trouble.since.elapsed().as_secs(),
                "no longer stalled"
            );
        }
    }

    /// The result of a measurement cannot be written now, for this reason.
    pub fn set_aside(&self, measurement: Uuid, reason: &impl Display) {
        let mut state = self.lock();
        let trouble = state
            .set_aside
            .entry(measurement)
            .or_insert_with(|| Trouble::new(reason));
        trouble.reason = reason.to_string();
        metrics()
            .results_set_aside
            .set(i64::try_from(state.set_aside.len()).unwrap_or(i64::MAX));
    }

    /// The result of a measurement is no longer set aside. Returns for how long it was.
    pub fn taken_up(&self, measurement: Uuid) -> Option<Duration> {
        let mut state = self.lock();
        let trouble = state.set_aside.remove(&measurement);
        metrics()
            .results_set_aside
            .set(i64::try_from(state.set_aside.len()).unwrap_or(i64::MAX));
        trouble.map(|trouble| trouble.since.elapsed())
    }

    /// The work that has not succeeded for a minute.
    #[must_use]
    pub fn stalled(&self) -> Vec<(Work, Trouble)> {
        let state = self.lock();
        let long = state.work.iter().filter(|(_, trouble)| trouble.is_long());
        long.map(|(work, trouble)| (*work, trouble.clone())).collect()
    }

    /// The number of measurements whose result is set aside, and the reason of the oldest one.
    #[must_use]
    pub fn oldest_set_aside(&self) -> (usize, Option<Trouble>) {
        let state = self.lock();
        let oldest = state.set_aside.values().min_by_key(|trouble| trouble.since);
        (state.set_aside.len(), oldest.cloned())
    }

    /// Sets the metrics.
    pub fn export(&self) {
        let stalled = self.stalled();
        for work in Work::ALL {
            let is_stalled = stalled.iter().any(|(found, _)| found == work);
            metrics().stalled.get_or_create(work).set(i64::from(is_stalled));
        }
    }

    /// Everything as the parameter of `report_stalls.sql`: stalled work, and the results that have
    /// been set aside for longest.
    #[must_use]
    pub fn report(&self) -> Value {
        let item = |step: &str, measurement: Option<&Uuid>, trouble: &Trouble| {
            let mut item = json!({
                "step": step,
                "age_s": trouble.since.elapsed().as_secs_f64(),
                "reason": trouble.reason,
            });
            if let (Some(measurement), Some(fields)) = (measurement, item.as_object_mut()) {
                fields.insert("measurement_id".to_owned(), json!(measurement));
            }
            item
        };
        let mut items: Vec<Value> = self
            .stalled()
            .iter()
            .map(|(work, trouble)| item(work.word(), None, trouble))
            .collect();
        let state = self.lock();
        let mut set_aside: Vec<_> = state.set_aside.iter().collect();
        set_aside.sort_by_key(|(_, trouble)| trouble.since);
        let oldest = set_aside.into_iter().take(NAMED);
        items.extend(oldest.map(|(measurement, trouble)| item("write", Some(measurement), trouble)));
        Value::Array(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aged(work: Work, age: Duration) -> Stalls {
        let stalls = Stalls::default();
        stalls.failing_for(work, age, &"locked");
        stalls
    }

    #[test]
    fn work_is_stalled_when_it_has_failed_for_a_minute_without_a_success() {
        assert!(aged(Work::Claim, REPORTED_AFTER / 2).stalled().is_empty());
        let stalls = aged(Work::Claim, REPORTED_AFTER);
        stalls.failed(Work::Claim, &"still locked");
        let [(work, trouble)] = &stalls.stalled()[..] else {
            panic!("one")
        };
        assert_eq!((*work, trouble.reason.as_str()), (Work::Claim, "still locked"));
        stalls.succeeded(Work::Claim);
        stalls.failed(Work::Claim, &"locked");
        assert!(stalls.stalled().is_empty());
    }

    #[test]
    fn a_report_names_stalled_work_and_measurements_that_are_set_aside() {
        let stalls = aged(Work::Sweep, REPORTED_AFTER);
        let measurement = Uuid::from_u128(7);
        stalls.set_aside(measurement, &"a row is locked");
        let report = stalls.report();
        assert_eq!(report[0]["step"], "sweep");
        assert_eq!(report[1]["measurement_id"], json!(measurement));
        assert_eq!(report[1]["reason"], "a row is locked");
        assert!(stalls.taken_up(measurement).is_some());
        assert_eq!(stalls.report().as_array().map(Vec::len), Some(1));
    }
}
