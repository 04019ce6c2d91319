//! Sample formats as receivers and programs write them: the numbers of a known tone in each.

#![expect(clippy::float_cmp, reason = "rates are exact")]

#[path = "support/encoded.rs"]
mod encoded;

use encoded::{LEVEL_DBFS, RATE, TONE_HZ, assert_tone, encoded, extract, hints, tone};
use heimdall_dsp::{FormatClaim, Hints, SampleFormat, Sigmf, Warning};

#[test]
fn every_format_has_the_frequency_and_the_level_of_the_tone() {
    let (complex, real) = (tone(false, 2000, TONE_HZ), tone(true, 4000, TONE_HZ));
    for format in SampleFormat::ALL {
        let (values, rate_hz) = if format.is_real() {
            (&real, 2.0 * RATE)
        } else {
            (&complex, RATE)
        };
        let bytes = encoded(values, *format);
        let extraction = extract(hints(*format, rate_hz), [&bytes[..]]).unwrap();
        assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], format.name());
        assert_eq!(extraction.interpretation.sample_rate_hz, RATE, "{format}");
        assert_eq!(extraction.totals.num_chunks, 5, "{format}");
        assert_eq!(extraction.inconsistencies, [], "{format}");
        let cuts = [1, 7, 100, 101, 4000].map(|at| at.min(bytes.len()));
        let divided = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
        let divided = std::iter::once(&bytes[..1])
            .chain(divided)
            .chain([&bytes[4000.min(bytes.len())..]]);
        assert_eq!(
            extract(hints(*format, rate_hz), divided).unwrap(),
            extraction,
            "{format}"
        );
    }
}

#[test]
fn sigmf_types_are_read_under_their_names() {
    for (datatype, format) in [
        ("cf32_be", SampleFormat::Cf32Be),
        ("cf64_be", SampleFormat::Cf64Be),
        ("ci16_be", SampleFormat::Ci16Be),
        ("ci32_be", SampleFormat::Ci32Be),
        ("cu16_le", SampleFormat::Cu16Le),
        ("cu16_be", SampleFormat::Cu16Be),
        ("cu32_le", SampleFormat::Cu32Le),
        ("cu32_be", SampleFormat::Cu32Be),
        ("rf32_le", SampleFormat::Rf32Le),
        ("ri16_le", SampleFormat::Ri16Le),
        ("ri8", SampleFormat::Ri8),
        ("ru8", SampleFormat::Ru8),
    ] {
        let rate_hz = if format.is_real() { 2.0 * RATE } else { RATE };
        let text = format!("{{\"global\": {{\"core:datatype\": \"{datatype}\", \"core:sample_rate\": {rate_hz}}}}}");
        let values = if format.is_real() {
            tone(true, 4000, TONE_HZ)
        } else {
            tone(false, 2000, TONE_HZ)
        };
        let mut hints = Hints::default();
        hints.add_file_name("a.sigmf-data");
        hints.set_sigmf(Sigmf::parse(text.as_bytes()).unwrap(), "SigMF sidecar");
        let extraction = extract(hints, [&encoded(&values, format)[..]]).unwrap();
        assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], datatype);
        assert_eq!(extraction.interpretation.format, format);
    }
}

/// Reads a tone in this format from a file of this name. Returns what named the format.
fn source_of_format(name: &str, format: SampleFormat) -> String {
    let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
    hints.add_file_name(name);
    let extraction = extract(hints, [&encoded(&tone(false, 2000, TONE_HZ), format)[..]]).expect(name);
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], name);
    extraction.interpretation.format_source.to_string()
}

#[test]
fn the_extension_names_the_format() {
    for (name, format) in [
        ("BBD_0001.C16", SampleFormat::Ci16Le),
        ("BBD_0002.C8", SampleFormat::Ci8),
        ("x.complex", SampleFormat::Cf32Le),
        ("x.complex16u", SampleFormat::Cu8),
        ("x.complex16s", SampleFormat::Ci8),
        ("x.complex32u", SampleFormat::Cu16Le),
        ("x.complex32s", SampleFormat::Ci16Le),
        ("x.sc16q11", SampleFormat::Sc16Q11),
    ] {
        assert_eq!(source_of_format(name, format), "extension", "{name}");
    }
}

