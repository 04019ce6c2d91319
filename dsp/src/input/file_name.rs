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
}
