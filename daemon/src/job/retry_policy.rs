//! What a failure makes of a claimed row.

use std::time::Duration;

use tracing::info;

use super::claim::Claim;
use super::error::{ErrorClass, ExtractionError};
use super::outcome::Outcome;
use crate::backoff::Backoff;

/// What keeps failing gets its error row after so many attempts.
const MAX_ATTEMPTS: i32 = 5;
/// A missing object is looked for so often: an upload may lag behind its row.
const NOT_FOUND_ATTEMPTS: i32 = 3;
/// Delays before the second and the third look: two minutes together.
const NOT_FOUND_DELAYS: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(90)];
/// Between attempts at what fails while others work: about 1, 2, 4 and 8 minutes.
const RETRY: Backoff = Backoff {
    base: Duration::from_mins(1),
    max: Duration::from_mins(10),
};

/// What a failure means for the queue row, by its class and the attempts so far.
#[must_use]
pub fn decide(claim: &Claim, failure: &ExtractionError, metadata: serde_json::Value) -> Outcome {
    match failure.class() {
        ErrorClass::Outage => match failure {
            ExtractionError::StoreOutage { delay: Some(delay) } => Outcome::Snooze(*delay),
            _ => Outcome::Release,
        },
        ErrorClass::Recording => {
            let recheck = match failure {
                ExtractionError::NotFound { .. } if claim.attempt < NOT_FOUND_ATTEMPTS => {
                    let index = usize::try_from(claim.attempt - 1).unwrap_or(0);
                    Some(NOT_FOUND_DELAYS[index.min(NOT_FOUND_DELAYS.len() - 1)])
                }
                _ => None,
            };
            error_row(failure, metadata, recheck)
        }
        ErrorClass::Retry if claim.attempt < MAX_ATTEMPTS => {
            let delay = RETRY.jittered(claim.attempt.unsigned_abs());
            info!(
                measurement = %claim.lease.measurement_id,
                attempt = claim.attempt,
                error_kind = failure.kind(),
                error = %failure,
                again_in_s = delay.as_secs(),
                "recording postponed"
            );
            Outcome::Retry(delay)
        }
        ErrorClass::Retry | ErrorClass::Bug => error_row(failure, metadata, None),
    }
}

/// An error row's outcome.
#[must_use]
pub fn error_row(
    failure: &ExtractionError,
    extraction_metadata: serde_json::Value,
    recheck: Option<Duration>,
) -> Outcome {
    Outcome::Failed {
        error_kind: failure.kind(),
        error_message: failure.message(),
        extraction_metadata,
        recheck,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::job::claim::Lease;

    fn claim(attempt: i32) -> Claim {
        Claim {
            lease: Lease {
                measurement_id: Uuid::nil(),
                claim_id: 1,
            },
            attempt,
            source: "live".to_owned(),
            priority: 0,
            id: 1,
            recording_session_id: Uuid::nil(),
            rx_id: "Torino".to_owned(),
            rx_lat: Some(45.04),
            rx_lon: Some(7.67),
            iq_data_location: Some("x.bin".to_owned()),
            iq_data_format: None,
            iq_sample_rate: None,
            iq_samples_count: None,
            duration_seconds: None,
            recheck: false,
        }
    }

    fn decided(attempt: i32, failure: &ExtractionError) -> Outcome {
        decide(&claim(attempt), failure, serde_json::json!({}))
    }

    #[test]
    fn a_missing_object_fails_at_once_and_is_looked_for_three_times_in_two_minutes() {
        let missing = || ExtractionError::NotFound {
            key: "x.bin".to_owned(),
        };
        let rechecks: Vec<Option<u64>> = (1..=4)
            .map(|attempt| match decided(attempt, &missing()) {
                Outcome::Failed { recheck, .. } => recheck.map(|after| after.as_secs()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(rechecks, [Some(30), Some(90), None, None]);
    }

    #[test]
    fn an_object_that_keeps_failing_is_blamed_after_five_attempts() {
        let broken = || ExtractionError::ObjectUnreadable {
            what: "HTTP 500".to_owned(),
        };
        for attempt in 1..MAX_ATTEMPTS {
            assert!(matches!(decided(attempt, &broken()), Outcome::Retry(_)), "{attempt}");
        }
        assert!(matches!(
            decided(MAX_ATTEMPTS, &broken()),
            Outcome::Failed { recheck: None, .. }
        ));
    }

    #[test]
    fn a_row_that_is_refused_may_be_the_schemas_fault_and_is_tried_as_often() {
        let refused = || ExtractionError::RowRefused {
            what: "permission denied".to_owned(),
        };
        assert!(matches!(decided(1, &refused()), Outcome::Retry(_)));
        assert!(matches!(decided(MAX_ATTEMPTS, &refused()), Outcome::Failed { .. }));
    }

    #[test]
    fn an_outage_blames_nobody() {
        let outage = |seconds: Option<u64>| ExtractionError::StoreOutage {
            delay: seconds.map(Duration::from_secs),
        };
        assert!(matches!(decided(5, &outage(None)), Outcome::Release));
        assert!(matches!(decided(5, &outage(Some(60))), Outcome::Snooze(_)));
    }
}
