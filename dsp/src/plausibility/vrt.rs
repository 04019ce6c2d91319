//! Recognises a stream of VITA-49 packets (ANSI/VITA 49.2), DIFI included: samples between headers.

use rustfft::num_complex::Complex32;

/// What the object is.
pub(crate) const NAME: &str = "a stream of VITA-49 (VRT) packets";

/// Packets that are examined, and how many must continue the one before.
const EXAMINED: usize = 4;
const IN_ORDER: usize = 2;

/// The parts of a header.
#[derive(Clone, Copy)]
struct Header {
    kind: u32,
    number: u32,
    words: u32,
    /// What packets of the same kind and stream have in common.
    stream: (u32, u32),
}

impl Header {
    fn at(bytes: &[u8], at: usize) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..at + 4)?.as_array::<4>()?));
        let header = word(at)?;
        let kind = header >> 28;
        // Packets of kinds 0 and 2 have no number of a stream. They are equally long.
        let stream = if matches!(kind, 0 | 2) {
            (header & 0xfff0_ffff, 0)
        } else {
            (kind, word(at + 4)?)
        };
        Some(Self {
            kind,
            number: (header >> 16) & 15,
            words: header & 0xffff,
            stream,
        })
    }

    fn continues(self, before: Self) -> bool {
        self.stream == before.stream && self.number == (before.number + 1) % 16
    }
}

/// Whether three packets follow each other. Packets of the same kind and stream have consecutive
/// numbers.
pub(super) fn are_packets(bytes: &[u8]) -> bool {
    let mut at = 0;
    let mut before: Option<Header> = None;
    let mut in_order = 0;
    for _ in 0..EXAMINED {
        let Some(header) = Header::at(bytes, at) else {
            break;
        };
        if header.kind > 5 || header.words < 3 {
            return false;
        }
        if let Some(before) = before.filter(|before| before.kind == header.kind) {
            if !header.continues(before) {
                return false;
            }
            in_order += 1;
        }
        before = Some(header);
        at += 4 * header.words as usize;
    }
    in_order >= IN_ORDER
}

/// The same for packets that were read as complex64.
pub(super) fn are_packets_in(samples: &[Complex32]) -> bool {
    /// Enough for packets of the largest size.
    const MAX_SAMPLES: usize = 128 * 1024;
    let samples = &samples[..samples.len().min(MAX_SAMPLES)];
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| [sample.re.to_le_bytes(), sample.im.to_le_bytes()])
        .flatten()
        .collect();
    are_packets(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets with these upper 16 bits in their headers, and `words` words each.
    fn packets(upper: u32, words: u32) -> Vec<u8> {
        let packet = |number: u32| {
            let header = upper << 16 | (number % 16) << 16 | words;
            let payload = (4..4 * words).map(move |i| (i * 31).to_le_bytes()[0]);
            header.to_be_bytes().into_iter().chain(payload)
        };
        (14..26).flat_map(packet).collect()
    }

    #[test]
    fn packets_of_every_kind_are_recognised() {
        for upper in [0x0000, 0x1000, 0x1060, 0x1860, 0x2000, 0x3000] {
            for words in [8, 257, 2000] {
                let bytes = packets(upper, words);
                assert!(are_packets(&bytes), "{upper:#x}, {words} words");
                for at in [2, 3, 4 * words as usize + 1] {
                    let mut other = bytes.clone();
                    other[at] ^= 4;
                    assert!(!are_packets(&other), "{upper:#x}, {words} words, byte {at}");
                }
            }
        }
        assert!(!are_packets(&[0; 4096]));
        assert!(!are_packets(&packets(0x6000, 8)));
    }
}
