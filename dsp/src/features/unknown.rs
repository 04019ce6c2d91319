//! Extended features that cannot be known.

use std::collections::BTreeMap;

use serde::Serialize;

use super::chunk_reading::ChunkReading;
use super::estimate::{Estimate, Value};
use super::extended::Extended;
use super::statistics::Statistics;
use super::uncertainty;
use crate::estimators::noise::Knowledge;

/// Largest standard deviation of a signal's power, as a part of it, for which its SNR is known:
/// 0.4 dB.
const WEAKEST: f64 = 0.1;

/// Largest deviation of the occupied bandwidth by the noise alone, as a part of it, for which the
/// edges of the band are known.
pub(crate) const EDGE_DOUBT: f64 = 0.05;

/// Why a number of the extended set is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unknown {
    /// No signal was found.
    NoSignal,
    /// Signals fill the band, so no noise is visible.
    NoNoiseVisible,
    /// The slopes of a strong signal hide the noise. `bounds` has what is known.
    NoiseHidden,
    /// The signal is too weak for a value: it may be wrong by more than 1 dB, or the number is 0
    /// although a signal was found.
    TooWeak,
    /// A line at 0 Hz is the receiver's offset, or the signal's carrier.
    DcOrCarrier,
    /// The spectrum is that of a receiver's pass-band, or of a signal that looks like it.
    PresenceUndecidable,
}

/// What is known of the band in one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    Present,
    Undecidable,
}

/// The extended features of a segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentExtended {
    /// Part of the chunks in which the detector found a signal, 0 to 1.
    pub detection_rate: f64,
    /// Statistics and standard errors over the chunks in which the number is known. `None` if it is
    /// known in no chunk.
    #[serde(flatten)]
    pub numbers: Extended<Option<Estimate>>,
    /// Why each of the others is unknown, by the number's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<&'static str, Unknown>,
    /// Where the noise is hidden or undecidable: the most that it can be, and the least SNR if a signal hides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
}

/// Bounds of numbers that are not known, as means over the chunks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    /// `noise_density_dbfs_hz` is at most this.
    pub noise_density_at_most_dbfs_hz: f64,
    /// `snr_unbiased_db` is at least this. `None` if it is undecidable what is noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snr_at_least_db: Option<f64>,
}

impl SegmentExtended {
    /// Statistics over the chunks of a segment. `detection_rate` is the part of them with a signal.
    pub(crate) fn over(detection_rate: f64, chunks: &[(ChunkReading, Presence)]) -> Self {
        let mut unknown = BTreeMap::new();
        let known: Vec<_> = chunks
            .iter()
            .map(|(reading, presence)| known(reading, *presence, &mut unknown))
            .collect();
        let resolution = uncertainty::resolution(chunks.first().map_or(0.0, |(reading, _)| reading.bin_hz));
        let mut numbers = Extended::over_known(&known, &resolution);
        // The mean of the duty cycle would be that of the chunks without a signal.
        let is_present = chunks.iter().any(|(_, presence)| *presence == Presence::Present);
        if is_present && numbers.duty_cycle.is_some_and(|duty| duty.max <= 0.0) {
            numbers.duty_cycle = None;
        }
        unknown.retain(|name, _| numbers.iter().any(|(other, value)| other == *name && value.is_none()));
        let bounds = bounds(chunks, &unknown);
        Self {
            detection_rate,
            numbers,
            unknown,
            bounds,
        }
    }
}

/// Bounds over the chunks in which the noise is hidden, or undecidable.
fn bounds(chunks: &[(ChunkReading, Presence)], unknown: &BTreeMap<&'static str, Unknown>) -> Option<Bounds> {
    let is_hidden = unknown.get("snr_unbiased_db") == Some(&Unknown::NoiseHidden);
    let is_undecidable = unknown.get("noise_density_dbfs_hz") == Some(&Unknown::PresenceUndecidable);
    if !is_hidden && !is_undecidable {
        return None;
    }
    let bounded = chunks
        .iter()
        .filter(|(reading, _)| reading.has_noise && (!is_hidden || reading.knowledge == Knowledge::AtMost));
    let mean = |of: fn(&Extended<f64>) -> f64| {
        let known = Statistics::of_known(bounded.clone().map(|(reading, _)| Some(of(&reading.numbers))));
        known.map(|known| known.mean)
    };
    Some(Bounds {
        noise_density_at_most_dbfs_hz: mean(|numbers| numbers.noise_density_dbfs_hz)?,
        snr_at_least_db: if is_hidden {
            mean(|numbers| numbers.snr_unbiased_db)
        } else {
            None
        },
    })
}

