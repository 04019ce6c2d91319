//! `NumPy`'s array file, versions 1 to 3, as described in NEP 1 and `numpy.lib.format`: six magic
//! bytes, two of version, the header's length (two bytes little-endian, four from version 2), the
//! header (a Python dictionary in ASCII, UTF-8 from version 3) and the array's bytes.

use std::borrow::Cow;

use crate::error::Error;
use crate::format::SampleFormat;

/// The first bytes of every `.npy` file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Longest header read. Ours are 128 bytes; only structured types with many fields get near this,
/// and those are refused anyway.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// As much of a value as is repeated in an error.
const MAX_SHOWN_CHARS: usize = 100;

/// State between two pieces of the stream.
#[derive(Debug)]
pub(crate) enum Npy {
    /// The header as far as it has come.
    Header(Vec<u8>),
    /// Behind the header.
    Data {
        /// Type of the array's elements.
        format: SampleFormat,
        /// Bytes of the array according to its shape.
        announced: u64,
        /// Bytes of the array so far.
        seen: u64,
    },
}

impl Default for Npy {
    fn default() -> Self {
        Self::Header(Vec::new())
    }
}

impl Npy {
    /// See [`super::Container::decode`].
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Error> {
        if let Self::Header(header) = self {
            while header.len() < prefix_bytes(header) + text_bytes(header)? {
                let missing = prefix_bytes(header) + text_bytes(header)? - header.len();
                let Some((piece, rest)) = input.split_at_checked(missing.min(input.len())) else {
                    break;
                };
                if piece.is_empty() {
                    return Ok(None);
                }
                header.extend_from_slice(piece);
                *input = rest;
            }
            let (format, samples) = parse(&header[prefix_bytes(header)..])?;
            let announced = samples
                .checked_mul(format.sample_bytes() as u64)
                .ok_or_else(|| bad(format!("the shape announces {samples} samples")))?;
            *self = Self::Data {
                format,
                announced,
                seen: 0,
            };
        }
        let Self::Data { announced, seen, .. } = self else {
            return Ok(None);
        };
        let left = usize::try_from(*announced - *seen).unwrap_or(usize::MAX);
        if left == 0 && !input.is_empty() {
            return Err(Error::TrailingBytes {
                container: "npy",
                announced: *announced,
            });
        }
        let (payload, rest) = input.split_at(left.min(input.len()));
        *input = rest;
        *seen += payload.len() as u64;
        Ok((!payload.is_empty()).then_some(payload))
    }

    /// Type of the elements, once the header is complete.
    pub(crate) fn format(&self) -> Option<SampleFormat> {
        match self {
            Self::Header(_) => None,
            Self::Data { format, .. } => Some(*format),
        }
    }

    /// See [`super::Container::end`].
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self {
            Self::Header(header) => Err(bad(format!("the object ends in it, after {} bytes", header.len()))),
            Self::Data { announced, seen, .. } if seen < announced => Err(Error::Length {
                container: "npy",
                announced: *announced,
                actual: *seen,
            }),
            Self::Data { .. } => Ok(()),
        }
    }
}

fn bad(problem: String) -> Error {
    Error::Header {
        container: "npy",
        problem,
    }
}

/// Bytes before the dictionary; of a header too short to tell, those needed to tell.
fn prefix_bytes(header: &[u8]) -> usize {
    match header.get(6) {
        None => 8,
        Some(1) => 10,
        Some(_) => 12,
    }
}

/// Length of the dictionary; 0 until the prefix is complete.
fn text_bytes(header: &[u8]) -> Result<usize, Error> {
    let bytes = match header {
        [_, _, _, _, _, _, 1, _, low, high, ..] => usize::from(u16::from_le_bytes([*low, *high])),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d, ..] => {
            usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX)
        }
        [_, _, _, _, _, _, 1..=3, ..] => 0,
        [_, _, _, _, _, _, version, ..] => return Err(bad(format!("version {version} is unknown, 1 to 3 are read"))),
        _ => 0,
    };
    if bytes > MAX_HEADER_BYTES {
        return Err(bad(format!("{bytes} bytes long, over the limit of {MAX_HEADER_BYTES}")));
    }
    Ok(bytes)
}

