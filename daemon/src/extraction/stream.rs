//! An object's way through the extractor: bytes in, segments out as they are measured, so that what is held does not grow with
//! the length of the recording.

use std::time::{Duration, Instant};

use heimdall_dsp::{Extraction, Hints};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::extractor::RecordingExtractor;
use super::threads::ExtractorThreads;
use crate::job::claim::Claim;
use crate::job::error::ExtractionError;
use crate::job::failpoint::{FailPoint, hit};
use crate::job::segment_spool::SegmentSpool;
use crate::metrics::metrics;
use crate::object_store::object::Object;

/// What the extractor gets at once: large enough that handing it over costs nothing
/// beside the work, small enough that sixteen recordings hold two each in 4 MB.
const BLOCK_BYTES: usize = 128 * 1024;
const BLOCK_PERMITS: u32 = 128;
/// The unit of the budget of bytes in flight.
const BYTES_PER_PERMIT: u64 = 1024;

/// How much may be read.
pub struct ReadBudget {
    /// Size limit of one object.
    pub max_object_bytes: u64,
    /// Bytes that may be read ahead, all recordings together.
    in_flight: Semaphore,
}

impl ReadBudget {
    /// The limits, both in bytes.
    #[must_use]
    pub fn new(max_object_bytes: u64, max_bytes_in_flight: u64) -> Self {
        let permits = usize::try_from(max_bytes_in_flight / BYTES_PER_PERMIT).unwrap_or(usize::MAX >> 3);
        Self {
            max_object_bytes,
            in_flight: Semaphore::new(permits),
        }
    }
}

/// What came of it.
pub struct ExtractionResult {
    /// The numbers, without the segments.
    pub extraction: Extraction,
    /// All of those, as they go into the row.
    pub segments: SegmentSpool,
    /// How long the extractor took.
    pub extracting: Duration,
    /// How many bytes there were.
    pub read_bytes: u64,
}

/// Streams the object through the extractor: while one block is worked in, the next is read.
///
/// # Errors
/// What the store or the extractor says.
pub async fn stream(
    claim: &Claim,
    object: &mut Object<'_>,
    hints: Hints,
    threads: &ExtractorThreads,
    budget: &ReadBudget,
) -> Result<ExtractionResult, ExtractionError> {
    let mut reader = BlockReader {
        leftover: None,
        read_bytes: 0,
        limit_bytes: budget.max_object_bytes,
    };
    let mut extractor = RecordingExtractor::new(&claim.rx_id, (claim.rx_lat, claim.rx_lon), hints);
    let mut extracting = Duration::ZERO;
    let (mut block, mut permit) = reader
        .next_block(object, Vec::with_capacity(BLOCK_BYTES), &budget.in_flight)
        .await?;
    let mut spare = Vec::with_capacity(BLOCK_BYTES);
    while !block.is_empty() {
        let started = Instant::now();
        let push = async {
            let pushed = threads.push(extractor, block).await;
            drop(permit);
            (pushed, started.elapsed())
        };
        let next = reader.next_block(object, spare, &budget.in_flight);
        let ((pushed, took), read) = futures_util::join!(push, next);
        extracting += took;
        (extractor, spare) = pushed?;
        hit(FailPoint::MidBody, [claim]);
        (block, permit) = read?;
    }
    hit(FailPoint::AfterBody, [claim]);
    let started = Instant::now();
    let (extraction, segments) = threads.finish(extractor).await?;
    extracting += started.elapsed();
    Ok(ExtractionResult {
        extraction,
        segments,
        extracting,
        read_bytes: reader.read_bytes,
    })
}

/// Cuts a body into blocks of [`BLOCK_BYTES`] and keeps count.
struct BlockReader {
    leftover: Option<bytes::Bytes>,
    read_bytes: u64,
    limit_bytes: u64,
}

impl BlockReader {
    /// The next block, empty at the end of the body, with its share of the budget.
    async fn next_block<'a>(
        &mut self,
        object: &mut Object<'_>,
        mut block: Vec<u8>,
        budget: &'a Semaphore,
    ) -> Result<(Vec<u8>, Option<SemaphorePermit<'a>>), ExtractionError> {
        block.clear();
        // Closed never; without a permit the block would merely not be counted.
        let permit = budget.acquire_many(BLOCK_PERMITS).await.ok();
        while block.len() < BLOCK_BYTES {
            let mut piece = match self.leftover.take() {
                Some(piece) => piece,
                None => match object.next_piece().await? {
                    Some(piece) => piece,
                    None => break,
                },
            };
            if piece.len() > BLOCK_BYTES - block.len() {
                self.leftover = Some(piece.split_off(BLOCK_BYTES - block.len()));
            }
            self.read_bytes += piece.len() as u64;
            metrics().read_bytes.inc_by(piece.len() as u64);
            if self.read_bytes > self.limit_bytes {
                return Err(ExtractionError::TooLarge {
                    size_bytes: self.read_bytes,
                    limit_bytes: self.limit_bytes,
                });
            }
            block.extend_from_slice(&piece);
        }
        Ok((block, permit))
    }
}
