//! The standard errors are those that many recordings of the same kind show.
//!
//! `cargo test -p heimdall-dsp --test uncertainty -- --nocapture` prints the table.

#[path = "../support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
mod readings;
#[path = "../support/signals.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod signals;

use std::ops::Range;

use readings::{Readings, Truth};
use rustfft::num_complex::Complex32;
use signals::{Signals, add, amplitude, tone};

const NOISE_DBFS: f64 = -40.0;

/// A recording of one second, and what is true of it.
type Make = fn(&mut Signals, rate: usize, snr_db: f64) -> (Vec<Complex32>, Truth);

fn receiver_noise(signals: &mut Signals, n: usize) -> Vec<Complex32> {
    let gain = amplitude(NOISE_DBFS);
    (0..n).map(|_| signals::single(signals.gaussian() * gain)).collect()
}

fn white(signals: &mut Signals, rate: usize, _: f64) -> (Vec<Complex32>, Truth) {
    let truth = vec![
        ("power_dbfs", NOISE_DBFS),
        ("noise_density_dbfs_hz", NOISE_DBFS - 10.0 * (rate as f64).log10()),
        ("spectral_flatness", 1.0),
        ("envelope_kurtosis", 2.0),
        ("duty_cycle", 0.0),
    ];
    (receiver_noise(signals, rate), truth)
}

/// What is true of a signal of this power over that of the noise, with this kurtosis of its own.
fn of_signal(rate: usize, snr_db: f64, kurtosis: f64) -> Truth {
    let signal = 10_f64.powf(snr_db / 10.0);
    vec![
        ("power_dbfs", NOISE_DBFS + 10.0 * (1.0 + signal).log10()),
        ("noise_density_dbfs_hz", NOISE_DBFS - 10.0 * (rate as f64).log10()),
        ("snr_unbiased_db", snr_db),
        (
            "envelope_kurtosis",
            (kurtosis * signal.powi(2) + 4.0 * signal + 2.0) / (1.0 + signal).powi(2),
        ),
    ]
}

fn a_tone(signals: &mut Signals, rate: usize, snr_db: f64) -> (Vec<Complex32>, Truth) {
    let mut samples = receiver_noise(signals, rate);
    let at = 0.1 + 0.2 * signals.uniform();
    add(&mut samples, &tone(rate, at), amplitude(NOISE_DBFS + snr_db));
    let hz = at * rate as f64;
    let mut truth = of_signal(rate, snr_db, 1.0);
    truth.extend([
        ("carrier_offset_hz", hz),
        ("occupied_bandwidth_99_hz", 0.0),
        ("occupied_lower_edge_hz", hz),
        ("occupied_upper_edge_hz", hz),
    ]);
    (samples, truth)
}

fn a_band(signals: &mut Signals, rate: usize, snr_db: f64) -> (Vec<Complex32>, Truth) {
    const WIDTH_HZ: f64 = 12_500.0;
    let mut samples = receiver_noise(signals, rate);
    let width = WIDTH_HZ / rate as f64;
    let centre = 0.5 * (signals.uniform() - 0.5);
    let band = signals.band(rate, centre, width);
    add(&mut samples, &band, amplitude(NOISE_DBFS + snr_db) / width.sqrt());
    let (hz, half) = (centre * rate as f64, 0.495 * WIDTH_HZ);
    let mut truth = of_signal(rate, snr_db, 2.0);
    truth.extend([
        ("carrier_offset_hz", hz),
        ("occupied_bandwidth_99_hz", 2.0 * half),
        ("occupied_lower_edge_hz", hz - half),
        ("occupied_upper_edge_hz", hz + half),
    ]);
    (samples, truth)
}

fn speech_fm(signals: &mut Signals, rate: usize, snr_db: f64) -> (Vec<Complex32>, Truth) {
    let mut samples = receiver_noise(signals, rate);
    let speech = signals.speech_fm(rate, 6_000.0, 2_500.0, rate);
    add(&mut samples, &speech, amplitude(NOISE_DBFS + snr_db));
    let mut truth = of_signal(rate, snr_db, 1.0);
    truth.push(("carrier_offset_hz", 6_000.0));
    (samples, truth)
}

fn survey(what: &str, make: Make, rate: usize, snr_db: f64, seeds: Range<u64>) -> Readings {
    let mut readings = Readings::default();
    for seed in seeds {
        let mut signals = Signals::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (samples, truth) = make(&mut signals, rate, snr_db);
        readings.add(&signals.measure(&samples, rate), &truth);
    }
    readings.print(what);
    readings
}

#[test]
fn noise() {
    survey("noise 48k", white, 48_000, 0.0, 1..100);
    survey("noise 200k", white, 200_000, 0.0, 1..60);
}

#[test]
fn tones() {
    for snr_db in [-10.0, 0.0, 20.0, 40.0] {
        survey(&format!("tone {snr_db} dB"), a_tone, 48_000, snr_db, 1..100);
    }
}

#[test]
fn bands() {
    for snr_db in [0.0, 10.0, 30.0] {
        survey(&format!("band 48k {snr_db} dB"), a_band, 48_000, snr_db, 1..100);
        survey(&format!("band 200k {snr_db} dB"), a_band, 200_000, snr_db, 1..60);
    }
}

#[test]
fn narrow_fm() {
    for snr_db in [0.0, 10.0, 30.0] {
        survey(&format!("speech FM {snr_db} dB"), speech_fm, 48_000, snr_db, 1..100);
    }
}

#[test]
fn table() {
    for name in ["NFM voice 5 kHz", "QPSK 0.35", "4-FSK", "AM voice", "DMR slots", "CW", "RTTY", "SSB upper", "GMSK BT 0.5", "AIS", "time signal", "DRM"] {
        let modulation = modulations::named(name);
        let rate = if modulation.rates.contains(&48e3) {48e3} else {modulation.rates[0]};
        let mut readings = Readings::default();
        for seed in 1..60 {
            let (samples, truth) = modulations::place(modulation, (rate, 5), 0.2 * rate / 2.0, 20.0, seed);
            let mut signals = Signals::new(1);
            readings.add(&signals.measure(&samples, rate as usize), &vec![("snr_unbiased_db", truth.snr_db)]);
        }
        readings.print(&format!("{name} {rate}"));
    }
}
