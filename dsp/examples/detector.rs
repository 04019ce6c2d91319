//! Measures the detector: false alarms per segment of noise of many colours and rates, and the part
//! of chunks with a signal of known strength that are found.
//!
//! `cargo run --release -p heimdall-dsp --example detector -- [SEGMENTS [CHUNKS [NOISE [SEED]]]]`
//!
//! SEGMENTS is the number of seconds of noise of each kind at rates up to 48 kHz; of wider bands as
//! many as take the same time. CHUNKS is the number of chunks with each signal; with 0, no signals
//! are measured. NOISE selects the kinds of noise whose name contains it. SEED selects other noise.
//! Bounds have a one-sided confidence of 95 %.

#[path = "../tests/support/signals.rs"]
#[allow(dead_code, reason = "other programs use the rest")]
mod signals;

use std::f64::consts::TAU;
use std::ops::Range;

use rustfft::num_complex::{Complex32, Complex64};
use signals::{Signals, one_pole, quantised, single};

/// Chunks in a segment.
const CHUNKS: usize = 5;

/// Rate up to which all of the segments are measured.
const CHEAP_RATE: usize = 48_000;

/// A kind of noise.
struct Kind {
    name: &'static str,
    /// Root mean square of a component in steps of the converter, if it is quantised.
    steps: Option<f64>,
    /// Power density at a frequency from -0.5 to 0.5 times the rate.
    density: fn(f64) -> f64,
    rates: &'static [usize],
}

const fn kind(name: &'static str, steps: Option<f64>, density: fn(f64) -> f64, rates: &'static [usize]) -> Kind {
    Kind {
        name,
        steps,
        density,
        rates,
    }
}

const ALL_RATES: &[usize] = &[8_000, 12_000, 12_005, 20_250, 48_000, 200_000, 2_000_000];
const LOW: &[usize] = &[8_000, 48_000, 200_000];
const MIDDLE: &[usize] = &[12_000, 48_000, 200_000];
const HIGH: &[usize] = &[48_000, 200_000];

/// The kinds in the order of measurement: each takes its random numbers after those before.
const KINDS: [Kind; 18] = [
    kind("white", None, |_| 1.0, ALL_RATES),
    kind("one pole, 0.03", None, |f| one_pole(0.03, f), HIGH),
    kind("one pole, 0.06", None, |f| one_pole(0.06, f), MIDDLE),
    kind("one pole, 0.1", None, |f| one_pole(0.1, f), &[8_000, 48_000]),
    kind("one pole, 0.3", None, |f| one_pole(0.3, f), LOW),
    kind("one pole, 0.7", None, |f| one_pole(0.7, f), LOW),
    kind("one pole, 0.9", None, |f| one_pole(0.9, f), LOW),
    kind("one pole, -0.5", None, |f| one_pole(-0.5, f), LOW),
    kind("slope of 1 dB", None, |f| 10_f64.powf(0.1 * f), MIDDLE),
    kind("hump of 1 dB", None, |f| 10_f64.powf(-0.4 * f * f), HIGH),
    kind("pass-band 80 %, steep", None, |f| pass_band(0.8, 0.01, f), MIDDLE),
    kind("pass-band 60 %, soft", None, |f| pass_band(0.6, 0.1, f), LOW),
    kind("int8, rms 20 steps", Some(20.0), |_| 1.0, HIGH),
    kind("int8, rms 0.5 steps", Some(0.5), |_| 1.0, MIDDLE),
    kind("int8, rms 0.3 steps", Some(0.3), |_| 1.0, HIGH),
    kind("one pole, 0.97", None, |f| one_pole(0.97, f), LOW),
    kind("two poles, 0.7", None, |f| one_pole(0.7, f).powi(2), LOW),
    kind(
        "two poles, 0.7 and -0.7",
        None,
        |f| one_pole(0.7, f) * one_pole(-0.7, f),
        LOW,
    ),
];

