//! An entry of the dictionary: what one number of a segment means.
//!
//! The entries stand next to the numbers that they describe. `features::dictionary` lists them all.

/// The set of numbers that an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Set {
    /// The number of the segment, its place, and the detector's decision.
    Segment,
    /// The 17 numbers of the synthetic training data.
    Reference,
    /// The numbers of `extended`.
    Extended,
    /// The numbers of `quality`.
    Quality,
}

impl Set {
    /// All sets, in the order in which a segment lists them.
    pub const ALL: [Self; 4] = [Self::Segment, Self::Reference, Self::Extended, Self::Quality];

    /// The set's name: `segment`, `reference`, `extended` or `quality`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Reference => "reference",
            Self::Extended => "extended",
            Self::Quality => "quality",
        }
    }
}

/// What one number of a segment means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DictionaryEntry {
    /// Key in the segment's object, or in its `extended` or `quality`.
    pub name: &'static str,
    /// The set that the number belongs to.
    pub set: Set,
    /// Unit: `dB`, `Hz`, ...; `1` for a ratio or a count.
    pub unit: &'static str,
    /// How the number is computed.
    pub definition: &'static str,
    /// Known bias and limits: how the number differs from what its name promises. Empty if it does
    /// not.
    pub bias: &'static str,
    /// Standard, paper or data set that the definition comes from.
    pub source: &'static str,
}

/// How the standard error of a number's mean over a segment follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardError {
    /// Name of the number.
    pub name: &'static str,
    /// What it is computed from.
    pub formula: &'static str,
    /// Where the formula comes from.
    pub source: &'static str,
}

/// Declares a struct whose fields are numbers of a segment, with an entry of the dictionary for
/// each. Fields after `and` have no entry.
macro_rules! struct_with_dictionary {
    (
        $(#[$struct_doc:meta])*
        $struct:ident in $set:expr => {
            $($(#[$attribute:meta])* $name:ident: $type:ty {
                unit: $unit:literal,
                definition: $definition:literal,
                bias: $bias:literal,
                source: $source:literal,
            },)*
        } and {
            $($(#[$other_attribute:meta])* $other:ident: $other_type:ty,)*
        }
    ) => {
        $(#[$struct_doc])*
        pub struct $struct {
            $(
                #[doc = $definition]
                #[doc = concat!("\n\nUnit: ", $unit, ".\n\n", $bias)]
                $(#[$attribute])*
                pub $name: $type,
            )*
            $($(#[$other_attribute])* pub $other: $other_type,)*
        }

        impl $struct {
            /// What each number means, in the order of the fields.
            pub const DICTIONARY: &'static [DictionaryEntry] = &[$(DictionaryEntry {
                name: stringify!($name),
                set: $set,
                unit: $unit,
                definition: $definition,
                bias: $bias,
                source: $source,
            }),*];
        }
    };
}
pub(crate) use struct_with_dictionary;
