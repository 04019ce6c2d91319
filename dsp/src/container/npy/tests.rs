use super::*;

/// A file as `numpy.save` writes it, with this version, dictionary and data.
fn file(version: u8, dictionary: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = [MAGIC, &[version, 0]].concat();
    let prefix = if version == 1 { 10 } else { 12 };
    let text_bytes = (prefix + dictionary.len() + 1).next_multiple_of(64) - prefix;
    if version == 1 {
        bytes.extend(u16::try_from(text_bytes).unwrap().to_le_bytes());
    } else {
        bytes.extend(u32::try_from(text_bytes).unwrap().to_le_bytes());
    }
    bytes.extend(dictionary.bytes());
    bytes.resize(prefix + text_bytes - 1, b' ');
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

/// Reads a whole file in pieces of `step` bytes.
fn read(file: &[u8], step: usize) -> Result<(Option<SampleFormat>, Vec<u8>), Error> {
    let mut npy = Npy::default();
    let mut data = Vec::new();
    for mut piece in file.chunks(step) {
        while let Some(payload) = npy.decode(&mut piece)? {
            data.extend(payload);
        }
    }
    npy.finish()?;
    Ok((npy.format(), data))
}

#[test]
fn every_version_is_read_in_pieces_of_any_size() {
    for version in 1..=3 {
        for (descr, format) in [("<c8", SampleFormat::Cf32Le), ("<c16", SampleFormat::Cf64Le)] {
            let data: Vec<u8> = (0..3 * format.sample_bytes()).map(|i| i.to_le_bytes()[0]).collect();
            let dictionary = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (3,), }}");
            let file = file(version, &dictionary, &data);
            for step in [1, 2, 3, 7, 64, 1000] {
                assert_eq!(read(&file, step), Ok((Some(format), data.clone())));
            }
        }
    }
}

#[test]
fn other_spellings_of_the_dictionary_are_read() {
    for dictionary in [
        r#"{"shape": (2,), "fortran_order": False, "descr": "<c8"}"#,
        "{'shape':(2L,),'descr':'<c8','fortran_order':False}",
    ] {
        assert_eq!(read(&file(1, dictionary, &[0; 16]), 5).unwrap().1.len(), 16);
    }
}

#[test]
fn shapes_and_types_that_people_save_are_read() {
    for (descr, order, shape, format, samples) in [
        ("'<c8'", "False", "(3, 1)", SampleFormat::Cf32Le, 3),
        ("'<c8'", "False", "(1, 3)", SampleFormat::Cf32Le, 3),
        ("'<c8'", "True", "(3,)", SampleFormat::Cf32Le, 3),
        ("'<c16'", "True", "(1, 3)", SampleFormat::Cf64Le, 3),
        ("'>c8'", "False", "(3,)", SampleFormat::Cf32Be, 3),
        ("'>c16'", "False", "(3,)", SampleFormat::Cf64Be, 3),
        ("'<f4'", "False", "(3, 2)", SampleFormat::Cf32Le, 3),
        ("'>f4'", "False", "(3, 2)", SampleFormat::Cf32Be, 3),
        ("'<f8'", "False", "(3, 2)", SampleFormat::Cf64Le, 3),
        ("'<i2'", "False", "(3, 2)", SampleFormat::Ci16Le, 3),
        ("'>i2'", "False", "(3, 2)", SampleFormat::Ci16Be, 3),
        ("'<i2'", "True", "(2, 3)", SampleFormat::Ci16Le, 3),
        ("'<u2'", "False", "(3, 2)", SampleFormat::Cu16Le, 3),
        ("'<i4'", "False", "(3, 2)", SampleFormat::Ci32Le, 3),
        ("'|i1'", "False", "(3, 2)", SampleFormat::Ci8, 3),
        ("'|u1'", "False", "(3, 2)", SampleFormat::Cu8, 3),
        (
            "[('re', '<i2'), ('im', '<i2')]",
            "False",
            "(3,)",
            SampleFormat::Ci16Le,
            3,
        ),
        (
            "[('real', '>i2'), ('imag', '>i2')]",
            "False",
            "(3, 1)",
            SampleFormat::Ci16Be,
            3,
        ),
        ("[('I', '<f4'), ('Q', '<f4')]", "False", "(3,)", SampleFormat::Cf32Le, 3),
        ("[('i','|i1'),('q','|i1')]", "True", "(3,)", SampleFormat::Ci8, 3),
        ("'<i2'", "False", "(2, 2)", SampleFormat::Ci16Le, 2),
    ] {
        let dictionary = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
        let data: Vec<u8> = (0..samples * format.sample_bytes())
            .map(|i| i.to_le_bytes()[0])
            .collect();
        for step in [1, 1000] {
            let found = read(&file(1, &dictionary, &data), step);
            assert_eq!(found, Ok((Some(format), data.clone())), "{dictionary}");
        }
    }
}

