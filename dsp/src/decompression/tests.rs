#[path = "../../tests/support/compress.rs"]
#[expect(dead_code, reason = "other tests use the list")]
mod encoders;

use proptest::prelude::*;

use super::decoder::truncated;
use super::*;

/// Bytes that compress a little, as samples do.
fn content(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 27
    };
    (0..count).map(|_| (120 + next()).to_le_bytes()[0]).collect()
}

fn compress(compression: Compression, content: &[u8]) -> Vec<u8> {
    let extension = match compression {
        Compression::Gzip => "gz",
        Compression::Xz => "xz",
        Compression::Bzip2 => "bz2",
        Compression::Zstd => "zst",
    };
    encoders::compress(extension, content)
}

/// What comes out of these pieces, and the problem if there is one.
fn decompress<'a>(
    compression: Compression,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Result<(), String>) {
    let problem = |error| match error {
        Error::Compressed { problem, .. } => problem,
        other => other.to_string(),
    };
    let mut decompressor = Decompressor::new(compression);
    let mut content = Vec::new();
    for mut piece in pieces {
        loop {
            match decompressor.decode(&mut piece, u64::MAX) {
                Ok(Some(bytes)) => {
                    assert!(!bytes.is_empty() && bytes.len() <= PIECE_BYTES);
                    content.extend_from_slice(bytes);
                }
                Ok(None) => break,
                Err(error) => return (content, Err(problem(error))),
            }
        }
        assert!(piece.is_empty(), "all of the input is taken");
    }
    assert_eq!(decompressor.bytes_out, content.len() as u64);
    let end = decompressor.end().map_err(problem);
    (content, end)
}

#[test]
fn files_of_the_usual_programs_are_read() {
    let text = b"two samples, twice: ".repeat(8);
    for (compression, file) in [
        // gzip -9 -n, xz -6, xz --delta=dist=4 --lzma2=preset=1, bzip2 -9, zstd -19 --check
        (
            Compression::Gzip,
            &b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x29\xcf\x57\x28\x4e\xcc\x2d\xc8\x49\x2d\xd6\
              \x51\x28\x29\xcf\x4c\x4e\xb5\x02\x52\x83\x47\x0c\x00\x55\xb4\x1e\x28\xa0\x00\x00\x00"[..],
        ),
        (
            Compression::Xz,
            &b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\
              \xe5\xa3\xe0\x00\x9f\x00\x1b\x5d\x00\x3a\x1d\xca\x1d\x10\xd2\x26\xaf\x0c\xcd\x6f\xf2\xe3\
              \xe2\x63\xa6\x15\x66\x57\x43\x80\x4a\xd3\xee\x6a\xc0\x00\x00\x00\xe5\xea\x2c\x79\x76\xb0\
              \x77\xff\x00\x01\x37\xa0\x01\x00\x00\x00\x3b\x1b\xb1\x12\xb1\xc4\x67\xfb\x02\x00\x00\x00\
              \x00\x04\x59\x5a"[..],
        ),
        (
            Compression::Xz,
            &b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x01\x03\x01\x03\x21\x01\x10\xa2\x2a\
              \x12\x15\xe0\x00\x9f\x00\x21\x5d\x00\x3a\x1d\xca\x1d\x15\x9b\x24\x47\xa0\x9b\x24\x8c\xee\
              \xb3\x2d\x22\x7f\xa1\xfb\x9b\x3c\xd6\x08\xb1\xbb\xdf\xb4\xae\xbc\x80\xb2\x00\x00\x00\x00\
              \x00\x00\xe5\xea\x2c\x79\x76\xb0\x77\xff\x00\x01\x3d\xa0\x01\x00\x00\x00\x5d\x38\x2a\xb3\
              \xb1\xc4\x67\xfb\x02\x00\x00\x00\x00\x04\x59\x5a"[..],
        ),
        (
            Compression::Bzip2,
            &b"\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x48\xa0\xad\x7d\x00\x00\x47\x99\x80\x40\x04\x00\
              \x10\x2a\x26\xcc\x80\x20\x00\x50\x80\x00\x01\x55\x04\xd3\x69\x3c\x93\x83\x03\x22\x46\xc5\
              \xc4\x08\x1c\x1d\x14\x24\x60\x50\x81\x42\xdd\x0f\xc5\xdc\x91\x4e\x14\x24\x12\x28\x2b\x5f\
              \x40"[..],
        ),
        (
            Compression::Zstd,
            &b"\x28\xb5\x2f\xfd\x04\x68\xdd\x00\x00\xa0\x74\x77\x6f\x20\x73\x61\x6d\x70\x6c\x65\x73\x2c\
              \x20\x74\x77\x69\x63\x65\x3a\x20\x01\x00\x12\x47\x4d\x26\x2b\x3f\xb3\x9c"[..],
        ),
    ] {
        assert_eq!(Compression::recognise(file), Some(compression));
        let (content, end) = decompress(compression, [file]);
        assert_eq!((content, end), (text.clone(), Ok(())), "{compression}");
    }
}

