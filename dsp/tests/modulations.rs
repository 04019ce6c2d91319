//! The generator of signals says the truth about them.

#[path = "support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
#[path = "support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use modulations::{Modulation, Scene, Truth, chunk_samples, noises, place};
use signals::Signals;

/// The cheapest rate at which it is received.
fn cheapest(rates: &[f64]) -> f64 {
    rates.iter().copied().fold(f64::INFINITY, f64::min)
}

#[test]
fn there_are_forty_modulations_with_different_names_that_fit_into_their_rates() {
    let names: std::collections::BTreeSet<_> = modulations::all().map(|modulation| modulation.name).collect();
    assert_eq!(names.len(), modulations::all().count());
    assert!(names.len() >= 40, "{}", names.len());
    for modulation in modulations::all() {
        for &rate in modulation.rates {
            assert!((12e3..=20e6).contains(&rate), "{} at {rate}", modulation.name);
            assert!(
                modulation.width_hz(rate) <= 0.91 * rate,
                "{} at {rate}",
                modulation.name
            );
        }
    }
}

/// Width and power of one second, of wide bands of a fifth of it.
fn width_and_power(modulation: &Modulation, rate: f64, seed: u64) -> [f64; 2] {
    let chunks = if rate < 500e3 { 5 } else { 1 };
    let n = chunks * chunk_samples(rate);
    let mut signals = Signals::new(seed);
    let samples = modulation.samples(&mut signals, n, rate);
    assert_eq!(samples.len(), n, "{}", modulation.name);
    let powers = samples.iter().map(|sample| f64::from(sample.norm_sqr()));
    let truth = Truth::of(&mut signals, &samples, chunks, rate, 0.0);
    [truth.upper_hz - truth.lower_hz, powers.sum::<f64>() / n as f64]
}

#[test]
fn a_signal_is_as_strong_and_as_wide_as_it_says() {
    for modulation in modulations::all() {
        let (name, rate) = (modulation.name, cheapest(modulation.rates));
        // The width of speech depends on what is said, so it is a mean.
        let seeds = if rate < 30e3 { 1..=6 } else { 1..=1 };
        let readings: Vec<_> = seeds.map(|seed| width_and_power(modulation, rate, seed)).collect();
        for [_, power] in &readings {
            let is_right = if modulation.bursty {
                (1e-5..1.0).contains(power)
            } else {
                (power - 1.0).abs() < 1e-3
            };
            assert!(is_right, "{name} has a power of {power}");
        }
        let width = readings.iter().map(|[width, _]| width).sum::<f64>() / readings.len() as f64;
        let nominal = modulation.width_hz(rate);
        assert!(
            (0.9 * nominal..1.1 * nominal).contains(&width),
            "{name} is {width} Hz wide, not {nominal}"
        );
    }
}

#[test]
fn a_recording_has_the_ratio_of_powers_and_the_band_that_were_asked_for() {
    let modulation = modulations::named("QPSK 0.35");
    let (rate, offset_hz) = (250e3, 40e3);
    let scene = Scene::new(modulation, rate, 5, offset_hz, 3);
    for power in scene.powers() {
        assert!((power - 1.0).abs() < 0.01, "{power}");
    }
    let (samples, truth) = place(modulation, (rate, 5), offset_hz, 20.0, 3);
    assert_eq!(samples.len(), 5 * chunk_samples(rate));
    assert!((truth.snr_db - 20.0).abs() < 1e-9);
    for snr_db in truth.chunk_snrs_db() {
        assert!((snr_db - 20.0).abs() < 0.2, "{snr_db}");
    }
    // 99 % of a root raised cosine with a roll-off of 0.35 are within 1.17 times the symbol rate.
    let middle = 0.5 * (truth.lower_hz + truth.upper_hz);
    assert!((middle - offset_hz).abs() < 300.0, "{truth:?}");
    assert!((truth.band_share * rate - 42.0e3).abs() < 500.0, "{truth:?}");
    let power = samples.iter().map(|sample| f64::from(sample.norm_sqr())).sum::<f64>() / samples.len() as f64;
    assert!((10.0 * power.log10() + 40.0 - 0.043).abs() < 0.05, "{power}");
}

#[test]
fn a_carrier_is_as_wide_as_the_window_and_a_burst_is_in_its_chunks_alone() {
    let (_, truth) = place(modulations::named("carrier"), (12e3, 5), 1_000.0, 20.0, 5);
    assert!((truth.upper_hz - truth.lower_hz - 14.7).abs() < 5.0, "{truth:?}");
    let (_, truth) = place(modulations::named("AIS"), (50e3, 5), 0.0, 20.0, 5);
    let on = truth.chunks.iter().filter(|chunk| chunk.power > 0.0).count();
    assert!((1..5).contains(&on), "{truth:?}");
    let mean = truth.chunks.iter().map(|chunk| chunk.power).sum::<f64>() / 5.0;
    assert!((mean - 1.0).abs() < 1e-3, "{truth:?}");
}

#[test]
fn the_same_seed_makes_the_same_finite_samples() {
    for modulation in modulations::all() {
        let rate = cheapest(modulation.rates);
        let count = if rate < 30e3 { 5 } else { 1 };
        let samples = |seed| modulation.samples(&mut Signals::new(seed), count * chunk_samples(rate), rate);
        let first = samples(7);
        assert!(
            first.iter().all(|x| x.re.is_finite() && x.im.is_finite()),
            "{}",
            modulation.name
        );
        assert!(first == samples(7), "{}", modulation.name);
        // A tone has nothing that is random.
        assert!(
            modulation.name == "AM tone 1 kHz" || first != samples(8),
            "{}",
            modulation.name
        );
    }
}

#[test]
fn noise_is_finite_and_within_its_scale() {
    for noise in noises::TABLE {
        let rate = cheapest(noise.rates);
        let samples = noise.samples(&mut Signals::new(9), chunk_samples(rate), rate);
        assert!(
            samples.iter().all(|sample| sample.norm() < 2.0),
            "{} has infinite or huge samples",
            noise.name
        );
    }
}
