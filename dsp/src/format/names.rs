//! The names by which people and programs call a format.

use std::str::FromStr;

use super::SampleFormat;

/// A text that names no known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sample format {name:?}; known are {KNOWN_FORMATS}")]
pub struct UnknownFormat {
    /// The text.
    pub name: String,
}

/// The formats in words, for errors.
pub(crate) const KNOWN_FORMATS: &str = "cf32, cf64, ci16, ci32, cu16, cu32 and the real rf32, rf64, ri16, ri32, ru16, \
                                        ru32, each with _le or _be; ci8, cu8, ri8, ru8, ci24_le, sc16q11";

impl FromStr for SampleFormat {
    type Err = UnknownFormat;

    /// Takes the name of `SigMF`, of `NumPy` and of other programs, in any case.
    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let lower = name.trim().to_ascii_lowercase();
        let named = Self::ALL.iter().find(|format| format.name() == lower).copied();
        named
            .or_else(|| other_name(&lower))
            .ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

/// Names other than that of `SigMF`. Those without byte order are little-endian.
fn other_name(name: &str) -> Option<SampleFormat> {
    Some(match name {
        "cf32" | "cf32le" | "fc32" | "cfile" | "complex64" | "<c8" | "c8" | "float32" | "f32" => SampleFormat::Cf32Le,
        "cf32be" | ">c8" => SampleFormat::Cf32Be,
        "cf64" | "cf64le" | "fc64" | "complex128" | "<c16" | "c16" | "float64" | "f64" => SampleFormat::Cf64Le,
        "cf64be" | ">c16" => SampleFormat::Cf64Be,
        "ci16" | "ci16le" | "cs16" | "cs16le" | "cs16_le" | "sc16" | "sc16le" | "int16" | "i16" | "s16" | "s16le"
        | "complex32s" => SampleFormat::Ci16Le,
        "ci16be" | "cs16be" | "cs16_be" | "sc16be" | "s16be" => SampleFormat::Ci16Be,
        "sc16_q11" | "cs16q11" | "cs16_q11" | "ci16q11" | "ci16_q11" | "q11" | "bladerf" => SampleFormat::Sc16Q11,
        "ci24" | "ci24le" | "cs24" | "sc24" | "int24" | "s24le" => SampleFormat::Ci24Le,
        "ci32" | "ci32le" | "cs32" | "cs32le" | "sc32" | "sc32le" | "int32" | "i32" | "s32" | "s32le" => {
            SampleFormat::Ci32Le
        }
        "ci32be" | "cs32be" | "sc32be" | "s32be" => SampleFormat::Ci32Be,
        "cu16" | "cu16le" | "uc16" | "uint16" | "u16" | "complex32u" => SampleFormat::Cu16Le,
        "cu16be" => SampleFormat::Cu16Be,
        "cu32" | "cu32le" | "uc32" | "uint32" | "u32" => SampleFormat::Cu32Le,
        "cu32be" => SampleFormat::Cu32Be,
        "cs8" | "sc8" | "int8" | "i8" | "s8" | "complex16s" => SampleFormat::Ci8,
        "uc8" | "uint8" | "u8" | "complex16u" => SampleFormat::Cu8,
        "rf32" => SampleFormat::Rf32Le,
        "ri16" => SampleFormat::Ri16Le,
        "ri32" => SampleFormat::Ri32Le,
        "ru16" => SampleFormat::Ru16Le,
        "ru32" => SampleFormat::Ru32Le,
        _ => return None,
    })
}

/// The format of a file name's extension, in lower case, where it is another one than that of the
/// same word elsewhere: `PortaPack` writes 16-bit integers as `.C16` and bytes as `.C8`, `c16` and
/// `c8` elsewhere are the types of `NumPy`; `Universal Radio Hacker` writes floats as `.complex`.
pub(super) fn of_extension(extension: &str) -> Option<SampleFormat> {
    match extension {
        "c16" => Some(SampleFormat::Ci16Le),
        "c8" => Some(SampleFormat::Ci8),
        "complex" => Some(SampleFormat::Cf32Le),
        _ => None,
    }
}

/// The format that a part of a file name states: `cs16` of `cap_cs16.iq`, and with the part after it
/// `ci16_be`. Short words such as `i16` or `c8` can mean something else there.
pub(super) fn of_part(part: &str, next: Option<&str>) -> Option<SampleFormat> {
    let part = part.to_ascii_lowercase();
    let is_complex = ["cu", "ci", "cs", "cf", "sc", "uc", "fc", "complex"]
        .iter()
        .any(|kind| {
            part.strip_prefix(kind)
                .is_some_and(|bits| bits.starts_with(|c: char| c.is_ascii_digit()))
        });
    let is_word = is_complex || matches!(&*part, "int8" | "uint8" | "int16" | "float32");
    let with_order = next.map(|next| format!("{part}_{}", next.to_ascii_lowercase()));
    let known = |name: String| name.parse().ok();
    with_order.and_then(known).or_else(|| known(part)).filter(|_| is_word)
}
