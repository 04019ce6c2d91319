/// How sure it is that a number is the sample rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// The unit or a mark says so.
    Stated,
    /// A mark says so, the unit is missing.
    NoUnit,
    /// A convention says so.
    Usual,
    /// It can be something else.
    Doubtful(&'static str),
}
