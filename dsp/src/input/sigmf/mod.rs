//! `SigMF` metadata, as far as they describe how samples are read. Source: the `SigMF`
//! specification and its schema, version 1.2 (<https://sigmf.org>).
//!
//! These fields are read: `core:datatype`, `core:sample_rate`, `core:num_channels` (one),
//! `core:offset`, `core:dataset`, `core:metadata_only`, `core:trailing_bytes`, and of each capture
//! `core:sample_start`, `core:global_index`, `core:header_bytes`, `core:frequency`,
//! `core:datetime`. `core:sha512` is not checked: that would double the work on a recording, and
//! the row has the object's entity tag.

mod json;

use crate::error::Error;
use crate::format::SampleFormat;
use crate::format::claim::FormatClaim;
use crate::recording_info::{Gap, RecordingInfo};
pub use json::MAX_SIGMF_BYTES;
pub(crate) use json::bad;
use json::{Capture, File, Global, short};

/// The source of hints from a metadata file next to the samples.
pub const SIDECAR_SOURCE: &str = "SigMF sidecar";

/// The source of hints from metadata in an archive with the samples.
pub(crate) const ARCHIVE_SOURCE: &str = "SigMF archive";

/// What the metadata of a recording state about its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Sigmf {
    format: FormatClaim,
    global: Global,
    captures: Vec<Capture>,
}

