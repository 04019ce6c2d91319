//! False alarms of noise alone.

use heimdall_dsp::Workspace;

use crate::modulations::chunk_samples;
use crate::modulations::noises::{Noise, TABLE};
use crate::options::Options;
use crate::reading::{self, CONTRADICTIONS};
use crate::seed;
use crate::signals::Signals;

/// Rate up to which all of the segments are measured. Of wider bands there are as many as take the
/// same time.
const CHEAP_RATE_HZ: f64 = 48_000.0;

/// Segments of each kind up to that rate.
const SEGMENTS: usize = 1_000;

/// Fewest segments of any kind.
const FEWEST: usize = 50;

#[derive(Default)]
struct Count {
    name: &'static str,
    rate: f64,
    segments: usize,
    alarms: usize,
    undecidable: usize,
    /// Segments whose SNR is above 0 dB, whose duty cycle and whose occupied bandwidth are not 0.
    snr: usize,
    duty: usize,
    width: usize,
    contradictions: [usize; CONTRADICTIONS.len()],
}

pub(crate) fn sweep(options: &Options) {
    let cases: Vec<(&Noise, f64)> = TABLE
        .iter()
        .flat_map(|noise| noise.rates.iter().map(move |rate| (noise, *rate)))
        .filter(|(noise, rate)| options.wants(noise.name, *rate))
        .collect();
    println!(
        "{:<26}{:>10}{:>10}{:>8}{:>9}{:>8}{:>11}{:>8}{:>8}",
        "noise", "rate Hz", "segments", "alarms", "%", "undec.", "SNR > 0 dB", "duty", "OBW"
    );
    let mut all = Count::default();
    crate::parallel::in_order(
        options.threads,
        &cases,
        |(noise, rate)| count(noise, *rate, options),
        |row: Count| {
            print(&row);
            all.segments += row.segments;
            all.alarms += row.alarms;
            all.undecidable += row.undecidable;
            all.snr += row.snr;
            all.duty += row.duty;
            all.width += row.width;
            for (sum, part) in all.contradictions.iter_mut().zip(row.contradictions) {
                *sum += part;
            }
        },
    );
    all.name = "all";
    print(&all);
    for (name, count) in CONTRADICTIONS.iter().zip(all.contradictions) {
        println!("{name:<26}{count:>20}");
    }
}

fn print(row: &Count) {
    let percent = 100.0 * row.alarms as f64 / row.segments.max(1) as f64;
    println!(
        "{:<26}{:>10.0}{:>10}{:>8}{percent:>9.2}{:>8}{:>11}{:>8}{:>8}",
        row.name, row.rate, row.segments, row.alarms, row.undecidable, row.snr, row.duty, row.width
    );
}

fn count(noise: &Noise, rate: f64, options: &Options) -> Count {
    let chunks = options.lengths[0];
    let wanted = options
        .segments
        .unwrap_or(if options.quick { SEGMENTS / 10 } else { SEGMENTS });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let segments = (wanted as f64 * CHEAP_RATE_HZ / rate.max(CHEAP_RATE_HZ)) as usize;
    let mut row = Count {
        name: noise.name,
        rate,
        segments: segments.max(FEWEST.min(wanted)),
        ..Count::default()
    };
    let mut workspace = Workspace::new();
    for number in 0..row.segments {
        // A seed for each segment, so that any can be made again.
        let mut signals = Signals::new(seed(options, noise.name, rate, number));
        let samples = noise.samples(&mut signals, chunks * chunk_samples(rate), rate);
        let reading = reading::read(&mut workspace, &samples, rate);
        let is_alarm = reading.present > 0.0;
        row.alarms += usize::from(is_alarm && !reading.undecidable);
        row.undecidable += usize::from(reading.undecidable);
        row.snr += usize::from(reading.snr_max_db.is_some_and(|snr| snr > 0.0));
        row.duty += usize::from(reading.duty_cycle.is_some_and(|duty| duty > 0.0));
        row.width += usize::from(reading.width_hz.is_some_and(|width| width > 0.0));
        let contradictions = reading.contradictions(rate);
        for (sum, is_there) in row.contradictions.iter_mut().zip(contradictions) {
            *sum += usize::from(is_there);
        }
    }
    row
}
