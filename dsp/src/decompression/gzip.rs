//! gzip, RFC 1952: members, each with a header, a deflate stream, a CRC-32 and a length.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::decoder::{Decoder, gather, trailing, truncated};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// The part of the header that every member has.
const HEADER_BYTES: usize = 10;
/// CRC-32 and length at the end of a member.
const TRAILER_BYTES: usize = 8;

/// Flags of fields that follow the header.
const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// What the next byte belongs to.
enum State {
    /// The header of a member.
    Header(Vec<u8>),
    /// The length of the extra field.
    ExtraLength(Vec<u8>),
    /// Bytes of the header that are not needed.
    Skip(usize),
    /// A text of the header, up to a zero.
    Text,
    /// The deflate stream.
    Body,
    /// Checksum and length.
    Trailer(Vec<u8>),
    /// Zeros after the last member, as tapes have them.
    Padding,
}

pub(super) struct Gzip {
    state: State,
    /// Flags of the fields of the header that follow.
    fields: u8,
    deflate: Decompress,
    crc: Crc,
    members: u64,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            state: State::Header(Vec::new()),
            fields: 0,
            deflate: Decompress::new(false),
            crc: Crc::new(),
            members: 0,
        }
    }

    /// Gathers the fixed part of a header, and checks it.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<(), String> {
        let State::Header(header) = &mut self.state else {
            return Ok(());
        };
        if self.members > 0 && header.is_empty() && input[0] == 0 {
            self.state = State::Padding;
            return Ok(());
        }
        let is_whole = gather(header, input, HEADER_BYTES);
        let known = header.len().min(MAGIC.len());
        if header[..known] != MAGIC[..known] {
            return Err(trailing());
        }
        if !is_whole {
            return Ok(());
        }
        let flags = header[3];
        if flags & 0xe0 != 0 {
            return Err(format!("reserved flags in the header ({flags:#04x})"));
        }
        self.fields = flags;
        self.next_field();
        Ok(())
    }

    /// Goes to the next field of the header, or to the body.
    fn next_field(&mut self) {
        let mut has = |flag: u8| {
            let is_set = self.fields & flag != 0;
            self.fields &= !flag;
            is_set
        };
        self.state = if has(EXTRA) {
            State::ExtraLength(Vec::new())
        } else if has(NAME) || has(COMMENT) {
            State::Text
        } else if has(HEADER_CRC) {
            State::Skip(2)
        } else {
            self.deflate.reset(false);
            self.crc.reset();
            State::Body
        };
    }

    /// Decodes from the body of a member.
    fn inflate(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        let (taken_before, out_before) = (self.deflate.total_in(), self.deflate.total_out());
        let result = self.deflate.decompress(input, output, FlushDecompress::None);
        let status = result.map_err(|_| "the deflate stream is damaged".to_owned())?;
        let count = |total: u64, before: u64| usize::try_from(total - before).unwrap_or(usize::MAX);
        *input = &input[count(self.deflate.total_in(), taken_before)..];
        let written = count(self.deflate.total_out(), out_before);
        self.crc.update(&output[..written]);
        if status == Status::StreamEnd {
            self.state = State::Trailer(Vec::new());
        }
        Ok(written)
    }

    fn check(&mut self, trailer: &[u8]) -> Result<(), String> {
        let field = |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
        if field(0) != self.crc.sum() {
            return Err("the checksum (CRC-32) is wrong".to_owned());
        }
        // The lower 32 bits of the length.
        if field(4) != self.crc.amount() {
            return Err("the length at the end is wrong".to_owned());
        }
        self.members += 1;
        Ok(())
    }
}

impl Decoder for Gzip {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        while !input.is_empty() || matches!(self.state, State::Body) {
            match &mut self.state {
                State::Header(_) => self.read_header(input)?,
                State::ExtraLength(bytes) => {
                    if gather(bytes, input, 2) {
                        self.state = State::Skip(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])));
                    }
                }
                State::Skip(left) => {
                    let skipped = input.len().min(*left);
                    *input = &input[skipped..];
                    *left -= skipped;
                    if *left == 0 {
                        self.next_field();
                    }
                }
                State::Text => {
                    let end = input.iter().position(|byte| *byte == 0);
                    *input = &input[end.map_or(input.len(), |end| end + 1)..];
                    if end.is_some() {
                        self.next_field();
                    }
                }
                State::Body => {
                    let before = input.len();
                    let written = self.inflate(input, output)?;
                    if written > 0 {
                        return Ok(written);
                    }
                    if input.len() == before && matches!(self.state, State::Body) {
                        return Ok(0);
                    }
                }
                State::Trailer(trailer) => {
                    if gather(trailer, input, TRAILER_BYTES) {
                        let trailer = std::mem::take(trailer);
                        self.check(&trailer)?;
                        self.state = State::Header(Vec::new());
                    }
                }
                State::Padding => {
                    if input.iter().any(|byte| *byte != 0) {
                        return Err(trailing());
                    }
                    *input = &[];
                }
            }
        }
        Ok(0)
    }

    fn end(&mut self) -> Result<(), String> {
        match &self.state {
            State::Header(header) if header.is_empty() && self.members > 0 => Ok(()),
            State::Padding => Ok(()),
            _ => Err(truncated()),
        }
    }
}
