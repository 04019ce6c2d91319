//! Measures the detector: false alarms per segment of noise of several colours, and how often signals of known
//! strength are found in a chunk.
//!
//! `cargo run --release -p heimdall-dsp --example detector -- [SEGMENTS [CHUNKS]]`

use std::f64::consts::{PI, TAU};

use heimdall_dsp::{Hints, Recording, Workspace};

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
    fn noise(&mut self) -> [f64; 2] {
        let radius = (-self.uniform().max(1e-300).ln()).sqrt();
        let (sin, cos) = (TAU * self.uniform()).sin_cos();
        [radius * cos, radius * sin]
    }
}

type Samples = Vec<[f64; 2]>;

/// White noise through `out[i] = sum taps[k] white[i - k] + pole out[i - 1]`, the first values dropped.
fn filtered(n: usize, taps: &[f64], pole: f64, random: &mut Random) -> Samples {
    let all = n + taps.len() + 500;
    let white: Samples = (0..all).map(|_| random.noise()).collect();
    let mut value = [0.0; 2];
    let mut out: Samples = (taps.len()..all)
        .map(|i| {
            value = [pole * value[0], pole * value[1]];
            for (k, tap) in taps.iter().enumerate() {
                value[0] += tap * white[i - k][0];
                value[1] += tap * white[i - k][1];
            }
            value
        })
        .collect();
    out.split_off(out.len() - n)
}

/// Low-pass of `taps` coefficients (odd), Hamming window; `cutoff` in parts of the sample rate.
fn low_pass(taps: usize, cutoff: f64) -> Vec<f64> {
    let middle = (taps / 2) as f64;
    (0..taps)
        .map(|k| {
            let t = k as f64 - middle;
            let sinc = if t == 0.0 {
                2.0 * cutoff
            } else {
                (TAU * cutoff * t).sin() / (PI * t)
            };
            sinc * (0.54 + 0.46 * (PI * t / middle).cos())
        })
        .collect()
}

fn quantised(n: usize, rms_steps: f64, random: &mut Random) -> Samples {
    let scale = rms_steps * 2_f64.sqrt();
    let step = |value: f64| (value * scale).round().clamp(-128.0, 127.0) / 128.0;
    (0..n).map(|_| random.noise().map(step)).collect()
}

/// Share of chunks called a signal, one value a segment.
fn judge(samples: &Samples, rate: f64, workspace: &mut Workspace) -> Vec<f64> {
    let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate, "argument"));
    #[expect(clippy::cast_possible_truncation, reason = "samples are stored in single precision")]
    let bytes: Vec<u8> = samples
        .iter()
        .flatten()
        .flat_map(|value| (*value as f32).to_le_bytes())
        .collect();
    recording.push(&bytes, workspace).expect("finite samples");
    let extraction = recording.finish(workspace).expect("at least one chunk");
    extraction
        .segments
        .iter()
        .map(|segment| segment.signal_present.mean)
        .collect()
}

