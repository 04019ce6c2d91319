use rustfft::num_complex::Complex32;

use crate::chunk::Workspace;
use crate::chunk::measured::MeasuredChunk;
use crate::detector::SegmentDetector;
use crate::estimators::noise::{BandShape, Knowledge, KurtosisDeficit};
use crate::estimators::peak_range::PeakRange;
use crate::features::{ChunkReading, EDGE_DOUBT, Features, Presence, SegmentExtended, SegmentFeatures};
use crate::input::Interpretation;
use crate::quality::{QualityAccumulator, ZeroHz};
use crate::warning::Warning;

/// Largest difference of the signal-to-noise ratios of chunks that agree, dB.
const AGREEMENT_DB: f64 = 3.0;

/// Largest standard deviation of the signal's power, as a part of it, from which a chunk without a
/// signal can be told from the others.
const CERTAIN: f64 = 0.2;

/// Least change of the SNR in dB, and of the bandwidth as a part of it, by a line that matters.
const CHANGE_DB: f64 = 0.5;
const CHANGE: f64 = 0.05;

/// Largest ratio of the widths of two chunks of a steady signal.
const SAME_WIDTH: f64 = 1.1;

/// Largest difference of the noise of two chunks.
const LOUDER_DB: f64 = 2.0;

/// Least part of the chunks in which something is unknown, if it is in the segment.
const COMMON: f64 = 0.35;

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
        let mut chunks = std::mem::take(&mut self.chunks);
        self.detect_over_segment(&mut chunks);
        let zero_hz = self.quality.zero_hz(chunks.iter().any(is_around_zero_hz));
        let mut quality = self.quality.finish_segment(sample_rate_hz, zero_hz, warnings);
        if chunks.is_empty() {
            return None;
        }
        match zero_hz {
            ZeroHz::Carrier => count_carrier(&mut chunks),
            ZeroHz::OffsetOrCarrier => doubt_carrier(&mut chunks),
            ZeroHz::Nothing | ZeroHz::Offset => {}
        }
        agree(&mut chunks);
        share_doubt(&mut chunks);
        join_edges(&mut chunks, sample_rate_hz);
        let features: Vec<_> = chunks.iter().map(|chunk| chunk.features).collect();
        let detected = chunks.iter().filter(|chunk| chunk.signal_present).count();
        let detection_rate = detected as f64 / chunks.len() as f64;
        let signal_present = detection_rate > 0.5;
        if !signal_present && chunks.iter().any(|chunk| presence(chunk) == Presence::Undecidable) {
            quality.warn([Warning::PresenceUndecidable]);
        }
        let readings: Vec<_> = chunks.iter().map(|chunk| (chunk.reading, presence(chunk))).collect();
        let segment = SegmentFeatures {
            segment_index,
            segment_start_ms,
            num_chunks: chunks.len(),
            features: Features::over(&features),
            signal_present,
            extended: SegmentExtended::over(detection_rate, &readings),
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
            chunk.signal_present |= is_found && !chunk.may_be_filtered;
        }
        let rest = || chunks.iter().filter(|chunk| !chunk.signal_present);
        if rest().count() > 1 && KurtosisDeficit::mean_is_of_signal(rest().map(|chunk| chunk.deficit)) {
            for chunk in chunks {
                chunk.signal_present = true;
            }
        }
    }
}

fn presence(chunk: &MeasuredChunk) -> Presence {
    match (chunk.signal_present, chunk.shape) {
        (true, _) => Presence::Present,
        (false, BandShape::Undecidable) => Presence::Undecidable,
        (false, _) => Presence::Absent,
    }
}

/// Whether a signal lies on both sides of 0 Hz, without the line there.
fn is_around_zero_hz(chunk: &MeasuredChunk) -> bool {
    let numbers = &chunk.reading.numbers;
    chunk.signal_present
        && chunk.reading.is_located
        && numbers.occupied_lower_edge_hz < 0.0
        && numbers.occupied_upper_edge_hz > 0.0
}

/// The line at 0 Hz may be the carrier of a signal that was found without it. Its numbers are
/// unknown if the line changes them.
fn doubt_carrier(chunks: &mut [MeasuredChunk]) {
    for chunk in chunks {
        let changes = |with: &ChunkReading| {
            let (with, without) = (&with.numbers, &chunk.reading.numbers);
            let (wide, narrow) = (with.occupied_bandwidth_99_hz, without.occupied_bandwidth_99_hz);
            (with.snr_unbiased_db - without.snr_unbiased_db).abs() > CHANGE_DB
                || (wide - narrow).abs() > CHANGE * narrow
        };
        chunk.reading.may_lack_carrier = is_around_zero_hz(chunk) && chunk.with_carrier.as_ref().is_some_and(changes);
    }
}

/// The line at 0 Hz is a carrier: it is part of the signal.
fn count_carrier(chunks: &mut [MeasuredChunk]) {
    for chunk in chunks {
        if let Some(reading) = chunk.with_carrier {
            chunk.reading = reading;
            chunk.signal_present = true;
        }
    }
}

