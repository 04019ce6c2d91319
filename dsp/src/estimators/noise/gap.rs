//! What the samples in the gaps between signals show: noise, or the tails of the signals.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex32;

use crate::estimators::order_statistic;
use crate::estimators::spectrum::PAD;
use crate::fft::Transform;

/// Means of the Hann window `1 - cos` to the powers of 2, 4 and 8.
const SQUARE: f64 = 1.5;
const FOURTH: f64 = 4.375;
const EIGHTH: f64 = 50.273_437_5;

/// Part of the chunk at each end in which the window is too small to divide by it.
const END: f64 = 0.1;

/// Most samples of which quantiles are taken.
const MOST_SAMPLES: usize = 10_000;

/// Kurtosis of samples above that of noise from which on they come and go, and the same in standard
/// deviations where that is more.
const BURSTS: f64 = 0.5;
const BURST_DEVIATIONS: f64 = 3.0;

/// Least level of the quieter half of the samples, as a part of their mean, for which that level is
/// the noise's: below, tails are there most of the time.
const QUIET_LEVEL: f64 = 0.6;

/// Least level of the quietest quarter of the samples, as a part of that of the quieter half: noise is
/// equally strong in both.
const BOTH_QUARTERS: f64 = 0.8;

/// Least level of the quieter half where the cells of the spectrum are as level as noise.
const LEVEL: f64 = 0.9;

/// How far the median and the first quartile of noise may be below those of an exponential variable,
/// in units of the scatter of the mean of as many samples. Below, tails are there at nearly all times.
/// Few samples must be nearer, since they show tails worse.
const HALF_SCATTER: f64 = 2.6;
const QUARTER_SCATTER: f64 = 3.9;
const QUARTER_SCATTER_OF_FEW: f64 = 2.2;
const FEW_BINS: f64 = 1_000.0;

/// The samples that have only some bins of a spectrum.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples {
    bins: f64,
    /// Mean power of a bin, whatever the window.
    density: f64,
    /// By how much the kurtosis exceeds that of noise, and its standard deviation for noise.
    kurtosis: f64,
    deviation: f64,
    /// First quartile and median of the power, as parts of those of noise with the same mean.
    quarter: f64,
    half: f64,
    /// Standard deviation of the mean of as many independent powers, relative to it.
    scatter: f64,
}

impl Samples {
    /// The samples with these bins of the spectrum, under a Hann window.
    ///
    /// Noise is the same at all times. The tails of a signal are there only when it changes: at the
    /// ends of its symbols, or where its frequency is farthest from the carrier. So their kurtosis is
    /// far above 2, the value of noise (unless the gap is narrower than the symbol rate: then many
    /// changes overlap). `K` independent samples of noise give it with the variance `4 / K`, and the
    /// window `w` leaves `bins (mean w^4)^2 / mean w^8` of them.
    pub(super) fn of(spectrum: &[Complex32], bins: impl Iterator<Item = usize>, transform: &mut Transform) -> Self {
        let n = spectrum.len() - 2 * PAD;
        let mut masked = vec![Complex32::default(); n];
        let mut count = 0;
        for bin in bins {
            let neighbours = spectrum[bin] + spectrum[bin + 2 * PAD];
            // The transform of the conjugate is the conjugate of the inverse transform.
            masked[bin] = (spectrum[bin + PAD] - neighbours * 0.5).conj();
            count += 1;
        }
        let mut samples = vec![Complex32::default(); n];
        transform.process(&masked, &mut samples);
        let (mut squares, mut fourths) = (0.0, 0.0);
        for sample in &samples {
            let power = f64::from(sample.norm_sqr());
            squares += power;
            fourths += power.powi(2);
        }
        let bins = f64::from(count);
        let independent = bins * FOURTH.powi(2) / EIGHTH;
        let mut powers = without_window(&samples);
        let mean = powers.iter().sum::<f64>() / powers.len() as f64;
        // Quantiles of an exponential variable.
        let mut quantile = |part: f64| {
            let at = order_statistic::share(powers.len(), part) - 1;
            *powers.select_nth_unstable_by(at, f64::total_cmp).1 / (mean * -(1.0 - part).ln())
        };
        let (quarter, half) = (quantile(0.25), quantile(0.5));
        Self {
            bins,
            density: mean / bins,
            kurtosis: fourths / FOURTH / (squares / SQUARE).powi(2) * n as f64 - 2.0,
            deviation: (4.0 / independent).sqrt(),
            quarter,
            half,
            scatter: (1.0 / ((1.0 - 2.0 * END) * bins) + 1.0 / powers.len() as f64).sqrt(),
        }
    }

