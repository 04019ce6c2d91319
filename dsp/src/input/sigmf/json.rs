//! The JSON of a `.sigmf-meta` file.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Unexpected};

use crate::error::Error;
use crate::recording_info::Gap;

/// Longest metadata that are read: five thousand annotations of 200 bytes, and small enough for
/// sixteen recordings in 64 MB.
pub const MAX_SIGMF_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
pub(super) struct File {
    pub global: Global,
    #[serde(default)]
    pub captures: Vec<Capture>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Global {
    #[serde(rename = "core:datatype")]
    pub datatype: String,
    #[serde(rename = "core:sample_rate")]
    pub sample_rate_hz: Option<f64>,
    #[serde(rename = "core:num_channels", default, deserialize_with = "whole_if_any")]
    num_channels: Option<u64>,
    #[serde(rename = "core:offset", default, deserialize_with = "whole")]
    offset: u64,
    #[serde(rename = "core:dataset")]
    pub dataset: Option<String>,
    #[serde(rename = "core:metadata_only", default)]
    pub is_metadata_only: bool,
    #[serde(rename = "core:trailing_bytes", default, deserialize_with = "whole")]
    pub trailing_bytes: u64,
}

/// What holds from some sample on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Capture {
    /// Index of the first sample in the dataset.
    #[serde(rename = "core:sample_start", default, deserialize_with = "whole")]
    pub start: u64,
    /// Index of this sample in the receiver's own count.
    #[serde(rename = "core:global_index", default, deserialize_with = "whole_if_any")]
    global_index: Option<u64>,
    /// Bytes before this sample that are no samples.
    #[serde(rename = "core:header_bytes", default, deserialize_with = "whole")]
    pub header_bytes: u64,
    #[serde(rename = "core:frequency")]
    pub frequency_hz: Option<f64>,
    #[serde(rename = "core:datetime")]
    pub datetime: Option<String>,
}

/// Largest number up to which every whole number is a float.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number, which some programs write as `0.0` or `1e6`.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(whole_if_any(deserializer)?.unwrap_or_default())
}

fn whole_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Whole(u64),
        Float(f64),
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, and within the range"
    )]
    match Option::<Number>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Whole(value)) => Ok(Some(value)),
        Some(Number::Float(value)) if value.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&value) => {
            Ok(Some(value as u64))
        }
        Some(Number::Float(value)) if value.fract() == 0.0 => {
            Err(D::Error::invalid_value(Unexpected::Signed(value as i64), &"a count"))
        }
        Some(Number::Float(value)) => Err(D::Error::invalid_value(Unexpected::Float(value), &"a count")),
    }
}

/// Longest time stamp that is repeated: one with nanoseconds has 30 characters.
const MAX_DATETIME_BYTES: usize = 40;

impl File {
    /// Reads the JSON and checks it. Captures start from the first sample of the dataset.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Error> {
        if json.len() > MAX_SIGMF_BYTES {
            return Err(bad(format!("longer than the limit of {MAX_SIGMF_BYTES} bytes")));
        }
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let mut file: Self = serde_json::from_slice(json).map_err(|error| bad(short(&error.to_string())))?;
        file.global.check()?;
        file.check_order()?;
        // `core:sample_start` counts from `core:offset`, but some programs that write an offset
        // count from 0.
        let offset = file.global.offset;
        let is_absolute = file.captures.first().is_some_and(|first| first.start >= offset);
        for capture in &mut file.captures {
            if is_absolute {
                capture.start -= offset;
            }
            capture.frequency_hz = capture.frequency_hz.filter(|hz| hz.is_finite());
            let is_valid =
                |text: &String| text.len() <= MAX_DATETIME_BYTES && text.bytes().all(|b| b.is_ascii_graphic());
            capture.datetime = capture.datetime.take().filter(is_valid);
        }
        Ok(file)
    }

    fn check_order(&self) -> Result<(), Error> {
        let mut pairs = self.captures.windows(2).enumerate();
        match pairs.find(|(_, pair)| pair[1].start < pair[0].start) {
            None => Ok(()),
            Some((index, pair)) => Err(bad(format!(
                "capture {} starts at sample {}, before the previous one at {}",
                index + 1,
                pair[1].start,
                pair[0].start
            ))),
        }
    }
}

impl Global {
    fn check(&self) -> Result<(), Error> {
        if let Some(channels @ 2..) = self.num_channels {
            return Err(bad(format!(
                "{channels} interleaved channels (core:num_channels), one is read"
            )));
        }
        match self.sample_rate_hz {
            Some(rate) if !(rate.is_finite() && rate > 0.0) => Err(bad(format!("core:sample_rate is {rate}"))),
            _ => Ok(()),
        }
    }
}

impl Capture {
    /// The samples that are missing before this capture, which follows `previous`.
    pub(super) fn loss_since(&self, previous: &Self) -> Option<Gap> {
        let delivered = self.global_index?.checked_sub(previous.global_index?)?;
        let lost_samples = delivered.checked_sub(self.start - previous.start)?;
        (lost_samples > 0).then_some(Gap {
            at_sample: self.start,
            lost_samples,
        })
    }
}

/// The start of a text, with control characters escaped.
pub(super) fn short(text: &str) -> String {
    text.escape_debug().take(200).collect()
}

pub(crate) fn bad(problem: impl Into<String>) -> Error {
    Error::Metadata {
        problem: problem.into(),
    }
}
