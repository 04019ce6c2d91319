/// A place in the band, in bins, and its variance as an estimate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) at: f64,
    pub(super) variance: f64,
}
