//! The header: six magic bytes, two bytes of version, the length of the rest (two bytes
//! little-endian, four from version 2), and a Python dictionary in ASCII (UTF-8 in version 3).

use super::element::Element;
use super::problem::{bad, shown};
use crate::error::Error;
use crate::format::SampleFormat;

/// Longest dictionary that is read. Usual headers have 128 bytes. Only structured types with many
/// fields come near the limit, and they are refused anyway.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Length of the header. If more bytes are needed to find it out, their number.
pub(super) fn length(header: &[u8]) -> Result<usize, Error> {
    Ok(prefix_bytes(header) + text_bytes(header)?)
}

/// Bytes before the dictionary. If the version is not there yet, the bytes needed to find it.
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

/// Sample format and number of samples of a complete header.
pub(super) fn parse(header: &[u8]) -> Result<(SampleFormat, u64), Error> {
    let text = std::str::from_utf8(&header[prefix_bytes(header)..]).map_err(|_| bad("not text"))?;
    let inside = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(|| bad("not a dictionary"))?;

    let descr = value_of(inside, "descr").ok_or_else(|| bad("no 'descr'"))?;
    let element = Element::parse(descr)?;
    let is_fortran = match value_of(inside, "fortran_order") {
        Some("False") => false,
        Some("True") => true,
        other => {
            return Err(bad(format!(
                "fortran_order is {}, not False or True",
                other.map_or("missing".into(), shown)
            )));
        }
    };
    let shape = value_of(inside, "shape").ok_or_else(|| bad("no 'shape'"))?;
    let samples = element.samples(&sides_of(shape)?, is_fortran).map_err(|problem| {
        bad(format!(
            "shape {}{}, {problem}",
            shown(shape),
            if is_fortran { " in Fortran order" } else { "" }
        ))
    })?;
    Ok((element.format, samples))
}

/// The sides of the array in the order of the bytes: the last one varies fastest.
fn sides_of(shape: &str) -> Result<Vec<u64>, Error> {
    let sides = shape
        .trim_matches(['(', ')'])
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty());
    let numbers = sides.map(|side| side.trim_end_matches('L').parse().ok());
    numbers
        .collect::<Option<Vec<u64>>>()
        .ok_or_else(|| bad(format!("shape {}, which is no list of sizes", shown(shape))))
}

/// The text of a value, with its quotes and brackets.
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
