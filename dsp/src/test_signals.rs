//! Signals for the unit tests.

use rustfft::num_complex::Complex32;

/// Random numbers; the same seed gives the same numbers.
pub(crate) struct Random(pub u64);

impl Random {
    /// Uniform from 0 to 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Complex Gaussian noise of the given power.
    pub(crate) fn noise(&mut self, power: f64) -> (f64, f64) {
        let radius = (-power * self.uniform().max(1e-300).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        (radius * cos, radius * sin)
    }
}

/// Number of kinds of signals.
pub(crate) const KINDS: usize = 12;

/// A chunk of `n` samples. The kinds, from 0: a tone on a bin, a tone between bins, two tones,
/// frequency modulation, a burst, a real-valued tone, a tone with silence inside, noise alone, a
/// tone on an offset, coloured noise, a tone in whole numbers, a burst of noise.
pub(crate) fn signal(kind: usize, n: usize, amplitude: f64, snr_db: f64, random: &mut Random) -> Vec<Complex32> {
    let noise_power = 10_f64.powf(-snr_db / 10.0);
    let cycles = (random.uniform() - 0.5) * n as f64;
    let other = (random.uniform() - 0.5) * n as f64;
    let mut phase = 0.0;
    let mut drift = 0.0;
    let mut before = (0.0, 0.0);
    (0..n)
        .map(|i| {
            let turn = |cycles: f64| (std::f64::consts::TAU * cycles * i as f64 / n as f64).sin_cos();
            let inside = (n / 3..n / 2).contains(&i);
            let (im, re) = match kind % KINDS {
                0 => turn(cycles.round()),
                1 => turn(cycles),
                2 => {
                    let (a, b) = (turn(cycles), turn(other));
                    (a.0 + 0.5 * b.0, a.1 + 0.5 * b.1)
                }
                3 => {
                    drift += 0.02 * (random.uniform() - 0.5) - 0.001 * drift;
                    phase += drift;
                    f64::sin_cos(phase)
                }
                4 if inside => turn(cycles),
                5 => (0.0, turn(cycles).1),
                6 if !inside => turn(cycles),
                8 => {
                    let (im, re) = turn(cycles);
                    (0.1 * im - 0.2, 0.1 * re + 0.5)
                }
                9 => {
                    let (im, re) = random.noise(1.0);
                    before = (0.8 * before.0 + im, 0.8 * before.1 + re);
                    before
                }
                10 => {
                    let (im, re) = turn(cycles);
                    ((30.0 * im).round(), (30.0 * re).round())
                }
                11 if inside => random.noise(100.0),
                _ => (0.0, 0.0),
            };
            let (nr, ni) = if kind % KINDS == 6 && inside {
                (0.0, 0.0)
            } else if kind % KINDS == 10 {
                let (nr, ni) = random.noise(900.0 * noise_power);
                (nr.round(), ni.round())
            } else {
                random.noise(noise_power)
            };
            Complex32::new((amplitude * (re + nr)) as f32, (amplitude * (im + ni)) as f32)
        })
        .collect()
}
