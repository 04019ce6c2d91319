use crate::format::{SampleFormat, names};

/// Longest text that is repeated from a column or from metadata.
const MAX_TEXT_CHARS: usize = 64;

/// What a text states about the layout of samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatClaim {
    /// A layout that is read.
    Samples(SampleFormat),
    /// A container, whose header has the layout: `npy`, `wav`, `wave64`, `sdriq` or `sigmf`.
    Container(&'static str),
    /// A layout that is known and not read.
    Unsupported(String),
    /// An unknown name.
    Unknown(String),
}

impl FormatClaim {
    /// Reads a name as columns, metadata and users write it. `None` if it states no layout, as
    /// `bin` and `raw`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        let name = name
            .strip_prefix("numpy.")
            .or(name.strip_prefix("np."))
            .unwrap_or(&name);
        if let Ok(format) = name.parse() {
            return Some(Self::Samples(format));
        }
        // SigMF allows a byte order for bytes, which have none.
        if let Some(bytes @ ("ci8" | "cu8" | "ri8" | "ru8")) = Some(without_order(name)) {
            return bytes.parse().ok().map(Self::Samples);
        }
        match name {
            "" | "bin" | "binary" | "raw" | "iq" | "complex" | "application/octet-stream" | "binary/octet-stream" => {
                None
            }
            "npy" | "numpy" | "application/x-npy" => Some(Self::Container("npy")),
            "wav" | "wave" | "riff" | "rf64" | "audio/wav" | "audio/x-wav" => Some(Self::Container("wav")),
            "w64" | "wave64" => Some(Self::Container("wave64")),
            "sdriq" => Some(Self::Container("sdriq")),
            _ if is_sigmf(name) => Some(Self::Container("sigmf")),
            _ if is_datatype(name) => Some(Self::Unsupported(short(text))),
            _ => Some(Self::Unknown(short(text))),
        }
    }

    /// Reads the extension of a file name, in any case. An unknown extension is no claim.
    pub(crate) fn of_extension(extension: &str) -> Option<Self> {
        if let Some(format) = names::of_extension(&extension.to_ascii_lowercase()) {
            return Some(Self::Samples(format));
        }
        match Self::parse(extension)? {
            Self::Unknown(_) => None,
            claim => Some(claim),
        }
    }

    /// Reads the parts of a file name. No claim if they name two formats.
    pub(crate) fn of_parts(parts: &[&str]) -> Option<Self> {
        let mut formats = (0..parts.len()).filter_map(|at| names::of_part(parts[at], parts.get(at + 1).copied()));
        let first = formats.next()?;
        formats.all(|other| other == first).then_some(Self::Samples(first))
    }

    /// The name, at most 64 characters of it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Samples(format) => format.name(),
            Self::Container(name) => name,
            Self::Unsupported(name) | Self::Unknown(name) => name,
        }
    }
}

/// Whether the name means a `SigMF` recording, which has metadata next to the samples.
fn is_sigmf(name: &str) -> bool {
    matches!(name, "sigmf" | "sigmf-data" | "sigmf-meta")
}

/// The name without a byte order.
fn without_order(name: &str) -> &str {
    name.strip_suffix("_le").or(name.strip_suffix("_be")).unwrap_or(name)
}

/// Whether this is a data type of `SigMF` (`[cr][fiu]{8,16,32,64}[_le|_be]`) or of `NumPy` (`>c8`).
fn is_datatype(name: &str) -> bool {
    let bare = without_order(name);
    let sigmf = bare.strip_prefix(['c', 'r']);
    let numpy = name.strip_prefix(['>', '=', '|', '<']);
    sigmf.is_some_and(|rest| {
        matches!(
            rest,
            "f32" | "f64" | "i32" | "i16" | "u32" | "u16" | "i8" | "u8" | "i24" | "u24" | "f16" | "s32" | "s24"
        )
    }) || numpy.is_some_and(|rest| rest.starts_with(['c', 'f', 'i', 'u']) && rest[1..].parse::<u8>().is_ok())
}

