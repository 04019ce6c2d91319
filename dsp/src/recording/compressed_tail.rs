use crate::compression::Compression;
use crate::container::archive::MAX_SIGMF_TAIL_BYTES;
use crate::decompression::Decompressor;
use crate::error::Error;

/// Gets the end of a compressed `SigMF` archive whose metadata follow the dataset, for
/// [`crate::Hints::read_archive_tail`]. For that the archive is read once from its start, without
/// its samples being held or measured.
#[derive(Debug)]
pub struct CompressedTail {
    decompressor: Decompressor,
    limit_bytes: u64,
    /// Bytes before the tail.
    skip: u64,
    tail: Vec<u8>,
}

impl CompressedTail {
    /// `compression` and `at` are those of [`Error::MetadataAfterSamples`]. At most `limit_bytes`
    /// may come out.
    #[must_use]
    pub fn new(compression: Compression, at: u64, limit_bytes: u64) -> Self {
        Self {
            decompressor: Decompressor::new(compression),
            limit_bytes,
            skip: at,
            tail: Vec::new(),
        }
    }

    /// Takes the next bytes of the archive. Returns whether more are needed.
    ///
    /// # Errors
    ///
    /// If the data are damaged, or more comes out than the limit allows.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<bool, Error> {
        while self.tail.len() < MAX_SIGMF_TAIL_BYTES {
            let Some(piece) = self.decompressor.decode(&mut bytes, self.limit_bytes)? else {
                return Ok(true);
            };
            let skipped = piece.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
            self.skip -= skipped as u64;
            let room = MAX_SIGMF_TAIL_BYTES - self.tail.len();
            self.tail.extend(piece[skipped..].iter().take(room));
        }
        Ok(false)
    }

    /// The archive from byte `at` on, at most [`MAX_SIGMF_TAIL_BYTES`] of it.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.tail
    }
}
