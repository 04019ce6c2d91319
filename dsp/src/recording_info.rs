use std::fmt;

use serde::Serialize;

/// Gaps that are listed one by one; the rest is in the totals.
const MAX_GAPS: usize = 100;

/// Samples that the recorder lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Samples of the object before the gap.
    pub at_sample: u64,
    /// Samples lost there.
    pub lost_samples: u64,
}

/// What the object says about the recording apart from its samples; stored with the row.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RecordingInfo {
    /// When the first sample was taken, as the header has it (ISO 8601; programs write UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// When recording ended, as the header has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<String>,
    /// Frequency that the receiver was tuned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centre_frequency_hz: Option<f64>,
    /// The `kiwi` stamps among the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gps_stamps: Option<GpsStamps>,
    /// Where samples were lost: the first hundred gaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Gaps in all.
    pub num_gaps: u64,
    /// What is odd about the object and did not keep its samples from being used.
    #[serde(rename = "remarks", skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
}

/// What a `KiwiSDR`'s stamps say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GpsStamps {
    /// Stamps in the object.
    pub stamps: u64,
    /// Stamps at the start that were left over from the receiver channel's earlier use.
    pub stale_stamps: u64,
    /// When the first sample of the object was taken: second of the GPS week, counted back from the first good stamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_sample_gps_week_s: Option<f64>,
    /// Samples per second over the whole object, gaps left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_sample_rate_hz: Option<f64>,
    /// Largest difference between a stamp and what the stamp before it and the rate let expect, where it is no gap and no
    /// clock jump, in samples.
    pub largest_deviation_samples: f64,
    /// Largest age of the GPS position at any stamp, in seconds; 254 stands for that and more, 255 for never.
    pub oldest_solution_s: u8,
}

/// Something odd about an object, with its numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "remark", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Anomaly {
    /// A header announces another number of bytes of samples than there are. Those that are there were used.
    DataLength {
        /// Bytes according to the header.
        announced: u64,
        /// Bytes that came.
        actual: u64,
    },
    /// Bytes that make no whole sample were left out.
    PartialSample {
        /// Bytes of samples before them.
        at_byte: u64,
        /// How many.
        bytes: u64,
    },
    /// Bytes behind the samples that are no chunk.
    TrailingBytes {
        /// How many.
        bytes: u64,
    },
    /// A clock went backwards, or forwards by more than a gap can explain. Nothing was taken for lost.
    ClockJump {
        /// Samples of the object before the jump.
        at_sample: u64,
        /// Seconds by which it jumped.
        by_s: f64,
    },
    /// No sample rate can be had from the stamps; the header's was used.
    NoRateFromStamps {
        /// Stamps looked at.
        stamps: u64,
    },
    /// As many remarks of this kind as are listed; more were left out.
    MoreOfThese {
        /// How many were left out.
        left_out: u64,
    },
}

impl RecordingInfo {
    /// Most remarks that are kept.
    const MAX_ANOMALIES: usize = 20;

    pub(crate) fn add_gap(&mut self, gap: Gap) {
        self.num_gaps += 1;
        if self.gaps.len() < MAX_GAPS {
            self.gaps.push(gap);
        }
    }

    /// Adds a remark; past a number of them they are only counted.
    pub(crate) fn add_anomaly(&mut self, anomaly: Anomaly) {
        if self.anomalies.len() < Self::MAX_ANOMALIES {
            self.anomalies.push(anomaly);
            return;
        }
        if let Some(Anomaly::MoreOfThese { left_out }) = self.anomalies.last_mut() {
            *left_out += 1;
        } else {
            self.anomalies.push(Anomaly::MoreOfThese { left_out: 1 });
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataLength { announced, actual } => write!(
                f,
                "the header announces {announced} bytes of samples, {actual} are there"
            ),
            Self::PartialSample { at_byte, bytes } => write!(
                f,
                "{bytes} bytes that make no sample were left out behind {at_byte} bytes of samples"
            ),
            Self::TrailingBytes { bytes } => write!(f, "{bytes} bytes behind the samples were left out"),
            Self::ClockJump { at_sample, by_s } => {
                write!(f, "the clock jumps by {by_s} s at sample {at_sample}")
            }
            Self::NoRateFromStamps { stamps } => write!(
                f,
                "no sample rate can be had from {stamps} time stamps, the header's was used"
            ),
            Self::MoreOfThese { left_out } => write!(f, "{left_out} more remarks were left out"),
        }
    }
}
