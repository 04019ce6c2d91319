//! A recording in progress: the extractor's state and the segments so far.

use heimdall_dsp::{Extraction, Hints, Recording, SegmentFeatures, Workspace};

use crate::job::claim::Receiver;
use crate::job::error::ExtractionError;
use crate::job::features::ReceiverFeatures;
use crate::job::segment_spool::SegmentSpool;

/// Text of segments kept in memory for each recording, about 20 s; longer recordings use a file.
const SEGMENTS_IN_MEMORY_BYTES: usize = 64 * 1024;

/// A recording in progress: the extractor's state and the segments so far.
pub struct RecordingExtractor {
    recording: Recording,
    segments: SegmentSink,
}

struct SegmentSink {
    receiver: Receiver,
    spool: SegmentSpool,
}

impl RecordingExtractor {
    /// A recording of `receiver` from which no bytes are read yet. If it is compressed, at most
    /// `limit_bytes` may come out.
    #[must_use]
    pub fn new(receiver: Receiver, hints: Hints, limit_bytes: u64) -> Self {
        Self {
            recording: Recording::new(hints).with_limit(limit_bytes),
            segments: SegmentSink {
                receiver,
                spool: SegmentSpool::new(SEGMENTS_IN_MEMORY_BYTES),
            },
        }
    }

    /// Extracts the next bytes of the object.
    ///
    /// # Errors
    /// The extractor's error, or [`ExtractionError::NoRoom`].
    pub fn push(&mut self, mut bytes: &[u8], workspace: &mut Workspace) -> Result<(), ExtractionError> {
        // A compressed block can give many segments.
        loop {
            let goes_on = self.recording.push_part(&mut bytes, workspace)?;
            self.segments.push(&self.recording.take_segments())?;
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Ends the recording. Returns its totals without segments, and all segments.
    ///
    /// # Errors
    /// As [`RecordingExtractor::push`].
    pub fn finish(mut self, workspace: &mut Workspace) -> Result<(Extraction, SegmentSpool), ExtractionError> {
        let mut extraction = self.recording.finish(workspace)?;
        self.segments.push(&std::mem::take(&mut extraction.segments))?;
        Ok((extraction, self.segments.spool))
    }
}

impl SegmentSink {
    fn push(&mut self, segments: &[SegmentFeatures]) -> Result<(), ExtractionError> {
        for segment in segments {
            let features = ReceiverFeatures {
                receiver: &self.receiver,
                segment,
            };
            self.spool
                .push(&features, &segment.quality.warnings)
                .map_err(|error| ExtractionError::NoRoom {
                    reason: error.to_string(),
                })?;
        }
        Ok(())
    }
}
