//! zstd, RFC 8878: frames of blocks, and frames that are skipped.
//!
//! Headers and blocks are gathered here, so that the decoder gets one whole block at a time. A
//! block has at most 128 KiB, compressed or not.

use std::io::Read as _;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use crate::compression::{ZSTD_MAGIC as MAGIC, is_skipped_frame};

use super::decoder::{Decoder, MAX_WINDOW_BYTES, gather, trailing, truncated};

/// A magic number, and the length of a frame that is skipped.
const SKIPPED_HEADER_BYTES: usize = 8;
const BLOCK_HEADER_BYTES: usize = 3;
const MAX_BLOCK_BYTES: usize = 128 * 1024;
const CHECKSUM_BYTES: usize = 4;

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// The header of a frame.
    FrameHeader,
    /// Bytes of a frame that is skipped.
    Skip(u64),
    /// A block.
    Block,
}

pub(super) struct Zstd {
    state: State,
    /// The header or the block so far.
    gathered: Vec<u8>,
    frame: FrameDecoder,
    has_checksum: bool,
    frames: u64,
}

impl Zstd {
    pub(super) fn new() -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(u64::from(MAX_WINDOW_BYTES));
        Self {
            state: State::FrameHeader,
            gathered: Vec::new(),
            frame,
            has_checksum: false,
            frames: 0,
        }
    }

    /// Gathers the header of a frame, and enters the frame.
    fn read_frame_header(&mut self, input: &mut &[u8]) -> Result<(), String> {
        let header = &mut self.gathered;
        if !gather(header, input, MAGIC.len()) {
            return if MAGIC.starts_with(header) || (0x50..=0x5f).contains(&header[0]) {
                Ok(())
            } else {
                Err(trailing())
            };
        }
        if is_skipped_frame(header) {
            if gather(header, input, SKIPPED_HEADER_BYTES) {
                let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
                self.gathered.clear();
                if length > 0 {
                    self.state = State::Skip(u64::from(length));
                }
            }
            return Ok(());
        }
        if header[..MAGIC.len()] != MAGIC {
            return Err(trailing());
        }
        if !gather(header, input, MAGIC.len() + 1) {
            return Ok(());
        }
        let descriptor = header[MAGIC.len()];
        if !gather(header, input, frame_header_bytes(descriptor)) {
            return Ok(());
        }
        self.has_checksum = descriptor & 4 != 0;
        self.frame.reset(&header[..]).map_err(|error| explain(&error))?;
        self.gathered.clear();
        self.state = State::Block;
        Ok(())
    }

    /// Gathers a block, and decodes it. Returns whether it was whole.
    fn read_block(&mut self, input: &mut &[u8]) -> Result<bool, String> {
        let block = &mut self.gathered;
        if !gather(block, input, BLOCK_HEADER_BYTES) {
            return Ok(false);
        }
        let header = u32::from_le_bytes([block[0], block[1], block[2], 0]);
        let (is_last, kind, size) = (header & 1 != 0, header >> 1 & 3, header as usize >> 3);
        if size > MAX_BLOCK_BYTES || kind == 3 {
            return Err("the header of a block is damaged".to_owned());
        }
        // A block of one value repeated has the value only.
        let stored = if kind == 1 { 1 } else { size };
        let checksum = if is_last && self.has_checksum {
            CHECKSUM_BYTES
        } else {
            0
        };
        if !gather(block, input, BLOCK_HEADER_BYTES + stored + checksum) {
            return Ok(false);
        }
        let one = BlockDecodingStrategy::UptoBlocks(1);
        self.frame
            .decode_blocks(&block[..], one)
            .map_err(|error| explain(&error))?;
        self.gathered.clear();
        Ok(true)
    }

    /// Compares the checksum of a frame whose bytes have all come out.
    fn finish_frame(&mut self) -> Result<(), String> {
        let stored = self.frame.get_checksum_from_data();
        if stored.is_some() && stored != self.frame.get_calculated_checksum() {
            return Err("the checksum of a frame is wrong".to_owned());
        }
        self.frames += 1;
        self.state = State::FrameHeader;
        Ok(())
    }
}

/// Bytes of the header of a frame, with its magic number.
fn frame_header_bytes(descriptor: u8) -> usize {
    let is_single_segment = descriptor & 0x20 != 0;
    let dictionary_id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    MAGIC.len() + 1 + usize::from(!is_single_segment) + dictionary_id + content_size
}

fn explain(error: &FrameDecoderError) -> String {
    match error {
        FrameDecoderError::WindowSizeTooBig { requested, .. } => format!(
            "its window takes {} MiB of memory, the limit is {} MiB",
            requested.div_ceil(1 << 20),
            MAX_WINDOW_BYTES >> 20
        ),
        FrameDecoderError::DictNotProvided { dict_id } => {
            format!("it needs the dictionary {dict_id}, which it does not contain")
        }
        other => format!("a frame is damaged: {other}"),
    }
}

impl Decoder for Zstd {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        loop {
            if self.state == State::Block {
                let written = self.frame.read(output);
                let written = written.map_err(|error| format!("a frame is damaged: {error}"))?;
                if written > 0 {
                    return Ok(written);
                }
                if self.frame.is_finished() {
                    self.finish_frame()?;
                }
            }
            match &mut self.state {
                State::Block => {
                    if !self.read_block(input)? {
                        return Ok(0);
                    }
                }
                _ if input.is_empty() => return Ok(0),
                State::FrameHeader => self.read_frame_header(input)?,
                State::Skip(left) => {
                    let skipped = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *input = &input[skipped..];
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.state = State::FrameHeader;
                    }
                }
            }
        }
    }

    fn end(&mut self) -> Result<(), String> {
        if self.state == State::FrameHeader && self.gathered.is_empty() && self.frames > 0 {
            return Ok(());
        }
        Err(truncated())
    }
}
