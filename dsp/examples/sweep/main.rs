//! Compares the numbers of the extractor with what is true of generated signals.
//!
//! `cargo run --release -p heimdall-dsp --example sweep -- [NAME] [OPTIONS]`
//!
//! NAME selects the modulations (or kinds of noise) whose name contains it.
//!
//! - without a mode: presence, SNR and occupied bandwidth of each modulation at each rate, at
//!   several tunings, SNR of 0 to 50 dB, in recordings of five chunks and of one;
//! - `--noise`: false alarms of each kind of noise;
//! - `--invariants`: statements of a row that exclude each other;
//! - `--widths`: occupied bandwidth of each modulation, from its samples.
//!
//! Options: `--rate HZ`, `--min-rate HZ`, `--max-rate HZ`, `--tunings N`, `--tuning N` (this one
//! alone), `--segments N` (recordings of each kind), `--snr A,B,C`, `--one-chunk`, `--five-chunks`,
//! `--wrap` (across the end of the band),
//! `--seed S`, `--threads N`, `--quick` (a subset), `--verbose` (a line for each wrong reading).

#[path = "../../tests/support/modulations/mod.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "other programs use the rest, and the numbers of samples are small"
)]
mod modulations;
mod noise;
mod options;
mod parallel;
mod reading;
#[path = "../../tests/support/signals.rs"]
#[allow(dead_code, reason = "other programs use the rest")]
mod signals;
mod tally;

use std::fmt::Write;

use heimdall_dsp::Workspace;
use modulations::{Modulation, Scene};
use options::{Mode, Options};
use signals::Signals;
use tally::{Tally, Verdict};

/// Readings of one modulation at one rate.
struct Row {
    name: &'static str,
    rate: f64,
    share: f64,
    tally: Tally,
    /// Descriptions of wrong readings.
    wrong: String,
}

fn main() {
    let options = Options::parse(std::env::args().skip(1));
    match options.mode {
        Mode::Noise => noise::sweep(&options),
        Mode::Widths => widths(&options),
        Mode::Signals | Mode::Invariants => sweep(&options),
    }
}

fn cases(options: &Options) -> Vec<(&'static Modulation, f64)> {
    modulations::all()
        .flat_map(|modulation| modulation.rates.iter().map(move |rate| (modulation, *rate)))
        .filter(|(modulation, rate)| options.wants(modulation.name, *rate))
        .collect()
}

fn sweep(options: &Options) {
    let invariants = options.mode == Mode::Invariants;
    let cases = cases(options);
    let (mut all, mut narrow) = (Tally::default(), Tally::default());
    println!(
        "{}",
        if invariants {
            Tally::contradictions_header()
        } else {
            Tally::header()
        }
    );
    let print = |name: &str, rate: &str, share: f64, tally: &Tally| {
        if invariants {
            println!("{}", tally.contradictions_row(name, rate));
        } else {
            println!("{}", tally.row(name, rate, share));
        }
    };
    parallel::in_order(
        options.threads,
        &cases,
        |(modulation, rate)| measure(modulation, *rate, options),
        |row: Row| {
            print(row.name, &format!("{:.0}", row.rate), row.share, &row.tally);
            if options.verbose {
                print!("{}", row.wrong);
            }
            all.merge(&row.tally);
            if row.share < 0.5 {
                narrow.merge(&row.tally);
            }
        },
    );
    print("all", "", f64::NAN, &all);
    print("all below half the band", "", f64::NAN, &narrow);
}

/// Seed of one recording.
fn seed(options: &Options, name: &str, rate: f64, number: usize) -> u64 {
    let parts = name.bytes().map(u64::from).chain([rate.to_bits(), number as u64]);
    let mut state = options.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for part in parts {
        // SplitMix64.
        state = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    state | 1
}

/// The middle, both ends, then anywhere.
fn offset_hz(modulation: &Modulation, rate: f64, tuning: usize, options: &Options) -> f64 {
    let mut signals = Signals::new(seed(options, "offset", rate, tuning));
    let anywhere = 2.0 * signals.uniform() - 1.0;
    if options.wrap {
        return 0.5 * rate + 0.45 * anywhere * modulation.width_hz(rate);
    }
    let room = modulation.room_hz(rate);
    match tuning {
        // At exactly 0 Hz a carrier is the same as an offset of the receiver.
        0 if modulation.width_hz(rate) < 20.0 => 40.0,
        0 => 0.0,
        1 => room,
        2 => -room,
        _ => anywhere * room,
    }
}

fn measure(modulation: &'static Modulation, rate: f64, options: &Options) -> Row {
    let mut workspace = Workspace::new();
    let mut samples = Vec::new();
    let mut row = Row {
        name: modulation.name,
        rate,
        share: modulation.width_hz(rate) / rate,
        tally: Tally::default(),
        wrong: String::new(),
    };
    for tuning in options.tunings(rate) {
        let offset = offset_hz(modulation, rate, tuning, options);
        for number in 0..options.segments.unwrap_or(1) {
            for &chunks in &options.lengths {
                let seed = seed(options, modulation.name, rate, 1_000 * tuning + 10 * number + chunks);
                let scene = Scene::new(modulation, rate, chunks, offset, seed);
                for &snr_db in &options.snrs_db {
                    let truth = scene.mix(snr_db, &mut samples);
                    let reading = reading::read(&mut workspace, &samples, rate);
                    let verdict = Verdict::of(&reading, &truth, modulation.bursty, rate);
                    row.tally.add(&verdict);
                    if options.verbose && verdict.is_bad() {
                        let what = tally::described(&reading, &truth, &verdict);
                        let _ = writeln!(
                            row.wrong,
                            "    tuning {tuning} ({offset:.0} Hz), {chunks} chunks, {snr_db} dB, seed {seed}: {what}"
                        );
                    }
                }
            }
        }
    }
    row
}

/// Prints nominal and true widths.
fn widths(options: &Options) {
    for (modulation, rate) in cases(options) {
        let mut found: Vec<f64> = (0..options.segments.unwrap_or(3))
            .map(|number| {
                let seed = seed(options, modulation.name, rate, number);
                let scene = Scene::new(modulation, rate, 5, 0.0, seed);
                scene.truth().upper_hz - scene.truth().lower_hz
            })
            .collect();
        found.sort_by(f64::total_cmp);
        let nominal = modulation.width_hz(rate);
        let (low, high) = (found[0], found[found.len() - 1]);
        let is_near = low > 0.9 * nominal && high < 1.1 * nominal;
        let mark = if is_near { "" } else { "  <- not within 10 %" };
        println!(
            "{:<26}{rate:>10}{nominal:>12.0}{low:>12.0}{high:>12.0}{mark}",
            modulation.name
        );
    }
}
