//! A recording in the extractor, and its segments as they are measured.

use heimdall_dsp::{Extraction, Hints, Recording, SegmentFeatures, Workspace};

use crate::job::error::ExtractionError;
use crate::job::features::ReceiverFeatures;
use crate::job::segment_spool::SegmentSpool;

/// Text of segments held for each recording, some 20 s; longer ones use a file.
const SEGMENTS_IN_MEMORY_BYTES: usize = 64 * 1024;

/// A recording in the extractor, and its segments so far.
pub struct RecordingExtractor {
    recording: Recording,
    sink: SegmentSink,
}

struct SegmentSink {
    rx_id: String,
    rx_lat: Option<f64>,
    rx_lon: Option<f64>,
    segments: SegmentSpool,
}

impl RecordingExtractor {
    /// Starts with what is said of the recording, by the receiver of that name; `position` is its latitude and longitude,
    /// degrees.
    #[must_use]
    pub fn new(rx_id: &str, position: (Option<f64>, Option<f64>), hints: Hints) -> Self {
        Self {
            recording: Recording::new(hints),
            sink: SegmentSink {
                rx_id: rx_id.to_owned(),
                rx_lat: position.0,
                rx_lon: position.1,
                segments: SegmentSpool::new(SEGMENTS_IN_MEMORY_BYTES),
            },
        }
    }

    /// Takes the next bytes of the object.
    ///
    /// # Errors
    /// What is wrong with them, or [`ExtractionError::NoRoom`].
    pub fn push(&mut self, bytes: &[u8], workspace: &mut Workspace) -> Result<(), ExtractionError> {
        self.recording.push(bytes, workspace)?;
        self.sink.add(&self.recording.take_segments())
    }

    /// Ends it: the numbers, and apart from them all segments.
    ///
    /// # Errors
    /// As [`RecordingExtractor::push`].
    pub fn finish(self, workspace: &mut Workspace) -> Result<(Extraction, SegmentSpool), ExtractionError> {
        let Self { recording, mut sink } = self;
        let mut extraction = recording.finish(workspace)?;
        sink.add(&std::mem::take(&mut extraction.segments))?;
        Ok((extraction, sink.segments))
    }
}

impl SegmentSink {
    fn add(&mut self, measured: &[SegmentFeatures]) -> Result<(), ExtractionError> {
        for segment in measured {
            let features = ReceiverFeatures {
                rx_id: &self.rx_id,
                rx_lat: self.rx_lat,
                rx_lon: self.rx_lon,
                segment,
            };
            let added = self.segments.push(&features, &segment.quality.warnings);
            added.map_err(|error| ExtractionError::NoRoom {
                what: error.to_string(),
            })?;
        }
        Ok(())
    }
}
