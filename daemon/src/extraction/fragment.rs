//! Reads the first part of an object for a picture, also of a recording that is refused. It has its
//! own thread and takes nothing from the recordings that are being extracted.

use std::time::Instant;

use heimdall_dsp::{Fragment, Hints, Recording};

use super::archive_tail::ArchiveTail;
use super::threads::ExtractorThreads;
use super::{hints, sidecar};
use crate::job::claim::Claim;
use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::object_store::location::Location;
use crate::object_store::object::Object;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the object, and of what comes out of it if it is compressed.
    pub bytes: u64,
    /// When reading ends.
    pub deadline: Instant,
}

/// The first part of a recording.
pub struct FirstPart {
    /// What can be drawn of it.
    pub fragment: Fragment,
    /// Whether a limit ended the reading before the end of the object.
    pub is_cut: bool,
}

/// Reads the start of the object of `recording`, of which only the columns on its samples count.
///
/// # Errors
/// If the object cannot be read, or no sample of it.
pub async fn read_first_part(
    recording: &Claim,
    text: &str,
    store: &ObjectStore,
    threads: &ExtractorThreads,
    limits: Limits,
) -> Result<FirstPart, ExtractionError> {
    let location = Location::parse(text, store.bucket_names())?;
    let (location, found) = sidecar::resolve_metadata_location(location, store).await?;
    let mut object = store.get(&location).await?;
    let mut hints = hints::of_object(recording, &location, &object);
    // A picture needs no text next to the samples that cannot be read.
    let _ = sidecar::find_sidecar(&location, found, &mut hints, store).await;
    let _ = sidecar::find_portapack_text(&location, &mut hints, store).await;
    match read(&mut object, hints.clone(), threads, limits).await {
        Err(ExtractionError::Recording(heimdall_dsp::Error::MetadataAfterSamples { at, compression })) => {
            let tail = ArchiveTail {
                at,
                compression,
                limit_bytes: limits.bytes,
            };
            tail.read(&mut object, threads, &mut hints).await?;
            read(&mut object, hints, threads, limits).await
        }
        result => result,
    }
}

async fn read(
    object: &mut Object<'_>,
    hints: Hints,
    threads: &ExtractorThreads,
    limits: Limits,
) -> Result<FirstPart, ExtractionError> {
    let mut recording = Recording::new(hints).with_limit(limits.bytes).with_overview();
    let mut left = limits.bytes;
    let mut failure = None;
    let mut is_cut = false;
    while let Some(mut piece) = object.next_piece().await? {
        is_cut = Instant::now() >= limits.deadline || piece.len() as u64 > left;
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= piece.len() as u64;
        (recording, failure) = threads
            .run(move |workspace| {
                let pushed = recording.push(&piece, workspace);
                // The numbers are not needed.
                drop(recording.take_segments());
                Ok((recording, pushed.err()))
            })
            .await?;
        if is_cut || failure.is_some() {
            break;
        }
    }
    let fragment = threads
        .run(move |workspace| Ok(recording.into_fragment(workspace)))
        .await?;
    match (fragment, failure) {
        (Some(fragment), _) => Ok(FirstPart { fragment, is_cut }),
        (None, Some(error)) => Err(error.into()),
        (None, None) => Err(heimdall_dsp::Error::TooShort { samples: 0, needed: 1 }.into()),
    }
}
