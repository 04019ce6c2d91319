use std::fmt;

use serde::Serialize;

/// Most gaps that are listed. The others are only counted.
const MAX_GAPS: usize = 100;

/// Samples that the recorder lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Samples of the object before the gap.
    pub at_sample: u64,
    /// Samples lost there.
    pub lost_samples: u64,
}

/// What the object says about the recording apart from its samples. It is stored with the row.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RecordingInfo {
    /// Compression of the object: `gzip`, `xz`, `bzip2` or `zstd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<&'static str>,
    /// Bytes that came out of the compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decompressed_bytes: Option<u64>,
    /// When the first sample was taken, according to the header (ISO 8601; programs write UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// When the recording ended, according to the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_time: Option<String>,
    /// Frequency that the receiver was tuned to, in Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centre_frequency_hz: Option<f64>,
    /// The time stamps of a `KiwiSDR` file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gps_stamps: Option<GpsStamps>,
    /// The first hundred gaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
    /// Number of gaps.
    pub num_gaps: u64,
    /// Oddities of the object that did not prevent the use of its samples.
    #[serde(rename = "remarks", skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<Anomaly>,
}

/// Results from the time stamps of a `KiwiSDR` file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GpsStamps {
    /// Number of stamps in the object.
    pub stamps: u64,
    /// Stamps at the start that are left over from an earlier use of the receiver channel.
    pub stale_stamps: u64,
    /// Time of the first sample of the object as second of the GPS week, counted back from the
    /// first good stamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_sample_gps_week_s: Option<f64>,
    /// Samples per second over the whole object, without the gaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_sample_rate_hz: Option<f64>,
    /// Largest difference, in samples, between a stamp and the time expected from the stamp before
    /// it and the rate. Gaps and clock jumps do not count.
    pub largest_deviation_samples: f64,
    /// Largest age of the GPS position at any stamp, in seconds. 254 means that or more, 255 means
    /// that there was never a position.
    pub oldest_solution_s: u8,
}

/// An oddity of an object that did not prevent the use of its samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "remark", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Anomaly {
    /// A header announces another number of bytes of samples than the object has. Those that exist
    /// were used.
    DataLength {
        /// Bytes according to the header.
        announced: u64,
        /// Bytes in the object.
        actual: u64,
    },
    /// Bytes that are no whole sample were left out.
    PartialSample {
        /// Bytes of samples before them.
        at_byte: u64,
        /// Number of bytes left out.
        bytes: u64,
    },
    /// Bytes after the samples that are no chunk of a WAV file.
    TrailingBytes {
        /// Number of bytes.
        bytes: u64,
    },
    /// A clock went backwards, or forwards by more than a gap can explain. No samples were counted
    /// as lost.
    ClockJump {
        /// Samples of the object before the jump.
        at_sample: u64,
        /// Seconds by which it jumped.
        by_s: f64,
    },
    /// The stamps give no sample rate. The rate of the header was used.
    NoRateFromStamps {
        /// Stamps examined.
        stamps: u64,
    },
    /// The samples are real. The numbers are those of their analytic signal at half the rate.
    RealSamples {
        /// Real samples per second.
        sample_rate_hz: f64,
    },
    /// A header in front of the samples that is no container was left out.
    HeaderSkipped {
        /// The program that writes it.
        header: &'static str,
        /// Bytes of the header.
        bytes: u64,
    },
    /// A header has no checksum.
    NoChecksum,
    /// The list is full.
    MoreOfThese {
        /// Number of remarks left out.
        left_out: u64,
    },
}

impl RecordingInfo {
    /// Most remarks that are listed. The others are only counted.
    const MAX_ANOMALIES: usize = 20;

    pub(crate) fn add_gap(&mut self, gap: Gap) {
        self.num_gaps += 1;
        if self.gaps.len() < MAX_GAPS {
            self.gaps.push(gap);
        }
    }

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
                "the header announces {announced} bytes of samples, the object has {actual}"
            ),
            Self::PartialSample { at_byte, bytes } => write!(
                f,
                "{bytes} bytes that are no whole sample were left out after {at_byte} bytes of samples"
            ),
            Self::TrailingBytes { bytes } => write!(f, "{bytes} bytes after the samples were left out"),
            Self::ClockJump { at_sample, by_s } => {
                write!(f, "the clock jumps by {by_s} s at sample {at_sample}")
            }
            Self::NoRateFromStamps { stamps } => write!(
                f,
                "{stamps} time stamps give no sample rate, the rate of the header was used"
            ),
            Self::RealSamples { sample_rate_hz } => write!(
                f,
                "real samples at {sample_rate_hz} Hz: the numbers are those of the analytic signal at half the rate; \
                 0 to {} Hz keep their frequency, {} to {} Hz read as {} to 0 Hz",
                sample_rate_hz / 4.0,
                sample_rate_hz / 4.0,
                sample_rate_hz / 2.0,
                sample_rate_hz / -4.0
            ),
            Self::HeaderSkipped { header, bytes } => {
                write!(f, "the header of {header} was left out, {bytes} bytes")
            }
            Self::NoChecksum => f.write_str("the header has no checksum, as in files of old versions of SDRangel"),
            Self::MoreOfThese { left_out } => write!(f, "{left_out} more remarks were left out"),
        }
    }
}
