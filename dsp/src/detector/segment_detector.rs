//! Finds signals in the chunks of a segment together that are too weak in each chunk alone.
//!
//! The receiver determines the shape of the noise, so it is the same in all chunks. Their mean has
//! less than half the scatter of one chunk, so weaker bands exceed it. The height of such a band in
//! each chunk then decides which chunks contain it, whatever the shape of the noise.
//! `chunk_contrast` finds signals that only some of the chunks contain.

use std::rc::Rc;

use super::bands::Bands;
use super::chunk_contrast;
use super::circular_sums::CircularSums;
use super::log_densities::LogDensities;
use super::reference_cells::{FALSE_ALARMS, LOWEST_DENSITY, line_reference};
use crate::estimators::spectrum::Block;

/// Standard deviations by which a band of the mean must be higher than the noise in a chunk, to be
/// present in that chunk.
const PRESENT: f64 = 3.5;

/// The chunks of the current segment.
#[derive(Debug, Default)]
pub(crate) struct SegmentDetector {
    /// Densities of the blocks, chunk after chunk. Replaced by their logarithms when the segment
    /// ends.
    logarithms: Vec<f64>,
    /// Blocks in a chunk.
    blocks: usize,
    /// Bins in a chunk.
    bins: usize,
    /// Whether each chunk has any power. Only those have densities here.
    has_power: Vec<bool>,
    sums: CircularSums,
    /// Thresholds, and the number of chunks that they are for.
    bands: Option<(usize, Bands)>,
}

impl SegmentDetector {
    /// Adds the next chunk's spectrum, without the bin at 0 Hz.
    pub(crate) fn add_chunk(&mut self, blocks: &[Block]) {
        let has_power = blocks.iter().any(|block| block.power > 0.0);
        self.has_power.push(has_power);
        if has_power {
            self.blocks = blocks.len();
            self.bins = blocks.iter().map(|block| block.bins).sum();
            let density = |block: &Block| f64::max(block.power / block.bins as f64, f64::MIN_POSITIVE);
            self.logarithms.extend(blocks.iter().map(density));
        }
    }

    /// Discards this segment, and starts the next.
    pub(crate) fn clear(&mut self) {
        self.logarithms.clear();
        self.has_power.clear();
    }

    /// Which chunks contain a signal that shows only in all chunks together, or only in comparison
    /// with the other chunks. `alone` are the chunks in which a signal was found already. Starts
    /// the next segment.
    pub(crate) fn finish_segment(&mut self, alone: &[bool]) -> Vec<bool> {
        for density in &mut self.logarithms {
            *density = density.ln();
        }
        let has_power = std::mem::take(&mut self.has_power);
        let known = alone.iter().zip(&has_power).filter(|(_, has_power)| **has_power);
        let known = known.map(|(alone, _)| *alone).collect();
        let together = self.find().into_iter().chain(std::iter::repeat(false));
        let by_contrast = chunk_contrast::find(&self.logarithms, self.blocks, self.bins, known, FALSE_ALARMS);
        self.logarithms.clear();
        let mut found = together
            .zip(by_contrast)
            .map(|(together, by_contrast)| together || by_contrast);
        has_power
            .into_iter()
            .map(|has_power| has_power && found.next().unwrap_or(false))
            .collect()
    }

    /// For each chunk with any power, whether it contains a band of the mean of all chunks.
    fn find(&mut self) -> Vec<bool> {
        let chunks = self.logarithms.len() / self.blocks.max(1);
        if chunks < 2 {
            return Vec::new();
        }
        let count = self.blocks;
        let means: Vec<f64> = (0..count)
            .map(|at| {
                let sum: f64 = self.logarithms[at..].iter().step_by(count).sum();
                (sum / chunks as f64).exp()
            })
            .collect();
        let lowest = LOWEST_DENSITY * means.iter().sum::<f64>() / count as f64;
        let looks = (self.bins * chunks) as f64 / count as f64;
        let mut bands = match self.bands.take() {
            Some((planned, bands)) if planned == chunks => bands,
            _ => Bands::new(count, looks, line_reference(self.bins, count), FALSE_ALARMS),
        };
        self.sums.fill(means.iter().copied());
        let found = bands.find(&self.sums, || Rc::new(LogDensities::of(&means, looks)), lowest);
        self.bands = Some((chunks, bands));
        let Some((step, baseline)) = found else {
            return Vec::new();
        };

        // The band's height over the baseline of the mean, plus how much higher the chunk is than
        // the mean.
        let heights: Vec<f64> = self
            .logarithms
            .chunks(count)
            .map(|chunk| baseline.height(chunk, &step))
            .collect();
        let mean = heights.iter().sum::<f64>() / chunks as f64;
        let own = baseline.flat_deviation(step.width).powi(2) * (chunks - 1) as f64;
        let deviation = (step.deviation.powi(2) + own).sqrt();
        heights
            .iter()
            .map(|height| step.height + height - mean > PRESENT * deviation)
            .collect()
    }
}
