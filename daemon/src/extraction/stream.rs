//! Streams an object through the extractor, so that memory does not grow with the length of the
//! recording.

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

/// Bytes that the extractor gets at a time: so many that the hand-over costs little compared with
/// the work, so few that sixteen recordings with two blocks each take 4 MB.
const BLOCK_BYTES: usize = 128 * 1024;
const BLOCK_PERMITS: u32 = 128;
/// The unit of [`ReadBudget::in_flight`].
const BYTES_PER_PERMIT: u64 = 1024;

/// Limits on the bytes that are read.
pub struct ReadBudget {
    /// Size limit of one object, and of what comes out of it if it is compressed.
    pub max_object_bytes: u64,
    /// Bytes in memory of all recordings together, in units of [`BYTES_PER_PERMIT`].
    in_flight: Semaphore,
}

impl ReadBudget {
    /// Limits in bytes: of one object, and of what is in memory of all objects together.
    #[must_use]
    pub fn new(max_object_bytes: u64, max_bytes_in_flight: u64) -> Self {
        let permits = usize::try_from(max_bytes_in_flight / BYTES_PER_PERMIT).unwrap_or(usize::MAX >> 3);
        Self {
            max_object_bytes,
            in_flight: Semaphore::new(permits),
        }
    }
}

/// A completely extracted object.
pub struct ExtractionResult {
    /// The totals, without the segments.
    pub extraction: Extraction,
    /// All segments.
    pub segments: SegmentSpool,
    /// Time that the extractor took.
    pub extracting: Duration,
    /// Size of the object.
    pub read_bytes: u64,
}

/// Streams the object through the extractor: while one block is extracted, the next is read.
///
/// # Errors
/// The store's or the extractor's error.
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
    let mut extractor = RecordingExtractor::new(claim.receiver.clone(), hints, budget.max_object_bytes);
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

/// Cuts a body into blocks of [`BLOCK_BYTES`] and counts the bytes.
struct BlockReader {
    /// The part of a piece that did not fit into the previous block.
    leftover: Option<bytes::Bytes>,
    read_bytes: u64,
    limit_bytes: u64,
}

impl BlockReader {
    /// Fills `block` with the next bytes; it stays empty at the end of the body. The permits are
    /// the block's share of the budget.
    async fn next_block<'a>(
        &mut self,
        object: &mut Object<'_>,
        mut block: Vec<u8>,
        budget: &'a Semaphore,
    ) -> Result<(Vec<u8>, Option<SemaphorePermit<'a>>), ExtractionError> {
        block.clear();
        // The semaphore is never closed.
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
            metrics().read(piece.len());
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
