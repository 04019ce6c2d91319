//! Refuses samples that cannot be a recording, and guesses what the bytes are.

pub(crate) mod byte_layout;
mod byte_statistics;
pub(crate) mod magic;
pub(crate) mod stray_header;
mod vrt;

use rustfft::num_complex::Complex32;

use crate::error::Error;
use crate::estimators::peak_range::PeakRange;
use byte_statistics::{Histograms, Places, floats};

/// Largest component of a recording. Float recordings that are found in practice reach some
/// thousands.
const LARGEST: f32 = 1e6;

/// A recording has a component of at least this size. Misread integers and big-endian floats have
/// not.
pub(crate) const SMALLEST: f32 = 1e-20;

/// The range of the components. `from` is the index of the first sample.
///
/// # Errors
///
/// If a sample is too large or not finite.
pub(crate) fn check(samples: &[Complex32], from: u64) -> Result<PeakRange, Error> {
    let peaks = PeakRange::of(samples);
    if peaks.largest() <= LARGEST {
        return Ok(peaks);
    }
    if from == 0 && vrt::are_packets_in(samples) {
        return Err(Error::NotARecording { looks_like: vrt::NAME });
    }
    let looks_like = looks_like(samples).or_else(|| header_before_samples(samples, from));
    if let Some(first) = samples.iter().position(|sample| !sample.is_finite()) {
        return Err(Error::NotFinite {
            count: samples.iter().filter(|sample| !sample.is_finite()).count(),
            of: samples.len(),
            from,
            first: from + first as u64,
            looks_like,
        });
    }
    let first = samples.iter().position(|sample| is_impossible(*sample)).unwrap_or(0);
    Err(Error::TooLarge {
        first: from + first as u64,
        value: peaks.largest(),
        limit: LARGEST,
        looks_like,
    })
}

fn is_impossible(sample: Complex32) -> bool {
    !sample.is_finite() || sample.re.abs().max(sample.im.abs()) > LARGEST
}

/// Samples whose bytes are examined.
const EXAMINED: usize = 2048;

/// Names for samples that are misaligned by 1 to 3 bytes.
const LATE: [&str; 3] = [
    "complex64 that begins 1 byte late: a header of odd length, or bytes missing",
    "complex64 that begins 2 bytes late: a header, or bytes missing",
    "complex64 that begins 3 bytes late: a header of odd length, or bytes missing",
];

const SIGNED_BYTES: &str =
    "ci8, 8-bit integers read as complex64; --format ci8 (or cu8), or the column iq_data_format, reads them";
const UNSIGNED_BYTES: &str =
    "cu8, 8-bit integers read as complex64; --format cu8 (or ci8), or the column iq_data_format, reads them";
const WORDS: &str =
    "ci16_le, 16-bit integers read as complex64; --format ci16_le or the column iq_data_format reads them";
const SWAPPED_WORDS: &str =
    "ci16_be, big-endian 16-bit integers read as complex64; --format ci16_be or the column iq_data_format reads them";
const LONG_WORDS: &str =
    "ci32_le, 32-bit integers read as complex64; --format ci32_le or the column iq_data_format reads them";
const SWAPPED_LONG_WORDS: &str =
    "ci32_be, big-endian 32-bit integers read as complex64; --format ci32_be or the column iq_data_format reads them";

/// Recognises integers by the places of the bytes that are less uniform: the upper ones.
fn words_in(bytes: &[u8]) -> Option<&'static str> {
    match Places::of(bytes).less_uniform() {
        [false, true, false, true] => Some(WORDS),
        [true, false, true, false] => Some(SWAPPED_WORDS),
        [false, _, _, true] => Some(LONG_WORDS),
        [true, _, _, false] => Some(SWAPPED_LONG_WORDS),
        _ => None,
    }
}