/// The start of the text, with control characters escaped.
fn short(text: &str) -> String {
    text.trim().escape_debug().take(MAX_TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_applications_write_are_read() {
        for (text, format) in [
            ("complex64", SampleFormat::Cf32Le),
            (" Complex64 ", SampleFormat::Cf32Le),
            ("np.complex64", SampleFormat::Cf32Le),
            ("numpy.complex128", SampleFormat::Cf64Le),
            ("<c8", SampleFormat::Cf32Le),
            ("cf32", SampleFormat::Cf32Le),
            ("fc32", SampleFormat::Cf32Le),
            ("float32", SampleFormat::Cf32Le),
            ("int16", SampleFormat::Ci16Le),
            ("sc16", SampleFormat::Ci16Le),
            ("ci16_le", SampleFormat::Ci16Le),
            ("cs8", SampleFormat::Ci8),
            ("'uint8'", SampleFormat::Cu8),
            ("SC16Q11", SampleFormat::Sc16Q11),
            ("cs16q11", SampleFormat::Sc16Q11),
            ("ci16q11", SampleFormat::Sc16Q11),
            ("q11", SampleFormat::Sc16Q11),
            (">c8", SampleFormat::Cf32Be),
            ("cf32_be", SampleFormat::Cf32Be),
            ("ci16_be", SampleFormat::Ci16Be),
            ("cu16_le", SampleFormat::Cu16Le),
            ("cu32", SampleFormat::Cu32Le),
            ("rf32_le", SampleFormat::Rf32Le),
            ("rf64_be", SampleFormat::Rf64Be),
            ("ri16_be", SampleFormat::Ri16Be),
            ("ru8", SampleFormat::Ru8),
            ("ci8_le", SampleFormat::Ci8),
            ("cu8_be", SampleFormat::Cu8),
            ("ri8_be", SampleFormat::Ri8),
            ("c16", SampleFormat::Cf64Le),
        ] {
            assert_eq!(FormatClaim::parse(text), Some(FormatClaim::Samples(format)), "{text}");
        }
        for (text, name) in [("npy", "npy"), ("WAV", "wav"), ("rf64", "wav"), ("SigMF", "sigmf")] {
            assert_eq!(FormatClaim::parse(text), Some(FormatClaim::Container(name)), "{text}");
        }
        for text in ["", "  ", "bin", "raw", "IQ"] {
            assert_eq!(FormatClaim::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_unsupported_layout_is_distinguished_from_an_unknown_name() {
        for text in ["cf16_le", "ci24_be", "ru24", "cs24_be", "rf16", ">i4", "<i2"] {
            assert_eq!(
                FormatClaim::parse(text),
                Some(FormatClaim::Unsupported(text.to_owned()))
            );
        }
        for text in ["mp3", "cf31", "c", "r", "<c", "f32f32"] {
            assert_eq!(FormatClaim::parse(text), Some(FormatClaim::Unknown(text.to_owned())));
        }
        let endless = FormatClaim::parse(&"x\n".repeat(100_000)).unwrap();
        assert_eq!(endless.text().len(), MAX_TEXT_CHARS);
    }

    #[test]
    fn an_extension_can_mean_another_format_than_the_same_word_elsewhere() {
        assert_eq!(FormatClaim::of_extension("jpeg"), None);
        for (extension, format) in [
            ("cu8", SampleFormat::Cu8),
            ("C16", SampleFormat::Ci16Le),
            ("c16", SampleFormat::Ci16Le),
            ("C8", SampleFormat::Ci8),
            ("complex", SampleFormat::Cf32Le),
            ("complex16u", SampleFormat::Cu8),
            ("complex16s", SampleFormat::Ci8),
            ("complex32u", SampleFormat::Cu16Le),
            ("complex32s", SampleFormat::Ci16Le),
            ("sc16q11", SampleFormat::Sc16Q11),
        ] {
            let claim = FormatClaim::of_extension(extension);
            assert_eq!(claim, Some(FormatClaim::Samples(format)), "{extension}");
        }
    }

    #[test]
    fn a_part_of_a_file_name_states_a_format_if_it_can_mean_nothing_else() {
        let of = |parts: &[&str]| FormatClaim::of_parts(parts);
        for (parts, format) in [
            (&["cap", "48k", "cs16"][..], SampleFormat::Ci16Le),
            (&["CU8", "x"], SampleFormat::Cu8),
            (&["x", "ci16", "be"], SampleFormat::Ci16Be),
            (&["x", "ci16", "le", "2"], SampleFormat::Ci16Le),
            (&["cf32", "x", "fc32"], SampleFormat::Cf32Le),
            (&["x", "int16"], SampleFormat::Ci16Le),
            (&["x", "sc16", "q11"], SampleFormat::Sc16Q11),
        ] {
            assert_eq!(of(parts), Some(FormatClaim::Samples(format)), "{parts:?}");
        }
        for parts in [
            &["cs16", "cu8"][..],
            &["x", "c8"],
            &["ch16"],
            &["s16"],
            &["q11"],
            &["bladerf"],
            &["f32"],
            &["cf7"],
            &["scan"],
            &["\u{e9}"],
            &[""],
        ] {
            assert_eq!(of(parts), None, "{parts:?}");
        }
    }
}
