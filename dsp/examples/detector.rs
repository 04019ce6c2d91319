//! Measures the detector: false alarms per segment of noise of many colours and rates, and how often signals of known
//! strength are found, chunk by chunk.
//!
//! `cargo run --release -p heimdall-dsp --example detector -- [SEGMENTS [CHUNKS [NOISE [SEED]]]]`
//!
//! SEGMENTS is how many seconds of noise of each kind at 48 kHz or less; of wider bands as many as take the same time. With
//! NOISE only the kinds whose name contains it are measured; with no CHUNKS, 0, no signals. Another SEED makes other noise.
//! Bounds are those of one-sided 95 % confidence.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};
use std::ops::Range;

use heimdall_dsp::{Hints, Recording, Workspace};
use rustfft::FftPlanner;
use rustfft::num_complex::{Complex32, Complex64};

/// Chunks in a segment.
const CHUNKS: usize = 5;

/// Rate up to which all segments asked for are measured.
const CHEAP_RATE: usize = 48_000;

/// Uniform and Gaussian numbers, always the same for the same seed (xorshift64*).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Complex Gaussian of power 1.
    fn noise(&mut self) -> Complex64 {
        let radius = (-self.uniform().max(1e-300).ln()).sqrt();
        Complex64::from_polar(radius, TAU * self.uniform())
    }
}

/// What a kind of noise is.
struct Kind {
    name: &'static str,
    rate: usize,
    /// Power density at a frequency from -0.5 to 0.5 times the rate.
    density: fn(f64) -> f64,
    /// Root mean square of a component in steps of the converter, if there is one.
    steps: Option<f64>,
}

/// Makes and measures.
struct Bench {
    random: Random,
    planner: FftPlanner<f32>,
    workspace: Workspace,
}

impl Bench {
    /// Gaussian noise of this density.
    fn noise(&mut self, n: usize, density: impl Fn(f64) -> f64) -> Vec<Complex32> {
        let scale = 1.0 / (n as f64).sqrt();
        let mut samples: Vec<Complex32> = (0..n)
            .map(|bin| {
                let frequency = bin as f64 / n as f64;
                let frequency = frequency - f64::from(u8::from(frequency >= 0.5));
                single(self.random.noise() * (scale * density(frequency).sqrt()))
            })
            .collect();
        self.planner.plan_fft_inverse(n).process(&mut samples);
        samples
    }

    /// Gaussian, this strong within its band, anywhere in the spectrum.
    fn band(&mut self, n: usize, width: f64, snr_db: f64) -> Vec<Complex32> {
        let power = 10_f64.powf(snr_db / 10.0);
        let centre = (self.random.uniform() - 0.5) * (1.0 - width);
        self.noise(n, |frequency| {
            if (frequency - centre).abs() < width / 2.0 {
                power
            } else {
                0.0
            }
        })
    }

    /// This strong over noise of power 1 in a bin of a chunk, `offset` bins beside one, or anywhere.
    fn tone(&mut self, n: usize, chunk: usize, snr_db: f64, offset: Option<f64>) -> Vec<Complex32> {
        let amplitude = (10_f64.powf(snr_db / 10.0) / chunk as f64).sqrt();
        let anywhere = (self.random.uniform() - 0.5) * chunk as f64;
        let bin = offset.map_or(anywhere, |offset| anywhere.round() + offset);
        let start = self.random.uniform();
        let turns = |i: usize| (start + bin * i as f64 / chunk as f64).fract();
        (0..n)
            .map(|i| single(Complex64::from_polar(amplitude, TAU * turns(i))))
            .collect()
    }

    /// Which chunks of a segment are said to hold a signal: how many, and whether the middle one alone.
    fn judge(&mut self, samples: &[Complex32], rate: usize) -> (f64, bool) {
        let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate as f64, "argument"));
        let bytes: Vec<u8> = samples
            .iter()
            .flat_map(|x| [x.re, x.im])
            .flat_map(f32::to_le_bytes)
            .collect();
        recording.push(&bytes, &mut self.workspace).expect("finite samples");
        let extraction = recording.finish(&mut self.workspace).expect("at least one chunk");
        let segment = &extraction.segments[0];
        let share = segment.signal_present.mean;
        (
            share * segment.num_chunks as f64,
            (share - 1.0 / CHUNKS as f64).abs() < 1e-9,
        )
    }
}

#[expect(clippy::cast_possible_truncation, reason = "samples are stored in single precision")]
fn single(value: Complex64) -> Complex32 {
    Complex32::new(value.re as f32, value.im as f32)
}

