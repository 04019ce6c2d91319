use serde::Serialize;

/// Components above this are plausible but not on the usual scale, where full scale is 1.
const UNSCALED: f32 = 2.0;

/// What an operator should know of a segment before trusting its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// Components beyond twice full scale: the recorder did not scale to 1.
    Unscaled,
}

/// State of the recording in one segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// What is wrong, in the order of [`Warning`], each once.
    pub warnings: Vec<Warning>,
}

impl Quality {
    /// Of a segment whose largest component is `largest`; `others` were noticed while the bytes were read.
    pub(crate) fn judge(largest: f32, others: impl IntoIterator<Item = Warning>) -> Self {
        let mut warnings: Vec<Warning> = others.into_iter().collect();
        if largest > UNSCALED {
            warnings.push(Warning::Unscaled);
        }
        warnings.sort_unstable();
        warnings.dedup();
        Self { warnings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_given_once_and_above_twice_full_scale() {
        let judge = |largest, others: &[Warning]| Quality::judge(largest, others.iter().copied()).warnings;
        assert_eq!(judge(2.0, &[]), []);
        assert_eq!(judge(2.1, &[Warning::Unscaled]), [Warning::Unscaled]);
    }
}
