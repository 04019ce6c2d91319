//! The envelope as evidence for a signal.

use crate::estimators::envelope::Envelope;
use crate::estimators::spectrum::Block;

/// Least difference of the envelope's kurtosis below that of Gaussian noise, and the least in
/// standard deviations: in one chunk, and as a mean over chunks. Small values of the kurtosis are
/// rarer than those of a normal variable.
const KURTOSIS: f64 = 0.1;
const KURTOSIS_DEVIATIONS: f64 = 4.5;
const MEAN_KURTOSIS: f64 = 0.04;
const MEAN_KURTOSIS_DEVIATIONS: f64 = 5.0;

/// Least kurtosis of bursts above that of Gaussian noise, and the same in standard deviations.
const BURSTS: f64 = 0.5;
const BURST_DEVIATIONS: f64 = 5.0;

/// Least part of the power that the spectrum shows above the noise, for a signal that explains the
/// kurtosis, as a part of that signal. A constant envelope in a part `s` of the power reduces the
/// kurtosis by `s^2`. Noise that is not Gaussian has a small kurtosis too, but the spectrum shows no
/// signal.
const SEEN: f64 = 0.5;

/// By how much the kurtosis of the envelope is below that of Gaussian noise, whatever the spectrum
/// looks like.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct KurtosisDeficit {
    value: f64,
    /// Standard deviation for Gaussian noise of this spectrum.
    deviation: f64,
}

impl KurtosisDeficit {
    /// `kurtosis` is that of the samples without a constant, whose power is `constant` times that
    /// of the rest. With `r` for it, the standard deviation of the kurtosis of `N` independent
    /// Gaussian samples is `sqrt((4 + 48 r + 4 r^2) / N)`; coloured noise has as many independent
    /// ones as its equivalent bandwidth.
    pub(crate) fn of(kurtosis: f64, constant: f64, blocks: &[Block]) -> Self {
        let power: f64 = blocks.iter().map(|block| block.power).sum();
        let squares: f64 = blocks.iter().map(|block| block.power.powi(2) / block.bins as f64).sum();
        let of_constant = (1.0 + 12.0 * constant + constant.powi(2)).sqrt();
        Self {
            value: if power > 0.0 { 2.0 - kurtosis } else { 0.0 },
            deviation: 2.0 * of_constant * squares.sqrt() / power.max(f64::MIN_POSITIVE),
        }
    }

    /// The deficit if it is far from chance: then some signal has most of the power. 0 otherwise.
    pub(crate) fn if_significant(self) -> f64 {
        if self.value > KURTOSIS.max(KURTOSIS_DEVIATIONS * self.deviation) {
            self.value
        } else {
            0.0
        }
    }

    /// Whether the envelope has bursts: it is far from its mean more often than that of noise.
    pub(crate) fn is_of_bursts(self) -> bool {
        -self.value > BURSTS.max(BURST_DEVIATIONS * self.deviation)
    }

    /// Whether a signal explains the deficit that has the part `signal` of the power.
    pub(crate) fn is_of(self, signal: f64) -> bool {
        let deficit = self.if_significant();
        deficit > 0.0 && signal > SEEN * deficit.sqrt()
    }

    /// Whether chunks with these deficits and parts together contain a signal.
    pub(crate) fn mean_is_of_signal(chunks: impl Iterator<Item = (Self, f64)>) -> bool {
        let (mut count, mut sum, mut variance, mut signals) = (0.0, 0.0, 0.0, 0.0);
        for (deficit, signal) in chunks {
            count += 1.0;
            sum += deficit.value;
            variance += deficit.deviation.powi(2);
            signals += signal;
        }
        let (mean, signal) = (sum / f64::max(count, 1.0), signals / f64::max(count, 1.0));
        sum > MEAN_KURTOSIS_DEVIATIONS * variance.sqrt() && mean > MEAN_KURTOSIS && signal > SEEN * mean.sqrt()
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
