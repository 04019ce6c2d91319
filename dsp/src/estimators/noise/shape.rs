//! What a band looks like.

/// Groups weaker than this part of the noise are on the filter's slope.
pub(super) const SLOPE: f64 = 0.5;

/// Largest ratio of two densities of a receiver's noise within its pass-band: 12 dB, and 1.4 dB for
/// the scatter of the estimates.
pub(super) const COLOUR_SEEN: f64 = 22.0;

/// Groups up to this many times the floor are in a gap between signals: 6 dB.
pub(super) const GAP: f64 = 4.0;

/// What lies between the ends of the band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BandShape {
    /// Noise everywhere, flat or nearly so, with signals or without.
    Noise,
    /// Noise, and a hump that is far too strong, too smooth or too regular for noise.
    Signal,
    /// The receiver's pass-band between its stop bands, or a signal that looks like it.
    Undecidable,
    /// Signals fill the band: no noise is visible.
    Filled,
}

/// What is known of the noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// The density is the noise's.
    Known,
    /// The noise is at most that: the slopes of a signal hide it.
    AtMost,
    /// If a signal was found, the density may be the signal's.
    Ambiguous,
}
