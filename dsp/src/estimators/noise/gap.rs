//! How far the samples in the gaps between signals are from Gaussian noise.

use rustfft::num_complex::Complex32;

use crate::estimators::spectrum::PAD;
use crate::fft::Transform;

/// Means of the Hann window `1 - cos` to the powers of 2, 4 and 8.
const SQUARE: f64 = 1.5;
const FOURTH: f64 = 4.375;
const EIGHTH: f64 = 50.273_437_5;

/// By how much the kurtosis of samples exceeds that of noise, and its standard deviation for noise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Excess {
    pub(super) kurtosis: f64,
    pub(super) deviation: f64,
}

/// The excess of the samples that have only these bins of the spectrum, under a Hann window.
///
/// Noise is the same at all times. The tails of a signal are there only when it changes: at the ends
/// of its symbols, or where its frequency is farthest from the carrier. So their kurtosis is far
/// above 2, the value of noise (unless the gap is narrower than the symbol rate: then many changes
/// overlap). `K` independent samples of noise give it with the variance `4 / K`, and the window `w`
/// leaves `bins (mean w^4)^2 / mean w^8` of them.
pub(super) fn excess(spectrum: &[Complex32], bins: impl Iterator<Item = usize>, transform: &mut Transform) -> Excess {
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
    let kurtosis = fourths / FOURTH / (squares / SQUARE).powi(2) * n as f64;
    let independent = f64::from(count) * FOURTH.powi(2) / EIGHTH;
    Excess {
        kurtosis: kurtosis - 2.0,
        deviation: (4.0 / independent).sqrt(),
    }
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
    fn noise_is_gaussian_and_pulses_are_not() {
        const N: usize = 2_400;
        let mut random = Random(1);
        let mut transform = Transform::new(N);
        let noise: Vec<_> = (0..N)
            .map(|_| random.noise(1.0))
            .map(|(re, im)| Complex32::new(re as f32, im as f32))
            .collect();
        let mut excess_of = |samples: &[Complex32]| {
            let spectrum = padded(&mut transform, samples);
            excess(&spectrum, 800..1_600, &mut transform)
        };
        let of_noise = excess_of(&noise);
        assert!(of_noise.kurtosis.abs() < 3.0 * of_noise.deviation, "{of_noise:?}");
        // A tenth of the power is in a pulse every 120 samples.
        let pulses = |at: usize| {
            if at % 120 == 60 {
                (120.0_f32 / 9.0 * 2.0).sqrt()
            } else {
                0.0
            }
        };
        let both: Vec<_> = noise.iter().enumerate().map(|(at, noise)| noise + pulses(at)).collect();
        let of_both = excess_of(&both);
        assert!(of_both.kurtosis > 6.0 * of_both.deviation, "{of_both:?}");
    }
}
