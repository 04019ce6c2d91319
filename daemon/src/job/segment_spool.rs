//! Segments on their way to their place: none of a recording that turns out to be none must get there, and all of a long
//! one do not fit into memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};

use heimdall_dsp::{Inconsistency, Warning};
use serde::Serialize;

/// What stands before a segment's warnings.
const WARNINGS: &str = "\"warnings\":";

/// A JSON array, as far as it has come: an object a line, in memory or, beyond a limit, in a file that has no name and is gone
/// with its last user.
#[derive(Debug)]
pub struct SegmentSpool {
    in_memory_bytes: usize,
    text: Vec<u8>,
    /// Once they are more than that.
    file: Option<File>,
    /// What each of them is warned of.
    warnings: Vec<Vec<Warning>>,
}

impl SegmentSpool {
    /// None so far; more than `in_memory_bytes` of them go to a file.
    #[must_use]
    pub fn new(in_memory_bytes: usize) -> Self {
        Self {
            in_memory_bytes,
            text: Vec::new(),
            file: None,
            warnings: Vec::new(),
        }
    }

    /// Adds one, an object that ends with the `quality` of a segment, whose last are its `warnings`.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn push(&mut self, segment: &impl Serialize, warnings: &[Warning]) -> io::Result<()> {
        serde_json::to_writer(&mut self.text, segment)?;
        self.text.push(b'\n');
        self.warnings.push(warnings.to_vec());
        if self.text.len() > self.in_memory_bytes {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(tempfile::tempfile()?),
            };
            file.seek(SeekFrom::End(0))?;
            file.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// The objects as text, in order. What only the end of the recording has shown is added to the warnings of each.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lines(&self, late: &[Inconsistency]) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let mut file = self.file.as_ref();
        if let Some(file) = &mut file {
            file.rewind()?;
        }
        let in_file = file.into_iter().flat_map(|file| BufReader::new(file).lines());
        let lines = in_file.chain(self.text.lines());
        Ok(lines
            .zip(&self.warnings)
            .map(move |(line, own)| amend(line?, own, late)))
    }
}

/// The object with all its warnings.
fn amend(mut line: String, own: &[Warning], late: &[Inconsistency]) -> io::Result<String> {
    if late.iter().all(|doubt| own.contains(&doubt.warning)) {
        return Ok(line);
    }
    let mut all = own.to_vec();
    all.extend(late.iter().map(|doubt| doubt.warning));
    all.sort_unstable();
    all.dedup();
    let start = line.rfind(WARNINGS).ok_or(io::ErrorKind::InvalidData)? + WARNINGS.len();
    line.truncate(start);
    line.push_str(&serde_json::to_string(&all)?);
    line.push_str("}}");
    Ok(line)
}

#[cfg(test)]
mod tests {
    use heimdall_dsp::{Hints, Recording, SegmentFeatures, Workspace};

    use super::*;

    fn extract(bytes: &[u8]) -> Vec<SegmentFeatures> {
        let mut workspace = Workspace::new();
        let mut recording = Recording::new(Hints::default());
        recording.push(bytes, &mut workspace).expect("samples");
        recording.finish(&mut workspace).expect("features").segments
    }

    fn read(segments: &SegmentSpool, late: &[Inconsistency]) -> Vec<String> {
        segments
            .lines(late)
            .expect("rewound")
            .map(|line| line.expect("a line"))
            .collect()
    }

    #[test]
    fn more_than_fits_into_memory_comes_out_whole_and_more_than_once() {
        let one = &extract(&vec![0x3c; 1_600_000])[0];
        let text = serde_json::to_string(one).expect("JSON");
        for (in_memory_bytes, is_filed) in [(0, true), (2 * text.len() + 2, true), (4 * text.len(), false)] {
            let mut segments = SegmentSpool::new(in_memory_bytes);
            for count in 1..=3 {
                segments.push(one, &one.quality.warnings).expect("room");
                for _ in 0..2 {
                    assert_eq!(read(&segments, &[]), vec![text.clone(); count], "{in_memory_bytes}");
                }
            }
            assert_eq!(segments.file.is_some(), is_filed, "{in_memory_bytes}");
        }
    }

    #[test]
    fn what_the_end_shows_is_added_to_every_segment_in_the_order_of_warnings() {
        // 1.2 s of samples beyond full scale that are all the same: a dropout, and unscaled.
        let own = extract(&5.0_f32.to_le_bytes().repeat(2 * 240_000));
        assert_eq!(own[0].quality.warnings.last(), Some(&Warning::Unscaled));
        let mut segments = SegmentSpool::new(0);
        for segment in &own {
            segments.push(segment, &segment.quality.warnings).expect("room");
        }
        let late = [Warning::SampleRateDoubtful, Warning::Clipping].map(|warning| Inconsistency::new(warning, "late"));
        let mut expected = own;
        for segment in &mut expected {
            let warnings = &mut segment.quality.warnings;
            warnings.extend(late.iter().map(|doubt| doubt.warning));
            warnings.sort_unstable();
            warnings.dedup();
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|segment| serde_json::to_string(segment).expect("JSON"))
            .collect();
        assert_eq!(read(&segments, &late), expected);
    }
}
