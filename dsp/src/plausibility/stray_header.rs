//! Finds a header that no source declares and that was read as the first samples.

use std::collections::HashMap;

use rustfft::num_complex::Complex32;

use crate::warning::{Inconsistency, Warning};

/// Samples that are searched. Headers before raw samples have 32 bytes to some kilobytes.
const LONGEST_SAMPLES: usize = 1024;
/// This many times more samples must follow, to know the usual range.
const FOLLOWING: usize = 8;
/// Components are outliers if they exceed this many times the largest component of what follows.
const BEYOND: f32 = 2.0;
/// Fewest outliers, and fewest different ones. Fewer may be clicks or a weak burst.
const MIN_OUTLIERS: usize = 8;
/// Least part of the outliers that have the most frequent value. Headers have many zero bytes or
/// blanks.
const SAME: f64 = 0.25;
/// Most outliers with this value and the other sign, relative to those with this sign. A burst that
/// clips has as many of each sign.
const MIRRORED: f64 = 0.25;
/// The first outlier must be among this many components.
const EARLY: usize = 16;

/// Returns a warning if the first samples of a recording look like a header. The outliers of a
/// header repeat. Those of a burst at the start are spread or, if it clips, have both signs.
pub(crate) fn find(samples: &[Complex32]) -> Option<Inconsistency> {
    if samples.len() < (FOLLOWING + 1) * LONGEST_SAMPLES {
        return None;
    }
    let (head, rest) = samples.split_at(LONGEST_SAMPLES);
    let usual = rest.iter().map(|s| s.re.abs().max(s.im.abs())).fold(0.0, f32::max);
    let components: Vec<f32> = head.iter().flat_map(|s| [s.re, s.im]).collect();
    let beyond = |value: &&f32| value.abs() > BEYOND * usual;
    let outliers: Vec<f32> = components.iter().filter(beyond).copied().collect();
    let first = components.iter().position(|value| beyond(&value))?;
    let last = components.iter().rposition(|value| beyond(&value))?;
    if usual == 0.0 || outliers.len() < MIN_OUTLIERS || first > EARLY || last + 2 >= components.len() {
        return None;
    }
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for value in &outliers {
        *counts.entry(value.to_bits()).or_default() += 1;
    }
    let (value, count) = counts.iter().max_by_key(|(bits, count)| (**count, **bits))?;
    let (value, count) = (f32::from_bits(*value), *count as f64);
    let mirrored = outliers
        .iter()
        .filter(|other| (**other + value).abs() <= 0.02 * value.abs())
        .count();
    if counts.len() < MIN_OUTLIERS || count < SAME * outliers.len() as f64 || mirrored as f64 > MIRRORED * count {
        return None;
    }
    let largest = outliers
        .iter()
        .fold(0.0, |largest: f32, value| largest.max(value.abs()));
    Some(Inconsistency::new(
        Warning::HeaderAsSamples,
        format!(
            "the first {} samples look like a header: up to {:.0} times larger than the {} that follow",
            last / 2 + 1,
            largest / usual,
            rest.len()
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::SampleFormat;

    /// Noise of a few codes around the middle of `cu8`, as from a receiver whose gain is too low.
    fn noise(samples: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut bit = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 62).to_le_bytes()[0]
        };
        (0..2 * samples).map(|_| 125 + bit() + bit()).collect()
    }

    fn decoded(bytes: &[u8]) -> Vec<Complex32> {
        let mut samples = Vec::new();
        SampleFormat::Cu8.decode(bytes, &mut samples);
        samples
    }

    /// Numbers in 64 bits, as `LTE-Cell-Scanner` writes them.
    fn header() -> Vec<u8> {
        let frequencies = [73_492.215_f64, 1.89e9, 0.79];
        let counts = [1_890_000_000_u64, 1_920_000, 1_920_000, 0, 0, 0];
        let floats = frequencies.iter().flat_map(|value| value.to_le_bytes());
        let mut bytes: Vec<u8> = floats
            .chain(counts.iter().flat_map(|value| value.to_le_bytes()))
            .collect();
        bytes.extend((0..56_u8).map(|i| i.wrapping_mul(37) ^ 0x5a));
        bytes
    }

    #[test]
    fn a_header_before_weak_samples_is_found() {
        let bytes = [header(), noise(40_000)].concat();
        let inconsistency = find(&decoded(&bytes)).expect("it stands out");
        assert_eq!(inconsistency.warning, Warning::HeaderAsSamples);
        assert!(
            inconsistency
                .text
                .starts_with("the first 64 samples look like a header"),
            "{}",
            inconsistency.text
        );
        assert_eq!(find(&decoded(&noise(40_000))), None);
    }

    #[test]
    fn bursts_at_the_start_are_no_headers() {
        // 112 us at 2 MS/s, half of the pulses missing, as ADS-B; unclipped, clipped, weak; with
        // and without an offset.
        for (amplitude, offset) in [
            (100.0, 0.001),
            (100.0, 0.0),
            (400.0, 0.01),
            (400.0, 0.0),
            (9.0, 0.003),
            (9.0, 0.0),
        ] {
            for start in [0, 1, 7] {
                let mut bytes = noise(40_000);
                for n in 0..224_usize {
                    let is_on = (n / 2 * 7 + n / 2 / 3) % 2 == 0;
                    let (sin, cos) = (std::f64::consts::TAU * offset * n as f64 + 0.6).sin_cos();
                    for (k, part) in [cos, sin].into_iter().enumerate() {
                        let jitter = (n * 31 + k * 17) % 7;
                        let value = 127.5
                            + if is_on {
                                amplitude * part + jitter as f64 - 3.0
                            } else {
                                0.0
                            };
                        #[expect(clippy::cast_sign_loss, reason = "limited to 0 to 255")]
                        let code = value.clamp(0.0, 255.0) as u8;
                        bytes[2 * (start + n) + k] = code;
                    }
                }
                // Only a burst of constant phase whose I and Q clip at one end each would look like
                // a header.
                let found = find(&decoded(&bytes));
                assert_eq!(found, None, "amplitude {amplitude}, offset {offset}, start {start}");
            }
        }
    }
}
