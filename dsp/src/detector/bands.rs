//! Bands: runs of blocks that are stronger than the reference cells on either side.

use std::rc::Rc;
use std::sync::Arc;

use super::baseline::{Baseline, Step};
use super::basis::HarmonicBasis;
use super::circular_sums::CircularSums;
use super::log_densities::LogDensities;
use crate::estimators::distributions;

/// Each width is larger than the one before by this factor, at least by one block.
const WIDTH_STEP: f64 = 1.25;

/// Thresholds for all widths.
#[derive(Debug)]
pub(super) struct Bands {
    /// Threshold in standard deviations: the probability that noise exceeds it in any of the tests
    /// is the required one.
    deviations: f64,
    widths: Vec<Width>,
    /// The basis of the last baseline.
    basis: Option<Arc<HarmonicBasis>>,
}

/// A width that is tested, in blocks.
#[derive(Debug)]
struct Width {
    blocks: usize,
    /// Reference cells on either side, in blocks.
    reference: usize,
    step: usize,
    /// Threshold, as a factor over the mean of the reference cells.
    factor: f64,
}

impl Bands {
    /// Thresholds for `count` blocks that are the mean of `looks` powers each, with at least
    /// `reference` reference cells on either side. All tests together have the false-alarm
    /// `probability`.
    pub(super) fn new(count: usize, looks: f64, reference: usize, probability: f64) -> Self {
        let mut widths = Vec::new();
        let mut blocks = 1;
        while 2 * blocks <= count && count > 2 {
            // Wider on either side than the band, but not so wide that the two sides meet around
            // the circle.
            let reference = (2 * blocks).max(reference).min((count - blocks) / 2).max(1);
            widths.push(Width {
                blocks,
                reference,
                step: (blocks / 8).max(1),
                factor: 0.0,
            });
            blocks = (blocks + 1).max(super::reference_cells::rounded(blocks as f64 * WIDTH_STEP));
        }
        let tests: usize = widths.iter().map(|width| count.div_ceil(width.step)).sum();
        let deviations = distributions::normal(probability / tests.max(1) as f64);
        for width in &mut widths {
            width.factor = distributions::f(deviations, width.blocks as f64 * looks, width.reference as f64 * looks);
        }
        Self {
            deviations,
            widths,
            basis: None,
        }
    }

    /// The first band that is too strong for noise, and the baseline that it was compared with.
    /// `sums` and `logarithms` are of the same densities. `lowest` is the lower limit of the noise
    /// density.
    pub(super) fn find(
        &mut self,
        sums: &CircularSums,
        logarithms: impl Fn() -> Rc<LogDensities>,
        lowest: f64,
    ) -> Option<(Step, Baseline)> {
        let mut baseline = None;
        let step = self.widths.iter().find_map(|width| {
            let factor = width.factor * width.blocks as f64 / width.reference as f64;
            let lowest = lowest * width.reference as f64;
            // Rare in white noise, so a fast test of all places comes first.
            if !sums.any_stronger(width.blocks, width.reference, factor, lowest) {
                return None;
            }
            (0..sums.count()).step_by(width.step).find_map(|first| {
                let noise = sums.around(first, width.blocks, width.reference).max(lowest);
                let is_strong = sums.sum(first, width.blocks) > factor * noise;
                is_strong.then(|| {
                    baseline
                        .get_or_insert_with(|| Baseline::new(logarithms(), &mut self.basis))
                        .stands_out(first, width.blocks, self.deviations)
                })?
            })
        });
        step.zip(baseline)
    }
}
