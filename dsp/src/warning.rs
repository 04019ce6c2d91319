//! What an operator should know about a recording: a word, and a sentence with the numbers.

use serde::Serialize;

/// What is wrong with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// More than 0.01 % of the components are at the end of the scale.
    Clipping,
    /// More than 1 % are.
    HeavyClipping,
    /// Fewer than 16 codes of the analogue-to-digital converter are in use: gain far too low.
    UnderDriven,
    /// A line at 0 Hz that is the receiver's own: one bin wide, constant, and no carrier.
    DcSpike,
    /// Gain differs by more than 1 dB or phase by more than 5 degrees between I and Q.
    IqImbalance,
    /// Identical samples for more than a millisecond, and for longer than chance makes them. Keying between exact zeros,
    /// as simulations have it, is told from lost samples by nothing but its speed.
    Dropout,
    /// More than half of the samples are exactly zero.
    MostlyZeros,
    /// Components beyond twice full scale: the recorder did not scale to 1.
    Unscaled,
    /// The recorder lost samples; the chunks that lack them were not measured.
    Gap,
    /// Somebody named another sample format than the one used, or the bytes look like another.
    FormatDoubtful,
    /// Somebody named another sample rate than the one used, or a duration that does not fit it.
    SampleRateDoubtful,
    /// Somebody counted more or fewer samples.
    SampleCountDoubtful,
    /// The receiver was tuned to another frequency in between.
    Retuned,
    /// Metadata that should be there is missing.
    MetadataMissing,
    /// The first samples look like a header that nobody declared.
    HeaderAsSamples,
}

/// Something about a recording that an operator should know, for `quality` and in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Inconsistency {
    /// The word in every segment's `quality`.
    pub warning: Warning,
    /// The sentence stored with the row.
    pub text: String,
}

impl Inconsistency {
    /// A doubt in one's own words.
    #[must_use]
    pub fn new(warning: Warning, text: impl Into<String>) -> Self {
        Self {
            warning,
            text: text.into(),
        }
    }

    pub(crate) fn rate_is_none(rate_hz: f64, source: &str) -> Self {
        Self::new(
            Warning::SampleRateDoubtful,
            format!("{source} says {rate_hz} Hz, which is no sample rate"),
        )
    }
}