/// The numbers that are known in a chunk. Notes why the others are not.
fn known(
    reading: &ChunkReading,
    presence: Presence,
    unknown: &mut BTreeMap<&'static str, Unknown>,
) -> Extended<Option<Value>> {
    let ChunkReading { numbers, variances, .. } = *reading;
    let absent = match presence {
        Presence::Present => None,
        Presence::Absent => Some(Unknown::NoSignal),
        Presence::Undecidable => Some(Unknown::PresenceUndecidable),
    };
    let mut of = |name, value, variance, reason: Option<Unknown>| {
        if let Some(reason) = reason {
            unknown.insert(name, reason);
        }
        reason.is_none().then_some(Value { value, variance })
    };
    let is_present = presence == Presence::Present;
    let noise = match reading.knowledge {
        _ if !reading.has_noise => Some(Unknown::NoNoiseVisible),
        // The level is that of the noise in a pass-band, or of the signal.
        _ if presence == Presence::Undecidable => Some(Unknown::PresenceUndecidable),
        Knowledge::AtMost if is_present => Some(Unknown::NoiseHidden),
        Knowledge::Ambiguous if is_present => Some(Unknown::PresenceUndecidable),
        _ => None,
    };
    let carrier = reading.may_lack_carrier.then_some(Unknown::DcOrCarrier);
    let snr = absent
        .or(noise)
        .or(carrier)
        .or((reading.snr_deviation > WEAKEST).then_some(Unknown::TooWeak));
    let place = absent.or(carrier).or((!reading.is_located).then_some(Unknown::TooWeak));
    let is_hidden = reading.knowledge == Knowledge::AtMost;
    let doubt = if is_hidden {
        Unknown::NoiseHidden
    } else {
        Unknown::TooWeak
    };
    // Of a signal that stands out of another signal or of noise, whichever the rest is, the edges would
    // be those of a part.
    let ambiguous = noise.filter(|reason| *reason == Unknown::PresenceUndecidable);
    let is_empty = numbers.occupied_bandwidth_99_hz <= 0.0;
    let edges = place
        .or(ambiguous)
        .or(is_empty.then_some(Unknown::TooWeak))
        .or((reading.edge_doubt > EDGE_DOUBT).then_some(doubt));
    let is_idle = is_present && numbers.duty_cycle <= 0.0;
    let duty_cycle = if is_present { numbers.duty_cycle } else { 0.0 };
    macro_rules! number {
        ($name:ident, $value:expr, $reason:expr) => {
            of(stringify!($name), $value, variances.$name, $reason)
        };
    }
    Extended {
        power_dbfs: number!(power_dbfs, numbers.power_dbfs, None),
        snr_unbiased_db: number!(snr_unbiased_db, numbers.snr_unbiased_db, snr),
        noise_density_dbfs_hz: number!(noise_density_dbfs_hz, numbers.noise_density_dbfs_hz, noise),
        occupied_bandwidth_99_hz: number!(occupied_bandwidth_99_hz, numbers.occupied_bandwidth_99_hz, edges),
        occupied_lower_edge_hz: number!(occupied_lower_edge_hz, numbers.occupied_lower_edge_hz, edges),
        occupied_upper_edge_hz: number!(occupied_upper_edge_hz, numbers.occupied_upper_edge_hz, edges),
        carrier_offset_hz: number!(carrier_offset_hz, numbers.carrier_offset_hz, place),
        spectral_flatness: number!(spectral_flatness, numbers.spectral_flatness, None),
        envelope_kurtosis: number!(envelope_kurtosis, numbers.envelope_kurtosis, None),
        duty_cycle: number!(duty_cycle, duty_cycle, is_idle.then_some(Unknown::TooWeak)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_signals::Random;

    /// One of these values, by chance.
    fn any<T: Copy>(random: &mut Random, values: &[T]) -> T {
        let at = (random.uniform() * values.len() as f64).floor();
        *values
            .iter()
            .enumerate()
            .find(|(number, _)| *number as f64 >= at)
            .map_or(&values[0], |(_, value)| value)
    }

    /// A chunk whose numbers do not fit together, as far as the types allow it.
    fn any_chunk(random: &mut Random) -> (ChunkReading, Presence) {
        let lower = any(random, &[-60.0, 0.0, 10.0]);
        let width = any(random, &[-5.0, 0.0, 5.0, 5_000.0]);
        let numbers = Extended {
            power_dbfs: -20.0,
            snr_unbiased_db: any(random, &[-300.0, -15.0, 0.0, 40.0]),
            noise_density_dbfs_hz: any(random, &[-300.0, -90.0]),
            occupied_bandwidth_99_hz: width,
            occupied_lower_edge_hz: lower,
            occupied_upper_edge_hz: lower + width,
            carrier_offset_hz: lower + 0.5 * width,
            spectral_flatness: 0.5,
            envelope_kurtosis: 2.0,
            duty_cycle: any(random, &[0.0, 0.02, 1.0]),
        };
        let knowledge = any(random, &[Knowledge::Known, Knowledge::AtMost, Knowledge::Ambiguous]);
        let reading = ChunkReading {
            numbers,
            variances: uncertainty::resolution(1.0),
            bin_hz: 5.0,
            has_noise: any(random, &[true, false]),
            knowledge,
            is_located: any(random, &[true, false]),
            may_lack_carrier: any(random, &[true, false, false]),
            edge_doubt: any(random, &[0.0, 0.01, 1.0, f64::INFINITY]),
            snr_deviation: any(random, &[0.0, 0.05, 1.0]),
        };
        let presence = any(random, &[Presence::Absent, Presence::Present, Presence::Undecidable]);
        (reading, presence)
    }

    #[test]
    fn no_chunks_make_a_row_that_contradicts_itself() {
        let mut random = Random(1);
        for round in 0..20_000 {
            let chunks: Vec<_> = (0..=round % 5).map(|_| any_chunk(&mut random)).collect();
            let present = chunks
                .iter()
                .filter(|(_, presence)| *presence == Presence::Present)
                .count();
            let present = present as f64 / chunks.len() as f64;
            let segment = SegmentExtended::over(present, &chunks);
            let numbers = &segment.numbers;
            let what = || format!("{chunks:?} make {segment:?}");
            if present <= 0.0 {
                assert!(numbers.snr_unbiased_db.is_none(), "{}", what());
                assert!(numbers.occupied_bandwidth_99_hz.is_none(), "{}", what());
                assert!(numbers.carrier_offset_hz.is_none(), "{}", what());
                assert!(numbers.duty_cycle.is_some_and(|duty| duty.max <= 0.0), "{}", what());
            } else if let Some(duty) = numbers.duty_cycle {
                assert!(duty.mean > 0.0 && duty.mean <= present + 1e-12, "{}", what());
            }
            if let Some(width) = numbers.occupied_bandwidth_99_hz {
                assert!(width.min > 0.0, "{}", what());
            }
            for (name, value) in numbers.iter() {
                assert_eq!(
                    value.is_none(),
                    segment.unknown.contains_key(name),
                    "{name}: {}",
                    what()
                );
            }
            if let Some(bounds) = segment.bounds {
                let is_hidden = segment.unknown.get("snr_unbiased_db") == Some(&Unknown::NoiseHidden);
                assert_eq!(bounds.snr_at_least_db.is_some(), is_hidden, "{}", what());
                let density = segment.unknown.get("noise_density_dbfs_hz");
                assert!(
                    is_hidden || density == Some(&Unknown::PresenceUndecidable),
                    "{}",
                    what()
                );
            }
        }
    }
}
