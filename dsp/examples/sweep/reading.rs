//! What the extractor says of a recording: the numbers as they are stored, `None` where they are
//! null.

use heimdall_dsp::{Hints, Recording, Workspace};
use rustfft::num_complex::Complex32;
use serde_json::Value;

/// The numbers of the first segment.
pub(crate) struct Reading {
    /// Part of the chunks with a signal.
    pub present: f64,
    /// Whether the row says that a signal cannot be told from the receiver's pass-band.
    pub undecidable: bool,
    pub snr_mean_db: Option<f64>,
    pub snr_max_db: Option<f64>,
    pub width_hz: Option<f64>,
    pub lower_hz: Option<f64>,
    pub carrier_hz: Option<f64>,
    pub duty_cycle: Option<f64>,
}

/// Extracts a recording.
pub(crate) fn read(workspace: &mut Workspace, samples: &[Complex32], rate: f64) -> Reading {
    let mut recording = Recording::new(Hints::default().with_sample_rate_hz(rate, "argument"));
    // Floats of this machine are little-endian, as the format demands.
    let bytes: &[u8] = bytemuck::cast_slice(samples);
    for piece in bytes.chunks(1 << 20) {
        recording.push(piece, workspace).expect("finite samples");
    }
    let extraction = recording.finish(workspace).expect("at least one chunk");
    let segment = serde_json::to_value(&extraction.segments[0]).expect("numbers");
    let number = |name: &str, statistic: &str| of(&segment["extended"][name], statistic);
    let warnings = segment["quality"]["warnings"].as_array();
    Reading {
        present: segment["extended"]["detection_rate"].as_f64().unwrap_or(0.0),
        undecidable: warnings.is_some_and(|words| words.iter().any(|word| word == "presence_undecidable")),
        snr_mean_db: number("snr_unbiased_db", "mean"),
        snr_max_db: number("snr_unbiased_db", "max"),
        width_hz: number("occupied_bandwidth_99_hz", "mean"),
        lower_hz: number("occupied_lower_edge_hz", "mean"),
        carrier_hz: number("carrier_offset_hz", "mean"),
        duty_cycle: number("duty_cycle", "mean"),
    }
}

/// A statistic of a number, or the number itself where there is one for the segment.
fn of(value: &Value, statistic: &str) -> Option<f64> {
    match value {
        Value::Bool(yes) => Some(f64::from(u8::from(*yes))),
        Value::Object(statistics) => statistics.get(statistic).and_then(Value::as_f64),
        other => other.as_f64(),
    }
}

/// Statements of one row that exclude each other.
pub(crate) const CONTRADICTIONS: [&str; 6] = [
    "absent, duty > 0",
    "absent, OBW > 0",
    "absent, SNR known",
    "present, duty 0",
    "present, OBW 0",
    "carrier outside",
];

impl Reading {
    /// Which of the contradictions this row has.
    pub(crate) fn contradictions(&self, rate: f64) -> [bool; CONTRADICTIONS.len()] {
        let is_present = self.present > 0.0;
        let duty = self.duty_cycle.unwrap_or(0.0);
        let width = self.width_hz.unwrap_or(0.0);
        [
            !is_present && duty > 0.0,
            !is_present && width > 0.0,
            !is_present && self.snr_mean_db.is_some(),
            is_present && self.duty_cycle == Some(0.0),
            is_present && self.width_hz == Some(0.0),
            is_present && self.carrier_is_outside(rate),
        ]
    }

    /// Whether the carrier lies more than two bins outside the occupied band, on a circle.
    fn carrier_is_outside(&self, rate: f64) -> bool {
        let (Some(lower), Some(width), Some(carrier)) = (self.lower_hz, self.width_hz, self.carrier_hz) else {
            return false;
        };
        (carrier - lower + 10.0).rem_euclid(rate) > width + 20.0
    }
}
