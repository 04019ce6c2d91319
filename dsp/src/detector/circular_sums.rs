//! Means over runs of blocks, around the band: behind its upper end comes its lower.

use crate::simd::dispatch;

/// Densities of the blocks, summed up.
#[derive(Debug, Default)]
pub(super) struct CircularSums {
    count: usize,
    /// Sums of the densities before each block, twice around.
    sums: Vec<f64>,
}

impl CircularSums {
    /// Takes the blocks' densities.
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

    /// Whether any run of `width` blocks has a larger sum than `factor` times the larger of those beside it, or than
    /// `factor * lowest`.
    pub(super) fn any_stronger(&self, width: usize, reference: usize, factor: f64, lowest: f64) -> bool {
        let (sums, count) = (&self.sums[..], self.count);
        dispatch!(any_stronger(sums: &'a [f64], count: usize, width: usize, reference: usize, factor: f64, lowest: f64) -> bool)
    }

    /// The larger of the sums over `reference` blocks on the left and on the right of a run; band and references together reach no
    /// farther than twice around.
    pub(super) fn around(&self, first: usize, width: usize, reference: usize) -> f64 {
        let left = self.sum(first + self.count - reference, reference);
        let right = self.sum(first + width, reference);
        left.max(right)
    }
}

/// All runs at once: see [`CircularSums::any_stronger`].
#[inline(always)]
fn any_stronger(sums: &[f64], count: usize, width: usize, reference: usize, factor: f64, lowest: f64) -> bool {
    let from = |at: usize| &sums[at..at + count];
    let (start, end, far) = (from(0), from(width), from(width + reference));
    let (before, turned) = (from(count - reference), from(count));
    let mut stronger = 0;
    for at in 0..count {
        let (left, right) = (turned[at] - before[at], far[at] - end[at]);
        let noise = if left > right { left } else { right };
        let noise = if noise > lowest { noise } else { lowest };
        stronger += u64::from(end[at] - start[at] > factor * noise);
    }
    stronger > 0
}
