//! The text files that `PortaPack` writes next to its `.C16` and `.C8` files: lines such as
//! `sample_rate=500000` and `center_frequency=433920000` (`PortaPack` Mayhem's
//! `capture_app` and `io_file`). Names are names within one folder; the caller does the I/O.

use crate::compression::Compression;

/// Longest text that is read. `PortaPack` writes at most some hundred bytes.
pub const MAX_TEXT_BYTES: usize = 4096;

/// The source of hints from such a file.
pub(crate) const SOURCE: &str = "PortaPack text";

/// What a text states.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Text {
    pub(crate) sample_rate: Option<String>,
    pub(crate) centre_frequency_hz: Option<f64>,
}

impl Text {
    /// Reads the lines that are known. Others are ignored.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&text[..text.len().min(MAX_TEXT_BYTES)]);
        let mut found = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "sample_rate" => found.sample_rate = Some(value.to_owned()),
                "center_frequency" => {
                    let frequency_hz = value.parse().ok();
                    found.centre_frequency_hz = frequency_hz.filter(|hz: &f64| hz.is_finite() && *hz > 0.0);
                }
                _ => {}
            }
        }
        found
    }
}

/// Stem and extension of the samples in `name`, if `PortaPack` names them so.
fn split(name: &str) -> Option<(&str, &str)> {
    let (name, _) = Compression::split_file_name(name);
    let (stem, extension) = name.rsplit_once('.')?;
    let is_known = ["c16", "c8"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    is_known.then_some((stem, extension))
}

/// Whether `PortaPack` names its samples as `name`.
pub(crate) fn is_recording(name: &str) -> bool {
    split(name).is_some()
}

/// Names that the text for the samples in `name` may have, the likeliest first.
#[must_use]
pub fn text_names(name: &str) -> Vec<String> {
    let Some((stem, extension)) = split(name) else {
        return Vec::new();
    };
    let extensions = if extension.starts_with('C') {
        ["TXT", "txt"]
    } else {
        ["txt", "TXT"]
    };
    extensions
        .iter()
        .map(|extension| format!("{stem}.{extension}"))
        .collect()
}

/// Whether `other` is the name of the text for the samples in `name`, in any letter case.
#[must_use]
pub fn is_text_of(other: &str, name: &str) -> bool {
    split(name).is_some_and(|(stem, _)| other.eq_ignore_ascii_case(&format!("{stem}.txt")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::hints::Hints;

    #[test]
    fn lines_in_any_case_with_any_line_ends_are_read() {
        for text in [
            &b"sample_rate=500000\ncenter_frequency=433920000\n"[..],
            b"Center_Frequency = 433920000\r\nlatitude=1.5\r\nSAMPLE_RATE = 500000\r\n",
        ] {
            let expected = Text {
                sample_rate: Some("500000".to_owned()),
                centre_frequency_hz: Some(433_920_000.0),
            };
            assert_eq!(Text::parse(text), expected);
        }
        for text in [
            &b""[..],
            b"\xff\xfe=\n===",
            b"center_frequency=nan",
            b"center_frequency=-1",
        ] {
            assert_eq!(Text::parse(text), Text::default());
        }
    }

    #[test]
    fn the_text_has_the_stem_of_the_samples() {
        assert_eq!(text_names("BBD_0001.C16"), ["BBD_0001.TXT", "BBD_0001.txt"]);
        assert_eq!(text_names("a.b.c8.gz"), ["a.b.txt", "a.b.TXT"]);
        assert!(text_names("x.cs16").is_empty() && text_names("c16").is_empty());
        for (other, name, is_text) in [
            ("bbd_0001.Txt", "BBD_0001.C16", true),
            ("BBD_0001.TXT", "bbd_0001.c8", true),
            ("BBD_0002.TXT", "BBD_0001.C16", false),
            ("BBD_0001.C16", "BBD_0001.C16", false),
            ("x.txt", "x.cu8", false),
        ] {
            assert_eq!(is_text_of(other, name), is_text, "{other} {name}");
        }
    }

    #[test]
    fn a_text_is_expected_only_where_nothing_else_states_the_rate() {
        let mut hints = Hints::default();
        hints.add_file_name("BBD_48k.C16");
        assert!(hints.needs_portapack_text("BBD_48k.C16"));
        assert!(!hints.needs_portapack_text("BBD_48k.cs16"));
        hints.add_sample_rate_hz(500_000.0, "column iq_sample_rate");
        assert!(!hints.needs_portapack_text("BBD_48k.C16"));
    }

    #[test]
    fn the_text_counts_more_than_the_name() {
        let mut hints = Hints::default();
        hints.add_file_name("BBD_48k.C16");
        hints.add_portapack_text(b"sample_rate=500000");
        let said: Vec<String> = hints
            .provenance()
            .iter()
            .map(|said| format!("{} {}: {}", said.what, said.source, said.value))
            .collect();
        let expected = [
            "iq_format extension: \"ci16_le\"",
            "sample_rate_hz PortaPack text: 500000.0",
            "sample_rate_hz file name: 48000.0",
        ];
        assert_eq!(said, expected);
        hints.add_portapack_text(b"sample_rate=fast\x07");
        let text = "PortaPack text says 'fast\\u{7}', which is no sample rate";
        assert_eq!(hints.inconsistencies[0].text, text);
    }
}
