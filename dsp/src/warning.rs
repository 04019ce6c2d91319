//! Warnings about a recording: a word for each segment, and a sentence with the numbers.

use serde::Serialize;

/// Declares the warnings once: the variants, their meaning and what to do about them. A test writes
/// the table in `README.md` from it.
macro_rules! warnings {
    ($($name:ident { meaning: $meaning:literal, action: $action:literal, },)*) => {
        /// What is wrong with a segment. The word in `quality.warnings` is the name in
        /// `snake_case`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Warning {
            $(#[doc = $meaning] $name,)*
        }

        impl Warning {
            /// All warnings, in the order in which a segment lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What the warning means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => $action,)* }
            }
        }
    };
}

warnings! {
    Clipping {
        meaning: "More than 0.01 % of the components (I or Q) are at the end of the scale.",
        action: "Reduce the gain. The numbers are usable.",
    },
    HeavyClipping {
        meaning: "More than 1 % of the components are at the end of the scale: distortion fills the whole band.",
        action: "Reduce the gain. Do not use bandwidths and signal-to-noise ratios of this segment.",
    },
    UnderDriven {
        meaning: "Fewer than 16 codes of the analogue-to-digital converter are in use: the noise of the quantisation \
                  is above the receiver's own noise.",
        action: "Raise the gain.",
    },
    DcSpike {
        meaning: "A line at 0 Hz that the receiver itself makes: one bin wide, constant, and no carrier.",
        action: "Tune some kHz next to the signal, or switch on the receiver's correction of the DC offset.",
    },
    DcOrCarrier {
        meaning: "A constant line at 0 Hz that is an offset of the receiver or a carrier. It does not count as a \
                  signal.",
        action: "Tune some kHz next to the signal, or record for longer: a segment of several chunks shows more.",
    },
    IqImbalance {
        meaning: "Gain differs by more than 1 dB, or phase by more than 5 degrees, between I and Q. Each signal has \
                  a weak mirror image.",
        action: "Calibrate the receiver, or switch on its correction.",
    },
    Impulses {
        meaning: "Clicks of a few samples raise the mean power by more than 3 dB. The extended features are measured \
                  without them.",
        action: "Look for an electric fence, a dimmer or a switching power supply near the antenna. Do not use the \
                 reference features of this segment: they include the clicks.",
    },
    Dropout {
        meaning: "Identical samples for more than 1 ms, and for longer than chance makes them.",
        action: "Look for lost data between receiver and recorder. A simulated signal that is keyed between exact \
                 zeros gives the same warning.",
    },
    MostlyZeros {
        meaning: "More than half of the samples are exactly zero.",
        action: "Look for a squelch, or a recorder that fills lost data with zeros. Numbers are over the whole \
                 segment, zeros included.",
    },
    Unscaled {
        meaning: "Components beyond twice full scale: the recorder did not scale to 1.",
        action: "Compare levels (`rssi_dbm`, `power_dbfs`) only with those of the same recorder. Ratios, \
                 frequencies and bandwidths are not affected.",
    },
    Gap {
        meaning: "The recorder lost samples. The chunks that lack them are not measured.",
        action: "See `num_chunks` and `lost_samples`. If it is frequent, look at the recorder's network and disk.",
    },
    PresenceUndecidable {
        meaning: "The spectrum has the shape of a receiver's pass-band, or of a noise-like signal that fills more than \
                  half of the band. `signal_present` is the likelier of the two.",
        action: "Record with a wider band, so that the signal fills less than half of it. Do not use `signal_present` \
                 of this segment alone.",
    },
    FormatDoubtful {
        meaning: "A source names another sample format than the one used, or the bytes look like another format.",
        action: "Read the sentence in `extraction_metadata.warnings`. Correct the wrong source, or the format.",
    },
    FullScaleDoubtful {
        meaning: "The largest code of a 16-bit recording is 2047 or 2048, the end of a 12-bit converter. If its full \
                  scale is 2048, all levels are read 24.1 dB low.",
        action: "For samples of a bladeRF or another receiver of 12 bits in the lower ones of 16, set the format to \
                 `sc16q11` (column `iq_data_format`, `--format`).",
    },
    SampleRateAssumed {
        meaning: "No source names the sample rate: 200 kHz was assumed.",
        action: "Set the rate (column `iq_sample_rate`, `--sample-rate`), and extract the recording again. All \
                 frequencies, and the division into seconds, are wrong by the ratio of the rates.",
    },
    SampleRateDoubtful {
        meaning: "A source names another sample rate than the one used, no valid rate, or a duration that does not \
                  fit the rate.",
        action: "Read the sentence. All frequencies are wrong by the ratio of the rates if the one used is wrong.",
    },
    SampleCountDoubtful {
        meaning: "A source names another number of samples than the object has.",
        action: "Read the sentence: it names the formats in which the number would fit. If none fits, the object may \
                 be incomplete.",
    },
    Retuned {
        meaning: "The receiver was tuned to another frequency during the recording.",
        action: "Divide the recording at the change: the numbers do not tell one frequency from the other.",
    },
    MetadataMissing {
        meaning: "`SigMF` metadata that should exist are missing, or describe another object.",
        action: "Store the `.sigmf-meta` next to the samples, and extract the recording again.",
    },
    HeaderAsSamples {
        meaning: "The first samples look like a header that no source declares.",
        action: "Describe the header with `core:header_bytes` in SigMF metadata. The numbers of the first segment \
                 include the header.",
    },
}

/// A contradiction about a recording, as a word for `quality` and as a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Inconsistency {
    /// The word in the `quality` of every segment.
    pub warning: Warning,
    /// The sentence, stored with the row.
    pub text: String,
}

impl Inconsistency {
    /// Takes the word and the sentence.
    #[must_use]
    pub fn new(warning: Warning, text: impl Into<String>) -> Self {
        Self {
            warning,
            text: text.into(),
        }
    }
}
