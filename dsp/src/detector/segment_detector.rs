//! What the chunks of a segment show together that each of them alone does not.
//!
//! The noise's shape is the receiver's, the same in all chunks: their mean shows it, and what stands out of it, with less
//! than half the scatter. Which of the chunks hold what was found is seen from how much the band differs from
//! chunk to chunk, whatever the noise's shape. What is in some of them only, `changes` finds.

use std::rc::Rc;

use super::bands::Bands;
use super::chunk_contrast;
use super::circular_sums::CircularSums;
use super::log_densities::LogDensities;
use super::reference_cells::{FALSE_ALARMS, LOWEST_DENSITY, line_reference};
use crate::estimators::spectrum::Block;

/// Standard deviations by which a band that the chunks have together has to stand out in one of them, to be in that one.
const PRESENT: f64 = 3.5;

/// The chunks of a segment so far.
#[derive(Debug, Default)]
pub(crate) struct SegmentDetector {
    /// The blocks' densities, chunk after chunk; their logarithms once it is judged.
    logarithms: Vec<f64>,
    /// Blocks in a chunk.
    blocks: usize,
    /// Bins in a chunk.
    bins: usize,
    /// Whether each chunk has any power at all, and so a place among the logarithms.
    sounds: Vec<bool>,
    sums: CircularSums,
    /// For so many chunks.
    bands: Option<(usize, Bands)>,
}

impl SegmentDetector {
    /// Takes the next chunk's spectrum, without the bin at 0 Hz.
    pub(crate) fn add_chunk(&mut self, blocks: &[Block]) {
        let has_power = blocks.iter().any(|block| block.power > 0.0);
        self.sounds.push(has_power);
        if has_power {
            self.blocks = blocks.len();
            self.bins = blocks.iter().map(|block| block.bins).sum();
            let density = |block: &Block| f64::max(block.power / block.bins as f64, f64::MIN_POSITIVE);
            self.logarithms.extend(blocks.iter().map(density));
        }
    }

    /// Starts the next segment without a look at this one.
    pub(crate) fn clear(&mut self) {
        self.logarithms.clear();
        self.sounds.clear();
    }

    /// Which chunks hold a signal that shows only in all of them together, or only beside the others; starts the next segment.
    /// `alone` are those in which one showed already.
    pub(crate) fn finish_segment(&mut self, alone: &[bool]) -> Vec<bool> {
        for density in &mut self.logarithms {
            *density = density.ln();
        }
        let sounds = std::mem::take(&mut self.sounds);
        let known = alone.iter().zip(&sounds).filter(|(_, sounds)| **sounds);
        let known = known.map(|(alone, _)| *alone).collect();
        let together = self.find().into_iter().chain(std::iter::repeat(false));
        let apart = chunk_contrast::find(&self.logarithms, self.blocks, self.bins, known, FALSE_ALARMS);
        self.logarithms.clear();
        let mut found = together.zip(apart).map(|(together, apart)| together || apart);
        sounds
            .into_iter()
            .map(|sounds| sounds && found.next().unwrap_or(false))
            .collect()
    }

    /// Those of the chunks that have any power in which there is what shows in all of them together.
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

        // The band's height over the smooth shape of the mean, and how much higher than in the mean it is here.
        let heights: Vec<f64> = self
            .logarithms
            .chunks(count)
            .map(|chunk| baseline.height(chunk, &step))
            .collect();
        let mean = heights.iter().sum::<f64>() / chunks as f64;
        let own = baseline.flat_deviation(&step).powi(2) * (chunks - 1) as f64;
        let deviation = (step.deviation.powi(2) + own).sqrt();
        heights
            .iter()
            .map(|height| step.height + height - mean > PRESENT * deviation)
            .collect()
    }
}
