//! WAV files as recorders write them.

/// A RIFF chunk, padded to an even length.
pub(crate) fn chunk(id: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short");
    let mut bytes = with_length(id, length, body);
    if !body.len().is_multiple_of(2) {
        bytes.push(0);
    }
    bytes
}

/// A chunk with any length in its header.
pub(crate) fn with_length(id: [u8; 4], length: u32, body: &[u8]) -> Vec<u8> {
    [&id[..], &length.to_le_bytes(), body].concat()
}

/// A `fmt ` chunk for two channels.
pub(crate) fn fmt(tag: u16, bits: u16, rate: u32) -> Vec<u8> {
    let block = 2 * bits.div_ceil(8);
    let fields = [
        &tag.to_le_bytes()[..],
        &2_u16.to_le_bytes(),
        &rate.to_le_bytes(),
        &(rate.wrapping_mul(u32::from(block))).to_le_bytes(),
        &block.to_le_bytes(),
        &bits.to_le_bytes(),
    ];
    chunk(*b"fmt ", &fields.concat())
}

/// A RIFF file of these chunks, with the right length in its header.
pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let length = u32::try_from(body.len() + 4).expect("short");
    [b"RIFF", &length.to_le_bytes()[..], b"WAVE", &body].concat()
}

/// `samples` samples of a wave with some noise, as 16-bit integers.
pub(crate) fn wave_16(samples: usize) -> Vec<u8> {
    (0..2 * samples)
        .flat_map(|i| {
            let value = 9000.0 * (i as f32 * 0.7).sin() + 300.0 * (i as f32 * i as f32).sin();
            (value as i16).to_le_bytes()
        })
        .collect()
}
