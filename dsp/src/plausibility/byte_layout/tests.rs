use super::*;
use crate::input::Hints;

/// Random numbers from -1 to 1, more of them in the middle.
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

/// Names and components of signals as receivers deliver them, within 0.9 of full scale.
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

fn check(bytes: &[u8], format: SampleFormat) -> Result<Option<Inconsistency>, Error> {
    let hints = Hints::default().with_format(format, "argument");
    let read_as = Interpretation::settle("none", None, None, &hints).unwrap();
    let mut byte_layout = ByteLayout::default();
    byte_layout.add(bytes);
    byte_layout.check(&read_as)
}

#[test]
fn signals_in_their_own_format_give_no_warning() {
    for (name, values) in signals() {
        for format in FORMATS {
            assert_eq!(check(&encode(&values, format), format), Ok(None), "{name} as {format}");
            let silent_first = [vec![0; 3 * MAX_BYTES], encode(&values, format)].concat();
            assert_eq!(
                check(&silent_first, format),
                Ok(None),
                "{name} as {format} after silence"
            );
        }
    }
    let scaled: Vec<u8> = signals()[0]
        .1
        .iter()
        .flat_map(|v| (((v * 2047.0) as i16) << 4).to_le_bytes())
        .collect();
    assert_eq!(
        check(&scaled, SampleFormat::Ci16Le),
        Ok(None),
        "12 bits in the upper part of 16"
    );
    let unscaled: Vec<u8> = signals()[0]
        .1
        .iter()
        .flat_map(|v| ((v * 100.0) as i16).to_le_bytes())
        .collect();
    assert_eq!(
        check(&unscaled, SampleFormat::Ci16Le),
        Ok(None),
        "8 bits in the lower part of 16"
    );
}

#[test]
fn floats_read_in_any_other_format_are_refused() {
    // Except signals of nearly one value, which can be integers too.
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
                let error = check(&encode(&values, written), *read).expect_err(name).to_string();
                assert!(error.contains(&format!("looks like {written}")), "{name}: {error}");
                assert!(error.contains(&format!("read as {read} (argument)")), "{name}: {error}");
            }
        }
    }
    // Doubles converted from 8-bit integers: every second word is zero, and all floats are
    // plausible.
    let coarse: Vec<u8> = signals()[0]
        .1
        .iter()
        .flat_map(|v| ((v * 127.0).round() / 128.0).to_le_bytes())
        .collect();
    let error = check(&coarse, SampleFormat::Cf32Le).unwrap_err().to_string();
    assert!(error.contains("looks like cf64_le (complex128)"), "{error}");
}

#[test]
fn integers_read_in_another_integer_format_give_a_warning() {
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
            let inconsistency = check(&bytes, read).unwrap().expect(looks_like);
            assert_eq!(inconsistency.warning, Warning::FormatDoubtful);
            assert_eq!(
                inconsistency.text,
                format!("read as {read} (argument), the bytes look like {looks_like}")
            );
        }
    }
    // Signed and unsigned bytes differ only if the signal does not fill the whole scale.
    let moderate: Vec<f64> = noise.iter().map(|v| 0.7 * v).collect();
    for values in [&moderate, tone, &signals()[1].1] {
        for (written, read) in [
            (SampleFormat::Ci8, SampleFormat::Cu8),
            (SampleFormat::Cu8, SampleFormat::Ci8),
        ] {
            let inconsistency = check(&encode(values, written), read)
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
fn packets_are_recognised_by_consecutive_numbers() {
    let mut bytes = Vec::new();
    for number in 14..26_u32 {
        bytes.extend((0x1000_0000_u32 | ((number % 16) << 16) | 0x012c).to_be_bytes());
        bytes.extend(77_u32.to_be_bytes());
        bytes.extend((0..1192_u32).map(|i| (i * 31).to_le_bytes()[0]));
    }
    let error = check(&bytes, SampleFormat::Ci16Le).unwrap_err().to_string();
    assert!(error.contains("VITA-49"), "{error}");
    bytes[1203] ^= 1;
    assert!(check(&bytes, SampleFormat::Ci16Le).is_ok());
}
