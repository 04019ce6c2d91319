//! Spools segments until the recording is known to be valid; long ones spill to a temporary file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};

use heimdall_dsp::{Inconsistency, Warning};
use serde::Serialize;

/// Precedes a segment's warnings in its JSON text.
const WARNINGS: &str = "\"warnings\":";

/// JSON objects, one per line. The text is in memory up to a limit, then in a temporary file
/// without a name, which the operating system deletes when it is closed.
#[derive(Debug)]
pub struct SegmentSpool {
    in_memory_bytes: usize,
    /// Lines that are not in the file.
    text: Vec<u8>,
    /// Created when the text exceeds the limit for the first time.
    file: Option<File>,
    /// Warnings of each segment.
    warnings: Vec<Vec<Warning>>,
}

impl SegmentSpool {
    /// An empty spool that moves its text to a file whenever it exceeds `in_memory_bytes`.
    #[must_use]
    pub fn new(in_memory_bytes: usize) -> Self {
        Self {
            in_memory_bytes,
            text: Vec::new(),
            file: None,
            warnings: Vec::new(),
        }
    }

    /// Appends a segment. Its JSON object must end with `quality`, and `quality` with `warnings`,
    /// so that [`SegmentSpool::lines`] can replace the warnings.
    ///
    /// # Errors
    /// If the file cannot be created or written.
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

    /// Number of segments.
    #[must_use]
    pub fn count(&self) -> usize {
        self.warnings.len()
    }

    /// The JSON objects in order. The warnings of `trailing`, which were found only at the end of
    /// the recording, are added to the warnings of each.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn lines(&self, trailing: &[Inconsistency]) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let mut file = self.file.as_ref();
        if let Some(file) = &mut file {
            file.rewind()?;
        }
        let in_file = file.into_iter().flat_map(|file| BufReader::new(file).lines());
        let lines = in_file.chain(self.text.lines());
        Ok(lines
            .zip(&self.warnings)
            .map(move |(line, own)| add_warnings(line?, own, trailing)))
    }
}

/// Replaces the warnings at the end of a segment's JSON object by its own and the trailing ones.
fn add_warnings(mut line: String, own: &[Warning], trailing: &[Inconsistency]) -> io::Result<String> {
    if trailing.iter().all(|found| own.contains(&found.warning)) {
        return Ok(line);
    }
    let mut all = own.to_vec();
    all.extend(trailing.iter().map(|found| found.warning));
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
        let mut recording = Recording::new(Hints::default().with_sample_rate_hz(200_000.0, "test"));
        recording.push(bytes, &mut workspace).expect("samples");
        recording.finish(&mut workspace).expect("features").segments
    }

    fn read(segments: &SegmentSpool, trailing: &[Inconsistency]) -> Vec<String> {
        segments
            .lines(trailing)
            .expect("rewind")
            .map(|line| line.expect("line"))
            .collect()
    }

    #[test]
    fn spooled_segments_can_be_read_several_times_from_memory_and_from_a_file() {
        let segment = &extract(&vec![0x3c; 1_600_000])[0];
        let text = serde_json::to_string(segment).expect("JSON");
        for (in_memory_bytes, uses_file) in [(0, true), (2 * text.len() + 2, true), (4 * text.len(), false)] {
            let mut segments = SegmentSpool::new(in_memory_bytes);
            for count in 1..=3 {
                segments.push(segment, &segment.quality.warnings).expect("push");
                for _ in 0..2 {
                    assert_eq!(read(&segments, &[]), vec![text.clone(); count], "{in_memory_bytes}");
                }
            }
            assert_eq!(segments.file.is_some(), uses_file, "{in_memory_bytes}");
        }
    }

    #[test]
    fn trailing_warnings_are_added_to_every_segment_in_the_order_of_the_enum() {
        // 1.2 s of equal samples above full scale: the warnings for a dropout and for unscaled
        // samples.
        let own = extract(&5.0_f32.to_le_bytes().repeat(2 * 240_000));
        assert_eq!(own[0].quality.warnings.last(), Some(&Warning::Unscaled));
        let mut segments = SegmentSpool::new(0);
        for segment in &own {
            segments.push(segment, &segment.quality.warnings).expect("push");
        }
        let trailing = [Warning::SampleRateDoubtful, Warning::Clipping]
            .map(|warning| Inconsistency::new(warning, "found at the end"));
        let mut expected = own;
        for segment in &mut expected {
            let warnings = &mut segment.quality.warnings;
            warnings.extend(trailing.iter().map(|found| found.warning));
            warnings.sort_unstable();
            warnings.dedup();
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|segment| serde_json::to_string(segment).expect("JSON"))
            .collect();
        assert_eq!(read(&segments, &trailing), expected);
    }
}