/// A chunk that looks like those with a signal contains it too: the same shape of the band, and as
/// much power above the noise.
fn agree(chunks: &mut [MeasuredChunk]) {
    let snr_db = |chunk: &MeasuredChunk| chunk.reading.numbers.snr_unbiased_db;
    let found: Vec<_> = chunks.iter().filter(|chunk| chunk.signal_present).copied().collect();
    let Some(first) = found.first() else { return };
    let mean_db = found.iter().map(snr_db).sum::<f64>() / found.len() as f64;
    for chunk in chunks.iter_mut().filter(|chunk| !chunk.signal_present) {
        chunk.signal_present = chunk.shape == first.shape
            && chunk.reading.snr_deviation < CERTAIN
            && (snr_db(chunk) - mean_db).abs() < AGREEMENT_DB;
    }
}

/// The receiver's noise is the same in all chunks. Where it reads more than in another chunk, the
/// signal covers it. Then weak parts of the signal were taken for noise.
fn doubt_louder_noise(chunks: &mut [MeasuredChunk]) {
    let noise_db = |chunk: &MeasuredChunk| chunk.reading.numbers.noise_density_dbfs_hz;
    let is_known = |chunk: &MeasuredChunk| chunk.reading.has_noise && chunk.reading.knowledge == Knowledge::Known;
    // Hidden noise is a bound for that of all chunks.
    let has_bound = |chunk: &&MeasuredChunk| chunk.reading.has_noise && chunk.reading.knowledge != Knowledge::Ambiguous;
    let quietest_db = chunks
        .iter()
        .filter(has_bound)
        .map(noise_db)
        .fold(f64::INFINITY, f64::min);
    for chunk in chunks.iter_mut() {
        if chunk.signal_present && is_known(chunk) && noise_db(chunk) > quietest_db + LOUDER_DB {
            chunk.reading.knowledge = Knowledge::AtMost;
            chunk.reading.edge_doubt = f64::INFINITY;
        }
    }
}

/// Whether the edges of the band are in doubt: the noise may move them, or may be a part of the signal.
fn is_doubtful(reading: &ChunkReading) -> bool {
    reading.edge_doubt > EDGE_DOUBT || reading.knowledge == Knowledge::Ambiguous
}

/// Whether the chunks whose edges are known have bands of different widths: then they say nothing of
/// the others.
fn widths_differ(chunks: &[MeasuredChunk]) -> bool {
    let known = chunks
        .iter()
        .filter(|chunk| chunk.signal_present && chunk.reading.is_located && !is_doubtful(&chunk.reading));
    let (narrowest, widest) = known
        .map(|chunk| chunk.reading.numbers.occupied_bandwidth_99_hz)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), width| {
            (low.min(width), high.max(width))
        });
    widest > SAME_WIDTH * narrowest
}

/// What is unknown in a good part of the chunks with a signal is unknown in all of them: a mean
/// over the others would be that of the chunks in which chance shows a level floor, or of those
/// whose signal is narrower.
fn share_doubt(chunks: &mut [MeasuredChunk]) {
    doubt_louder_noise(chunks);
    let present = || chunks.iter().filter(|chunk| chunk.signal_present);
    let is_common = |is: fn(&ChunkReading) -> bool| {
        let count = present().filter(|chunk| is(&chunk.reading)).count();
        count as f64 >= COMMON * present().count() as f64
    };
    let is_hidden = is_common(|reading| reading.knowledge != Knowledge::Known);
    let has_doubt =
        is_common(is_doubtful) || (present().any(|chunk| is_doubtful(&chunk.reading)) && widths_differ(chunks));
    for chunk in chunks.iter_mut().filter(|chunk| chunk.signal_present) {
        let reading = &mut chunk.reading;
        if is_hidden && reading.knowledge == Knowledge::Known {
            reading.knowledge = Knowledge::AtMost;
        }
        if has_doubt {
            reading.edge_doubt = f64::INFINITY;
        }
    }
}

/// Edges of a band across the end of the spectrum may be at either end. All of a segment's are at
/// that of the first.
fn join_edges(chunks: &mut [MeasuredChunk], sample_rate_hz: f64) {
    let mut first = None;
    for chunk in chunks
        .iter_mut()
        .filter(|chunk| chunk.signal_present && chunk.reading.is_located)
    {
        let numbers = &mut chunk.reading.numbers;
        let (lower, upper) = (numbers.occupied_lower_edge_hz, numbers.occupied_upper_edge_hz);
        let middle = f64::midpoint(lower, upper);
        let reference = *first.get_or_insert(middle);
        let wraps = lower.min(-upper) < -sample_rate_hz / 2.0;
        let back = if wraps {
            ((middle - reference) / sample_rate_hz).round() * sample_rate_hz
        } else {
            0.0
        };
        numbers.occupied_lower_edge_hz -= back;
        numbers.occupied_upper_edge_hz -= back;
        numbers.carrier_offset_hz -= back;
    }
}
