//! The fuzz targets. The fuzzer calls them with any bytes, and `tests/corpus.rs` with the bytes
//! that the fuzzer has collected. Each builds input of its kind from the bytes, and panics if a
//! promise is broken:
//!
//! - no bytes cause a panic, or a number that is not finite;
//! - the result does not depend on how the bytes are divided;
//! - every sample is counted.

mod checks;

use checks::{check, check_error, extract};
use heimdall_dsp::{Compression, Error, FormatClaim, Gap, Hints, MAX_SIGMF_TAIL_BYTES, SampleFormat, Sigmf};

#[path = "containers.rs"]
mod containers;

pub(crate) use containers::{compressed, kiwi, portapack, sdriq, wave64};

/// Takes any bytes.
pub(crate) type Target = fn(&[u8]);

/// All targets by name.
pub(crate) const ALL: [(&str, Target); 12] = [
    ("raw", raw),
    ("npy", npy),
    ("wav", wav),
    ("kiwi", kiwi),
    ("wave64", wave64),
    ("sdriq", sdriq),
    ("compressed", compressed),
    ("portapack", portapack),
    ("sigmf", sigmf),
    ("archive", archive),
    ("names", names),
    ("stream", stream),
];

/// Few rates, since each needs its own transforms, and low ones, so that short input has whole
/// chunks.
const RATES_HZ: [f64; 4] = [1000.0, 1024.0, 1003.0, 1505.0];

/// The bytes of the input that are not used yet. The first ones choose the kind of input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        (0..4).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (now, later) = self.0.split_at(count.min(self.0.len()));
        self.0 = later;
        now
    }
}

/// Samples without a container, of any format at any of the rates, with any losses.
pub(crate) fn raw(input: &[u8]) {
    let mut input = Input(input);
    let format = SampleFormat::ALL[usize::from(input.byte()) % SampleFormat::ALL.len()];
    let rate_hz = RATES_HZ[usize::from(input.byte()) % RATES_HZ.len()];
    let mut at_sample = 0;
    let losses: Vec<Gap> = (0..input.byte() % 4)
        .map(|_| {
            at_sample += u64::from(input.byte()) * 4;
            let lost_samples = u64::from(input.byte()) << (input.byte() % 64);
            Gap {
                at_sample,
                lost_samples,
            }
        })
        .collect();
    let mut hints = Hints::default()
        .with_format(format, "fuzz")
        .with_sample_rate_hz(rate_hz, "fuzz")
        .with_losses(losses);
    if input.byte() % 2 == 1 {
        hints.add_sample_count(input.number(), "fuzz");
        hints.add_duration_s(f64::from_bits(input.number() << 32), "fuzz");
    }
    let piece = 1 + usize::from(input.byte());
    check(&hints, input.0, piece);
}

/// A `NumPy` file. The input has all bytes after the magic ones, or only the dictionary and the
/// array.
pub(crate) fn npy(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let mut file = b"\x93NUMPY".to_vec();
    if input.byte() % 2 == 0 {
        let text = input.bytes(118);
        file.extend([1, 0, u8::try_from(text.len()).unwrap_or(0), 0]);
        file.extend(text);
    }
    file.extend(input.0);
    check(&at_low_rate(), &file, piece);
}

/// A RIFF file with the chunks of the input.
pub(crate) fn wav(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let form = [b"RIFF", b"RF64", b"BW64"][usize::from(input.byte()) % 3];
    let mut file = [&form[..], input.bytes(4), b"WAVE"].concat();
    file.extend(input.0);
    check(&at_low_rate(), &file, piece);
}

/// `SigMF` metadata, and samples.
pub(crate) fn sigmf(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let length = usize::from(input.byte()) * 8;
    let meta = match Sigmf::parse(input.bytes(length)) {
        Ok(meta) => meta,
        Err(error) => return check_error(&error),
    };
    let mut hints = Hints::default();
    hints.set_object_bytes(Some(input.0.len() as u64));
    hints.set_sigmf(meta, "fuzz");
    check(&hints, input.0, piece);
}

/// A `SigMF` archive: entries with usual names and sizes that may be wrong. It is read a second
/// time if the metadata are at the end.
pub(crate) fn archive(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let mut object = Vec::new();
    for _ in 0..8 {
        if input.0.is_empty() {
            break;
        }
        let (kind, length, excess) = (input.byte(), usize::from(input.byte()) * 8, input.byte());
        let content = input.bytes(length);
        object.extend(tar_header(kind, content.len() as u64 + u64::from(excess)));
        object.extend(content);
        object.resize(object.len().next_multiple_of(512), 0);
    }
    object.extend([0; 1024]);
    let hints = Hints::default();
    let Err(Error::MetadataAfterSamples { at, .. }) = extract(&hints, [&object[..]]) else {
        return check(&hints, &object, piece);
    };
    let tail = usize::try_from(at)
        .ok()
        .and_then(|at| object.get(at..))
        .expect("a place in the object");
    let mut hints = Hints::default();
    match hints.read_archive_tail(&tail[..tail.len().min(MAX_SIGMF_TAIL_BYTES)]) {
        Ok(()) => check(&hints, &object, piece),
        Err(error) => check_error(&error),
    }
}

/// A POSIX header with a correct checksum.
fn tar_header(kind: u8, size: u64) -> [u8; 512] {
    let names: [&[u8]; 4] = [b"a/a.sigmf-meta", b"a/a.sigmf-data", b"b.sigmf-meta", b"README"];
    let types = [b'0', b'0', b'0', b'5', b'x', b'L', b'g', b'2'];
    let mut header = [0; 512];
    let name = names[usize::from(kind) % names.len()];
    header[..name.len()].copy_from_slice(name);
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    header[156] = types[usize::from(kind / 4) % types.len()];
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

/// A stored stream of `rtl_tcp`, whose header may be wrong, or a file that begins like one of GNU
/// Radio.
pub(crate) fn stream(input: &[u8]) {
    let mut input = Input(input);
    let piece = 1 + usize::from(input.byte());
    let kind = input.byte();
    let mut file = match kind % 4 {
        0 => [&b"RTL0\0\0\0"[..], &[input.byte() % 9], &[0, 0, 0, input.byte()]].concat(),
        1 => b"RTL0".to_vec(),
        2 => b"\x07\x07\x02\0\x07rx_rate\x04".to_vec(),
        _ => b"\x07".to_vec(),
    };
    file.extend(input.0);
    let mut hints = at_low_rate();
    if kind & 4 != 0 {
        hints.add_file_name("x.cu8");
    }
    check(&hints, &file, piece);
}

/// Names of formats and files, as columns, metadata and keys have them.
pub(crate) fn names(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(format) = text.parse::<SampleFormat>() {
        assert_eq!(format.name().parse(), Ok(format));
    }
    if let Some(claim) = FormatClaim::parse(&text) {
        assert!(claim.text().chars().count() <= 64);
    }
    let mut hints = Hints::default();
    hints.add_file_name(&text);
    let said = hints.provenance();
    assert!(said.len() <= 3, "{said:?}");
    let (stem, compression) = Compression::split_file_name(&text);
    assert!(text.starts_with(stem) && (compression.is_some() || stem == text));
    for name in heimdall_dsp::portapack::text_names(&text) {
        assert!(heimdall_dsp::portapack::is_text_of(&name, &text));
    }
}

fn at_low_rate() -> Hints {
    Hints::default().with_sample_rate_hz(1000.0, "fuzz")
}
