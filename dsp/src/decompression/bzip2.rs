//! bzip2: streams of blocks, each with a checksum.

use bzip2::{Decompress, Error, Status};

use super::decoder::{Decoder, gather, trailing, truncated};

/// The first bytes of a stream. The level, `1` to `9`, follows.
const MAGIC: &[u8] = b"BZh";
const HEADER_BYTES: usize = 4;

pub(super) struct Bzip2 {
    /// `None` between streams.
    stream: Option<Decompress>,
    /// The header of the next stream.
    header: Vec<u8>,
    streams: u64,
}

impl Bzip2 {
    pub(super) fn new() -> Self {
        Self {
            stream: None,
            header: Vec::new(),
            streams: 0,
        }
    }
}

/// Decodes from a stream. Returns the bytes taken and written, and whether the stream ends.
fn step(stream: &mut Decompress, input: &[u8], output: &mut [u8]) -> Result<(usize, usize, bool), String> {
    let (taken_before, out_before) = (stream.total_in(), stream.total_out());
    let status = stream.decompress(input, output).map_err(|error| match error {
        Error::DataMagic => "no bzip2 header where one should be".to_owned(),
        _ => "a block is damaged, or its checksum is wrong".to_owned(),
    })?;
    if status == Status::MemNeeded {
        return Err("too little memory".to_owned());
    }
    let count = |total: u64, before: u64| usize::try_from(total - before).unwrap_or(usize::MAX);
    let taken = count(stream.total_in(), taken_before);
    let written = count(stream.total_out(), out_before);
    Ok((taken, written, status == Status::StreamEnd))
}

impl Decoder for Bzip2 {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        loop {
            let Some(stream) = &mut self.stream else {
                if input.is_empty() {
                    return Ok(0);
                }
                let is_whole = gather(&mut self.header, input, HEADER_BYTES);
                let known = self.header.len().min(MAGIC.len());
                if self.header[..known] != MAGIC[..known] {
                    return Err(trailing());
                }
                if is_whole {
                    let mut stream = Decompress::new(false);
                    step(&mut stream, &std::mem::take(&mut self.header), &mut [])?;
                    self.stream = Some(stream);
                }
                continue;
            };
            let (taken, written, is_end) = step(stream, input, output)?;
            *input = &input[taken..];
            if is_end {
                self.stream = None;
                self.streams += 1;
            }
            if written > 0 || (taken == 0 && !is_end) {
                return Ok(written);
            }
        }
    }

    fn end(&mut self) -> Result<(), String> {
        if self.stream.is_none() && self.header.is_empty() && self.streams > 0 {
            return Ok(());
        }
        Err(truncated())
    }
}
