//! What recorders write into file names: gqrx `gqrx_20240131_120000_145500000_1920000_fc.raw`,
//! `rtl_433` and others `g001_433.92M_250k.cu8`. Sources: `gqrx`'s I/Q tool, `rtl_433`'s
//! `docs/OPERATION.md`.

use super::sample_rate::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// Longest extension. What is longer is a part of the name.
const MAX_EXTENSION_BYTES: usize = 12;

/// The part after the last dot, if it is an extension.
pub(super) fn extension(file_name: &str) -> Option<&str> {
    let (_, extension) = last_segment(file_name).rsplit_once('.')?;
    let is_extension = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let starts_with_letter = extension.starts_with(|c: char| c.is_ascii_alphabetic());
    (starts_with_letter && extension.len() <= MAX_EXTENSION_BYTES && extension.bytes().all(is_extension))
        .then_some(extension)
}

/// The sample rate, if the name has exactly one, in a form that cannot mean anything else.
pub(super) fn sample_rate_hz(file_name: &str) -> Option<f64> {
    let name = last_segment(file_name);
    let stem = extension(name).map_or(name, |extension| &name[..name.len() - extension.len() - 1]);
    let parts: Vec<&str> = stem.split('_').collect();
    if let ["gqrx", date, time, _, rate, "fc", ..] = parts[..]
        && [date, time]
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return plausible(rate.parse().ok()?);
    }
    let mut rates = parts.iter().filter_map(|part| rate(part));
    let first = rates.next()?;
    rates.all(|other| other.total_cmp(&first).is_eq()).then_some(first)
}

/// Reads `250k`, `2.4Msps` or `48000sps`. A number with `M` alone is a frequency in this
/// convention.
fn rate(part: &str) -> Option<f64> {
    let digits = part
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let factor = match &part[digits..] {
        "k" | "ksps" | "kSps" => 1e3,
        "sps" | "Sps" => 1.0,
        "Msps" | "MSps" => 1e6,
        _ => return None,
    };
    plausible(part[..digits].parse::<f64>().ok()? * factor)
}

fn plausible(rate_hz: f64) -> Option<f64> {
    (MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ)
        .contains(&rate_hz)
        .then_some(rate_hz)
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_if_it_cannot_mean_anything_else() {
        for (name, rate) in [
            ("f1860M_1920k_rtlsdr.cu8", Some(1_920_000.0)),
            ("a/b_9k/modes1_1090M_2000k.cu8", Some(2_000_000.0)),
            ("g001_433.92M_250k.cu8", Some(250_000.0)),
            ("x_2.4Msps", Some(2_400_000.0)),
            ("x_48000sps.iq", Some(48_000.0)),
            ("gqrx_20240131_120000_145500000_1920000_fc.raw", Some(1_920_000.0)),
            ("gqrx_2024_120000_145500000_x_fc.raw", None),
            ("two_48k_96k.bin", None),
            ("same_48k_48k.bin", Some(48_000.0)),
            ("part_2M.bin", None),
            ("12k5_x.bin", None),
            ("k.bin", None),
            ("_k_..k_", None),
            ("tiny_0.5k.bin", None),
            ("huge_99999999999k.bin", None),
            ("2026/11/22/3f/145500000/1732233600.bin", None),
            ("", None),
        ] {
            assert_eq!(sample_rate_hz(name), rate, "{name}");
        }
    }

    #[test]
    fn an_extension_is_short_and_plain() {
        for (name, found) in [
            ("a.b/c.cu8", Some("cu8")),
            ("x.sigmf-data", Some("sigmf-data")),
            ("g_433.92M_250k", None),
            ("x.", None),
            ("x", None),
            ("x.aaaaaaaaaaaaa", None),
        ] {
            assert_eq!(extension(name), found, "{name}");
        }
    }
}
