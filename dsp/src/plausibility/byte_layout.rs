//! The first bytes of samples, kept to see whether they are what somebody said they are.

use super::byte_statistics::{Histograms, floats};
use crate::error::Error;
use crate::format::SampleFormat;
use crate::input::Interpretation;
use crate::warning::{Inconsistency, Warning};

/// Enough for histograms of 256 values in each of two places, and for ten network packets.
const MOST_BYTES: usize = 16 * 1024;
/// With fewer nothing is concluded.
const FEWEST_BYTES: usize = 4 * 1024;

/// The bytes, until they are judged.
#[derive(Debug, Default)]
pub(crate) struct ByteLayout {
    bytes: Vec<u8>,
    is_judged: bool,
}

impl ByteLayout {
    /// Takes bytes of whole samples. Silence proves nothing and is not kept.
    pub(crate) fn add(&mut self, mut bytes: &[u8]) {
        while !self.is_judged && !bytes.is_empty() {
            if self.bytes.len() == MOST_BYTES {
                if self.bytes.iter().any(|byte| *byte != 0) {
                    return;
                }
                self.bytes.clear();
            }
            let (now, later) = bytes.split_at(bytes.len().min(MOST_BYTES - self.bytes.len()));
            self.bytes.extend_from_slice(now);
            bytes = later;
        }
    }

    /// Judges what there is, once, when it is enough.
    ///
    /// # Errors
    ///
    /// If the bytes cannot be what they were read as.
    pub(crate) fn check(&mut self, read_as: &Interpretation) -> Result<Option<Inconsistency>, Error> {
        let is_silent = || self.bytes.iter().all(|byte| *byte == 0);
        if self.is_judged || self.bytes.len() < FEWEST_BYTES || is_silent() {
            return Ok(None);
        }
        self.is_judged = true;
        let bytes = std::mem::take(&mut self.bytes);
        if is_vrt(&bytes) {
            return Err(Error::NotARecording {
                looks_like: "a stream of VITA-49 (VRT) packets",
            });
        }
        if let Some(looks_like) = cannot_be(read_as.format, &bytes) {
            return Err(Error::Misread {
                read_as: read_as.format,
                source_of_format: read_as.format_source,
                looks_like,
            });
        }
        Ok(may_not_be(read_as.format, &bytes).map(|looks_like| {
            Inconsistency::new(
                Warning::FormatDoubtful,
                format!(
                    "read as {} ({}), the bytes look like {looks_like}",
                    read_as.format, read_as.format_source
                ),
            )
        }))
    }
}

/// Floating-point numbers of one width give themselves away in every other format.
fn cannot_be(format: SampleFormat, bytes: &[u8]) -> Option<&'static str> {
    let (single, double) = (floats::<4>(bytes), floats::<8>(bytes));
    match format {
        SampleFormat::Cf32Le => (double.are_samples() && (!single.are_samples() || single.lack_every_other()))
            .then_some("cf64_le (complex128)"),
        SampleFormat::Cf64Le => (single.are_samples() && !double.are_samples()).then_some("cf32_le (complex64)"),
        _ if single.are_samples() && single.have_both_signs() && single.have_mantissas() => Some("cf32_le (complex64)"),
        _ if double.are_samples() && double.have_both_signs() && double.have_mantissas() => {
            Some("cf64_le (complex128)")
        }
        _ => None,
    }
}

/// Integers of one kind read as another remain plausible numbers, so that this is no more than a doubt.
fn may_not_be(format: SampleFormat, bytes: &[u8]) -> Option<&'static str> {
    let seen = Histograms::of(bytes);
    match format {
        SampleFormat::Ci16Le if seen.are_swapped_words() => Some("big-endian 16-bit integers"),
        SampleFormat::Ci16Le if seen.are_bytes() && seen.are_around_the_middle() => Some("cu8"),
        SampleFormat::Ci16Le if seen.are_bytes() => Some("ci8"),
        SampleFormat::Ci8 | SampleFormat::Cu8 if seen.are_words() => Some("ci16_le"),
        SampleFormat::Ci8 | SampleFormat::Cu8 if seen.are_swapped_words() => Some("big-endian 16-bit integers"),
        SampleFormat::Ci8 if seen.avoid_zero_as_signed() => Some("cu8"),
        SampleFormat::Cu8 if seen.avoid_zero_as_unsigned() => Some("ci8"),
        _ => None,
    }
}

