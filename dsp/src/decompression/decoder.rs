//! What the decoders of all compressions have in common.

/// Largest window (dictionary) of xz and zstd that is read: that of `xz -9`. `zstd -19` has 8 MiB.
pub(super) const MAX_WINDOW_BYTES: u32 = 64 << 20;

/// A decoder of one compression.
pub(super) trait Decoder: Send {
    /// Takes bytes from the front of `input`, and writes what comes out to the front of `output`.
    /// Returns how many bytes came out: 0 once all of `input` is taken and nothing is held back.
    /// The error says what is wrong with the bytes.
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String>;

    /// Must be called after the last byte. The error says what is missing.
    fn end(&mut self) -> Result<(), String>;
}

/// Takes bytes from the front of `input` until `gathered` has `wanted` bytes. Returns whether it
/// has.
pub(super) fn gather(gathered: &mut Vec<u8>, input: &mut &[u8], wanted: usize) -> bool {
    let missing = wanted.saturating_sub(gathered.len()).min(input.len());
    let (taken, rest) = input.split_at(missing);
    gathered.extend_from_slice(taken);
    *input = rest;
    gathered.len() >= wanted
}

/// The data end before their end.
pub(super) fn truncated() -> String {
    "the compressed data end too early".to_owned()
}

/// Other bytes follow the end of the compressed data.
pub(super) fn trailing() -> String {
    "bytes that are no compressed data follow the end of the compressed data".to_owned()
}
