//! Sample formats, sample rates and headers as receivers and programs write them: the numbers of a
//! known tone in each.

#![expect(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are exact, and tests make their own small input"
)]

use heimdall_dsp::{
    Anomaly, Error, Extraction, FormatClaim, Hints, Recording, SampleFormat, Sigmf, Warning, Workspace,
};

/// Chunks of 400 complex samples.
const RATE: f64 = 2000.0;
/// Half of the scale, to a code that is no end of 12 bits.
const AMPLITUDE: f64 = 0.5;
const LEVEL_DBFS: f64 = -6.02;
/// No part of the rate, so that the tone has many codes.
const TONE_HZ: f64 = 85.0;

fn extract<'a>(hints: Hints, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    for piece in pieces {
        recording.push(piece, &mut workspace)?;
    }
    recording.finish(&mut workspace)
}

/// Noise that gives a tone as many codes as a receiver does, 66 dB below full scale.
fn dither(n: u32) -> f64 {
    let state = (u64::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (state ^ (state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((mixed >> 40) as f64 / f64::from(1 << 24) - 0.5) * 1.7e-3
}

/// I and Q of a tone, in turn.
fn complex_tone(samples: u32) -> Vec<f64> {
    let each = (0..samples).flat_map(|n| {
        let (sin, cos) = (std::f64::consts::TAU * TONE_HZ * f64::from(n) / RATE).sin_cos();
        [AMPLITUDE * cos + dither(2 * n), AMPLITUDE * sin + dither(2 * n + 1)]
    });
    each.collect()
}

/// A real tone.
fn real_tone(samples: u32, frequency_hz: f64, rate_hz: f64) -> Vec<f64> {
    let each = (0..samples)
        .map(|n| AMPLITUDE * (std::f64::consts::TAU * frequency_hz * f64::from(n) / rate_hz).cos() + dither(n));
    each.collect()
}

/// The bytes of numbers between -1 and 1 in the number type that a format's name ends with.
fn encoded(values: &[f64], format: SampleFormat) -> Vec<u8> {
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

fn hints(format: SampleFormat, rate_hz: f64) -> Hints {
    Hints::default()
        .with_format(format, "argument")
        .with_sample_rate_hz(rate_hz, "argument")
}

/// The first segment has the tone at this frequency and level, and no other warning than these.
fn assert_tone(extraction: &Extraction, frequency_hz: f64, level_dbfs: f64, warnings: &[Warning], what: &str) {
    let segment = &extraction.segments[0];
    let found_hz = segment.features.frequency_offset_hz.mean;
    let found_dbfs = segment.extended.power_dbfs.mean;
    assert!((found_hz - frequency_hz).abs() < 0.1, "{what}: {found_hz} Hz");
    assert!((found_dbfs - level_dbfs).abs() < 0.1, "{what}: {found_dbfs} dBFS");
    assert_eq!(
        segment.quality.warnings, warnings,
        "{what}: {:?}",
        extraction.inconsistencies
    );
}

#[test]
fn every_format_has_the_frequency_and_the_level_of_the_tone() {
    let (complex, real) = (complex_tone(2000), real_tone(4000, TONE_HZ, 2.0 * RATE));
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

/// A real tone above a quarter of the rate reads as negative, and no real tone has an image.
#[test]
fn real_samples_become_an_analytic_signal_at_half_the_rate() {
    for (frequency_hz, reads_hz) in [(100.0, 100.0), (700.0, 700.0), (1300.0, -700.0), (1880.0, -120.0)] {
        let bytes = encoded(&real_tone(4000, frequency_hz, 2.0 * RATE), SampleFormat::Rf32Le);
        let extraction = extract(hints(SampleFormat::Rf32Le, 2.0 * RATE), [&bytes[..]]).unwrap();
        assert_tone(&extraction, reads_hz, LEVEL_DBFS, &[], "real");
        let remark = Anomaly::RealSamples {
            sample_rate_hz: 2.0 * RATE,
        };
        assert_eq!(
            remark.to_string(),
            "real samples at 4000 Hz: the numbers are those of the analytic signal at half the rate; \
             0 to 1000 Hz keep their frequency, 1000 to 2000 Hz read as -1000 to 0 Hz"
        );
        assert_eq!(extraction.info.anomalies, [remark]);
    }
}

/// I and Q of real samples are not those of a receiver, and their mirror images near 0 Hz are no
/// fault of one.
#[test]
fn real_samples_have_no_imbalance() {
    for noise in [0.0, 0.1, 10.0] {
        let tone =
            (0..200_000_u32).map(|n| 0.3 * (std::f64::consts::TAU * 0.1001 * f64::from(n)).cos() + noise * dither(n));
        let bytes = encoded(&tone.collect::<Vec<_>>(), SampleFormat::Rf32Le);
        let extraction = extract(hints(SampleFormat::Rf32Le, 200_000.0), [&bytes[..]]).unwrap();
        assert_tone(&extraction, 20_020.0, -10.46, &[], "a tone");
    }
}

#[test]
fn a_gap_in_real_samples_is_as_long_as_stored() {
    let text = r#"{"global": {"core:datatype": "ri16_le", "core:sample_rate": 4000}, "captures": [
        {"core:sample_start": 0, "core:global_index": 0},
        {"core:sample_start": 4000, "core:global_index": 8000}]}"#;
    let mut hints = Hints::default();
    hints.set_sigmf(Sigmf::parse(text.as_bytes()).unwrap(), "SigMF sidecar");
    hints.add_duration_s(3.0, "column duration_seconds");
    hints.add_sample_count(8000, "column iq_samples_count");
    let bytes = encoded(&real_tone(8000, TONE_HZ, 4000.0), SampleFormat::Ri16Le);
    let extraction = extract(hints, [&bytes[..]]).unwrap();
    let places: Vec<_> = extraction
        .segments
        .iter()
        .map(|s| (s.segment_index, s.num_chunks))
        .collect();
    assert_eq!(places, [(0, 5), (2, 5)]);
    assert_eq!(extraction.samples_lost, 2000);
    assert_eq!(extraction.inconsistencies, []);
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], "before the gap");
}

#[test]
fn a_real_sample_that_is_no_number_is_named_by_its_place() {
    let mut values = real_tone(4000, TONE_HZ, 4000.0);
    values[1234] = f64::NAN;
    let bytes = encoded(&values, SampleFormat::Rf32Le);
    let error = extract(hints(SampleFormat::Rf32Le, 4000.0), [&bytes[..]]).unwrap_err();
    assert!(error.to_string().contains("the first is sample 1234"), "{error}");
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
            real_tone(4000, TONE_HZ, rate_hz)
        } else {
            complex_tone(2000)
        };
        let mut hints = Hints::default();
        hints.add_file_name("a.sigmf-data");
        hints.set_sigmf(Sigmf::parse(text.as_bytes()).unwrap(), "SigMF sidecar");
        let extraction = extract(hints, [&encoded(&values, format)[..]]).unwrap();
        assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], datatype);
        assert_eq!(extraction.interpretation.format, format);
    }
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
        let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
        hints.add_file_name(name);
        let extraction = extract(hints, [&encoded(&complex_tone(2000), format)[..]]).unwrap();
        assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], name);
        assert_eq!(extraction.interpretation.format_source, "extension");
    }
}