/// Flat up to half of `flat`, then a raised-cosine slope of width `slope` down to -60 dB.
fn pass_band(flat: f64, slope: f64, frequency: f64) -> f64 {
    let beyond = ((frequency.abs() - flat / 2.0) / slope).clamp(0.0, 1.0);
    1e-6 + (0.5 * TAU / 2.0 * beyond).cos().powi(2)
}

/// A Gaussian band with this SNR in the band, anywhere in the spectrum.
fn band(signals: &mut Signals, n: usize, width: f64, snr_db: f64) -> Vec<Complex32> {
    let power = 10_f64.powf(snr_db / 10.0);
    let centre = (signals.uniform() - 0.5) * (1.0 - width);
    signals.noise(n, |frequency| {
        if (frequency - centre).abs() < width / 2.0 {
            power
        } else {
            0.0
        }
    })
}

/// A tone with this SNR in a bin of a chunk, `offset` bins from the nearest bin, or anywhere.
fn tone(signals: &mut Signals, n: usize, chunk: usize, snr_db: f64, offset: Option<f64>) -> Vec<Complex32> {
    let amplitude = (10_f64.powf(snr_db / 10.0) / chunk as f64).sqrt();
    let anywhere = (signals.uniform() - 0.5) * chunk as f64;
    let bin = offset.map_or(anywhere, |offset| anywhere.round() + offset);
    let start = signals.uniform();
    let turns = |i: usize| (start + bin * i as f64 / chunk as f64).fract();
    (0..n)
        .map(|i| single(Complex64::from_polar(amplitude, TAU * turns(i))))
        .collect()
}

/// In how many chunks of a segment a signal is found, and whether in exactly one fifth of them.
fn found(signals: &mut Signals, samples: &[Complex32], rate: usize) -> (f64, bool) {
    let segment = signals.measure(samples, rate);
    let share = segment.extended.detection_rate;
    (
        share * segment.num_chunks as f64,
        (share - 1.0 / CHUNKS as f64).abs() < 1e-9,
    )
}

fn false_alarms(segments: usize, wanted: &str, signals: &mut Signals) {
    println!(
        "{:<24}{:>10}{:>10}{:>14}{:>12}",
        "noise", "rate Hz", "segments", "false alarms", "at most"
    );
    let (mut all, mut all_wrong) = (0, 0);
    for kind in KINDS.iter().filter(|kind| kind.name.contains(wanted)) {
        for &rate in kind.rates {
            let count = (segments * CHEAP_RATE / rate.max(CHEAP_RATE)).max(1);
            let mut wrong = 0;
            for _ in 0..count {
                let mut samples = signals.noise(rate, kind.density);
                if let Some(rms) = kind.steps {
                    samples = quantised(&samples, rms);
                }
                wrong += usize::from(found(signals, &samples, rate).0 > 0.0);
            }
            row(kind.name, rate, count, wrong);
            all += count;
            all_wrong += wrong;
        }
    }
    row("all", 0, all, all_wrong);
}

fn row(name: &str, rate: usize, count: usize, wrong: usize) {
    let most = poisson_bound(wrong) / count as f64;
    println!("{name:<24}{rate:>10}{count:>10}{wrong:>14}{:>10.3} %", 100.0 * most);
}

/// The mean of a Poisson variable that is at most `count` with a probability of 5 %.
fn poisson_bound(count: usize) -> f64 {
    let (mut low, mut high) = (0.0, 3.0 * (count as f64 + 3.0));
    for _ in 0..60 {
        let mean: f64 = 0.5 * (low + high);
        let mut logarithm = -mean;
        let mut sum = logarithm.exp();
        for k in 1..=count {
            logarithm += (mean / k as f64).ln();
            sum += logarithm.exp();
        }
        if sum > 0.05 {
            low = mean;
        } else {
            high = mean;
        }
    }
    high
}

/// The probability for which a share of at least `share` of `count` has a probability of 5 %
/// (Wilson 1927).
fn lower_bound(share: f64, count: f64) -> f64 {
    let square = 1.644_854_f64.powi(2) / count;
    let middle = share + square / 2.0;
    (middle - (square * (share * (1.0 - share) + square / 4.0)).sqrt()) / (1.0 + square)
}

