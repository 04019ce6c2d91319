//! Writes a synthetic recording to the standard output, to try plots and long files: `ci16_le` at
//! 200 kHz.
//!
//!     cargo run --release --example transmission -- 240 | heimdalld extract - --format ci16_le --plot out.png
//!
//! The argument is the length in seconds. The recording has noise and a narrow-band FM station that
//! drifts a little, fades, and transmits for 30 of every 40 seconds. It is always the same.

use std::f64::consts::TAU;
use std::io::{BufWriter, Write};

use fastrand::Rng;

const RATE_HZ: f64 = 200_000.0;
const NOISE: f64 = 0.002;

fn main() -> std::io::Result<()> {
    let seconds: u32 = match std::env::args().nth(1).map(|text| text.parse()) {
        Some(Ok(seconds)) => seconds,
        _ => return Err(std::io::Error::other("how many seconds?")),
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut rng = Rng::with_seed(1);
    let (mut voice, mut phase) = (0.0_f64, 0.0_f64);
    for sample in 0..u64::from(seconds) * 200_000 {
        let time = sample as f64 / RATE_HZ;
        // Low-pass noise instead of speech.
        voice += 0.05 * (rng.f64() - 0.5 - voice);
        let frequency_hz = 35_000.0 + 2_000.0 * (TAU * time / 90.0).sin() + 30_000.0 * voice;
        phase = (phase + TAU * frequency_hz / RATE_HZ) % TAU;
        let level = if time % 40.0 < 30.0 {
            0.06 + 0.04 * (TAU * time / 25.0).cos()
        } else {
            0.0
        };
        // The sum of four uniform numbers is close enough to Gaussian noise.
        let mut noise = || NOISE * (rng.f64() + rng.f64() + rng.f64() + rng.f64() - 2.0);
        for component in [level * phase.cos() + noise(), level * phase.sin() + noise()] {
            #[expect(clippy::cast_possible_truncation, reason = "the sum of the levels is far below 1")]
            out.write_all(&((component * 32_768.0).round() as i16).to_le_bytes())?;
        }
    }
    out.flush()
}
