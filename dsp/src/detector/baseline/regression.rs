/// Regression of a band on one shape after the other.
pub(super) struct Regression {
    /// Sum of the logarithms in the band without the shapes.
    pub rest: f64,
    /// Squared length of the band without the shapes.
    pub free: f64,
}

impl Regression {
    /// A band of `width` blocks with this sum of logarithms.
    pub(super) fn new(sum: f64, width: usize) -> Self {
        Self {
            rest: sum,
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