fn one_pole(pole: f64, frequency: f64) -> f64 {
    1.0 / (1.0 - Complex64::from_polar(pole, TAU * frequency)).norm_sqr()
}

/// Flat up to half of `flat`, then falling like a raised cosine over `slope`, to 60 dB less.
fn pass_band(flat: f64, slope: f64, frequency: f64) -> f64 {
    let beyond = ((frequency.abs() - flat / 2.0) / slope).clamp(0.0, 1.0);
    1e-6 + (0.5 * TAU / 2.0 * beyond).cos().powi(2)
}

fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut of = |name, steps, density, rates: &[usize]| {
        kinds.extend(rates.iter().map(|&rate| Kind {
            name,
            rate,
            density,
            steps,
        }));
    };
    let rates = [8_000, 12_000, 12_005, 20_250, 48_000, 200_000, 2_000_000];
    of("white", None, |_| 1.0, &rates);
    of("one pole, 0.03", None, |f| one_pole(0.03, f), &[48_000, 200_000]);
    of(
        "one pole, 0.06",
        None,
        |f| one_pole(0.06, f),
        &[12_000, 48_000, 200_000],
    );
    of("one pole, 0.1", None, |f| one_pole(0.1, f), &[8_000, 48_000]);
    of("one pole, 0.3", None, |f| one_pole(0.3, f), &[8_000, 48_000, 200_000]);
    of("one pole, 0.7", None, |f| one_pole(0.7, f), &[8_000, 48_000, 200_000]);
    of("one pole, 0.9", None, |f| one_pole(0.9, f), &[8_000, 48_000, 200_000]);
    of("one pole, -0.5", None, |f| one_pole(-0.5, f), &[8_000, 48_000, 200_000]);
    of(
        "slope of 1 dB",
        None,
        |f| 10_f64.powf(0.1 * f),
        &[12_000, 48_000, 200_000],
    );
    of("hump of 1 dB", None, |f| 10_f64.powf(-0.4 * f * f), &[48_000, 200_000]);
    of(
        "pass-band 80 %, steep",
        None,
        |f| pass_band(0.8, 0.01, f),
        &[12_000, 48_000, 200_000],
    );
    of(
        "pass-band 60 %, soft",
        None,
        |f| pass_band(0.6, 0.1, f),
        &[8_000, 48_000, 200_000],
    );
    of("int8, rms 20 steps", Some(20.0), |_| 1.0, &[48_000, 200_000]);
    of("int8, rms 0.5 steps", Some(0.5), |_| 1.0, &[12_000, 48_000, 200_000]);
    of("int8, rms 0.3 steps", Some(0.3), |_| 1.0, &[48_000, 200_000]);
    of("one pole, 0.97", None, |f| one_pole(0.97, f), &[8_000, 48_000, 200_000]);
    of(
        "two poles, 0.7",
        None,
        |f| one_pole(0.7, f).powi(2),
        &[8_000, 48_000, 200_000],
    );
    of(
        "two poles, 0.7 and -0.7",
        None,
        |f| one_pole(0.7, f) * one_pole(-0.7, f),
        &[8_000, 48_000, 200_000],
    );
    kinds
}

fn false_alarms(segments: usize, wanted: &str, bench: &mut Bench) {
    println!(
        "{:<24}{:>10}{:>10}{:>14}{:>12}",
        "noise", "rate Hz", "segments", "false alarms", "at most"
    );
    let (mut all, mut all_wrong) = (0, 0);
    for kind in kinds().into_iter().filter(|kind| kind.name.contains(wanted)) {
        let count = (segments * CHEAP_RATE / kind.rate.max(CHEAP_RATE)).max(1);
        let mut wrong = 0;
        for _ in 0..count {
            let mut samples = bench.noise(kind.rate, kind.density);
            if let Some(rms) = kind.steps {
                // Power 1 is 1 / 2 for each component.
                let step = |part: f32| {
                    let steps = f64::from(part) * rms / FRAC_1_SQRT_2;
                    single(Complex64::from(steps.round().clamp(-128.0, 127.0) / 128.0)).re
                };
                samples = samples.iter().map(|x| Complex32::new(step(x.re), step(x.im))).collect();
            }
            wrong += usize::from(bench.judge(&samples, kind.rate).0 > 0.0);
        }
        row(kind.name, kind.rate, count, wrong);
        all += count;
        all_wrong += wrong;
    }
    row("all", 0, all, all_wrong);
}

fn row(name: &str, rate: usize, count: usize, wrong: usize) {
    let most = poisson_bound(wrong) / count as f64;
    println!("{name:<24}{rate:>10}{count:>10}{wrong:>14}{:>10.3} %", 100.0 * most);
}

