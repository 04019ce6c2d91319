//! The metadata at the end of a `SigMF` archive.

use heimdall_dsp::{CompressedTail, Compression, Hints, MAX_SIGMF_TAIL_BYTES};

use super::sidecar::read_up_to;
use super::threads::ExtractorThreads;
use crate::job::error::ExtractionError;
use crate::object_store::object::Object;

/// The end of an archive whose metadata come after the dataset.
pub(super) struct ArchiveTail {
    /// Byte of the archive, without its compression, where the metadata may begin.
    pub(super) at: u64,
    pub(super) compression: Option<Compression>,
    /// Most bytes that may come out of the compression.
    pub(super) limit_bytes: u64,
}

impl ArchiveTail {
    /// Reads the metadata, adds them to the hints, and goes back to the start of the archive. The
    /// end of a compressed archive cannot be requested: the whole archive is read for it.
    pub(super) async fn read(
        self,
        object: &mut Object<'_>,
        threads: &ExtractorThreads,
        hints: &mut Hints,
    ) -> Result<(), ExtractionError> {
        let tail = match self.compression {
            None => {
                object.go_to(self.at).await?;
                read_up_to(MAX_SIGMF_TAIL_BYTES, object).await?
            }
            Some(compression) => {
                object.go_to(0).await?;
                let tail = CompressedTail::new(compression, self.at, self.limit_bytes);
                decompress(tail, object, threads).await?
            }
        };
        hints.read_archive_tail(&tail)?;
        object.go_to(0).await
    }
}

async fn decompress(
    mut tail: CompressedTail,
    object: &mut Object<'_>,
    threads: &ExtractorThreads,
) -> Result<Vec<u8>, ExtractionError> {
    while let Some(piece) = object.next_piece().await? {
        let needs_more;
        (tail, needs_more) = threads
            .run(move |_| {
                let needs_more = tail.push(&piece)?;
                Ok((tail, needs_more))
            })
            .await?;
        if !needs_more {
            break;
        }
    }
    Ok(tail.into_bytes())
}