#[test]
fn parts_after_one_another_give_their_contents_after_one_another() {
    let (first, second) = (content(70_000), content(3));
    for compression in Compression::ALL {
        let mut file = compress(compression, &first);
        if compression == Compression::Xz {
            file.extend([0; 8]);
        }
        if compression == Compression::Zstd {
            file.extend(b"\x5a\x2a\x4d\x18\x03\0\0\0any\x50\x2a\x4d\x18\0\0\0\0");
        }
        file.extend(compress(compression, &second));
        file.extend(compress(compression, &[]));
        if compression == Compression::Gzip {
            file.extend([0; 1000]);
        }
        for step in [1, 7, 4096, usize::MAX] {
            let (found, end) = decompress(compression, file.chunks(step.min(file.len())));
            assert_eq!(end, Ok(()), "{compression} in pieces of {step}");
            assert!(
                found == [&first[..], &second].concat(),
                "{compression} in pieces of {step}"
            );
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let whole = content(3000);
    for compression in Compression::ALL {
        let file = compress(compression, &whole);
        for length in 0..file.len() {
            let (found, end) = decompress(compression, [&file[..length]]);
            assert_eq!(end, Err(truncated()), "{compression}, {length} of {} bytes", file.len());
            assert!(whole.starts_with(&found));
        }
    }
}

#[test]
fn bytes_after_the_end_are_refused_after_all_came_out() {
    let whole = content(150_000);
    for compression in Compression::ALL {
        let mut file = compress(compression, &whole);
        file.extend(b"and other bytes");
        for step in [1, 1000, usize::MAX] {
            let (found, end) = decompress(compression, file.chunks(step.min(file.len())));
            let problem = end.unwrap_err();
            assert!(problem.contains("no compressed data"), "{compression}: {problem}");
            assert_eq!(found.len(), whole.len(), "{compression} in pieces of {step}");
        }
    }
}

#[test]
fn a_damaged_byte_is_found() {
    let whole = content(5000);
    for compression in Compression::ALL {
        let file = compress(compression, &whole);
        for at in (file.len() / 2..file.len()).step_by(97) {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            let (_, end) = decompress(compression, [&damaged[..]]);
            assert!(end.is_err(), "{compression}, byte {at} of {}", file.len());
        }
    }
}

#[test]
fn a_window_over_the_limit_is_refused_with_both_sizes() {
    // The dictionary of the block: 64 MiB (28), 96 MiB (29). The CRC-32 of the header follows.
    for (property, crc) in [(28, 0xcc58_cf10_u32), (29, 0x74e4_a875_u32)] {
        let header = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01";
        let file = [&header[..], &[property, 0, 0, 0], &u32::to_le_bytes(crc)].concat();
        let (_, end) = decompress(Compression::Xz, [&file[..]]);
        match property {
            28 => assert_eq!(end, Err(truncated())),
            _ => assert!(end.unwrap_err().contains("takes 96 MiB of memory, the limit is 64 MiB")),
        }
    }
    // A window of 2^26, and of 2^27 bytes.
    for (descriptor, is_read) in [(16 << 3, true), (17 << 3, false)] {
        let file = [&b"\x28\xb5\x2f\xfd\0"[..], &[descriptor], b"\x01\0\0"].concat();
        let (_, end) = decompress(Compression::Zstd, [&file[..]]);
        assert_eq!(end.is_ok(), is_read, "{end:?}");
        assert!(
            is_read
                || end
                    .unwrap_err()
                    .contains("takes 128 MiB of memory, the limit is 64 MiB")
        );
    }
}

#[test]
fn blocks_of_zeros_come_out_in_bounded_pieces() {
    // A hundred blocks of 128 KiB, four bytes each.
    let mut file = b"\x28\xb5\x2f\xfd\0\x58".to_vec();
    for _ in 0..100 {
        file.extend(&((128_u32 * 1024) << 3 | 2).to_le_bytes()[..3]);
        file.push(0);
    }
    file.extend(b"\x01\0\0");
    let (found, end) = decompress(Compression::Zstd, [&file[..]]);
    assert_eq!((found.len(), end), (100 * 128 * 1024, Ok(())));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused_the_same_way_in_any_pieces(
        kind in 0_usize..4,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        at: prop::sample::Index,
        value: u8,
        step in 1_usize..50,
        is_damaged: bool,
    ) {
        let compression = Compression::ALL[kind];
        let mut file = compress(compression, &bytes);
        if is_damaged {
            let at = at.index(file.len());
            file[at] = value;
        }
        let whole = decompress(compression, [&file[..]]);
        prop_assert_eq!(whole.1.is_ok(), decompress(compression, file.chunks(step)).1.is_ok());
        if !is_damaged {
            prop_assert_eq!(whole, (bytes, Ok(())));
        }
    }
}
