//! The fuzz targets of `KiwiSDR`, Wave64, `SDRangel`, compressed objects and `PortaPack`.

use heimdall_dsp::{
    CompressedTail, Compression, Error, Extraction, Hints, MAX_SIGMF_TAIL_BYTES, Recording, SampleFormat,
};

use super::checks::{check, check_error, check_numbers, feed};
use super::{Input, at_low_rate};

/// A Sony Wave64 file with the chunks of the input: names, lengths and bodies.
pub(crate) fn wave64(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let file_length = input.number() << (input.byte() % 33);
    let mut file = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0".to_vec();
    file.extend(file_length.to_le_bytes());
    let tail = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a";
    file.extend(b"wave");
    file.extend(tail);
    for _ in 0..8 {
        if input.0.is_empty() {
            break;
        }
        let (kind, stored, excess) = (input.byte(), usize::from(input.byte()) * 8, input.number());
        let names: [&[u8]; 6] = [b"fmt ", b"data", b"fact", b"auxi", b"LIST", b"\xff\xff\xff\xff"];
        file.extend(names[usize::from(kind) % names.len()]);
        let other = [kind; 12];
        file.extend(if kind < 128 { tail } else { &other });
        let body = input.bytes(stored);
        let length = (body.len() as u64 + 24).wrapping_add(excess << (kind % 61));
        file.extend(length.to_le_bytes());
        file.extend(body);
    }
    check(&at_low_rate(), &file, piece);
}

/// A file of `SDRangel`. The input has the fields of the header, which get a correct checksum, a
/// wrong one, or none.
pub(crate) fn sdriq(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let kind = input.byte();
    let mut file = if kind < 128 {
        1000_u32
    } else {
        u32::from(input.byte()) << 4
    }
    .to_le_bytes()
    .to_vec();
    file.extend((input.number() << (kind % 40)).to_le_bytes());
    file.extend(match kind % 4 {
        0 => 1_700_000_000_u64.to_le_bytes(),
        1 => 1_700_000_000_123_u64.to_le_bytes(),
        _ => (input.number() << (kind % 33)).to_le_bytes(),
    });
    file.extend([16_u32, 24, 24, u32::from(kind)][usize::from(kind / 4) % 4].to_le_bytes());
    if kind % 8 != 0 {
        file.extend([0; 4]);
        file.extend((crc32(&file) ^ u32::from(kind % 16 == 1)).to_le_bytes());
    }
    file.extend(input.0);
    check(&at_low_rate(), &file, piece);
}

/// CRC-32 as in Ethernet and ZIP.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte), |register, _| {
            (register >> 1) ^ (0xedb8_8320 & (register & 1).wrapping_neg())
        })
    })
}

/// A compressed object. The input has all bytes after the first ones of the compression. At most a
/// megabyte may come out.
pub(crate) fn compressed(input: &[u8]) {
    const LIMIT: u64 = 1 << 20;
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let kind = usize::from(input.byte()) % Compression::ALL.len();
    let begin: [&[u8]; 4] = [b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"BZh1", b"\x28\xb5\x2f\xfd"];
    let object = [begin[kind], input.0].concat();
    let whole = extract_limited(LIMIT, [&object[..]]);
    let divided = extract_limited(LIMIT, object.chunks(piece));
    match (&whole, &divided) {
        (Ok(extraction), _) => {
            assert_eq!(whole, divided, "in pieces of {piece}");
            let bytes = extraction.info.decompressed_bytes.unwrap_or(object.len() as u64);
            check_numbers(extraction, bytes);
        }
        (Err(error), Err(other)) => {
            check_error(error);
            // What came out before damaged data depends on the pieces.
            assert_eq!(error.kind(), other.kind());
        }
        (Err(error), Ok(_)) => panic!("{error}, and not in pieces of {piece}"),
    }
    let mut tail = CompressedTail::new(Compression::ALL[kind], 1000, LIMIT);
    if tail.push(&object).is_ok() {
        assert!(tail.into_bytes().len() <= MAX_SIGMF_TAIL_BYTES);
    }
}

fn extract_limited<'a>(limit: u64, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    feed(Recording::new(at_low_rate()).with_limit(limit), pieces)
}

/// The text next to a recording of `PortaPack`.
pub(crate) fn portapack(input: &[u8]) {
    let mut hints = Hints::default();
    hints.add_portapack_text(input);
    let said = hints.provenance();
    assert!(said.len() <= 1, "{said:?}");
    let samples: Vec<u8> = (0..400_u32)
        .flat_map(|at| [at * 7, at * 5].map(|part| part.to_le_bytes()[0]))
        .collect();
    check(&hints.with_format(SampleFormat::Ci8, "fuzz"), &samples, 7);
}

/// A `KiwiSDR` file. Six bytes of the input choose the delay and the length of each block.
pub(crate) fn kiwi(input: &[u8]) {
    const NS_PER_S: u64 = 1_000_000_000;
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let header_rate = [1000_u32, 1001, 0, 999_999][usize::from(input.byte()) % 4];
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0".to_vec();
    file.extend(header_rate.to_le_bytes());
    file.extend([0, 0, 0, 0, 4, 0, 16, 0]);
    let mut time_ns = input.number() * NS_PER_S;
    for block in 0..100_u64 {
        if input.0.is_empty() {
            break;
        }
        let (kind, amount, samples) = (input.byte(), input.number() >> 8, u64::from(input.byte()));
        time_ns += samples * 1_000_140;
        match kind % 8 {
            // Late, early or far too late; in the other cases in time.
            1 => time_ns += amount * 100_000,
            2 => time_ns = time_ns.saturating_sub(amount * 100_000),
            3 => time_ns += amount << 16,
            _ => {}
        }
        let second = u32::try_from(time_ns / NS_PER_S).unwrap_or(u32::MAX);
        let nanosecond = match kind % 8 {
            4 => u32::MAX,
            _ => u32::try_from(time_ns % NS_PER_S).unwrap_or(u32::MAX),
        };
        file.extend(b"kiwi\x0a\0\0\0");
        file.extend([kind, 0]);
        file.extend(second.to_le_bytes());
        file.extend(nanosecond.to_le_bytes());
        let odd = u64::from(kind % 16 == 5);
        file.extend(b"data");
        file.extend(u32::try_from(samples * 4 + odd).unwrap_or(0).to_le_bytes());
        let sample = |at: u64| [at * 7, at % 5, at * 3, block % 7].map(|part| part.to_le_bytes()[0]);
        file.extend((0..samples).flat_map(sample));
        file.extend(std::iter::repeat_n(0, usize::from(odd == 1) * 2));
    }
    check(&at_low_rate(), &file, piece);
}
