//! The header of a stream of `rtl_tcp` that was stored as it came: `RTL0`, the type of the tuner
//! and the number of its gains, both in 32 bits big-endian. Source: `rtl_tcp.c` of rtl-sdr.
//!
//! The samples that follow are `cu8`.

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 12;

/// Types of tuners that `librtlsdr` knows: 1 (E4000) to 6 (R828D). 0 is an unknown one.
const MAX_TUNER: u32 = 6;
/// Most gains that a tuner has is 29; others may have more.
const MAX_GAINS: u32 = 255;

/// Reads a stored stream as it arrives.
#[derive(Debug)]
pub(crate) struct RtlTcp {
    /// Bytes of the header that have not arrived.
    left: usize,
}

impl RtlTcp {
    /// Recognises the header.
    pub(super) fn sniff(head: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_be_bytes(*head.get(at..at + 4)?.as_array::<4>()?));
        let is_header = head.starts_with(b"RTL0") && number(4)? <= MAX_TUNER && number(8)? <= MAX_GAINS;
        is_header.then_some(Self { left: HEADER_BYTES })
    }

    /// See [`super::Container::decode`].
    pub(super) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (header, samples) = input.split_at(self.left.min(input.len()));
        self.left -= header.len();
        *input = &[];
        (!samples.is_empty()).then_some(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_skipped_in_pieces_of_any_size() {
        let file = *b"RTL0\0\0\0\x05\0\0\0\x1dabcdefgh";
        for piece in 1..=file.len() {
            let mut stream = RtlTcp::sniff(&file).unwrap();
            let mut samples: Vec<u8> = Vec::new();
            for mut piece in file.chunks(piece) {
                samples.extend(stream.decode(&mut piece).unwrap_or_default());
                assert!(piece.is_empty());
            }
            assert_eq!(samples, b"abcdefgh", "{piece}");
        }
    }

    #[test]
    fn samples_that_begin_like_the_header_are_samples() {
        for head in [
            &b"RTL0\0\0\0\x07\0\0\0\x1d"[..],
            b"RTL0\0\0\0\x05\0\0\x01\x00",
            b"RTL1\0\0\0\x05\0\0\0\x1d",
            b"RTL0\0\0\0\x05\0\0\0",
            b"",
        ] {
            assert!(RtlTcp::sniff(head).is_none(), "{head:?}");
        }
    }
}