#[test]
fn an_array_that_is_no_recording_is_refused_with_the_reason() {
    let planar = "shape (2, 50000), all I before all Q, which cannot be read as it arrives: save it in C order with \
                  shape (N, 2), as numpy.ascontiguousarray(x.T) does";
    let unclear = "shape (2,), it does not say whether these are real samples or I and Q in turn";
    for (descr, order, shape, word) in [
        ("'<f4'", "False", "(2,)", unclear),
        ("'=c16'", "False", "(2,)", "'=c16' (byte order unknown)"),
        ("'|O'", "False", "(2,)", "'|O'"),
        ("[('Q', '<f4'), ('I', '<f4')]", "False", "(2,)", "[('Q'"),
        ("[('I', '<f4'), ('Q', '<i2')]", "False", "(2,)", "[('I'"),
        ("[('I', '<f4')]", "False", "(2,)", "[('I'"),
        ("'<f2'", "False", "(2, 2)", "'<f2'"),
        ("'<f4'", "False", "(2, 50000)", planar),
        (
            "'<i2'",
            "True",
            "(50000, 2)",
            "shape (50000, 2) in Fortran order, all I before all Q",
        ),
        ("'<c8'", "False", "(2, 4)", "shape (2, 4)"),
        ("'<i2'", "False", "(4, 3)", "shape (4, 3)"),
        ("'<c8'", "False", "(2, 1, 1)", "shape (2, 1, 1)"),
        ("'<c8'", "Maybe", "(2,)", "fortran_order is Maybe"),
        ("'<c8'", "False", "()", "shape ()"),
        ("'<c8'", "False", "(-2,)", "(-2,)"),
        ("'<c16'", "False", "(1844674407370955161,)", "announces"),
    ] {
        let dictionary = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
        assert_refused(&file(1, &dictionary, &[0; 16]), word);
    }
    for (dictionary, word) in [
        ("{'descr': '<c8', 'shape': (2,), }", "fortran_order is missing"),
        ("{'descr': '<c8', 'fortran_order': False}", "no 'shape'"),
        ("nonsense", "not a dictionary"),
    ] {
        assert_refused(&file(1, dictionary, &[0; 16]), word);
    }
    assert_refused(b"\x93NUMPY\x09\0\0\0\0\0\0\0", "version 9");
    assert_refused(b"\x93NUMPY\x02\0\xff\xff\xff\xff {}", "over the limit");
}

fn assert_refused(file: &[u8], word: &str) {
    let error = read(file, 1000).unwrap_err().to_string();
    assert!(error.contains(word), "{word}: {error}");
    assert!(error.starts_with("Invalid IQ data format: npy header"), "{error}");
}

#[test]
fn a_long_value_is_shortened_in_the_error() {
    let fields = "('I', '<f4'), ".repeat(3000);
    let dictionary = format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': (2,), }}");
    let error = read(&file(2, &dictionary, &[]), 1000).unwrap_err().to_string();
    assert!(error.len() < 300 && error.contains("...,"), "{error}");
}

#[test]
fn a_wrong_length_is_refused() {
    let dictionary = "{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }";
    let cut = Error::Length {
        container: "npy",
        announced: 16,
        actual: 15,
    };
    assert_eq!(read(&file(1, dictionary, &[0; 15]), 4), Err(cut));
    let long = Error::TrailingBytes {
        container: "npy",
        announced: 16,
    };
    assert_eq!(read(&file(1, dictionary, &[0; 17]), 1000), Err(long));
    let whole = file(1, dictionary, &[]);
    let in_header = read(&whole[..100], 9).unwrap_err();
    assert!(
        in_header.to_string().contains("ends in it, after 100 bytes"),
        "{in_header}"
    );
}
