//! Measures bias and standard deviation of each extended feature, over segments with known content.
//!
//! `cargo run --release -p heimdall-dsp --example extended_accuracy -- [SEGMENTS]`
//!
//! The segments contain white noise, alone or with a noise-like signal 12.5 kHz wide anywhere in a
//! band of 200 kHz. The ratio of its power to that of all the noise is 0 to 40 dB. Each figure is
//! the mean of five chunks.

#[path = "../tests/support/signals.rs"]
#[allow(dead_code, reason = "other programs use the rest")]
mod signals;

use heimdall_dsp::{Estimate, Extended};
use signals::{Signals, add, amplitude};

const RATE: usize = 200_000;
const WIDTH_HZ: f64 = 12_500.0;
/// Power of the noise, dBFS.
const NOISE_DBFS: f64 = -40.0;

/// Expected value of each number, `None` if it has none.
fn expected(snr_db: Option<f64>, centre_hz: f64) -> [(&'static str, Option<f64>); 9] {
    let signal = snr_db.map_or(0.0, |snr_db| 10_f64.powf(snr_db / 10.0));
    let is_signal = |value: f64| snr_db.map(|_| value);
    // 0.5 % of the power is outside on either side.
    let half = 0.99 * WIDTH_HZ / 2.0;
    [
        ("power_dbfs", Some(NOISE_DBFS + 10.0 * (1.0 + signal).log10())),
        ("snr_unbiased_db", snr_db),
        ("noise_density_dbfs_hz", Some(NOISE_DBFS - 10.0 * (RATE as f64).log10())),
        ("occupied_bandwidth_99_hz", is_signal(2.0 * half)),
        ("occupied_lower_edge_hz", is_signal(centre_hz - half)),
        ("occupied_upper_edge_hz", is_signal(centre_hz + half)),
        ("carrier_offset_hz", is_signal(centre_hz)),
        ("spectral_flatness", snr_db.is_none().then_some(1.0)),
        // Noise and signal are Gaussian.
        ("envelope_kurtosis", Some(2.0)),
    ]
}

fn value(set: &Extended<Option<Estimate>>, name: &str) -> f64 {
    set.iter()
        .find(|(other, _)| *other == name)
        .and_then(|(_, statistics)| *statistics)
        .map_or(f64::NAN, |statistics| statistics.mean)
}

fn main() {
    let segments: usize = std::env::args()
        .nth(1)
        .map_or(100, |argument| argument.parse().expect("a count"));
    println!("{:<26}{:>8}{:>14}{:>14}", "number", "SNR dB", "bias", "deviation");
    for snr_db in [None, Some(0.0), Some(10.0), Some(20.0), Some(30.0), Some(40.0)] {
        let mut signals = Signals::new(5);
        let mut errors = [const { Vec::new() }; 9];
        for _ in 0..segments {
            let mut samples = signals.noise(RATE, |_| 10_f64.powf(NOISE_DBFS / 10.0));
            let centre = (signals.uniform() - 0.5) * (1.0 - WIDTH_HZ / RATE as f64);
            if let Some(snr_db) = snr_db {
                let width = WIDTH_HZ / RATE as f64;
                let band = signals.band(RATE, centre, width);
                add(&mut samples, &band, amplitude(snr_db + NOISE_DBFS) / width.sqrt());
            }
            let set = signals.measure(&samples, RATE).extended.numbers;
            for ((name, expected), errors) in expected(snr_db, centre * RATE as f64).into_iter().zip(&mut errors) {
                errors.extend(expected.map(|expected| value(&set, name) - expected));
            }
        }
        let snr = snr_db.map_or_else(|| "noise".to_owned(), |snr_db| format!("{snr_db}"));
        for ((name, expected), errors) in expected(snr_db, 0.0).into_iter().zip(&errors) {
            if expected.is_some() {
                let bias = errors.iter().sum::<f64>() / errors.len() as f64;
                let variance = errors.iter().map(|error| (error - bias).powi(2)).sum::<f64>() / errors.len() as f64;
                println!("{name:<26}{snr:>8}{bias:>14.4}{:>14.4}", variance.sqrt());
            }
        }
    }
}
