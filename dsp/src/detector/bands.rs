//! Runs of blocks that are stronger than those on either side.

use std::rc::Rc;
use std::sync::Arc;

use super::baseline::{Baseline, Step};
use super::basis::HarmonicBasis;
use super::circular_sums::CircularSums;
use super::log_densities::LogDensities;
use crate::estimators::distributions;

/// Each band tested is wider than the one before by this factor, or by one block.
const WIDTH_STEP: f64 = 1.25;

/// Thresholds for all widths.
#[derive(Debug)]
pub(super) struct Bands {
    /// Standard deviations beyond which noise alone is in none of the tests, but with the probability asked for.
    deviations: f64,
    widths: Vec<Width>,
    /// Those that the last baseline was fitted with.
    basis: Option<Arc<HarmonicBasis>>,
}

/// A width that is searched for, in blocks.
#[derive(Debug)]
struct Width {
    blocks: usize,
    /// Blocks on either side that it is compared with.
    reference: usize,
    step: usize,
    /// Factor over their mean.
    factor: f64,
}

impl Bands {
    /// For `count` blocks, each the mean of `looks` powers, with at least `reference` of them on either side; all tests together
    /// are wrong with this `probability`.
    pub(super) fn new(count: usize, looks: f64, reference: usize, probability: f64) -> Self {
        let mut widths = Vec::new();
        let mut blocks = 1;
        while 2 * blocks <= count && count > 2 {
            // Wider on both sides than the band itself, but not so wide that it meets the band again.
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

    /// The first band that is too strong to be noise. `logarithms` are of what `sums` was filled with; below `lowest` there
    /// is only rounding.
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
            // Hardly ever in white noise; so it is all places first, many at a time.
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
