//! The envelope as evidence for a signal.

use crate::estimators::envelope::Envelope;
use crate::estimators::spectrum::Block;

/// Least difference of the envelope's kurtosis below that of Gaussian noise, and the least in
/// standard deviations.
const KURTOSIS: f64 = 0.1;
const KURTOSIS_DEVIATIONS: f64 = 6.0;

/// By how much the kurtosis of the envelope is below that of Gaussian noise, if it is far below:
/// then some signal has most of the power, whatever the spectrum looks like. 0 otherwise.
/// `kurtosis` is that of the samples without a constant, whose power is `constant` times that of
/// the rest. With
/// `r` for it, the standard deviation of the kurtosis of `N` independent Gaussian samples is
/// `sqrt((4 + 48 r + 4 r^2) / N)`; coloured noise has as many independent ones as its equivalent
/// bandwidth.
pub(crate) fn kurtosis_deficit(kurtosis: f64, constant: f64, blocks: &[Block]) -> f64 {
    let power: f64 = blocks.iter().map(|block| block.power).sum();
    let squares: f64 = blocks.iter().map(|block| block.power.powi(2) / block.bins as f64).sum();
    let of_constant = (1.0 + 12.0 * constant + constant.powi(2)).sqrt();
    let deviation = 2.0 * of_constant * squares.sqrt() / power.max(f64::MIN_POSITIVE);
    let deficit = 2.0 - kurtosis;
    if power > 0.0 && deficit > KURTOSIS.max(KURTOSIS_DEVIATIONS * deviation) {
        deficit
    } else {
        0.0
    }
}

impl Envelope {
    /// The kurtosis without a constant of this power. For a constant `d` and other samples `y`
    /// that are independent of it, `E|d + y|^4 = |d|^4 + 4 |d|^2 E|y|^2 + E|y|^4`.
    pub(crate) fn kurtosis_without(&self, constant: f64) -> f64 {
        let rest = self.mean_power - constant;
        let fourth = self.kurtosis * self.mean_power.powi(2) - constant.powi(2) - 4.0 * constant * rest;
        if rest > 0.0 { fourth / rest.powi(2) } else { 0.0 }
    }
}
