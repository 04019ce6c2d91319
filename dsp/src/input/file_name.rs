//! The extension of a file name.

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

/// The name without folders and extension.
pub(super) fn stem(file_name: &str) -> &str {
    let name = last_segment(file_name);
    extension(name).map_or(name, |extension| &name[..name.len() - extension.len() - 1])
}

/// The parts of a stem. A point between digits or in front of one belongs to a number, unless a
/// letter is before it.
pub(super) fn parts(stem: &str) -> Vec<&str> {
    let bytes = stem.as_bytes();
    let is_separator = |at: usize, c: char| match c {
        ' ' | '_' | '-' | ',' | ';' | '(' | ')' | '[' | ']' | '@' => true,
        '.' => {
            let is_after_letter = at > 0 && bytes[at - 1].is_ascii_alphabetic();
            is_after_letter || !bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        }
        _ => false,
    };
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in stem.char_indices() {
        if is_separator(at, c) {
            parts.push(&stem[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&stem[start..]);
    parts
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_short_and_plain() {
        for (name, found) in [
            ("a.b/c.cu8", Some("cu8")),
            ("x.sigmf-data", Some("sigmf-data")),
            ("BBD_0001.C16", Some("C16")),
            ("urh.complex16u", Some("complex16u")),
            ("g_433.92M_250k", None),
            ("x.", None),
            ("x", None),
            ("x.aaaaaaaaaaaaa", None),
        ] {
            assert_eq!(extension(name), found, "{name}");
        }
        assert_eq!(stem("a.b/cap_2.4MSPS.cs8"), "cap_2.4MSPS");
        assert_eq!(stem("a.b/cap_2.4MSPS"), "cap_2.4MSPS");
    }

    #[test]
    fn a_point_in_a_number_divides_no_name() {
        assert_eq!(
            parts("x.48k_433.92M.part1 (2)"),
            ["x", "48k", "433.92M", "part1", "", "2", ""]
        );
        assert_eq!(parts("_.5Msps.\u{e9}k"), ["", ".5Msps", "\u{e9}k"]);
    }
}
