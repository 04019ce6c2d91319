//! Means over runs of blocks, around the band: behind its upper end comes its lower.

/// Densities of the blocks, summed up.
#[derive(Debug, Default)]
pub(super) struct Circle {
    count: usize,
    /// Sums of the densities before each block, twice around.
    sums: Vec<f64>,
}

impl Circle {
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

    /// Mean density of `width` blocks from `first` on.
    pub(super) fn mean(&self, first: usize, width: usize) -> f64 {
        (self.sums[first + width] - self.sums[first]) / width as f64
    }

    /// The larger of the mean densities of `reference` blocks on the left and on the right.
    pub(super) fn around(&self, first: usize, width: usize, reference: usize) -> f64 {
        let left = self.mean((first + self.count - reference) % self.count, reference);
        let right = self.mean((first + width) % self.count, reference);
        left.max(right)
    }
}
