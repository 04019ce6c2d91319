//! Single precision against double, over signals of every kind, length and size.

use rustfft::num_complex::Complex32;

use crate::double::Double;
use crate::envelope::Rails;
use crate::features::Features;
use crate::single::Single;

/// Numbers from 0 to 1, always the same for the same seed.
pub(crate) struct Random(pub u64);

impl Random {
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

/// A chunk of some kind, all kinds in turn: tones on and off a bin, two tones, frequency modulation, bursts,
/// noise alone, a real-valued signal, silence inside.
pub(crate) fn signal(kind: usize, n: usize, amplitude: f64, snr_db: f64, random: &mut Random) -> Vec<Complex32> {
    let noise_power = 10_f64.powf(-snr_db / 10.0);
    let cycles = (random.uniform() - 0.5) * n as f64;
    let other = (random.uniform() - 0.5) * n as f64;
    let mut phase = 0.0;
    let mut drift = 0.0;
    (0..n)
        .map(|i| {
            let turn = |cycles: f64| (std::f64::consts::TAU * cycles * i as f64 / n as f64).sin_cos();
            let inside = (n / 3..n / 2).contains(&i);
            let (im, re) = match kind % 8 {
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
                _ => (0.0, 0.0),
            };
            let (nr, ni) = if kind % 8 == 6 && inside {
                (0.0, 0.0)
            } else {
                random.noise(noise_power)
            };
            Complex32::new((amplitude * (re + nr)) as f32, (amplitude * (im + ni)) as f32)
        })
        .collect()
}

/// Not what this is about.
const RAILS: Rails = Rails {
    low: -1.0,
    high: 1.0,
    certain: true,
};

fn tolerance(feature: &str, reference: f64, bin_hz: f64, rate: f64) -> f64 {
    match feature {
        "rssi_dbm" | "snr_db" | "noise_floor_dbm" | "psd_dbm_per_hz" | "peak_to_avg_ratio_db" => 1e-3,
        "frequency_offset_hz" | "bandwidth_hz" | "zero_crossing_rate" => 1e-9 * reference.abs(),
        "spectral_rolloff_hz" => 2.001 * bin_hz,
        "spectral_centroid_hz" => 1e-4 * reference.abs() + 1e-12 * rate,
        _ => 1e-4 * reference.abs(),
    }
}

fn compare(single: &Features<f64>, double: &Features<f64>, bin_hz: f64, rate: f64, what: &str) {
    for ((name, ours), (_, reference)) in single.iter().zip(double.iter()) {
        let allowed = tolerance(name, *reference, bin_hz, rate);
        assert!(
            (ours - reference).abs() <= allowed,
            "{what}: {name} is {ours}, double precision says {reference}"
        );
    }
}

#[test]
fn single_precision_is_within_the_tolerances_or_says_that_it_is_not() {
    let mut random = Random(7);
    let (mut all, mut doubtful) = (0, 0);
    for (n, rounds) in [
        (1600, 24),
        (1601, 16),
        (2400, 24),
        (9600, 16),
        (10_000, 8),
        (38_400, 8),
        (40_000, 16),
        (40_009, 8),
        (409_600, 1),
    ] {
        let mut single = Single::new(n);
        let mut double = Double::new(n);
        for round in 0..rounds {
            for kind in 0..8 {
                let amplitude = 10_f64.powf(9.0 * random.uniform() - 6.0);
                let snr_db = 100.0 * random.uniform() - 10.0;
                let samples = signal(kind, n, amplitude, snr_db, &mut random);
                let rate = 5.0 * n as f64;
                let what = format!("n {n}, kind {kind}, round {round}, {amplitude:e}, {snr_db} dB");
                let chunk = single.measure(&samples, 1.0, rate, RAILS);
                let reference = double.features(&samples, 1.0, rate);
                all += 1;
                match chunk.features {
                    Some(features) => compare(&features, &reference, 5.0, rate, &what),
                    None if snr_db < 35.0 && kind != 5 => doubtful += 1,
                    None => {}
                }
            }
        }
    }
    // Above 35 dB and for real-valued signals, which have two equal peaks and a centroid of zero, doubt is due.
    assert!(doubtful * 50 < all, "{doubtful} of {all} in doubt");
}
