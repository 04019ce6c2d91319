//! The place of a signal in the band of one chunk.

use crate::chunk::measured::MeasuredChunk;
use crate::features::{Extended, Value};

/// Edges, width and carrier of a signal, Hz from the centre.
pub(super) struct Place {
    pub(super) lower: Value,
    pub(super) upper: Value,
    pub(super) width: Value,
    pub(super) carrier: Value,
}

impl Place {
    pub(super) fn of(chunk: &MeasuredChunk) -> Self {
        let value = |of: fn(&Extended<f64>) -> f64| Value {
            value: of(&chunk.reading.numbers),
            variance: of(&chunk.reading.variances),
        };
        Self {
            lower: value(|numbers| numbers.occupied_lower_edge_hz),
            upper: value(|numbers| numbers.occupied_upper_edge_hz),
            width: value(|numbers| numbers.occupied_bandwidth_99_hz),
            carrier: value(|numbers| numbers.carrier_offset_hz),
        }
    }

    pub(super) fn middle(&self) -> f64 {
        0.5 * (self.lower.value + self.upper.value)
    }
}

/// Whether a frequency is in a band, give or take the slack.
pub(super) fn contains(lower_hz: f64, upper_hz: f64, hz: f64, slack_hz: f64) -> bool {
    lower_hz - slack_hz <= hz && hz <= upper_hz + slack_hz
}