/// Prints the part of `chunks` chunks with a signal that are found. `present` are the chunks of
/// each segment that contain the signal.
fn detected(
    what: &str,
    (rate, snr_db): (usize, f64),
    (chunks, present): (usize, Range<usize>),
    signals: &mut Signals,
    make: impl Fn(&mut Signals, usize, usize) -> Vec<Complex32>,
) {
    let chunk = rate / CHUNKS;
    let length = if present == (0..1) { 1 } else { CHUNKS };
    let (mut tried, mut all, mut alone) = (0, 0.0, 0);
    while tried < chunks {
        let mut samples = signals.noise(length * chunk, |_| 1.0);
        let signal = make(signals, length * chunk, chunk);
        for at in present.start * chunk..present.end * chunk {
            samples[at] += signal[at];
        }
        let (count, is_one) = found(signals, &samples, rate);
        all += count;
        alone += usize::from(is_one);
        tried += present.len();
    }
    let found = if present.start > 0 { alone as f64 } else { all };
    let share = found / tried as f64;
    println!(
        "{what:<46}{rate:>9}{snr_db:>8}{tried:>8}{:>9.2} %{:>9.2} %",
        100.0 * share,
        100.0 * lower_bound(share, tried as f64)
    );
}

fn detections(chunks: usize, signals: &mut Signals) {
    println!(
        "\n{:<46}{:>9}{:>8}{:>8}{:>11}{:>11}",
        "signal", "rate Hz", "SNR dB", "chunks", "found", "at least"
    );
    let tones = |name: &str, rate, snr_db, present: (usize, Range<usize>), offset, signals: &mut Signals| {
        let make = |signals: &mut Signals, n, chunk| tone(signals, n, chunk, snr_db, offset);
        detected(name, (rate, snr_db), present, signals, make);
    };
    let bands = |name: &str, rate, snr_db, present: (usize, Range<usize>), signals: &mut Signals| {
        let make = |signals: &mut Signals, n, _| band(signals, n, 12_500.0 / rate as f64, snr_db);
        detected(name, (rate, snr_db), present, signals, make);
    };
    for rate in [8_000, 12_000, 48_000, 200_000] {
        for snr_db in [12.0, 14.0, 16.0, 18.0] {
            let name = "tone anywhere, SNR in a bin, one chunk alone";
            tones(name, rate, snr_db, (chunks, 0..1), None, signals);
        }
    }
    for offset in [0.25, 0.5] {
        let name = format!("tone {offset} bins from a bin, one chunk alone");
        tones(&name, 200_000, 18.0, (chunks, 0..1), Some(offset), signals);
    }
    for (present, name) in [
        (0..1, "12.5 kHz wide, SNR in its band, one chunk alone"),
        (0..CHUNKS, "12.5 kHz wide, SNR in its band, five chunks"),
    ] {
        for rate in [48_000, 50_000, 96_000, 200_000] {
            for snr_db in [-9.0, -8.0, -7.0, -6.0, -5.0] {
                bands(name, rate, snr_db, (chunks, present.clone()), signals);
            }
        }
    }
    for rate in [48_000, 50_000, 96_000, 200_000] {
        for snr_db in [-7.0, -6.0, -5.0, -3.0, 20.0] {
            let name = "12.5 kHz wide, in one chunk of five and no other";
            bands(name, rate, snr_db, (chunks / 4, 2..3), signals);
        }
        let name = "tone, in one chunk of five and no other";
        tones(name, rate, 18.0, (chunks / 4, 2..3), None, signals);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| {
        arguments
            .get(at)
            .map_or(default, |argument| argument.parse().expect("a count"))
    };
    let mut signals = Signals::new(0x9e37_79b9_7f4a_7c15 ^ number(3, 0) as u64);
    let wanted = arguments.get(2).map_or("", String::as_str);
    false_alarms(number(0, 4_000), wanted, &mut signals);
    let chunks = number(1, 2_000);
    if chunks > 0 {
        detections(chunks, &mut signals);
    }
}
