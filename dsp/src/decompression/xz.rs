//! xz: streams of blocks in LZMA2, with an index and checksums, and zeros between streams.

use std::io::{Error, ErrorKind};

use lzma_rust2::{Action, XzStream};

use super::decoder::{Decoder, MAX_WINDOW_BYTES, truncated};

/// Memory that the decoder needs beside the window.
const BESIDE_WINDOW_KIB: u32 = 1024;

pub(super) struct Xz {
    streams: XzStream,
    /// What is wrong after the bytes that came out last.
    problem: Option<String>,
}

impl Xz {
    pub(super) fn new() -> Self {
        Self {
            streams: XzStream::new_mem_limit(true, MAX_WINDOW_BYTES / 1024 + BESIDE_WINDOW_KIB),
            problem: None,
        }
    }

    fn explain(&self, error: &Error) -> String {
        match error.kind() {
            ErrorKind::OutOfMemory => {
                let needed_mib = self.streams.memory_usage().unwrap_or(0) / 1024;
                format!(
                    "its dictionary takes {needed_mib} MiB of memory, the limit is {} MiB, as for xz -9",
                    MAX_WINDOW_BYTES >> 20
                )
            }
            ErrorKind::UnexpectedEof => truncated(),
            _ => format!("damaged, or followed by bytes that are no compressed data: {error}"),
        }
    }
}

impl Decoder for Xz {
    fn decode(&mut self, input: &mut &[u8], output: &mut [u8]) -> Result<usize, String> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        loop {
            let before = self.streams.total_out();
            let (taken, written) = match self.streams.process(input, output, Action::Run) {
                Ok(step) => (step.bytes_consumed, step.bytes_produced),
                Err(error) => {
                    let problem = self.explain(&error);
                    let written = usize::try_from(self.streams.total_out() - before).unwrap_or(usize::MAX);
                    if written == 0 {
                        return Err(problem);
                    }
                    self.problem = Some(problem);
                    (0, written)
                }
            };
            *input = &input[taken..];
            if written > 0 || taken == 0 {
                return Ok(written);
            }
        }
    }

    fn end(&mut self) -> Result<(), String> {
        let ended = self.streams.process(&[], &mut [], Action::Finish);
        ended.map(|_| ()).map_err(|error| self.explain(&error))
    }
}
