//! Milliseconds that a recording in memory takes, on one thread, as the Python package extracts it.
//!
//!     cargo run --release -p heimdall-dsp --example in_memory -- RECORDING.cf32 SAMPLE_RATE ROUNDS
//!
//! Prints a line for each round, after one round that plans the transforms.

#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use heimdall_dsp::{Recording, SampleFormat, Workspace};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, sample_rate_hz, rounds] = &arguments[..] else {
        return Err("RECORDING.cf32 SAMPLE_RATE ROUNDS".into());
    };
    let bytes = std::fs::read(path)?;
    let (sample_rate_hz, rounds): (f64, u32) = (sample_rate_hz.parse()?, rounds.parse()?);
    let mut workspace = Workspace::new();
    for round in 0..=rounds {
        let begun = Instant::now();
        let mut recording = Recording::of_samples(SampleFormat::Cf32Le, sample_rate_hz);
        recording.push(&bytes, &mut workspace)?;
        black_box(recording.finish(&mut workspace)?);
        if round > 0 {
            println!("{}", begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    Ok(())
}
