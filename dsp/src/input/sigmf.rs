//! `SigMF` metadata, as far as it says how samples are to be read. Source: the `SigMF` specification and its schema,
//! version 1.2 (<https://sigmf.org>).
//!
//! What is taken: `core:datatype`, `core:sample_rate`, `core:num_channels` (one), `core:offset`, `core:dataset`,
//! `core:metadata_only`, `core:trailing_bytes`, and of each capture `core:sample_start`, `core:global_index`,
//! `core:header_bytes`, `core:frequency`, `core:datetime`. Everything else is skipped over. `core:sha512` is not checked: it
//! would double the work on a recording, and the row has the object's entity tag.

use serde::Deserialize;

use crate::error::Error;
use crate::format::SampleFormat;
use crate::format::claim::FormatClaim;
use crate::recording_info::{Gap, RecordingInfo};

/// Longest metadata read: five thousand annotations of 200 bytes, and no danger to sixteen recordings in 64 MB.
pub const MAX_SIGMF_BYTES: usize = 1 << 20;

/// The source of hints from a metadata file next to the samples.
pub const SIDECAR_SOURCE: &str = "SigMF sidecar";

/// The source of hints from metadata in an archive with the samples.
pub(crate) const ARCHIVE_SOURCE: &str = "SigMF archive";

/// What the metadata of a recording say of its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Sigmf {
    format: FormatClaim,
    sample_rate_hz: Option<f64>,
    dataset: Option<String>,
    is_metadata_only: bool,
    trailing_bytes: u64,
    captures: Vec<Capture>,
}

/// From some sample on.
#[derive(Debug, Clone, PartialEq)]
struct Capture {
    /// Index of the first sample in the dataset.
    start: u64,
    /// Its index in what the receiver delivered.
    global: Option<u64>,
    /// Bytes before it that are no samples.
    header_bytes: u64,
    frequency_hz: Option<f64>,
    datetime: Option<String>,
}

#[derive(Deserialize)]
struct File {
    global: Global,
    #[serde(default)]
    captures: Vec<CaptureObject>,
}

#[derive(Deserialize)]
struct Global {
    #[serde(rename = "core:datatype")]
    datatype: String,
    #[serde(rename = "core:sample_rate")]
    sample_rate_hz: Option<f64>,
    #[serde(rename = "core:num_channels")]
    num_channels: Option<u64>,
    #[serde(rename = "core:offset", default)]
    offset: u64,
    #[serde(rename = "core:dataset")]
    dataset: Option<String>,
    #[serde(rename = "core:metadata_only", default)]
    is_metadata_only: bool,
    #[serde(rename = "core:trailing_bytes", default)]
    trailing_bytes: u64,
}

#[derive(Deserialize)]
struct CaptureObject {
    #[serde(rename = "core:sample_start", default)]
    start: u64,
    #[serde(rename = "core:global_index")]
    global: Option<u64>,
    #[serde(rename = "core:header_bytes", default)]
    header_bytes: u64,
    #[serde(rename = "core:frequency")]
    frequency_hz: Option<f64>,
    #[serde(rename = "core:datetime")]
    datetime: Option<String>,
}

/// Longest time stamp that is repeated: nanoseconds take 30 characters.
const MAX_DATETIME_BYTES: usize = 40;

