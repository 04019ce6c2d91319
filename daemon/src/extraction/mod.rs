//! One claimed recording, from its location to the outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::FutureExt as _;
use tracing::{info, warn};

use self::archive_tail::ArchiveTail;
use self::metadata::Metadata;
use self::session_log::SessionLog;
use self::stream::{ExtractionResult, ReadBudget, stream};
use self::threads::{ExtractorThreads, panic_message};
use crate::job::claim::Claim;
use crate::job::error::ExtractionError;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::outcome::Outcome;
use crate::job::retry_policy;
use crate::metrics::labels::Step;
use crate::metrics::metrics;
use crate::object_store::breaker::CircuitBreakers;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;

mod archive_tail;
pub mod extractor;
pub mod hints;
mod metadata;
pub mod session_log;
pub mod sidecar;
pub mod stream;
pub mod threads;

/// An object that is replaced while it is read is read again from its start, up to this many times
/// in total.
const MAX_READS: u32 = 3;

/// Delay of a measurement that row-level security may hide: an administrator has time to see it.
const HIDDEN_DELAY: Duration = Duration::from_mins(5);

type Extracted = Result<ExtractionResult, ExtractionError>;

/// Extracts claimed recordings. All recordings share one.
pub struct Pipeline {
    /// The object store.
    pub store: Arc<ObjectStore>,
    /// One circuit breaker per bucket.
    pub breakers: Arc<CircuitBreakers>,
    /// The extractor's threads.
    pub threads: ExtractorThreads,
    /// Limits on the bytes that are read.
    pub budget: ReadBudget,
    /// Sessions that are logged as completed.
    pub session_log: SessionLog,
}

impl Pipeline {
    /// Reads and extracts a claimed recording. A panic fails only this recording.
    pub async fn process(&self, claim: &Claim) -> Outcome {
        let Some(text) = &claim.iq_data_location else {
            return if claim.is_hidden {
                warn!(
                    measurement = %claim.lease.measurement_id,
                    session = %claim.recording_session_id,
                    station = claim.station(),
                    hint = "heimdalld doctor",
                    "row-level security may hide the measurement, deferred"
                );
                Outcome::Snooze(HIDDEN_DELAY)
            } else {
                Outcome::Discard
            };
        };
        let mut metadata = Metadata::new(claim);
        let extracting = AssertUnwindSafe(self.extract_at(text, claim, &mut metadata));
        let (error, metadata) = match extracting.catch_unwind().await {
            Ok(Ok(extracted)) => return Outcome::Completed(Box::new(metadata.into_row(extracted))),
            Ok(Err(error)) => (error, metadata.to_json()),
            Err(panic) => {
                let reason = panic_message(&*panic);
                (ExtractionError::Panic { reason }, serde_json::json!({}))
            }
        };
        retry_policy::decide(claim, &error, metadata)
    }

    /// Extracts the object at the location `text` if the circuit breaker of its bucket permits, and
    /// reports the result to the breaker, which attributes an error to the object or to the store.
    async fn extract_at(&self, text: &str, claim: &Claim, metadata: &mut Metadata) -> Extracted {
        if let Some(reason) = claim.bad_value.clone() {
            self.session_log.log_start(claim);
            return Err(ExtractionError::BadValue { reason });
        }
        let location =
            Location::parse(text, self.store.bucket_names()).inspect_err(|_| self.session_log.log_start(claim))?;
        metadata.bucket = Some(location.bucket.clone());
        metadata.object_key = Some(location.key.clone());
        let breaker = self.breakers.of(&location);
        breaker.try_acquire()?;
        self.session_log.log_start(claim);
        let begun = Instant::now();
        match self.extract_unmixed(&location, claim, metadata).await {
            Ok(extracted) => {
                breaker.record_success(&location, begun);
                Ok(extracted)
            }
            Err(error) => Err(breaker.attribute_failure(error, &location, &self.store).await),
        }
    }

    /// Starts again if the object is replaced while it is read, so that two objects are never
    /// mixed.
    async fn extract_unmixed(&self, location: &Location, claim: &Claim, metadata: &mut Metadata) -> Extracted {
        for _ in 1..MAX_READS {
            match self.extract(location, claim, metadata).await {
                Err(ExtractionError::ObjectReplaced) => info!(key = location.key, "object replaced, reading it again"),
                result => return result,
            }
        }
        self.extract(location, claim, metadata).await
    }

    /// Reads and extracts the object, with its `SigMF` metadata if it has some.
    async fn extract(&self, location: &Location, claim: &Claim, metadata: &mut Metadata) -> Extracted {
        let begun = Instant::now();
        let limit_bytes = self.budget.max_object_bytes;
        let (location, sidecar) = sidecar::resolve_metadata_location(location.clone(), &self.store).await?;
        metadata.object_key = Some(location.key.clone());
        hit(FailPoint::BeforeGet, [claim]);
        let mut object = self.store.get(&location).await?;
        hit(FailPoint::AfterGet, [claim]);
        metadata.object_etag = Some(object.etag.clone());
        metadata.object_bytes = object.size_bytes;
        if let Some(size_bytes) = object.size_bytes.filter(|size| *size > limit_bytes) {
            return Err(ExtractionError::TooLarge {
                size_bytes,
                limit_bytes,
            });
        }

        let mut hints = hints::of_object(claim, &location, &object);
        let sigmf_key = sidecar::find_sidecar(&location, sidecar, &mut hints, &self.store).await;
        let portapack_key = sidecar::find_portapack_text(&location, &mut hints, &self.store).await;
        metadata.hints = hints.provenance();
        metadata.sigmf_key = sigmf_key?;
        metadata.portapack_key = portapack_key?;
        let mut result = stream(claim, &mut object, hints.clone(), &self.threads, &self.budget).await;
        if let Err(ExtractionError::Recording(heimdall_dsp::Error::MetadataAfterSamples { at, compression })) = result {
            let tail = ArchiveTail {
                at,
                compression,
                limit_bytes,
            };
            tail.read(&mut object, &self.threads, &mut hints).await?;
            result = stream(claim, &mut object, hints, &self.threads, &self.budget).await;
        }
        let extracted = result?;
        metadata.object_bytes = Some(extracted.read_bytes);
        let fetching = begun.elapsed().saturating_sub(extracted.extracting);
        metrics().step(Step::Fetch, fetching);
        metrics().step(Step::Extract, extracted.extracting);
        metadata.extract_ms = whole_ms(extracted.extracting);
        metadata.fetch_ms = whole_ms(fetching);
        Ok(extracted)
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