/// A column may say `c16` and mean `NumPy`'s complex128.
#[test]
fn a_type_of_numpy_in_a_column_keeps_its_meaning() {
    let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
    hints.add_format(FormatClaim::parse("c16").unwrap(), "column iq_data_format");
    let bytes = encoded(&complex_tone(2000), SampleFormat::Cf64Le);
    let extraction = extract(hints, [&bytes[..]]).unwrap();
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], "c16");
}

/// A sine of the 12 bits of a converter in 16-bit integers: 24.1 dB low, until the format says so.
#[test]
fn twelve_bits_in_sixteen_are_a_warning_until_the_scale_is_named() {
    let mut values: Vec<f64> = complex_tone(2000).iter().map(|value| value / 16.0).collect();
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
        // A single code at the end of the scale is 0.025 % of this segment.
        let clipped: &[Warning] = if end == -2047.0 { &[] } else { &[Warning::Clipping] };
        assert_tone(&right, TONE_HZ, LEVEL_DBFS, clipped, "right");
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

/// 200 kHz where no source names a rate, and a warning in each row.
#[test]
fn a_rate_that_no_source_names_is_a_warning_of_every_segment() {
    let noise: Vec<f64> = (0..3 * 400_000).map(dither).map(|value| 100.0 * value).collect();
    let floats = encoded(&noise, SampleFormat::Cf32Le);
    let mut sigmf = Hints::default();
    sigmf.set_sigmf(
        Sigmf::parse(br#"{"global": {"core:datatype": "cf32_le"}}"#).unwrap(),
        "SigMF sidecar",
    );
    let mut doubtful = Hints::default();
    doubtful.add_file_name("x_48k_96k.cf32");
    let header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0\x02\0\0\0\0\0\0\0\0\0\x08\0\x20\0data\0\0\0\0";
    let wav = [&header[..], &floats].concat();
    for (hints, bytes, words) in [
        (
            Hints::default(),
            &floats,
            "no source names the sample rate: 200000 Hz was assumed",
        ),
        (sigmf, &floats, "no source names the sample rate"),
        (Hints::default(), &wav, "no source names the sample rate"),
        (doubtful, &floats, "the file name has 48k (48000 Hz) and 96k (96000 Hz)"),
    ] {
        let extraction = extract(hints, [&bytes[..]]).unwrap();
        assert_eq!(extraction.interpretation.sample_rate_hz, 200_000.0);
        assert_eq!(extraction.segments.len(), 3);
        for segment in &extraction.segments {
            assert_eq!(segment.quality.warnings, [Warning::SampleRateAssumed]);
        }
        let text = &extraction.inconsistencies[0].text;
        assert!(
            text.starts_with(words) && text.contains("iq_sample_rate or --sample-rate"),
            "{text}"
        );
    }
}

#[test]
fn the_header_of_rtl_tcp_is_no_sample() {
    let samples = encoded(&complex_tone(2000), SampleFormat::Cu8);
    let without = extract(hints(SampleFormat::Cu8, RATE), [&samples[..]]).unwrap();
    let file = [&b"RTL0\0\0\0\x05\0\0\0\x1d"[..], &samples].concat();
    for (name, source) in [("x.cu8", "extension"), ("x.bin", "rtl_tcp header")] {
        let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
        hints.add_file_name(name);
        for cuts in [vec![], vec![5], vec![11, 12, 13]] {
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([file.len()]) {
                pieces.push(&file[from..cut]);
                from = cut;
            }
            let extraction = extract(hints.clone(), pieces).unwrap();
            assert_eq!(extraction.segments, without.segments);
            let used = extraction.interpretation;
            assert_eq!((used.container, used.format_source), ("rtl_tcp", source));
            assert_eq!(
                extraction.info.anomalies[0].to_string(),
                "the header of rtl_tcp was left out, 12 bytes"
            );
        }
    }
}

/// 16-bit integers under a name that says nothing are refused with the setting that reads them.
#[test]
fn integers_without_a_name_are_refused_with_the_format_to_set() {
    let noise: Vec<f64> = (0..100_000).map(dither).map(|value| 300.0 * value).collect();
    for name in ["x.iq", "x.bin", "x.dat", "x.raw"] {
        let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
        hints.add_file_name(name);
        let bytes = encoded(&noise, SampleFormat::Ci16Le);
        let error = extract(hints, [&bytes[..]]).unwrap_err().to_string();
        let advice = "looks like ci16_le, 16-bit integers read as complex64; \
                      --format ci16_le or the column iq_data_format reads them";
        assert!(error.ends_with(advice), "{error}");
    }
}

#[test]
fn a_metadata_header_of_gnu_radio_is_named_unless_metadata_describe_it() {
    let mut file = b"\x07\x09\x02\0\x07rx_rate\x04\x40\x9f\x40\0\0\0\0\0".to_vec();
    file.resize(149, 0);
    file.extend(encoded(&complex_tone(2000), SampleFormat::Cf32Le));
    let mut hints = Hints::default().with_sample_rate_hz(RATE, "argument");
    hints.add_file_name("x.cfile");
    let error = extract(hints.clone(), [&file[..]]).unwrap_err().to_string();
    assert!(error.contains("a GNU Radio file with metadata headers"), "{error}");
    let text = br#"{"global": {"core:datatype": "cf32_le", "core:dataset": "x.cfile"},
                    "captures": [{"core:sample_start": 0, "core:header_bytes": 149}]}"#;
    hints.set_sigmf(Sigmf::parse(text).unwrap(), "SigMF sidecar");
    hints.set_object_bytes(Some(file.len() as u64));
    let extraction = extract(hints, [&file[..]]).unwrap();
    assert_tone(&extraction, TONE_HZ, LEVEL_DBFS, &[], "described");
}

/// The tone in a file of `NumPy` in every shape that is read, and the reason for one that is not.
#[test]
fn arrays_of_numpy_have_the_tone_in_every_shape() {
    let file = |dictionary: &str, format: SampleFormat| {
        let mut bytes = b"\x93NUMPY\x01\0\x76\0".to_vec();
        bytes.extend(format!("{dictionary:<117}\n").bytes());
        bytes.extend(encoded(&complex_tone(2000), format));
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