impl Sigmf {
    /// Reads a `.sigmf-meta` file.
    ///
    /// # Errors
    ///
    /// What is wrong with it: too long, no JSON, fields missing or of the wrong type, more than one channel.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        if json.len() > MAX_SIGMF_BYTES {
            return Err(bad(format!("longer than the limit of {MAX_SIGMF_BYTES} bytes")));
        }
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let File { global, captures } = serde_json::from_slice(json).map_err(|error| bad(short(&error.to_string())))?;
        if let Some(channels @ 2..) = global.num_channels {
            return Err(bad(format!(
                "{channels} interleaved channels (core:num_channels), one is read"
            )));
        }
        if let Some(rate) = global.sample_rate_hz
            && !(rate.is_finite() && rate > 0.0)
        {
            return Err(bad(format!("core:sample_rate is {rate}")));
        }
        let Some(format @ (FormatClaim::Samples(_) | FormatClaim::Unsupported(_))) =
            FormatClaim::parse(&global.datatype)
        else {
            return Err(bad(format!(
                "core:datatype is '{}', which is none",
                short(&global.datatype)
            )));
        };
        if let Some((index, pair)) = captures
            .windows(2)
            .enumerate()
            .find(|(_, pair)| pair[1].start < pair[0].start)
        {
            return Err(bad(format!(
                "capture {} starts at sample {}, before the one in front of it at {}",
                index + 1,
                pair[1].start,
                pair[0].start
            )));
        }
        // Indices are absolute where the recording is a part of a longer one, but not everybody who gives an offset does so.
        let offset = match captures.first() {
            Some(first) if first.start >= global.offset => global.offset,
            _ => 0,
        };
        let captures = captures.into_iter().map(|capture| Capture {
            start: capture.start - offset,
            global: capture.global,
            header_bytes: capture.header_bytes,
            frequency_hz: capture.frequency_hz.filter(|hz| hz.is_finite()),
            datetime: capture
                .datetime
                .filter(|text| text.len() <= MAX_DATETIME_BYTES && is_plain(text)),
        });
        Ok(Self {
            format,
            sample_rate_hz: global.sample_rate_hz,
            dataset: global.dataset,
            is_metadata_only: global.is_metadata_only,
            trailing_bytes: global.trailing_bytes,
            captures: captures.collect(),
        })
    }

    /// How a sample is laid out.
    #[must_use]
    pub fn format(&self) -> &FormatClaim {
        &self.format
    }

    /// Samples per second, if it says.
    #[must_use]
    pub fn sample_rate_hz(&self) -> Option<f64> {
        self.sample_rate_hz
    }

    /// Name of the file with the samples, where it is not that of the metadata with `.sigmf-data`.
    #[must_use]
    pub fn dataset(&self) -> Option<&str> {
        self.dataset.as_deref()
    }

    /// Whether there are no samples to it, on purpose.
    #[must_use]
    pub fn is_metadata_only(&self) -> bool {
        self.is_metadata_only && self.dataset.is_none()
    }

    /// The format, or that it is not read.
    pub(crate) fn sample_format(&self, source: &'static str) -> Result<SampleFormat, Error> {
        match &self.format {
            FormatClaim::Samples(format) => Ok(*format),
            other => Err(Error::UnsupportedFormat {
                name: other.text().to_owned(),
                source_of_format: source,
            }),
        }
    }

    /// Where the receiver's count of samples goes on faster than the dataset's.
    pub(crate) fn losses(&self) -> Vec<Gap> {
        let pairs = self.captures.windows(2);
        let lost = pairs.filter_map(|pair| {
            let delivered = pair[1].global?.checked_sub(pair[0].global?)?;
            let lost_samples = delivered.checked_sub(pair[1].start - pair[0].start)?;
            (lost_samples > 0).then_some(Gap {
                at_sample: pair[1].start,
                lost_samples,
            })
        });
        lost.collect()
    }

    /// Whether bytes of the dataset are no samples.
    pub(crate) fn is_non_conforming(&self) -> bool {
        self.trailing_bytes > 0 || self.captures.iter().any(|capture| capture.header_bytes > 0)
    }

    /// The captures with bytes before them that are no samples: index of the first sample, and the bytes.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (u64, u64)> {
        let headers = self
            .captures
            .iter()
            .map(|capture| (capture.start, capture.header_bytes));
        headers.filter(|(_, bytes)| *bytes > 0)
    }

    /// Bytes at the end of the dataset that are no samples.
    pub(crate) fn trailing_bytes(&self) -> u64 {
        self.trailing_bytes
    }

    /// The frequencies that the first `samples` were received at, where the receiver was tuned to more than one.
    pub(crate) fn retuned(&self, samples: u64) -> Option<(f64, f64)> {
        let mut tuned = self.captures.iter().filter(|capture| capture.start < samples);
        let first = tuned.find_map(|capture| capture.frequency_hz)?;
        let is_other = |hz: &f64| (hz - first).abs() > 1.0;
        tuned
            .filter_map(|capture| capture.frequency_hz)
            .find(is_other)
            .map(|other| (first, other))
    }

    /// Adds when and at what frequency the recording was made, where nothing else has said so.
    pub(crate) fn fill(&self, info: &mut RecordingInfo) {
        if let Some(first) = self.captures.first() {
            if info.start_time.is_none() {
                info.start_time.clone_from(&first.datetime);
            }
            info.centre_frequency_hz = info.centre_frequency_hz.or(first.frequency_hz);
        }
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A foreign text without line breaks and not longer than is worth repeating.
fn short(text: &str) -> String {
    text.escape_debug().take(200).collect()
}

pub(crate) fn bad(problem: String) -> Error {
    Error::Metadata { problem }
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
    fn what_is_needed_is_read_and_the_rest_skipped() {
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
    fn a_change_of_the_frequency_is_noticed_if_there_are_samples_of_it() {
        let meta = with(
            "",
            "{\"core:sample_start\": 0, \"core:frequency\": 1e6}, {\"core:sample_start\": 50, \"core:frequency\": 2e6}",
        )
        .unwrap();
        assert_eq!(meta.retuned(50), None);
        assert_eq!(meta.retuned(51), Some((1e6, 2e6)));
    }

    #[test]
    fn what_is_wrong_is_said() {
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
        let named = Sigmf::parse(b"{\"global\": {\"core:datatype\": \"cf32_be\"}}").unwrap();
        assert!(
            named
                .sample_format("SigMF sidecar")
                .unwrap_err()
                .to_string()
                .contains("cf32_be (SigMF sidecar)")
        );
    }

    #[test]
    fn neither_length_nor_depth_is_without_bounds() {
        let endless = Sigmf::parse(&vec![b' '; MAX_SIGMF_BYTES + 1]).unwrap_err().to_string();
        assert!(endless.contains("longer than the limit"), "{endless}");
        let deep = format!("{{\"global\": {}", "[".repeat(900_000));
        assert!(Sigmf::parse(deep.as_bytes()).is_err());
        let deep = format!(
            "{{\"x\": {}{}, \"global\": {{\"core:datatype\": \"cu8\"}}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        // Skipped over without a stack, or refused: never an overflow of it.
        let _ = Sigmf::parse(deep.as_bytes());
    }
}
