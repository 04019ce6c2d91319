//! Known tones in every sample format.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers are rounded to the type"
)]

use heimdall_dsp::{Error, Extraction, Hints, Recording, SampleFormat, Warning, Workspace};

/// Chunks of 400 complex samples.
pub(crate) const RATE: f64 = 2000.0;
/// Half of the scale, to a code that is no end of 12 bits.
const AMPLITUDE: f64 = 0.5;
pub(crate) const LEVEL_DBFS: f64 = -6.02;
/// No part of the rate, so that the tone has many codes.
pub(crate) const TONE_HZ: f64 = 85.0;

pub(crate) fn extract<'a>(hints: Hints, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    for piece in pieces {
        recording.push(piece, &mut workspace)?;
    }
    recording.finish(&mut workspace)
}

/// Noise that gives a tone as many codes as a receiver does, 66 dB below full scale.
pub(crate) fn dither(n: u32) -> f64 {
    let state = (u64::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (state ^ (state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((mixed >> 40) as f64 / f64::from(1 << 24) - 0.5) * 1.7e-3
}

/// The numbers of a tone: I and Q in turn, or real ones at twice the rate.
pub(crate) fn tone(is_real: bool, samples: u32, frequency_hz: f64) -> Vec<f64> {
    let turn = |n: u32, rate_hz: f64| std::f64::consts::TAU * frequency_hz * f64::from(n) / rate_hz;
    if is_real {
        let each = (0..samples).map(|n| AMPLITUDE * turn(n, 2.0 * RATE).cos() + dither(n));
        return each.collect();
    }
    let each = (0..samples).flat_map(|n| {
        let (sin, cos) = turn(n, RATE).sin_cos();
        [AMPLITUDE * cos + dither(2 * n), AMPLITUDE * sin + dither(2 * n + 1)]
    });
    each.collect()
}

/// The bytes of numbers between -1 and 1 in the number type that a format's name ends with.
pub(crate) fn encoded(values: &[f64], format: SampleFormat) -> Vec<u8> {
    let name = format.name();
    let (bare, is_big) = match name.strip_suffix("_be") {
        Some(bare) => (bare, true),
        None => (name.strip_suffix("_le").unwrap_or(name), false),
    };
    let each = |value: &f64| -> Vec<u8> {
        let signed = |scale: f64| (value * scale).round();
        match bare.trim_start_matches(['c', 'r']) {
            "f32" => (*value as f32).to_le_bytes().to_vec(),
            "f64" => value.to_le_bytes().to_vec(),
            "i8" => (signed(128.0) as i8).to_le_bytes().to_vec(),
            "u8" => ((value * 127.5 + 127.5).round() as u8).to_le_bytes().to_vec(),
            "i16" => (signed(32_768.0) as i16).to_le_bytes().to_vec(),
            "sc16q11" | "s16q11" => (signed(2048.0) as i16).to_le_bytes().to_vec(),
            "u16" => ((signed(32_768.0) + 32_768.0) as u16).to_le_bytes().to_vec(),
            "i24" => (signed(8_388_608.0) as i32).to_le_bytes()[..3].to_vec(),
            "i32" => (signed(2_147_483_648.0) as i32).to_le_bytes().to_vec(),
            "u32" => ((signed(2_147_483_648.0) + 2_147_483_648.0) as u32)
                .to_le_bytes()
                .to_vec(),
            other => panic!("{other}"),
        }
    };
    let in_order = |mut bytes: Vec<u8>| {
        if is_big {
            bytes.reverse();
        }
        bytes
    };
    values.iter().flat_map(|value| in_order(each(value))).collect()
}

pub(crate) fn hints(format: SampleFormat, rate_hz: f64) -> Hints {
    Hints::default()
        .with_format(format, "argument")
        .with_sample_rate_hz(rate_hz, "argument")
}

/// The first segment has the tone at this frequency and level, and no other warning than these.
pub(crate) fn assert_tone(
    extraction: &Extraction,
    frequency_hz: f64,
    level_dbfs: f64,
    warnings: &[Warning],
    what: &str,
) {
    let segment = &extraction.segments[0];
    let found_hz = segment.features.frequency_offset_hz.mean;
    let found_dbfs = segment.extended.numbers.power_dbfs.expect("known").mean;
    assert!((found_hz - frequency_hz).abs() < 0.1, "{what}: {found_hz} Hz");
    assert!((found_dbfs - level_dbfs).abs() < 0.1, "{what}: {found_dbfs} dBFS");
    assert_eq!(
        segment.quality.warnings, warnings,
        "{what}: {:?}",
        extraction.inconsistencies
    );
}
