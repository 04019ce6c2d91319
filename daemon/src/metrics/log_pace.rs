//! Whether each recording has a log line of its own, or a summary every ten seconds takes their
//! place.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::info;

use super::labels::RecordingOutcome;
use super::totals::Totals;

/// Time between two summaries.
pub const PERIOD: Duration = Duration::from_secs(10);
/// More recordings in a period have no line of their own at the level info: five a second are as
/// many as a person can follow.
const MOST_SINGLE: u64 = 50;

/// Decides it for the process.
#[derive(Debug, Default)]
pub struct LogPace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Recordings with features in this period.
    recordings: u64,
    /// Sessions that have nothing outstanding any more, in this period.
    sessions: u64,
    is_busy: bool,
    /// What had been done at the last summary, and when that was.
    last: Option<(Instant, Totals)>,
}

impl LogPace {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a recording with features. Returns whether its line has the level info; otherwise it
    /// has debug.
    pub fn recording(&self) -> bool {
        let mut state = self.lock();
        state.recordings += 1;
        if !state.is_busy && state.recordings > MOST_SINGLE {
            state.is_busy = true;
            info!(
                every_s = PERIOD.as_secs(),
                "busy: a summary takes the place of the lines of single recordings with features, which have the level debug now"
            );
        }
        !state.is_busy
    }

    /// Counts a session that has nothing outstanding any more. Its line always has the level info.
    pub fn session(&self) {
        self.lock().sessions += 1;
    }

    /// Ends a period: logs what was done in it, if it had no single lines. `now` is what the process
    /// has done so far.
    pub fn end_period(&self, now: &Totals) {
        let mut state = self.lock();
        let (recordings, sessions) = (
            std::mem::take(&mut state.recordings),
            std::mem::take(&mut state.sessions),
        );
        let last = state.last.replace((Instant::now(), now.clone()));
        if !state.is_busy {
            return;
        }
        let (begun, before) = last.map_or((None, Totals::default()), |(begun, before)| (Some(begun), before));
        let seconds = begun.map_or(PERIOD, |begun| begun.elapsed()).as_secs_f64().max(0.001);
        log(&now.since(&before), seconds, sessions);
        if recordings <= MOST_SINGLE {
            state.is_busy = false;
            info!("each recording has a line again");
        }
    }
}

fn log(done: &Totals, seconds: f64, sessions: u64) {
    let rounded = |value: f64| (value * 10.0).round() / 10.0;
    let ms = |share| {
        done.latency
            .quantile(share)
            .map(|latency_s| rounded(latency_s * 1_000.0))
    };
    let of = |outcome| done.of(outcome);
    let rows = of(RecordingOutcome::Extracted) + of(RecordingOutcome::Failed);
    info!(
        seconds = rounded(seconds),
        per_second = rounded(rows as f64 / seconds),
        extracted = of(RecordingOutcome::Extracted),
        failed = of(RecordingOutcome::Failed),
        postponed = of(RecordingOutcome::Postponed),
        given_back = of(RecordingOutcome::GivenBack),
        forgotten = of(RecordingOutcome::Forgotten),
        missing = of(RecordingOutcome::Missing),
        unchanged = of(RecordingOutcome::Unchanged),
        sessions,
        read_mb_per_second = rounded(done.read_bytes as f64 / 1e6 / seconds),
        p50_ms = ms(0.5),
        p95_ms = ms(0.95),
        p99_ms = ms(0.99),
        "summary"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_lines_end_when_there_are_many_and_come_back_when_there_are_few() {
        let pace = LogPace::default();
        pace.end_period(&Totals::default());
        let single = (0..200).filter(|_| pace.recording()).count();
        assert_eq!(single as u64, MOST_SINGLE);
        // This period had many.
        pace.end_period(&Totals::default());
        assert!(!pace.recording());
        // This one had one.
        pace.end_period(&Totals::default());
        assert!(pace.recording());
    }
}