    /// Whether there is more than noise in a part of the time.
    pub(super) fn come_and_go(&self) -> bool {
        self.kurtosis > BURSTS.max(BURST_DEVIATIONS * self.deviation)
    }

    /// Mean power of a bin of noise, which is this `part` of all. Tails at the ends of the chunk count as
    /// much as others, unlike under the window.
    pub(super) fn density_of(&self, part: f64) -> f64 {
        part * self.density
    }

    /// The noise as a part of the mean power. `None` if the tails of signals hide it. `is_level`: the
    /// cells of the spectrum are as level as noise.
    ///
    /// Tails that come and go leave noise between them: the median of the power is that of the noise,
    /// nearly. Tails that are always there are weak in a part of the time.
    pub(super) fn noise(&self, is_level: bool) -> Option<f64> {
        let is_between = self.quarter >= BOTH_QUARTERS * self.half;
        let between = |least: f64| (self.half >= least && is_between).then(|| self.half.min(1.0));
        if self.come_and_go() {
            return between(QUIET_LEVEL);
        }
        let is_few = self.bins < FEW_BINS;
        let quarter = if is_few {
            QUARTER_SCATTER_OF_FEW
        } else {
            QUARTER_SCATTER
        };
        let is_steady = self.kurtosis < BURST_DEVIATIONS * self.deviation
            && self.half >= 1.0 - HALF_SCATTER * self.scatter
            && self.quarter >= 1.0 - quarter * self.scatter;
        if is_steady {
            Some(1.0)
        } else if is_level && !is_few {
            between(LEVEL)
        } else {
            None
        }
    }
}

/// Powers of the samples in the middle of the chunk, divided by those of the window.
fn without_window(samples: &[Complex32]) -> Vec<f64> {
    let n = samples.len();
    let step = n.div_ceil(MOST_SAMPLES);
    let end = order_statistic::share(n, END);
    let turn = TAU / n as f64;
    let power = |at: usize| {
        let window = 1.0 - (turn * at as f64).cos();
        f64::from(samples[at].norm_sqr()) / window.powi(2)
    };
    (end..n - end).step_by(step).map(power).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::Random;

    /// The spectrum, with a bin of padding at either end.
    fn padded(transform: &mut Transform, samples: &[Complex32]) -> Vec<Complex32> {
        let n = samples.len();
        let mut spectrum = vec![Complex32::default(); n + 2];
        transform.process(samples, &mut spectrum[1..=n]);
        (spectrum[0], spectrum[n + 1]) = (spectrum[n], spectrum[1]);
        spectrum
    }

    #[test]
    fn noise_between_pulses_has_its_level() {
        const N: usize = 2_400;
        let mut random = Random(1);
        let mut transform = Transform::new(N);
        let noise: Vec<_> = (0..N)
            .map(|_| random.noise(1.0))
            .map(|(re, im)| Complex32::new(re as f32, im as f32))
            .collect();
        let mut samples_of = |samples: &[Complex32]| {
            let spectrum = padded(&mut transform, samples);
            Samples::of(&spectrum, 800..1_600, &mut transform)
        };
        let of_noise = samples_of(&noise);
        assert!(of_noise.kurtosis.abs() < 3.0 * of_noise.deviation, "{of_noise:?}");
        assert_eq!(of_noise.noise(true), Some(1.0), "{of_noise:?}");
        // A tenth of the power is in a pulse every 120 samples.
        let pulses = |at: usize| {
            if at % 120 == 60 {
                (120.0_f32 / 9.0 * 2.0).sqrt()
            } else {
                0.0
            }
        };
        let both: Vec<_> = noise.iter().enumerate().map(|(at, noise)| noise + pulses(at)).collect();
        let of_both = samples_of(&both);
        assert!(of_both.kurtosis > 6.0 * of_both.deviation, "{of_both:?}");
        // The rest is noise.
        let part = of_both.noise(true).expect("noise between the pulses");
        assert!((0.8..0.95).contains(&part), "{part}, {of_both:?}");
        // Tails in two thirds of the time hide the noise.
        let bursts: Vec<_> = noise
            .iter()
            .enumerate()
            .map(|(at, noise)| noise * if at % 600 < 200 { 0.2 } else { 1.0 })
            .collect();
        let of_bursts = samples_of(&bursts);
        assert_eq!(of_bursts.noise(true), None, "{of_bursts:?}");
    }
}