type Colour = (&'static str, f64, Box<dyn Fn(usize, &mut Random) -> Samples>);

fn false_alarms(segments: usize, workspace: &mut Workspace) {
    let white = || Box::new(|n: usize, random: &mut Random| (0..n).map(|_| random.noise()).collect());
    let pass_band = |taps, cutoff| {
        let b = low_pass(taps, cutoff);
        Box::new(move |n: usize, random: &mut Random| filtered(n, &b, 0.0, random))
    };
    let one_pole = |a| Box::new(move |n: usize, random: &mut Random| filtered(n, &[1.0], a, random));
    let codes = |rms| Box::new(move |n: usize, random: &mut Random| quantised(n, rms, random));
    let colours: Vec<Colour> = vec![
        ("white", 8_000.0, white()),
        ("white", 12_001.1, white()),
        ("white", 48_000.0, white()),
        ("white", 200_000.0, white()),
        ("white", 2_000_000.0, white()),
        ("one pole, 0.3", 48_000.0, one_pole(0.3)),
        ("one pole, 0.5", 8_000.0, one_pole(0.5)),
        ("one pole, 0.5", 48_000.0, one_pole(0.5)),
        ("one pole, -0.5", 200_000.0, one_pole(-0.5)),
        ("one pole, 0.5", 200_000.0, one_pole(0.5)),
        ("two taps, 1 and 0.5", 200_000.0, {
            Box::new(|n, random| filtered(n, &[1.0, 0.5], 0.0, random))
        }),
        ("pass-band 80 %, steep", 12_000.0, pass_band(101, 0.4)),
        ("pass-band 80 %, steep", 48_000.0, pass_band(101, 0.4)),
        ("pass-band 60 %, soft", 48_000.0, pass_band(25, 0.3)),
        ("pass-band 80 %, steep", 200_000.0, pass_band(101, 0.4)),
        ("8 bit codes, 20 rms", 200_000.0, codes(20.0)),
        ("8 bit codes, 0.5 rms", 48_000.0, codes(0.5)),
    ];
    println!(
        "{:<26}{:>10}{:>12}{:>14}",
        "noise", "rate Hz", "segments", "false alarms"
    );
    for (index, (name, rate, make)) in colours.into_iter().enumerate() {
        let mut random = Random(0x9e37_79b9 + index as u64);
        // The cost of a segment goes with its rate: as many as fit into the same time.
        let wanted = if rate > 1e6 { segments / 20 } else { segments };
        let (mut seen, mut wrong) = (0, 0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sample rate")]
        let second = rate as usize;
        while seen < wanted {
            let found = judge(&make(second, &mut random), rate, workspace);
            seen += found.len();
            wrong += found.iter().filter(|share| **share > 0.0).count();
        }
        println!("{name:<26}{rate:>10}{seen:>12}{wrong:>14}");
    }
}

/// A tone this strong over the noise in one 5 Hz bin, at a random frequency or `offset` bins beside one.
fn tone(n: usize, snr_db: f64, offset: Option<f64>, random: &mut Random) -> Samples {
    let amplitude = (10_f64.powf(snr_db / 10.0) / n as f64).sqrt();
    let anywhere = (random.uniform() - 0.5) * n as f64;
    let bin = offset.map_or(anywhere, |offset| anywhere.round() + offset);
    let start = random.uniform();
    (0..n)
        .map(|i| {
            let (sin, cos) = (TAU * (start + bin * i as f64 / n as f64)).sin_cos();
            let [re, im] = random.noise();
            [re + amplitude * cos, im + amplitude * sin]
        })
        .collect()
}

/// Noise-like, 12.5 kHz wide, this strong against the noise in its own band, anywhere in the band.
fn wide(n: usize, rate: f64, snr_db: f64, random: &mut Random) -> Samples {
    let b = low_pass(401, 6_250.0 / rate);
    let gain = 10_f64.powf(snr_db / 20.0);
    let centre = (random.uniform() - 0.5) * (1.0 - 12_500.0 / rate);
    let signal = filtered(n, &b, 0.0, random);
    signal
        .into_iter()
        .enumerate()
        .map(|(i, [re, im])| {
            let (sin, cos) = (TAU * centre * i as f64).sin_cos();
            let noise = random.noise();
            [
                noise[0] + gain * (re * cos - im * sin),
                noise[1] + gain * (re * sin + im * cos),
            ]
        })
        .collect()
}

fn detections(chunks: usize, workspace: &mut Workspace) {
    println!("\n{:<40}{:>10}{:>8}{:>8}", "signal", "rate Hz", "SNR dB", "found");
    let mut line = |name: &str, rate: f64, snr_db: f64, make: &mut dyn FnMut(usize) -> Samples| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sample rate")]
        let n = (rate * 0.2) as usize;
        let found = (0..chunks)
            .filter(|_| judge(&make(n), rate, workspace)[0] > 0.0)
            .count();
        println!(
            "{name:<40}{rate:>10}{snr_db:>8}{:>7.1}%",
            100.0 * found as f64 / chunks as f64
        );
    };
    let mut random = Random(77);
    for rate in [8_000.0, 48_000.0, 200_000.0] {
        for snr_db in [12.0, 14.0, 16.0, 18.0] {
            line("tone anywhere", rate, snr_db, &mut |n| {
                tone(n, snr_db, None, &mut random)
            });
        }
    }
    for offset in [0.0, 0.25, 0.3, 0.5] {
        let name = format!("tone {offset} bins beside a bin");
        line(&name, 200_000.0, 18.0, &mut |n| {
            tone(n, 18.0, Some(offset), &mut random)
        });
    }
    for rate in [48_000.0, 100_000.0, 200_000.0] {
        for snr_db in [-10.0, -8.0, -7.0, -6.0] {
            let make = &mut |n| wide(n, rate, snr_db, &mut random);
            line("12.5 kHz of noise, SNR in its band", rate, snr_db, make);
        }
    }
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let mut next = |default| numbers.next().map_or(default, |number| number.expect("a count"));
    let (segments, chunks) = (next(20_000), next(1_000));
    let mut workspace = Workspace::new();
    false_alarms(segments, &mut workspace);
    detections(chunks, &mut workspace);
}
