use super::Baseline;

/// Regression of a band on one shape after the other.
pub(super) struct Regression {
    /// Sum of the logarithms in the band without the shapes.
    pub rest: f64,
    /// Squared length of the band without the shapes.
    pub free: f64,
}

impl Regression {
    pub(super) fn new(baseline: &Baseline, first: usize, width: usize) -> Self {
        Self {
            rest: baseline.band_sums(first, width).0,
            free: width as f64,
        }
    }

    pub(super) fn subtract(&mut self, part: f64, coefficient: f64) {
        self.rest -= part * coefficient;
        self.free -= part * part;
    }

    /// Standard deviations by which the rest exceeds 0. `deviation` is that of a logarithm.
    pub(super) fn deviations(&self, deviation: f64) -> f64 {
        self.rest / (deviation * self.free.max(f64::MIN_POSITIVE).sqrt())
    }
}
