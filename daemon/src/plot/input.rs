//! The data of a plot.

use heimdall_dsp::{Inconsistency, Interpretation, Overview};

/// The data of a plot.
#[derive(Debug, Clone, Copy)]
pub struct PlotInput<'a> {
    /// Name of the recording.
    pub name: &'a str,
    /// Spectrum, waterfall and level of the recording.
    pub overview: &'a Overview,
    /// How its bytes were read.
    pub interpretation: &'a Interpretation,
    /// Contradictions in what is known about the recording.
    pub inconsistencies: &'a [Inconsistency],
    /// Frequency to which the receiver was tuned, if the recording states it.
    pub centre_hz: Option<f64>,
}
