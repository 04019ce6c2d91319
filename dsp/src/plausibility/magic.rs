//! Recognises objects that are no recordings by their first bytes.

/// What the object is, if its first bytes show that it is no recording.
pub(crate) fn recognise(head: &[u8]) -> Option<&'static str> {
    // Fewer bytes may be samples that equal a signature by accident.
    if head.len() < 16 {
        return None;
    }
    let known = SIGNATURES
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, name)| *name);
    known.or_else(|| gnu_radio(head)).or_else(|| text(head))
}

/// What the error says about a file of GNU Radio with inline headers.
pub(crate) const GNU_RADIO: &str = "a GNU Radio file with metadata headers between the samples (File Meta Sink, 149 \
                                    bytes and more each; with detached headers, or with core:header_bytes in SigMF \
                                    metadata, the samples are read)";

/// Recognises a metadata header of GNU Radio: a serialised dictionary whose first key is `rx_rate`.
/// Source: GNU Radio's documentation of metadata files, and `pmt_serial_tags.h`.
fn gnu_radio(head: &[u8]) -> Option<&'static str> {
    const PAIR: u8 = 7;
    const KEY: &[u8] = b"\x02\0\x07rx_rate\x04";
    let is_key = head.get(1..24)?.windows(KEY.len()).any(|window| window == KEY);
    (head[0] == PAIR && is_key).then_some(GNU_RADIO)
}

const SIGNATURES: [(&[u8], &str); 31] = [
    (b"RIFF", "a RIFF file without WAVE in it (AVI, WebP and others are)"),
    (b"RIFX", "a big-endian WAV file (RIFX)"),
    (b"riff\x2e\x91\xcf\x11", "a Sony Wave64 file without wave in it"),
    (b"FORM\0", "an AIFF sound file"),
    (b".snd\0\0\0", "an AU sound file"),
    (b"fLaC", "a FLAC sound file"),
    (b"OggS\0", "an Ogg sound file"),
    (b"ID3\x03", "an MP3 sound file"),
    (b"ID3\x04", "an MP3 sound file"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file"),
    (b"BLUE\0", "a MIDAS BLUE file"),
    (b"BLUEEEEI", "a MIDAS BLUE file"),
    (b"BLUEIEEE", "a MIDAS BLUE file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1\x15", "a Parquet file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a JPEG picture"),
    (b"\xff\xd8\xff\xe1", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"PK\x03\x04", "a ZIP archive (or .npz)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (
        b"\x04\x22\x4d\x18",
        "compressed by lz4 (gzip, xz, bzip2 and zstd are read)",
    ),
    (b"LZIP\x01", "compressed by lzip (gzip, xz, bzip2 and zstd are read)"),
    (
        b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
        "compressed as .lzma (gzip, xz, bzip2 and zstd are read)",
    ),
    (b"MSCF\0\0\0\0", "a Windows cabinet"),
    (
        b"\x5a\xb9\xf7\x2b",
        "frames of a KrakenSDR, with headers between the samples of several channels",
    ),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program"),
];

/// Recognises HTML, XML and JSON, which a store, a proxy or a station answers instead of a
/// recording, and tables of numbers.
fn text(head: &[u8]) -> Option<&'static str> {
    /// Bytes of plain text that cannot be samples of any format.
    const PLAIN_BYTES: usize = 256;
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = &bare[..bare.len().min(64)];
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n' | 0x80..);
    if !start.iter().all(is_text) || start.iter().filter(|byte| byte.is_ascii()).count() * 2 < start.len() {
        return None;
    }
    let start = start.trim_ascii_start().to_ascii_lowercase();
    let begins_with = |any: &[&[u8]]| any.iter().any(|text| start.starts_with(text));
    if begins_with(&[b"<!doctype html", b"<html"]) {
        return Some("an HTML page");
    }
    if begins_with(&[b"<?xml", b"<error"]) {
        return Some("an XML document");
    }
    if begins_with(&[b"{\"", b"{\n", b"{\r\n", b"{ ", b"[{"]) {
        return Some("a JSON document");
    }
    if begins_with(&[b"version https://git-lfs"]) {
        return Some("a pointer of Git LFS to a file that is elsewhere");
    }
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let mut kinds = [false; 256];
    for byte in bare {
        kinds[usize::from(*byte)] = true;
    }
    let is_prose = bare.len() >= PLAIN_BYTES
        && bare.iter().all(is_plain)
        && bare.contains(&b'\n')
        && kinds.iter().filter(|is_there| **is_there).count() >= 10;
    is_prose.then_some("a text file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_recognised() {
        for (magic, name) in SIGNATURES {
            let head = [magic, &[0; 16]].concat();
            assert_eq!(recognise(&head), Some(name));
            assert_eq!(recognise(&head[..magic.len().min(13)]), None, "too few bytes");
        }
    }

    #[test]
    fn answers_of_servers_and_tables_are_recognised() {
        let line = |i: u32| format!("{}.{:03},-0.{:03}\n", i % 2, i * 7, i * 13);
        let table = (0..60).map(line).collect::<Vec<_>>().concat();
        for (head, name) in [
            (
                &b"  <!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>"[..],
                "an HTML page",
            ),
            (
                b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>NoSuchKey</Code>",
                "an XML document",
            ),
            (b"{\"error\": \"station is busy\"}", "a JSON document"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e",
                "a pointer of Git LFS to a file that is elsewhere",
            ),
            (table.as_bytes(), "a text file"),
        ] {
            assert_eq!(recognise(head), Some(name));
        }
        for start in [&b"\x07\x09"[..], b"\x07\x07", b"\x07"] {
            let header = [start, b"\x02\0\x07rx_rate\x04\x41\x08\x6a\0\0\0\0\0", &[0; 120]].concat();
            assert_eq!(recognise(&header), Some(GNU_RADIO));
        }
    }

    #[test]
    fn samples_that_begin_like_a_signature_are_still_samples() {
        let letters = [b'a'; 512];
        for head in [&b"<htm"[..], b"", b"BZ", &[0; 64], &[0x7f; 512], &letters, &[0xff; 512]] {
            assert_eq!(recognise(head), None);
        }
        let noise: Vec<u8> = (0..512_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0])
            .collect();
        assert_eq!(recognise(&noise), None);
    }
}