/// Element type and number of samples, from the dictionary.
fn parse(text: &[u8]) -> Result<(SampleFormat, u64), Error> {
    let text = std::str::from_utf8(text).map_err(|_| bad("not text".to_owned()))?;
    let inside = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(|| bad("not a dictionary".to_owned()))?;

    let descr = value_of(inside, "descr").ok_or_else(|| bad("no 'descr'".to_owned()))?;
    let format = match descr.trim_matches(['\'', '"']) {
        "<c8" => SampleFormat::Cf32Le,
        "<c16" => SampleFormat::Cf64Le,
        name => {
            let what = match name {
                ">c8" | ">c16" => " (big-endian)",
                "c8" | "c16" | "=c8" | "=c16" | "|c8" | "|c16" => " (byte order unknown)",
                _ => "",
            };
            return Err(bad(format!(
                "type {}{what}, only complex64 '<c8' and complex128 '<c16' are IQ samples",
                shown(descr)
            )));
        }
    };
    match value_of(inside, "fortran_order") {
        Some("False") => {}
        other => {
            return Err(bad(format!(
                "fortran_order is {}, not False",
                other.map_or("missing".into(), shown)
            )));
        }
    }
    let shape = value_of(inside, "shape").ok_or_else(|| bad("no 'shape'".to_owned()))?;
    let mut sides = shape
        .trim_matches(['(', ')'])
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    match (
        sides.next().map(|side| side.trim_end_matches('L').parse()),
        sides.next(),
    ) {
        (Some(Ok(samples)), None) => Ok((format, samples)),
        _ => Err(bad(format!(
            "shape {}, only arrays of one dimension are recordings",
            shown(shape)
        ))),
    }
}

/// A value as far as it is worth repeating.
fn shown(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", &value[..end]).into(),
        None => value.into(),
    }
}

/// The text of a key's value, quotes and brackets included.
fn value_of<'a>(dictionary: &'a str, key: &str) -> Option<&'a str> {
    let at = ["'", "\""].iter().find_map(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        dictionary.find(&quoted).map(|start| start + quoted.len())
    })?;
    let rest = dictionary[at..].trim_start().strip_prefix(':')?.trim_start();
    let end = match rest.chars().next()? {
        '(' => rest.find(')')? + 1,
        '[' => rest.rfind(']')? + 1,
        quote @ ('\'' | '"') => rest[1..].find(quote)? + 2,
        _ => rest.find(',').unwrap_or(rest.len()),
    };
    Some(rest[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as `numpy.save` writes it, with any version, dictionary and data.
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

    /// Peels a whole file in pieces of `step` bytes.
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
    fn what_is_no_recording_is_refused_by_name() {
        for (dictionary, word) in [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "'<f4'"),
            (
                "{'descr': '>c8', 'fortran_order': False, 'shape': (2,), }",
                "'>c8' (big-endian)",
            ),
            (
                "{'descr': '=c16', 'fortran_order': False, 'shape': (2,), }",
                "'=c16' (byte order unknown)",
            ),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "'|O'"),
            (
                "{'descr': [('I', '<f4'), ('Q', '<f4')], 'fortran_order': False, 'shape': (2,), }",
                "[('I'",
            ),
            (
                "{'descr': '<c8', 'fortran_order': True, 'shape': (2,), }",
                "fortran_order is True",
            ),
            ("{'descr': '<c8', 'shape': (2,), }", "fortran_order is missing"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 1), }", "(2, 1)"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (), }", "shape ()"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (-2,), }", "(-2,)"),
            (
                "{'descr': '<c16', 'fortran_order': False, 'shape': (1844674407370955161,), }",
                "announces",
            ),
            ("{'descr': '<c8', 'fortran_order': False}", "no 'shape'"),
            ("nonsense", "not a dictionary"),
        ] {
            let error = read(&file(1, dictionary, &[0; 16]), 1000).unwrap_err();
            assert!(error.to_string().contains(word), "{dictionary}: {error}");
            assert!(
                error.to_string().starts_with("Invalid IQ data format: npy header"),
                "{error}"
            );
        }
        let newer = read(b"\x93NUMPY\x09\0\0\0\0\0\0\0", 1).unwrap_err();
        assert!(newer.to_string().contains("version 9"), "{newer}");
        let endless = read(b"\x93NUMPY\x02\0\xff\xff\xff\xff {}", 1).unwrap_err();
        assert!(endless.to_string().contains("over the limit"), "{endless}");
    }

    #[test]
    fn what_is_long_is_not_repeated_as_a_whole() {
        let fields = "('I', '<f4'), ".repeat(3000);
        let dictionary = format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': (2,), }}");
        let error = read(&file(2, &dictionary, &[]), 1000).unwrap_err().to_string();
        assert!(error.len() < 300 && error.contains("...,"), "{error}");
    }

    #[test]
    fn a_length_that_lies_is_refused() {
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
}
