//! One claimed recording, from its location to the verdict.

use std::time::{Duration, Instant};

use heimdall_dsp::{CHUNK_MS, Context, Extraction, Interpretation, Said};
use serde::Serialize;
use tokio::sync::Semaphore;
use tracing::info;
use uuid::Uuid;

use crate::extraction::session_log::Announced;
use crate::extraction::stream::{Measured, stream};
use crate::extraction::threads::Compute;
use crate::job::claim::Claim;
use crate::job::failpoint::{Point, reach};
use crate::job::failure::Failure;
use crate::job::features::FeatureRow;
use crate::job::outcome::Verdict;
use crate::job::retry_policy::conclude;
use crate::job::segment_spool::Segments;
use crate::metrics::labels::Step;
use crate::metrics::metrics;
use crate::object_store::breaker::Gates;
use crate::object_store::client::Store;
use crate::object_store::location::Location;

pub mod hints;
pub mod session_log;
pub mod sidecar;
pub mod stream;
pub mod threads;

/// An object that is replaced more often than this while it is read is not finished yet.
const MAX_READS: u32 = 3;

/// What all recordings share.
pub struct Tools {
    /// The object store.
    pub store: Store,
    /// The extractor's threads.
    pub compute: Compute,
    /// Bytes that may be read ahead, in units of [`BYTES_PER_PERMIT`](crate::extraction::stream::BYTES_PER_PERMIT).
    pub budget: Semaphore,
    /// Size limit of one object.
    pub max_object_bytes: u64,
    /// Closed while the store, or a bucket, is away.
    pub gates: Gates,
    /// Sessions that have been said to be complete.
    pub announced: Announced,
}

/// How the row came about: `extraction_metadata`, as far as it got.
#[derive(Debug, Default, Serialize)]
struct Metadata {
    /// Only where there are features: who counts them by it must not count failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    extraction_method: Option<&'static str>,
    extractor_version: &'static str,
    recording_session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_etag: Option<String>,
    /// Where `SigMF` metadata were found beside the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    sigmf_key: Option<String>,
    #[serde(flatten)]
    interpretation: Option<Interpretation>,
    /// All that was said of the recording from outside its bytes, used or overruled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    said: Vec<Said>,
    /// What does not fit together, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(flatten)]
    context: Option<Context>,
    #[serde(flatten)]
    extent: Option<Extent>,
    fetch_ms: u64,
    extract_ms: u64,
}

/// How much of the recording was used.
#[derive(Debug, Serialize)]
struct Extent {
    iq_duration_ms: f64,
    chunk_duration_ms: f64,
    num_segments: u64,
    num_chunks: u64,
    samples_used: u64,
    samples_left_over: u64,
    samples_lost: u64,
}

/// Fetches and extracts a claimed recording.
pub async fn process(claim: &Claim, tools: &Tools) -> Verdict {
    let Some(text) = &claim.iq_data_location else {
        return Verdict::Forget;
    };
    let mut metadata = Metadata {
        extractor_version: heimdall_dsp::VERSION,
        recording_session_id: Some(claim.recording_session_id),
        ..Metadata::default()
    };
    let location = match Location::parse(text, tools.store.bucket_names()) {
        Ok(location) => location,
        Err(failure) => {
            tools.announced.begins(claim);
            return conclude(claim, &failure, to_json(&metadata));
        }
    };
    metadata.bucket = Some(location.bucket.clone());
    metadata.object_key = Some(location.key.clone());
    let gate = tools.gates.before(&location);
    if let Err(outage) = gate.enter() {
        return conclude(claim, &outage, to_json(&metadata));
    }
    tools.announced.begins(claim);
    let begun = Instant::now();
    match extract_whole(claim, &location, tools, &mut metadata).await {
        Ok((extraction, segments)) => {
            gate.read_well(&location, begun);
            Verdict::Features(Box::new(feature_row(extraction, segments, metadata)))
        }
        Err(failure) => {
            let failure = gate.blame(failure, &location, &tools.store).await;
            conclude(claim, &failure, to_json(&metadata))
        }
    }
}

/// Reads an object that is replaced meanwhile from its start again, so that no two are ever mixed.
async fn extract_whole(
    claim: &Claim,
    location: &Location,
    tools: &Tools,
    metadata: &mut Metadata,
) -> Result<(Extraction, Segments), Failure> {
    for _ in 1..MAX_READS {
        match extract(claim, location, tools, metadata).await {
            Err(Failure::ObjectReplaced) => info!(key = location.key, "object replaced, reading it again"),
            done => return done,
        }
    }
    extract(claim, location, tools, metadata).await
}

/// Asks for the object and what is said of it, and reads it.
async fn extract(
    claim: &Claim,
    location: &Location,
    tools: &Tools,
    metadata: &mut Metadata,
) -> Result<(Extraction, Segments), Failure> {
    let begun = Instant::now();
    let limit_bytes = tools.max_object_bytes;
    let (location, sidecar) = sidecar::follow(location.clone(), &tools.store).await?;
    metadata.object_key = Some(location.key.clone());
    reach(Point::BeforeGet, [claim]);
    let mut object = tools.store.get(&location).await?;
    reach(Point::AfterGet, [claim]);
    metadata.object_etag = Some(object.etag.clone());
    metadata.object_bytes = object.size_bytes;
    if let Some(size_bytes) = object.size_bytes.filter(|size| *size > limit_bytes) {
        return Err(Failure::TooLarge {
            size_bytes,
            limit_bytes,
        });
    }

    let mut hints = hints::of_object(claim, &location, &object);
    let looked_for = sidecar::look_for(&location, sidecar, &mut hints, &tools.store).await;
    metadata.said = hints.said();
    metadata.sigmf_key = looked_for?;
    let mut read = stream(claim, &mut object, hints.clone(), tools).await;
    if let Err(Failure::Recording(heimdall_dsp::Error::MetadataBehind { at })) = read {
        sidecar::read_tail(&mut object, at, &mut hints).await?;
        read = stream(claim, &mut object, hints, tools).await;
    }
    let Measured {
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

fn feature_row(extraction: Extraction, segments: Segments, mut metadata: Metadata) -> FeatureRow {
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
    metadata.context = Some(extraction.context);
    metadata.warnings = extraction.doubts.iter().map(|doubt| doubt.text.clone()).collect();
    metadata.extraction_method = Some("recorded");
    FeatureRow {
        overall_confidence: totals.overall_confidence(),
        mean_snr_db: totals.mean_snr_db(),
        num_receivers_detected: i32::from(totals.signal_detected()),
        extraction_metadata: to_json(&metadata),
        segments,
        late: extraction.doubts,
    }
}

fn to_json(metadata: &Metadata) -> serde_json::Value {
    // Plain structs of numbers and strings: there is nothing in them that could fail.
    serde_json::to_value(metadata).unwrap_or_default()
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
