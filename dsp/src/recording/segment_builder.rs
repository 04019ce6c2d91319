use rustfft::num_complex::Complex32;

use crate::chunk::Workspace;
use crate::chunk::measured::MeasuredChunk;
use crate::detector::SegmentDetector;
use crate::estimators::peak_range::PeakRange;
use crate::features::{Extended, Features, SegmentFeatures, Statistics};
use crate::input::Interpretation;
use crate::quality::QualityAccumulator;
use crate::warning::Warning;

/// Gathers the measured chunks of the current segment.
#[derive(Debug, Default)]
pub(super) struct SegmentBuilder {
    chunks: Vec<MeasuredChunk>,
    pub(super) quality: QualityAccumulator,
    detector: SegmentDetector,
}

impl SegmentBuilder {
    /// Measures a complete chunk. The samples may come back multiplied by a power of two.
    pub(super) fn measure(
        &mut self,
        workspace: &mut Workspace,
        samples: &mut [Complex32],
        peaks: PeakRange,
        interpretation: &Interpretation,
    ) {
        self.chunks
            .push(workspace.measure(samples, peaks, interpretation, &mut self.quality, &mut self.detector));
    }

    /// Ends the segment and starts the next. Returns its features and its chunks, unless none was
    /// measured. `warnings` are those about the recording as a whole.
    pub(super) fn finish(
        &mut self,
        segment_index: u64,
        segment_start_ms: f64,
        sample_rate_hz: f64,
        warnings: impl Iterator<Item = Warning>,
    ) -> Option<(SegmentFeatures, Vec<MeasuredChunk>)> {
        let quality = self.quality.finish_segment(sample_rate_hz, warnings);
        let mut chunks = std::mem::take(&mut self.chunks);
        if chunks.is_empty() {
            return None;
        }
        self.detect_over_segment(&mut chunks);
        let features: Vec<_> = chunks.iter().map(|chunk| chunk.features).collect();
        let signals = chunks.iter().map(|chunk| f64::from(u8::from(chunk.signal_present)));
        let segment = SegmentFeatures {
            segment_index,
            segment_start_ms,
            num_chunks: chunks.len(),
            features: Features::over(&features),
            signal_present: Statistics::of(signals),
            extended: extended_over(&chunks),
            quality,
        };
        Some((segment, chunks))
    }

    /// Adds the signals that only a comparison of the segment's chunks shows.
    fn detect_over_segment(&mut self, chunks: &mut [MeasuredChunk]) {
        let found: Vec<bool> = chunks.iter().map(|chunk| chunk.signal_present).collect();
        if found.iter().all(|is_found| *is_found) {
            self.detector.clear();
            return;
        }
        for (chunk, is_found) in chunks.iter_mut().zip(self.detector.finish_segment(&found)) {
            chunk.signal_present |= is_found;
        }
    }
}

/// Statistics over all chunks. The four numbers that describe an emission are over the chunks that
/// have one.
fn extended_over(chunks: &[MeasuredChunk]) -> Extended<Statistics> {
    let all: Vec<_> = chunks.iter().map(|chunk| chunk.extended).collect();
    let has_emission = |chunk: &&MeasuredChunk| chunk.signal_present && chunk.is_located;
    let located: Vec<_> = chunks.iter().filter(has_emission).map(|chunk| chunk.extended).collect();
    let emission = Extended::over(&located);
    Extended {
        occupied_bandwidth_99_hz: emission.occupied_bandwidth_99_hz,
        occupied_lower_edge_hz: emission.occupied_lower_edge_hz,
        occupied_upper_edge_hz: emission.occupied_upper_edge_hz,
        carrier_offset_hz: emission.carrier_offset_hz,
        ..Extended::over(&all)
    }
}