/// The last extension says nothing, or there is none.
#[test]
fn a_part_of_the_name_names_the_format_if_the_extension_does_not() {
    for (name, format) in [
        ("x.cs16.iq", SampleFormat::Ci16Le),
        ("x_cs16_2k.iq", SampleFormat::Ci16Le),
        ("cu8_x.bin", SampleFormat::Cu8),
        ("x_ci16_be.raw", SampleFormat::Ci16Be),
        ("x_cs8", SampleFormat::Ci8),
    ] {
        assert_eq!(source_of_format(name, format), "file name", "{name}");
    }
    for name in ["x_cs16.cf32", "cs16_cu8.iq", "x_f32_s16.iq"] {
        assert_ne!(source_of_format(name, SampleFormat::Cf32Le), "file name", "{name}");
    }
}

/// A column may say `c16` and mean `NumPy`'s complex128.
#[test]
fn a_type_of_numpy_in_a_column_keeps_its_meaning() {
    let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
    hints.add_format(FormatClaim::parse("c16").unwrap(), "column iq_data_format");
    let bytes = encoded(&tone(false, 2000, TONE_HZ), SampleFormat::Cf64Le);
    let extraction = extract(hints, [&bytes[..]]).unwrap();
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], "c16");
}

/// A sine of the 12 bits of a converter in 16-bit integers: 24.1 dB low, until the format says so.
#[test]
fn twelve_bits_in_sixteen_are_a_warning_until_the_scale_is_named() {
    let mut values: Vec<f64> = tone(false, 2000, TONE_HZ).iter().map(|value| value / 16.0).collect();
    let read = |values: &[f64], more: Option<SampleFormat>| {
        let mut hints = hints(SampleFormat::Ci16Le, RATE);
        if let Some(format) = more {
            hints.add_format(FormatClaim::Samples(format), "column iq_data_format");
        }
        extract(hints, [&encoded(values, SampleFormat::Ci16Le)[..]]).unwrap()
    };
    assert_tone(
        &read(&values, None),
        TONE_HZ,
        LEVEL_DBFS - 24.08,
        &[],
        "no end of the scale",
    );
    for end in [2047.0, -2047.0, -2048.0] {
        values[1001] = end / 32_768.0;
        let doubtful = read(&values, None);
        assert_tone(
            &doubtful,
            TONE_HZ,
            LEVEL_DBFS - 24.08,
            &[Warning::FullScaleDoubtful],
            "low",
        );
        let text = &doubtful.inconsistencies[0].text;
        assert!(text.contains("sc16q11 (column iq_data_format, --format)"), "{text}");
        let right = read(&values, Some(SampleFormat::Sc16Q11));
        // A single code at the end of the scale is no pile: nothing is clipped.
        assert_tone(&right, TONE_HZ, LEVEL_DBFS, &[], "right");
        assert_eq!(right.interpretation.format_source, "column iq_data_format");
    }
    values[1001] = 2049.0 / 32_768.0;
    assert_tone(
        &read(&values, None),
        TONE_HZ,
        LEVEL_DBFS - 24.08,
        &[],
        "beyond the scale",
    );
}

/// The tone in a file of `NumPy` in every shape that is read, and the reason for one that is not.
#[test]
fn arrays_of_numpy_have_the_tone_in_every_shape() {
    let file = |dictionary: &str, format: SampleFormat| {
        let mut bytes = b"\x93NUMPY\x01\0\x76\0".to_vec();
        bytes.extend(format!("{dictionary:<117}\n").bytes());
        bytes.extend(encoded(&tone(false, 2000, TONE_HZ), format));
        bytes
    };
    for (dictionary, format) in [
        (
            "{'descr': '<c8', 'fortran_order': False, 'shape': (2000, 1), }",
            SampleFormat::Cf32Le,
        ),
        (
            "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 2000), }",
            SampleFormat::Cf32Le,
        ),
        (
            "{'descr': '>c8', 'fortran_order': False, 'shape': (2000,), }",
            SampleFormat::Cf32Be,
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2000, 2), }",
            SampleFormat::Cf32Le,
        ),
        (
            "{'descr': '<i2', 'fortran_order': False, 'shape': (2000, 2), }",
            SampleFormat::Ci16Le,
        ),
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2000, 2), }",
            SampleFormat::Cu8,
        ),
        (
            "{'descr': [('re', '<i2'), ('im', '<i2')], 'fortran_order': False, 'shape': (2000,), }",
            SampleFormat::Ci16Le,
        ),
    ] {
        let hints = Hints::default().with_sample_rate_hz(RATE, "argument");
        let extraction = extract(hints, [&file(dictionary, format)[..]]).unwrap();
        assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], dictionary);
    }
    let planar = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2000), }";
    let error = extract(Hints::default(), [&file(planar, SampleFormat::Ci16Le)[..]]).unwrap_err();
    assert!(error.to_string().contains("numpy.ascontiguousarray(x.T)"), "{error}");
}