impl Sigmf {
    /// Reads a `.sigmf-meta` file.
    ///
    /// # Errors
    ///
    /// If it is too long, no JSON, lacks a field or has one of the wrong type, or has more than one
    /// channel.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let File { global, captures } = File::parse(json)?;
        let Some(format @ (FormatClaim::Samples(_) | FormatClaim::Unsupported(_))) =
            FormatClaim::parse(&global.datatype)
        else {
            return Err(bad(format!(
                "core:datatype is '{}', which is none",
                short(&global.datatype)
            )));
        };
        Ok(Self {
            format,
            global,
            captures,
        })
    }

    /// Layout of a sample.
    #[must_use]
    pub fn format(&self) -> &FormatClaim {
        &self.format
    }

    /// Samples per second, if the metadata have it.
    #[must_use]
    pub fn sample_rate_hz(&self) -> Option<f64> {
        self.global.sample_rate_hz
    }

    /// Name of the file with the samples, if it is not the name of the metadata with `.sigmf-data`.
    #[must_use]
    pub fn dataset(&self) -> Option<&str> {
        self.global.dataset.as_deref()
    }

    /// Whether the metadata state that no samples belong to them.
    #[must_use]
    pub fn is_metadata_only(&self) -> bool {
        self.global.is_metadata_only && self.global.dataset.is_none()
    }

    /// The format of the samples.
    ///
    /// # Errors
    ///
    /// If it is not read. The error names the `source`.
    pub(crate) fn sample_format(&self, source: &'static str) -> Result<SampleFormat, Error> {
        match &self.format {
            FormatClaim::Samples(format) => Ok(*format),
            other => Err(Error::UnsupportedFormat {
                name: other.text().to_owned(),
                source_of_format: source,
            }),
        }
    }

    /// The gaps: where the receiver's count of samples grows faster than that of the dataset.
    pub(crate) fn losses(&self) -> Vec<Gap> {
        let pairs = self.captures.windows(2);
        pairs.filter_map(|pair| pair[1].loss_since(&pair[0])).collect()
    }

    /// Whether the dataset has bytes that are no samples.
    pub(crate) fn is_non_conforming(&self) -> bool {
        self.global.trailing_bytes > 0 || self.captures.iter().any(|capture| capture.header_bytes > 0)
    }

    /// Headers before captures: index of the first sample after each, and its bytes.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (u64, u64)> {
        let headers = self
            .captures
            .iter()
            .map(|capture| (capture.start, capture.header_bytes));
        headers.filter(|(_, bytes)| *bytes > 0)
    }

    /// Bytes at the end of the dataset that are no samples.
    pub(crate) fn trailing_bytes(&self) -> u64 {
        self.global.trailing_bytes
    }

    /// The first two different frequencies of the receiver in the first `samples`, if there are
    /// two.
    pub(crate) fn retuned(&self, samples: u64) -> Option<(f64, f64)> {
        let mut tuned = self.captures.iter().filter(|capture| capture.start < samples);
        let first = tuned.find_map(|capture| capture.frequency_hz)?;
        let is_other = |hz: &f64| (hz - first).abs() > 1.0;
        tuned
            .filter_map(|capture| capture.frequency_hz)
            .find(is_other)
            .map(|other| (first, other))
    }

    /// Adds start time and frequency of the recording, if `info` does not have them yet.
    pub(crate) fn fill(&self, info: &mut RecordingInfo) {
        if let Some(first) = self.captures.first() {
            if info.start_time.is_none() {
                info.start_time.clone_from(&first.datetime);
            }
            info.centre_frequency_hz = info.centre_frequency_hz.or(first.frequency_hz);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(global: &str, captures: &str) -> Result<Sigmf, Error> {
        let json = format!(
            "{{\"global\": {{\"core:datatype\": \"ci16_le\", \"core:version\": \"1.2.0\"{global}}}, \
             \"captures\": [{captures}], \"annotations\": [{{\"core:sample_start\": -1}}]}}"
        );
        Sigmf::parse(json.as_bytes())
    }

    #[test]
    fn needed_fields_are_read_and_others_skipped() {
        let meta = with(
            ", \"core:sample_rate\": 48000, \"x:y\": [[{}]], \"core:dataset\": \"a.dat\"",
            "{\"core:sample_start\": 0, \"core:frequency\": 145e6, \"core:datetime\": \"2026-01-02T03:04:05Z\"}",
        )
        .unwrap();
        assert_eq!(meta.sample_rate_hz(), Some(48_000.0));
        assert_eq!(meta.format(), &FormatClaim::Samples(SampleFormat::Ci16Le));
        assert_eq!(meta.dataset(), Some("a.dat"));
        let mut info = RecordingInfo::default();
        meta.fill(&mut info);
        assert_eq!(info.start_time.as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(info.centre_frequency_hz, Some(145e6));
        assert!(!meta.is_non_conforming() && meta.losses().is_empty() && meta.retuned(100).is_none());
        assert!(with("", "").unwrap().sample_rate_hz().is_none());
    }

    #[test]
    fn counts_may_be_written_as_floats() {
        let meta = with(
            ", \"core:num_channels\": 1.0, \"core:trailing_bytes\": 7.7e1",
            "{\"core:sample_start\": 0.0, \"core:global_index\": null, \"core:header_bytes\": 6.4e1}",
        )
        .unwrap();
        assert_eq!(meta.trailing_bytes(), 77);
        assert_eq!(meta.headers().collect::<Vec<_>>(), [(0, 64)]);
    }

    #[test]
    fn a_jump_of_the_global_index_is_a_loss() {
        let meta = with(
            ", \"core:offset\": 10",
            "{\"core:sample_start\": 10, \"core:global_index\": 1000},
             {\"core:sample_start\": 510, \"core:global_index\": 2000},
             {\"core:sample_start\": 600, \"core:global_index\": 2090},
             {\"core:sample_start\": 700, \"core:global_index\": 5},
             {\"core:sample_start\": 800, \"core:global_index\": 18446744073709551615}",
        );
        let gap = |at_sample, lost_samples| Gap {
            at_sample,
            lost_samples,
        };
        assert_eq!(meta.unwrap().losses(), [gap(500, 500), gap(790, u64::MAX - 5 - 100)]);
    }

    #[test]
    fn a_change_of_the_frequency_is_found_if_samples_follow_it() {
        let meta = with(
            "",
            "{\"core:sample_start\": 0, \"core:frequency\": 1e6}, {\"core:sample_start\": 50, \"core:frequency\": 2e6}",
        )
        .unwrap();
        assert_eq!(meta.retuned(50), None);
        assert_eq!(meta.retuned(51), Some((1e6, 2e6)));
    }

    #[test]
    fn invalid_metadata_are_refused_with_the_reason() {
        for (global, captures, words) in [
            (", \"core:num_channels\": 2", "", "2 interleaved channels"),
            (", \"core:sample_rate\": -1", "", "core:sample_rate is -1"),
            (", \"core:sample_rate\": \"fast\"", "", "invalid type: string"),
            (", \"core:sample_rate\": 1e999", "", "number out of range"),
            (", \"core:trailing_bytes\": -4", "", "integer `-4`"),
            (
                "",
                "{\"core:sample_start\": 5}, {\"core:sample_start\": 4}",
                "capture 1 starts at sample 4",
            ),
            ("", "{\"core:header_bytes\": 1.5}", "floating point `1.5`"),
        ] {
            let error = with(global, captures).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(error.starts_with("Invalid IQ data format: SigMF metadata: "), "{error}");
        }
        for (json, words) in [
            (&b""[..], "EOF"),
            (b"[]", "invalid"),
            (b"{\"global\": {}}", "missing field `core:datatype`"),
            (b"{\"global\": {\"core:datatype\": \"mp3\"}}", "'mp3'"),
            (b"{\"global\": {\"core:datatype\": \"npy\"}}", "'npy'"),
            (b"\xff\xfe{", "expected value"),
        ] {
            let error = Sigmf::parse(json).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let named = Sigmf::parse(b"{\"global\": {\"core:datatype\": \"cf16_be\"}}").unwrap();
        assert!(
            named
                .sample_format("SigMF sidecar")
                .unwrap_err()
                .to_string()
                .contains("cf16_be (SigMF sidecar)")
        );
    }

    #[test]
    fn length_and_depth_are_bounded() {
        let endless = Sigmf::parse(&vec![b' '; MAX_SIGMF_BYTES + 1]).unwrap_err().to_string();
        assert!(endless.contains("longer than the limit"), "{endless}");
        let deep = format!("{{\"global\": {}", "[".repeat(900_000));
        assert!(Sigmf::parse(deep.as_bytes()).is_err());
        let deep = format!(
            "{{\"x\": {}{}, \"global\": {{\"core:datatype\": \"cu8\"}}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        // Skipped or refused, without overflow of the stack.
        let _ = Sigmf::parse(deep.as_bytes());
    }
}
