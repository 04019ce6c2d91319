//! Segments on their way to the output: none of a file that turns out to be no recording must get there, and all of
//! a long one do not fit into memory.

use std::io::{self, BufRead, BufReader, Seek, Write};

use heimdall_dsp::{Doubt, SegmentFeatures, Warning};
use tempfile::SpooledTempFile;

/// Text kept in memory, about five minutes of recording; more goes to an unnamed file.
const IN_MEMORY_BYTES: usize = 1 << 20;

/// What stands before a segment's warnings.
const WARNINGS: &str = "\"warnings\":";

/// A JSON array, as far as it has come.
pub(super) struct Segments {
    /// A segment a line.
    text: SpooledTempFile,
    /// What each of them is warned of.
    warnings: Vec<Vec<Warning>>,
}

impl Segments {
    pub(super) fn new() -> Self {
        Self {
            text: SpooledTempFile::new(IN_MEMORY_BYTES),
            warnings: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, segments: &[SegmentFeatures]) -> serde_json::Result<()> {
        for segment in segments {
            // One write for each: the spool may be a file.
            let mut text = serde_json::to_vec(segment)?;
            text.push(b'\n');
            self.text.write_all(&text).map_err(serde_json::Error::io)?;
            self.warnings.push(segment.quality.warnings.clone());
        }
        Ok(())
    }

    /// Writes the array as a line. What only the end of the recording has shown is added to the warnings of every segment.
    pub(super) fn write_to(&mut self, out: &mut impl Write, late: &[Doubt]) -> io::Result<()> {
        self.text.rewind()?;
        let lines = BufReader::new(&mut self.text).lines();
        let mut separator = "[";
        for (line, own) in lines.zip(&self.warnings) {
            let line = line?;
            out.write_all(separator.as_bytes())?;
            separator = ",";
            if late.iter().all(|doubt| own.contains(&doubt.warning)) {
                out.write_all(line.as_bytes())?;
                continue;
            }
            let mut all = own.clone();
            all.extend(late.iter().map(|doubt| doubt.warning));
            all.sort_unstable();
            all.dedup();
            // They are the last of a segment's quality, which is the last of a segment.
            let start = line.rfind(WARNINGS).ok_or(io::ErrorKind::InvalidData)? + WARNINGS.len();
            out.write_all(&line.as_bytes()[..start])?;
            serde_json::to_writer(&mut *out, &all)?;
            out.write_all(b"}}")?;
        }
        out.write_all(if self.warnings.is_empty() { b"[]\n" } else { b"]\n" })
    }
}

#[cfg(test)]
mod tests {
    use heimdall_dsp::{Hints, Recording, Workspace};

    use super::*;

    #[test]
    fn more_than_fits_into_memory_comes_out_whole() {
        let mut workspace = Workspace::new();
        let mut recording = Recording::new(Hints::default());
        recording.push(&vec![0x3c; 1_600_000], &mut workspace).expect("samples");
        let one = recording.finish(&mut workspace).expect("features").segments;
        let mut segments = Segments::new();
        let count = 2 * IN_MEMORY_BYTES / serde_json::to_vec(&one).expect("JSON").len();
        for _ in 0..count {
            segments.add(&one).expect("room");
        }
        assert!(segments.text.is_rolled());
        let mut line = Vec::new();
        segments.write_to(&mut line, &[]).expect("memory");
        let all: Vec<_> = std::iter::repeat_n(&one[0], count).collect();
        assert_eq!(line, [serde_json::to_vec(&all).expect("JSON"), b"\n".to_vec()].concat());
    }

    #[test]
    fn what_the_end_shows_is_added_to_every_segment_in_the_order_of_warnings() {
        let mut workspace = Workspace::new();
        let mut recording = Recording::new(Hints::default());
        // 1.2 s of samples beyond full scale that are all the same: a dropout, and unscaled.
        let bytes = 5.0_f32.to_le_bytes().repeat(2 * 240_000);
        recording.push(&bytes, &mut workspace).expect("samples");
        let own = recording.finish(&mut workspace).expect("features").segments;
        assert_eq!(own[0].quality.warnings.last(), Some(&Warning::Unscaled));
        let mut segments = Segments::new();
        segments.add(&own).expect("room");
        let late = [Warning::SampleRateDoubtful, Warning::Clipping].map(|warning| Doubt::new(warning, "late"));
        let mut line = Vec::new();
        segments.write_to(&mut line, &late).expect("memory");
        let mut expected = own;
        for segment in &mut expected {
            let warnings = &mut segment.quality.warnings;
            warnings.extend(late.iter().map(|doubt| doubt.warning));
            warnings.sort_unstable();
            warnings.dedup();
        }
        assert_eq!(
            line,
            [serde_json::to_vec(&expected).expect("JSON"), b"\n".to_vec()].concat()
        );
    }
}