/// The mean of a Poisson variable that is this small or smaller with a probability of 5 %.
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

/// The probability below which so large a share of so many has a probability of 5 % (Wilson 1927).
fn lower_bound(share: f64, count: f64) -> f64 {
    let square = 1.644_854_f64.powi(2) / count;
    let middle = share + square / 2.0;
    (middle - (square * (share * (1.0 - share) + square / 4.0)).sqrt()) / (1.0 + square)
}

/// Makes signals, and counts the chunks in which they are found. `held` are the chunks of each segment that hold one.
fn detected(
    what: &str,
    (rate, snr_db): (usize, f64),
    (chunks, held): (usize, Range<usize>),
    bench: &mut Bench,
    make: impl Fn(&mut Bench, usize, usize) -> Vec<Complex32>,
) {
    let chunk = rate / CHUNKS;
    let length = if held.len() == 1 && held.start == 0 { 1 } else { CHUNKS };
    let (mut tried, mut found, mut alone) = (0, 0.0, 0);
    while tried < chunks {
        let mut samples = bench.noise(length * chunk, |_| 1.0);
        let signal = make(bench, length * chunk, chunk);
        for at in held.start * chunk..held.end * chunk {
            samples[at] += signal[at];
        }
        let (count, is_one) = bench.judge(&samples, rate);
        found += count;
        alone += usize::from(is_one);
        tried += held.len();
    }
    let found = if held.start > 0 { alone as f64 } else { found };
    let share = found / tried as f64;
    println!(
        "{what:<46}{rate:>9}{snr_db:>8}{tried:>8}{:>9.2} %{:>9.2} %",
        100.0 * share,
        100.0 * lower_bound(share, tried as f64)
    );
}

fn detections(chunks: usize, bench: &mut Bench) {
    println!(
        "\n{:<46}{:>9}{:>8}{:>8}{:>11}{:>11}",
        "signal", "rate Hz", "SNR dB", "chunks", "found", "at least"
    );
    for rate in [8_000, 12_000, 48_000, 200_000] {
        for snr_db in [12.0, 14.0, 16.0, 18.0] {
            let make = |bench: &mut Bench, n, chunk| bench.tone(n, chunk, snr_db, None);
            detected(
                "tone anywhere, SNR in a bin, one chunk alone",
                (rate, snr_db),
                (chunks, 0..1),
                bench,
                make,
            );
        }
    }
    for offset in [0.25, 0.5] {
        let name = format!("tone {offset} bins beside a bin, one chunk alone");
        let make = |bench: &mut Bench, n, chunk| bench.tone(n, chunk, 18.0, Some(offset));
        detected(&name, (200_000, 18.0), (chunks, 0..1), bench, make);
    }
    for (held, name) in [
        (0..1, "12.5 kHz wide, SNR in its band, one chunk alone"),
        (0..CHUNKS, "12.5 kHz wide, SNR in its band, five chunks"),
    ] {
        for rate in [48_000, 50_000, 96_000, 200_000] {
            for snr_db in [-9.0, -8.0, -7.0, -6.0, -5.0] {
                let make = |bench: &mut Bench, n, _| bench.band(n, 12_500.0 / rate as f64, snr_db);
                detected(name, (rate, snr_db), (chunks, held.clone()), bench, make);
            }
        }
    }
    for rate in [48_000, 50_000, 96_000, 200_000] {
        for snr_db in [-7.0, -6.0, -5.0, -3.0, 20.0] {
            let make = |bench: &mut Bench, n, _| bench.band(n, 12_500.0 / rate as f64, snr_db);
            detected(
                "12.5 kHz wide, in one chunk of five and no other",
                (rate, snr_db),
                (chunks / 4, 2..3),
                bench,
                make,
            );
        }
        let make = |bench: &mut Bench, n, chunk| bench.tone(n, chunk, 18.0, None);
        detected(
            "tone, in one chunk of five and no other",
            (rate, 18.0),
            (chunks / 4, 2..3),
            bench,
            make,
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| {
        arguments
            .get(at)
            .map_or(default, |argument| argument.parse().expect("a count"))
    };
    let mut bench = Bench {
        random: Random(0x9e37_79b9_7f4a_7c15 ^ number(3, 0) as u64),
        planner: FftPlanner::new(),
        workspace: Workspace::new(),
    };
    false_alarms(
        number(0, 4_000),
        arguments.get(2).map_or("", String::as_str),
        &mut bench,
    );
    let chunks = number(1, 2_000);
    if chunks > 0 {
        detections(chunks, &mut bench);
    }
}
