//! A recording in progress: the extractor's state and the segments so far.

use heimdall_dsp::{Extraction, Hints, Recording, SegmentFeatures, Workspace};

use crate::job::claim::Receiver;
use crate::job::error::ExtractionError;
use crate::job::features::ReceiverFeatures;
use crate::job::segment_spool::SegmentSpool;

/// Text of segments kept in memory for each recording, about 20 s; longer recordings use a file.
const SEGMENTS_IN_MEMORY_BYTES: usize = 64 * 1024;

/// The most segments of a recording: 48 hours. `PostgreSQL` stores a value of at most 1 GB, and a
/// segment takes up to 5 KB of `receiver_features` before it is compressed.
pub const MAX_SEGMENTS: usize = 172_800;

/// A recording in progress: the extractor's state and the segments so far.
pub struct RecordingExtractor {
    recording: Recording,
    segments: SegmentSink,
}

struct SegmentSink {
    receiver: Receiver,
    spool: SegmentSpool,
    max_segments: usize,
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
                max_segments: MAX_SEGMENTS,
            },
        }
    }

    /// Extracts the next bytes of the object.
    ///
    /// # Errors
    /// The extractor's error, [`ExtractionError::TooLong`] or [`ExtractionError::NoRoom`].
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
            if self.spool.count() == self.max_segments {
                return Err(ExtractionError::TooLong {
                    max_segments: self.max_segments,
                });
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::error::ErrorClass;

    #[test]
    fn a_recording_with_more_segments_than_a_row_can_have_is_an_error_that_says_so() {
        let mut workspace = Workspace::new();
        let bytes: Vec<u8> = (0..8_000_u32).flat_map(|n| (n as f32).sin().to_le_bytes()).collect();
        let extract = |max_segments, workspace: &mut Workspace| {
            let hints = Hints::default().with_sample_rate_hz(1_000.0, "test");
            let mut extractor = RecordingExtractor::new(Receiver::default(), hints, u64::MAX);
            extractor.segments.max_segments = max_segments;
            extractor.push(&bytes, workspace)?;
            extractor.finish(workspace)
        };
        let (_, segments) = extract(4, &mut workspace).expect("four segments");
        assert_eq!(segments.count(), 4);
        let error = extract(3, &mut workspace).expect_err("too many");
        assert_eq!((error.class(), error.kind()), (ErrorClass::Recording, "too_large"));
        assert!(error.to_string().contains("more than 3 segments"), "{error}");
    }
}