/// Whether three packets follow each other: of the same kind and stream they have consecutive numbers. Source: the layout of
/// headers in ANSI/VITA 49.2.
fn is_vrt(bytes: &[u8]) -> bool {
    let word = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..at + 4)?.as_array::<4>()?));
    let mut at = 0;
    let mut before: Option<(u32, u32, u32)> = None;
    let mut in_order = 0;
    for _ in 0..4 {
        let (Some(header), Some(stream)) = (word(at), word(at + 4)) else {
            break;
        };
        let (kind, number, words) = (header >> 28, (header >> 16) & 15, header & 0xffff);
        if kind > 5 || words < 3 {
            return false;
        }
        if let Some((kind_before, number_before, stream_before)) = before {
            if kind == kind_before && (stream != stream_before || number != (number_before + 1) % 16) {
                return false;
            }
            in_order += usize::from(kind == kind_before);
        }
        before = Some((kind, number, stream));
        at += 4 * words as usize;
    }
    in_order >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Hints;

    /// Noise, -1 to 1, denser in the middle.
    struct Noise(u64);

    impl Noise {
        fn next(&mut self) -> f64 {
            let mut uniform = || {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (self.0 >> 11) as f64 / (1_u64 << 53) as f64
            };
            (uniform() + uniform() + uniform() + uniform()) / 2.0 - 1.0
        }
    }

    /// Components of signals as receivers deliver them, within 0.9 of full scale, named.
    fn signals() -> Vec<(&'static str, Vec<f64>)> {
        let mut noise = Noise(7);
        let samples = 8192;
        let mut of = |signal: &dyn Fn(usize) -> (f64, f64), level: f64| -> Vec<f64> {
            (0..samples)
                .flat_map(|n| {
                    let (i, q) = signal(n);
                    [i + level * noise.next(), q + level * noise.next()]
                })
                .collect()
        };
        let turn = |n: usize, rate: f64| {
            let (sin, cos) = (std::f64::consts::TAU * rate * n as f64).sin_cos();
            (cos, sin)
        };
        let tone = |n: usize| (0.6 * turn(n, 0.0371).0, 0.6 * turn(n, 0.0371).1);
        vec![
            ("noise", of(&|_| (0.0, 0.0), 0.7)),
            ("weak noise", of(&|_| (0.0, 0.0), 0.05)),
            ("tone", of(&tone, 0.1)),
            (
                "tone over weak noise",
                of(&|n| (0.2 * turn(n, 0.01).0, 0.2 * turn(n, 0.01).1), 0.01),
            ),
            ("carrier at 0 Hz", of(&|_| (0.45, -0.5), 0.02)),
            (
                "burst",
                of(&|n| if n % 3000 > 2000 { tone(n) } else { (0.0, 0.0) }, 0.03),
            ),
            (
                "clipped tone",
                of(
                    &|n| {
                        (
                            (6.0 * turn(n, 0.003).0).clamp(-0.999, 0.999),
                            (6.0 * turn(n, 0.003).1).clamp(-0.999, 0.999),
                        )
                    },
                    0.0,
                ),
            ),
        ]
    }

    const FORMATS: [SampleFormat; 5] = [
        SampleFormat::Cf32Le,
        SampleFormat::Cf64Le,
        SampleFormat::Ci16Le,
        SampleFormat::Ci8,
        SampleFormat::Cu8,
    ];

    #[expect(clippy::cast_sign_loss, reason = "around 127.5")]
    fn encode(values: &[f64], format: SampleFormat) -> Vec<u8> {
        let each = values.iter();
        match format {
            SampleFormat::Cf32Le => each.flat_map(|v| (*v as f32).to_le_bytes()).collect(),
            SampleFormat::Cf64Le => each.flat_map(|v| v.to_le_bytes()).collect(),
            SampleFormat::Ci16Le => each.flat_map(|v| ((v * 32_767.0) as i16).to_le_bytes()).collect(),
            SampleFormat::Ci8 => each.map(|v| ((v * 127.0).round() as i8).cast_unsigned()).collect(),
            _ => each.map(|v| (127.5 + v * 127.5).round() as u8).collect(),
        }
    }

    fn judged(bytes: &[u8], format: SampleFormat) -> Result<Option<Inconsistency>, Error> {
        let hints = Hints::default().with_format(format, "argument");
        let read_as = Interpretation::settle("none", None, None, &hints).unwrap();
        let mut byte_layout = ByteLayout::default();
        byte_layout.add(bytes);
        byte_layout.check(&read_as)
    }

    #[test]
    fn honest_signals_raise_no_doubt_in_any_format() {
        for (name, values) in signals() {
            for format in FORMATS {
                assert_eq!(judged(&encode(&values, format), format), Ok(None), "{name} as {format}");
                let silent_first = [vec![0; 3 * MOST_BYTES], encode(&values, format)].concat();
                assert_eq!(
                    judged(&silent_first, format),
                    Ok(None),
                    "{name} as {format} behind silence"
                );
            }
        }
        let scaled: Vec<u8> = signals()[0]
            .1
            .iter()
            .flat_map(|v| (((v * 2047.0) as i16) << 4).to_le_bytes())
            .collect();
        assert_eq!(
            judged(&scaled, SampleFormat::Ci16Le),
            Ok(None),
            "12 bits in the upper part of 16"
        );
        let unscaled: Vec<u8> = signals()[0]
            .1
            .iter()
            .flat_map(|v| ((v * 100.0) as i16).to_le_bytes())
            .collect();
        assert_eq!(
            judged(&unscaled, SampleFormat::Ci16Le),
            Ok(None),
            "8 bits in the lower part of 16"
        );
    }

    #[test]
    fn floats_are_recognised_in_every_format_that_they_are_not() {
        // Except where nearly all of them are one and the same number: that could be integers, too.
        for (name, values) in signals()
            .into_iter()
            .filter(|(name, _)| !matches!(*name, "carrier at 0 Hz" | "clipped tone"))
        {
            for (written, as_others) in [
                (SampleFormat::Cf32Le, &FORMATS[1..]),
                (
                    SampleFormat::Cf64Le,
                    &[SampleFormat::Ci16Le, SampleFormat::Ci8, SampleFormat::Cu8],
                ),
            ] {
                for read in as_others {
                    let error = judged(&encode(&values, written), *read).expect_err(name).to_string();
                    assert!(error.contains(&format!("looks like {written}")), "{name}: {error}");
                    assert!(error.contains(&format!("read as {read} (argument)")), "{name}: {error}");
                }
            }
        }
        // Doubles that were 8-bit integers: every second word is zero, and all floats are plausible.
        let coarse: Vec<u8> = signals()[0]
            .1
            .iter()
            .flat_map(|v| ((v * 127.0).round() / 128.0).to_le_bytes())
            .collect();
        let error = judged(&coarse, SampleFormat::Cf32Le).unwrap_err().to_string();
        assert!(error.contains("looks like cf64_le (complex128)"), "{error}");
    }

    #[test]
    fn integers_read_as_others_are_doubted() {
        let noise = &signals()[0].1;
        let tone = &signals()[2].1;
        for values in [noise, tone] {
            let swapped: Vec<u8> = encode(values, SampleFormat::Ci16Le)
                .as_chunks::<2>()
                .0
                .iter()
                .flat_map(|b| [b[1], b[0]])
                .collect();
            for (bytes, read, looks_like) in [
                (encode(values, SampleFormat::Ci8), SampleFormat::Ci16Le, "ci8"),
                (encode(values, SampleFormat::Cu8), SampleFormat::Ci16Le, "cu8"),
                (encode(values, SampleFormat::Ci16Le), SampleFormat::Ci8, "ci16_le"),
                (encode(values, SampleFormat::Ci16Le), SampleFormat::Cu8, "ci16_le"),
                (swapped.clone(), SampleFormat::Ci16Le, "big-endian 16-bit integers"),
                (swapped, SampleFormat::Ci8, "big-endian 16-bit integers"),
            ] {
                let inconsistency = judged(&bytes, read).unwrap().expect(looks_like);
                assert_eq!(inconsistency.warning, Warning::FormatDoubtful);
                assert_eq!(
                    inconsistency.text,
                    format!("read as {read} (argument), the bytes look like {looks_like}")
                );
            }
        }
        // The two kinds of bytes differ where the signal leaves the middle of the scale free.
        let moderate: Vec<f64> = noise.iter().map(|v| 0.7 * v).collect();
        for values in [&moderate, tone, &signals()[1].1] {
            for (written, read) in [
                (SampleFormat::Ci8, SampleFormat::Cu8),
                (SampleFormat::Cu8, SampleFormat::Ci8),
            ] {
                let inconsistency = judged(&encode(values, written), read)
                    .unwrap()
                    .expect("an inconsistency");
                assert!(
                    inconsistency.text.ends_with(&format!("look like {written}")),
                    "{}",
                    inconsistency.text
                );
            }
        }
    }

    #[test]
    fn packets_are_recognised_by_their_chain() {
        let mut bytes = Vec::new();
        for number in 14..26_u32 {
            bytes.extend((0x1000_0000_u32 | ((number % 16) << 16) | 0x012c).to_be_bytes());
            bytes.extend(77_u32.to_be_bytes());
            bytes.extend((0..1192_u32).map(|i| (i * 31).to_le_bytes()[0]));
        }
        let error = judged(&bytes, SampleFormat::Ci16Le).unwrap_err().to_string();
        assert!(error.contains("VITA-49"), "{error}");
        bytes[1203] ^= 1;
        assert!(judged(&bytes, SampleFormat::Ci16Le).is_ok());
    }
}
