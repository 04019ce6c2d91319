//! Statistics of numbers over the chunks of a segment.

use serde::Serialize;

/// Mean, population standard deviation, minimum and maximum over the chunks of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Statistics {
    /// Arithmetic mean. For decibels the mean of the decibels, as in the training data.
    pub mean: f64,
    /// Population standard deviation (divided by the count, not by one less).
    pub std: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Statistics {
    /// Statistics of the known values. `None` if none is known.
    #[must_use]
    pub fn of_known(values: impl Iterator<Item = Option<f64>> + Clone) -> Option<Self> {
        let known = values.flatten();
        known.clone().next().is_some().then(|| Self::of(known))
    }

    /// Statistics of at least one value. Empty input gives zeros.
    #[must_use]
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (mut count, mut sum) = (0.0, 0.0);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.clone() {
            count += 1.0;
            sum += value;
            min = min.min(value);
            max = max.max(value);
        }
        if count == 0.0 {
            return Self {
                mean: 0.0,
                std: 0.0,
                min: 0.0,
                max: 0.0,
            };
        }
        let mean = sum / count;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Self {
            mean,
            std: variance.sqrt(),
            min,
            max,
        }
    }
}

/// Declares a set of numbers once: the source of fields, order, statistics and dictionary.
/// `$set<f64>` describes one chunk, `$set<Statistics>` a segment.
macro_rules! set_of_numbers {
    (
        $(#[$set_doc:meta])*
        $set:ident in $member:expr => {
            $($name:ident {
                unit: $unit:literal,
                definition: $definition:literal,
                bias: $bias:literal,
                source: $source:literal,
            },)*
        }
    ) => {
        $(#[$set_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Serialize)]
        pub struct $set<T> {
            $(
                #[doc = $definition]
                #[doc = concat!("\n\nUnit: ", $unit, ".\n\n", $bias)]
                pub $name: T,
            )*
        }

        impl<T> $set<T> {
            /// The names, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// What each number means, in the order of the fields.
            pub const DICTIONARY: &'static [DictionaryEntry] = &[$(DictionaryEntry {
                name: stringify!($name),
                set: $member,
                unit: $unit,
                definition: $definition,
                bias: $bias,
                source: $source,
            }),*];

            /// Names and values, in the order of the fields.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
                [$((stringify!($name), &self.$name)),*].into_iter()
            }
        }

        impl $set<Statistics> {
            /// Statistics over the chunks of a segment.
            #[must_use]
            pub fn over(chunks: &[$set<f64>]) -> Self {
                Self { $($name: Statistics::of(chunks.iter().map(|chunk| chunk.$name)),)* }
            }
        }

        impl $set<Option<Estimate>> {
            /// Statistics and standard errors over those chunks of a segment in which the number is
            /// known. `resolution` has the standard errors that no average makes smaller.
            #[must_use]
            #[allow(dead_code, reason = "the other set has no unknown numbers")]
            pub(crate) fn over_known(chunks: &[$set<Option<Value>>], resolution: &$set<f64>) -> Self {
                Self { $($name: Estimate::of_known(chunks.iter().map(|chunk| chunk.$name), resolution.$name),)* }
            }
        }
    };
}
pub(crate) use set_of_numbers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_deviation_is_that_of_the_population() {
        let statistics = Statistics::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter());
        assert_eq!(
            statistics,
            Statistics {
                mean: 5.0,
                std: 2.0,
                min: 2.0,
                max: 9.0
            }
        );
    }
}
