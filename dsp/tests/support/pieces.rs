//! Extraction of a recording whose bytes arrive in pieces.

use heimdall_dsp::{Error, Extraction, Hints, Recording, Workspace};
use proptest::sample::Index;

pub(crate) fn extract<'a>(hints: Hints, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Extraction, Error> {
    let mut workspace = Workspace::new();
    let mut recording = Recording::new(hints);
    for piece in pieces {
        recording.push(piece, &mut workspace)?;
    }
    recording.finish(&mut workspace)
}

/// Divides bytes at these places.
pub(crate) fn divide<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}