/// Recognises a header: only the first samples are impossible.
fn header_before_samples(samples: &[Complex32], from: u64) -> Option<&'static str> {
    const LONGEST: usize = 512;
    const FEWEST: usize = 3;
    let (head, rest) = samples
        .split_at_checked(LONGEST)
        .filter(|(_, rest)| rest.len() > LONGEST)?;
    let is_header = from == 0
        && head.iter().filter(|s| is_impossible(**s)).count() >= FEWEST
        && !rest.iter().any(|s| is_impossible(*s));
    is_header.then_some("a header in front of the samples, read as samples")
}

/// What the bytes of implausible complex64 samples look like.
pub(crate) fn looks_like(samples: &[Complex32]) -> Option<&'static str> {
    /// Part of the samples that must fit. A few zeros and outliers prove nothing.
    const MOST: f64 = 0.95;
    let part = |fits: &dyn Fn(&Complex32) -> bool| {
        samples.iter().filter(|sample| fits(sample)).count() as f64 / samples.len() as f64
    };
    let share = |fits: &dyn Fn(&Complex32) -> bool| part(fits) >= MOST;
    let plausible = |value: f32| value == 0.0 || (1e-9..1e4).contains(&value.abs());
    let ordinary = |value: f32| (0.01..8.0).contains(&value.abs()) || value == 0.0;
    let wild = |value: f32| !plausible(value);
    let swapped = |value: f32| f32::from_bits(value.to_bits().swap_bytes());

    // The upper half of a double has its exponent near the place of a float's. The lower half is
    // arbitrary; if the double was converted from a float, it has three bits: 0, 1.08e-19, 2 or
    // 3.69e19.
    let from_float = |value: f32| value.to_bits().trailing_zeros() >= 29;
    if share(&|s| ordinary(s.im) && from_float(s.re)) && samples.iter().any(|s| wild(s.re)) {
        return Some("complex128 read as complex64");
    }
    if share(&|s| ordinary(s.im)) && !share(&|s| plausible(s.re)) {
        return Some("complex128 read as complex64");
    }
    if share(&|s| plausible(swapped(s.re)) && plausible(swapped(s.im))) {
        return Some(
            "cf32_be, big-endian floats read as little-endian (--format cf32_be or the column iq_data_format reads \
             them), or complex64 that begins one byte late after a header",
        );
    }
    let bytes: Vec<u8> = samples
        .iter()
        .take(EXAMINED)
        .flat_map(|s| [s.re.to_le_bytes(), s.im.to_le_bytes()])
        .flatten()
        .collect();
    if let Some(late) = (1..4).find(|late| floats::<4>(&bytes[*late..]).are_samples()) {
        return Some(LATE[late - 1]);
    }
    if Histograms::of(&bytes).are_bytes() {
        let is_unsigned = Histograms::of(&bytes).are_around_the_middle();
        return Some(if is_unsigned { UNSIGNED_BYTES } else { SIGNED_BYTES });
    }
    // Floats after a header have upper bytes too.
    let are_floats = part(&|s| plausible(s.re) && plausible(s.im)) > 0.5;
    if let Some(words) = words_in(&bytes).filter(|_| !are_floats) {
        return Some(words);
    }
    if share(&|s| !(1e-30..1e30).contains(&s.re.abs()) && !(1e-30..1e30).contains(&s.im.abs())) {
        return Some(WORDS);
    }
    if !share(&|s| plausible(s.re) && plausible(s.im)) {
        return Some("bytes that are no complex64, or do not start at a sample");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::SampleFormat;

    fn misread(bytes: &[u8]) -> Vec<Complex32> {
        let mut samples = Vec::new();
        SampleFormat::Cf32Le.decode(bytes, &mut samples);
        samples
    }

    fn wave(i: usize) -> f64 {
        0.3 * (i as f64 * 0.1).sin() + 0.001 * (i as f64 * 1.7).cos()
    }

    fn explained(samples: &[Complex32]) -> String {
        check(samples, 0).map_or_else(
            |error| error.to_string(),
            |_| looks_like(samples).unwrap_or("").to_owned(),
        )
    }

    #[test]
    fn doubles_read_as_floats_are_recognised() {
        let exact: Vec<u8> = (0..4000).flat_map(|i| wave(i).to_le_bytes()).collect();
        let from_floats: Vec<u8> = (0..4000)
            .flat_map(|i| f64::from(wave(i) as f32).to_le_bytes())
            .collect();
        for bytes in [exact, from_floats] {
            assert!(explained(&misread(&bytes)).ends_with("complex128 read as complex64"));
        }
    }

    #[test]
    fn swapped_floats_and_integers_are_recognised() {
        let swapped: Vec<u8> = (0..4000).flat_map(|i| (wave(i) as f32).to_be_bytes()).collect();
        assert!(explained(&misread(&swapped)).contains("looks like cf32_be, big-endian floats read as little-endian"));
        let integers: Vec<u8> = (0..8000)
            .flat_map(|i| ((wave(i) * 300.0) as i16).to_le_bytes())
            .collect();
        assert!(explained(&misread(&integers)).ends_with(WORDS));
    }

    /// Noise and tones from -80 dBFS to full scale. Noise of full scale has no upper bytes.
    #[test]
    fn integers_of_every_level_are_recognised_with_the_setting_that_reads_them() {
        let mut random = crate::test_signals::Random(5);
        for level_db in (-80..=-9_i32).step_by(3) {
            let scale = 10_f64.powf(f64::from(level_db) / 20.0);
            let noise: Vec<f64> = (0..4000)
                .flat_map(|_| <[f64; 2]>::from(random.noise(scale * scale)))
                .collect();
            let tone: Vec<f64> = (0..4000)
                .flat_map(|i| {
                    let (sin, cos) = (f64::from(i) * 0.7301).sin_cos();
                    [scale * cos, scale * sin]
                })
                .collect();
            for (name, values) in [("noise", noise), ("tone", tone)] {
                let words: Vec<i16> = values.iter().map(|v| (v * 32_767.0).round() as i16).collect();
                let little: Vec<u8> = words.iter().flat_map(|v| v.to_le_bytes()).collect();
                let text = explained(&misread(&little));
                assert!(text.ends_with(WORDS), "{name}, {level_db} dBFS: {text}");
                let long = values.iter().map(|v| (v * 2_147_483_647.0).round() as i32);
                let long: Vec<u8> = long.flat_map(i32::to_le_bytes).collect();
                let text = explained(&misread(&long));
                assert!(text.ends_with(LONG_WORDS), "{name}, {level_db} dBFS: {text}");
                let reversed = |width: usize| little.chunks(width).flat_map(|word| word.iter().rev().copied());
                let swapped: Vec<u8> = reversed(2).collect();
                let text = explained(&misread(&swapped));
                assert!(text.ends_with(SWAPPED_WORDS), "{name}, {level_db} dBFS: {text}");
            }
        }
    }

    #[test]
    fn the_bad_samples_are_counted_and_the_first_is_named() {
        let mut samples = vec![Complex32::new(0.1, 0.1); 100];
        samples[40].im = f32::NAN;
        samples[70].re = f32::NEG_INFINITY;
        let error = check(&samples, 1000).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Invalid IQ data format: 2 of the 100 samples from sample 1000 on are NaN or infinite, \
             the first is sample 1040"
        );
        samples[40].im = 2e6;
        samples[70].re = 0.0;
        let error = check(&samples, 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Invalid IQ data format: values up to 2.0e6, the first too large is sample 40, no recording exceeds 1e6"
        );
    }

    #[test]
    fn real_amplitudes_pass() {
        for scale in [1e-19_f32, 1e-6, 1.0, 1e3, 9e5] {
            let found = check(&[Complex32::new(-scale, 0.0), Complex32::new(0.5 * scale, -0.0)], 0).unwrap();
            assert_eq!((found.low, found.high, found.largest()), (-scale, 0.5 * scale, scale));
        }
    }
}
