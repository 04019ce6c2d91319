//! Sums over runs of blocks. The band is a circle: its lower end follows its upper end.

use crate::simd::dispatch;

/// Running sums of the blocks' densities.
#[derive(Debug, Default)]
pub(super) struct CircularSums {
    count: usize,
    /// For each block the sum of the densities before it, twice around the circle.
    sums: Vec<f64>,
}

impl CircularSums {
    /// Stores the blocks' densities.
    pub(super) fn fill(&mut self, densities: impl ExactSizeIterator<Item = f64> + Clone) {
        self.count = densities.len();
        self.sums.clear();
        let mut sum = 0.0;
        self.sums.push(sum);
        for density in densities.clone().chain(densities) {
            sum += density;
            self.sums.push(sum);
        }
    }

    /// Number of blocks.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Sum of the densities of `width` blocks from `first` on.
    pub(super) fn sum(&self, first: usize, width: usize) -> f64 {
        self.sums[first + width] - self.sums[first]
    }

    /// Mean density of all blocks.
    pub(super) fn mean(&self) -> f64 {
        self.sum(0, self.count) / self.count as f64
    }

    /// Whether the sum over any run of `width` blocks exceeds `factor` times the larger sum of the
    /// reference cells next to it, and `factor * lowest`.
    pub(super) fn any_stronger(&self, width: usize, reference: usize, factor: f64, lowest: f64) -> bool {
        let (sums, count) = (&self.sums[..], self.count);
        dispatch!(any_stronger(sums: &'a [f64], count: usize, width: usize, reference: usize, factor: f64, lowest: f64) -> bool)
    }

    /// The larger of the sums over `reference` blocks on the left and on the right of a run. Run
    /// and reference cells together must not exceed twice the circle.
    pub(super) fn around(&self, first: usize, width: usize, reference: usize) -> f64 {
        let left = self.sum(first + self.count - reference, reference);
        let right = self.sum(first + width, reference);
        left.max(right)
    }
}

/// See [`CircularSums::any_stronger`]. Tests all runs without a branch.
#[inline(always)]
fn any_stronger(sums: &[f64], count: usize, width: usize, reference: usize, factor: f64, lowest: f64) -> bool {
    let from = |at: usize| &sums[at..at + count];
    let (start, end, far) = (from(0), from(width), from(width + reference));
    let (before, next_turn) = (from(count - reference), from(count));
    let mut stronger = 0;
    for at in 0..count {
        let (left, right) = (next_turn[at] - before[at], far[at] - end[at]);
        let noise = if left > right { left } else { right };
        let noise = if noise > lowest { noise } else { lowest };
        stronger += u64::from(end[at] - start[at] > factor * noise);
    }
    stronger > 0
}
