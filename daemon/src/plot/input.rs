//! What is drawn.

use heimdall_dsp::{Inconsistency, Interpretation, Overview};

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct PlotInput<'a> {
    /// What the recording is called.
    pub name: &'a str,
    /// What is seen of it.
    pub overview: &'a Overview,
    /// How its bytes were read.
    pub interpretation: &'a Interpretation,
    /// What speaks against that.
    pub doubts: &'a [Inconsistency],
    /// Frequency that the receiver was tuned to, where the recording says.
    pub centre_hz: Option<f64>,
}
