//! What happens to a claimed row after an error.

use std::time::Duration;

use tracing::info;

use super::claim::Claim;
use super::error::{ErrorClass, ExtractionError};
use super::outcome::Outcome;
use crate::backoff::Backoff;

/// An error of class `Retry` becomes an error row after this many attempts.
const MAX_ATTEMPTS: i32 = 5;
/// Delays before the second and third search for a missing object, two minutes together: an upload
/// may finish later than its row.
const NOT_FOUND_DELAYS: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(90)];
/// Delays between attempts in class `Retry`: about 1, 2, 4 and 8 minutes.
const RETRY: Backoff = Backoff {
    base: Duration::from_mins(1),
    max: Duration::from_mins(10),
};

/// Decides by the error's class and the number of attempts so far.
///
/// `metadata` is stored if the outcome is an error row.
#[must_use]
pub fn decide(claim: &Claim, error: &ExtractionError, metadata: serde_json::Value) -> Outcome {
    let error_row = |recheck| Outcome::Failed {
        error_kind: error.kind(),
        error_message: error.to_string(),
        extraction_metadata: metadata,
        recheck,
    };
    match (error.class(), error) {
        (ErrorClass::Outage, ExtractionError::StoreOutage { delay: Some(delay) }) => Outcome::Snooze(*delay),
        (ErrorClass::Outage, _) => Outcome::Release,
        (ErrorClass::Recording, ExtractionError::NotFound { .. }) => {
            let attempts_before = usize::try_from(claim.attempt - 1).unwrap_or(0);
            error_row(NOT_FOUND_DELAYS.get(attempts_before).copied())
        }
        (ErrorClass::Retry, _) if claim.attempt < MAX_ATTEMPTS => {
            let delay = RETRY.jittered(claim.attempt.unsigned_abs());
            info!(
                measurement = %claim.lease.measurement_id,
                session = %claim.recording_session_id,
                station = claim.station(),
                attempt = claim.attempt,
                error_kind = error.kind(),
                error = %error,
                again_in_s = delay.as_secs(),
                "recording postponed"
            );
            Outcome::Retry(delay)
        }
        (ErrorClass::Recording | ErrorClass::Retry | ErrorClass::Bug, _) => error_row(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(attempt: i32, error: &ExtractionError) -> Outcome {
        let claim = Claim {
            attempt,
            ..Claim::default()
        };
        super::decide(&claim, error, serde_json::json!({}))
    }

    #[test]
    fn a_missing_object_gets_an_error_row_and_two_more_searches_within_two_minutes() {
        let missing = || ExtractionError::NotFound {
            key: "x.bin".to_owned(),
        };
        let rechecks: Vec<Option<u64>> = (1..=4)
            .map(|attempt| match decide(attempt, &missing()) {
                Outcome::Failed { recheck, .. } => recheck.map(|after| after.as_secs()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(rechecks, [Some(30), Some(90), None, None]);
    }

    #[test]
    fn an_unreadable_object_gets_its_error_row_at_the_fifth_attempt() {
        let unreadable = || ExtractionError::ObjectUnreadable {
            reason: "HTTP 500".to_owned(),
        };
        for attempt in 1..MAX_ATTEMPTS {
            assert!(matches!(decide(attempt, &unreadable()), Outcome::Retry(_)), "{attempt}");
        }
        assert!(matches!(
            decide(MAX_ATTEMPTS, &unreadable()),
            Outcome::Failed { recheck: None, .. }
        ));
    }

    #[test]
    fn a_refused_row_is_retried_like_an_unreadable_object_since_the_schema_may_be_the_cause() {
        let refused = || ExtractionError::RowRefused {
            reason: "permission denied".to_owned(),
        };
        assert!(matches!(decide(1, &refused()), Outcome::Retry(_)));
        assert!(matches!(decide(MAX_ATTEMPTS, &refused()), Outcome::Failed { .. }));
    }

    #[test]
    fn an_outage_never_becomes_an_error_row() {
        let outage = |seconds: Option<u64>| ExtractionError::StoreOutage {
            delay: seconds.map(Duration::from_secs),
        };
        assert!(matches!(decide(5, &outage(None)), Outcome::Release));
        assert!(matches!(decide(5, &outage(Some(60))), Outcome::Snooze(_)));
    }
}
