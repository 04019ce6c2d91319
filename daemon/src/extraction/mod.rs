//! One claimed recording, from its location to the outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::FutureExt as _;
use heimdall_dsp::{CHUNK_MS, Extraction};
use tracing::info;

use self::metadata::{Extent, Metadata};
use self::session_log::SessionLog;
use self::stream::{ExtractionResult, ReadBudget, stream};
use self::threads::{ExtractorThreads, panic_message};
use crate::job::claim::Claim;
use crate::job::error::ExtractionError;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::features::FeatureRow;
use crate::job::outcome::Outcome;
use crate::job::retry_policy::decide;
use crate::job::segment_spool::SegmentSpool;
use crate::metrics::labels::Step;
use crate::metrics::metrics;
use crate::object_store::breaker::CircuitBreakers;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;

pub mod extractor;
pub mod hints;
mod metadata;
pub mod session_log;
pub mod sidecar;
pub mod stream;
pub mod threads;

/// An object that is replaced more often than this while it is read is not finished yet.
const MAX_READS: u32 = 3;

/// Makes features of claimed recordings. All recordings share one.
pub struct Pipeline {
    /// The object store.
    pub store: Arc<ObjectStore>,
    /// One for each bucket, closed while the bucket can be read.
    pub breakers: Arc<CircuitBreakers>,
    /// The extractor's threads.
    pub threads: ExtractorThreads,
    /// How much may be read.
    pub budget: ReadBudget,
    /// Sessions that have been logged as complete.
    pub session_log: SessionLog,
}

impl Pipeline {
    /// Fetches and extracts a claimed recording. A panic fails this recording alone.
    pub async fn process(&self, claim: &Claim) -> Outcome {
        let Some(text) = &claim.iq_data_location else {
            return Outcome::Discard;
        };
        let mut metadata = Metadata {
            extractor_version: heimdall_dsp::VERSION,
            recording_session_id: Some(claim.recording_session_id),
            ..Metadata::default()
        };
        let extracting = AssertUnwindSafe(self.fetch_and_extract(claim, text, &mut metadata));
        let (failure, metadata) = match extracting.catch_unwind().await {
            Ok(Ok((extraction, segments))) => {
                return Outcome::Completed(Box::new(feature_row(extraction, segments, metadata)));
            }
            Ok(Err(failure)) => (failure, metadata.to_json()),
            Err(panic) => {
                let what = panic_message(&*panic);
                (ExtractionError::Panic { what }, serde_json::json!({}))
            }
        };
        decide(claim, &failure, metadata)
    }

    /// Reads the object at `text` if its bucket may be read now; tells a failure of the object from one of the store.
    async fn fetch_and_extract(
        &self,
        claim: &Claim,
        text: &str,
        metadata: &mut Metadata,
    ) -> Result<(Extraction, SegmentSpool), ExtractionError> {
        let location =
            Location::parse(text, self.store.bucket_names()).inspect_err(|_| self.session_log.log_start(claim))?;
        metadata.bucket = Some(location.bucket.clone());
        metadata.object_key = Some(location.key.clone());
        let breaker = self.breakers.of(&location);
        breaker.try_acquire()?;
        self.session_log.log_start(claim);
        let begun = Instant::now();
        match self.extract_whole(claim, &location, metadata).await {
            Ok(extracted) => {
                breaker.record_success(&location, begun);
                Ok(extracted)
            }
            Err(failure) => Err(breaker.attribute_failure(failure, &location, &self.store).await),
        }
    }

    /// Reads an object that is replaced meanwhile from its start again, so that no two are ever mixed.
    async fn extract_whole(
        &self,
        claim: &Claim,
        location: &Location,
        metadata: &mut Metadata,
    ) -> Result<(Extraction, SegmentSpool), ExtractionError> {
        for _ in 1..MAX_READS {
            match self.extract(claim, location, metadata).await {
                Err(ExtractionError::ObjectReplaced) => info!(key = location.key, "object replaced, reading it again"),
                done => return done,
            }
        }
        self.extract(claim, location, metadata).await
    }

    /// Asks for the object and what is said of it, and reads it.
    async fn extract(
        &self,
        claim: &Claim,
        location: &Location,
        metadata: &mut Metadata,
    ) -> Result<(Extraction, SegmentSpool), ExtractionError> {
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
        let looked_for = sidecar::find_sidecar(&location, sidecar, &mut hints, &self.store).await;
        metadata.said = hints.provenance();
        metadata.sigmf_key = looked_for?;
        let mut read = stream(claim, &mut object, hints.clone(), &self.threads, &self.budget).await;
        if let Err(ExtractionError::Recording(heimdall_dsp::Error::MetadataAfterSamples { at })) = read {
            sidecar::read_archive_tail(&mut object, at, &mut hints).await?;
            read = stream(claim, &mut object, hints, &self.threads, &self.budget).await;
        }
        let ExtractionResult {
            extraction,
            segments,
            extracting,
            read_bytes,
        } = read?;
        metadata.object_bytes = Some(read_bytes);
        let fetching = begun.elapsed().saturating_sub(extracting);
        metrics().step(Step::Fetch, fetching);
        metrics().step(Step::Extract, extracting);
        metadata.extract_ms = whole_ms(extracting);
        metadata.fetch_ms = whole_ms(fetching);
        Ok((extraction, segments))
    }
}

fn feature_row(extraction: Extraction, segments: SegmentSpool, mut metadata: Metadata) -> FeatureRow {
    let totals = extraction.totals;
    metadata.extent = Some(Extent {
        iq_duration_ms: extraction.duration_ms(),
        chunk_duration_ms: CHUNK_MS,
        num_segments: totals.num_segments,
        num_chunks: totals.num_chunks,
        samples_used: extraction.samples_used,
        samples_left_over: extraction.samples_left_over,
        samples_lost: extraction.samples_lost,
    });
    metadata.interpretation = Some(extraction.interpretation);
    metadata.context = Some(extraction.info);
    metadata.warnings = extraction
        .inconsistencies
        .iter()
        .map(|doubt| doubt.text.clone())
        .collect();
    metadata.extraction_method = Some("recorded");
    FeatureRow {
        overall_confidence: totals.overall_confidence(),
        mean_snr_db: totals.mean_snr_db(),
        num_receivers_detected: i32::from(totals.signal_detected()),
        extraction_metadata: metadata.to_json(),
        segments,
        trailing_warnings: extraction.inconsistencies,
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
