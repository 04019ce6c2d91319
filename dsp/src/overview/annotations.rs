use std::collections::BTreeMap;

use super::place::{Place, contains};
use super::spectra::Spectrum;
use crate::chunk::measured::MeasuredChunk;
use crate::features::{Extended, Mean, MeanBuilder, SegmentFeatures, Value, resolution};
use crate::warning::Warning;

/// A noise density below this is silence.
const SILENCE_DB: f64 = -299.0;

/// Largest number of emissions. More marks cannot be distinguished in a picture.
const MAX_EMISSIONS: usize = 8;

/// A line this far above the noise is visible in the averaged spectrum.
const VISIBLE_DB: f64 = 10.0;
/// A line closer to the noise than this is not visible.
const INVISIBLE_DB: f64 = 3.0;

/// Summary of the numbers of all chunks.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotations {
    /// Number of segments.
    pub segments: u64,
    /// Number of chunks in them.
    pub chunks: u64,
    /// Share of the chunks with a signal.
    pub signal_present: f64,
    /// Mean power density of the noise within the pass-band, dBFS/Hz; `None` for silence. A bound where
    /// [`number`](Self::number) has no `noise_density_dbfs_hz`.
    pub noise_db_hz: Option<f64>,
    /// Mean of the least SNR over the segments in which the noise is hidden, dB.
    pub snr_at_least_db: Option<f64>,
    /// The emissions of single chunks, the most frequent first. Two signals in one chunk have one
    /// occupied band, as in the rows.
    pub emissions: Vec<Emission>,
    /// Chunks with further emissions.
    pub elsewhere: u64,
    /// Mean of each extended number over the segments in which it is known, and its standard error.
    pub numbers: Vec<(&'static str, Mean)>,
    /// Warnings, and the number of segments with each.
    pub warnings: Vec<(Warning, u64)>,
}

impl Annotations {
    /// The mean of this extended number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Mean> {
        self.numbers
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, mean)| *mean)
    }
}

/// A signal's place in the band, Hz from the centre: means over the chunks in which the place is
/// about the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emission {
    /// Number of these chunks.
    pub chunks: u64,
    /// Lower edge of the band occupied by 99 % of the power.
    pub lower_edge_hz: f64,
    /// Upper edge.
    pub upper_edge_hz: f64,
    /// Standard errors of the edges, of their distance and of the carrier.
    pub errors_hz: PlaceErrors,
    /// Smallest width of that band in a chunk.
    pub narrowest_hz: f64,
    /// Largest width.
    pub widest_hz: f64,
    /// Carrier or centroid. `None` if the averaged spectrum has no line there, as between two
    /// simultaneous signals.
    pub carrier_hz: Option<f64>,
}

/// Standard errors of a signal's place in the band, Hz.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaceErrors {
    /// Of the lower edge.
    pub lower_edge: f64,
    /// Of the upper edge.
    pub upper_edge: f64,
    /// Of the occupied bandwidth.
    pub width: f64,
    /// Of the carrier.
    pub carrier: f64,
}

/// Builds [`Annotations`].
pub(super) struct AnnotationsBuilder {
    /// Resolution of the picture: places closer to each other are the same.
    resolution_hz: f64,
    segments: u64,
    chunks: u64,
    busy: u64,
    noise: f64,
    /// Sum and number of the least SNRs.
    snr_at_least: (f64, u64),
    sums: Vec<Sums>,
    elsewhere: u64,
    numbers: [MeanBuilder; Extended::<f64>::NAMES.len()],
    warnings: BTreeMap<Warning, u64>,
}

/// Sums over the chunks with an emission.
struct Sums {
    lower: MeanBuilder,
    upper: MeanBuilder,
    width: MeanBuilder,
    carrier: MeanBuilder,
    narrowest_hz: f64,
    widest_hz: f64,
    bin_hz: f64,
}

impl Sums {
    fn new(bin_hz: f64) -> Self {
        Self {
            lower: MeanBuilder::default(),
            upper: MeanBuilder::default(),
            width: MeanBuilder::default(),
            carrier: MeanBuilder::default(),
            narrowest_hz: f64::INFINITY,
            widest_hz: 0.0,
            bin_hz,
        }
    }

    /// Whether the middle of one band is within the other. Carriers may be outside, as that of two
    /// simultaneous signals is.
    fn is_at(&self, place: &Place, slack_hz: f64) -> bool {
        let (lower, upper) = (self.lower.mean(), self.upper.mean());
        contains(lower, upper, place.middle(), slack_hz)
            || contains(place.lower.value, place.upper.value, 0.5 * (lower + upper), slack_hz)
    }

    fn add(&mut self, place: &Place) {
        self.lower.add(place.lower);
        self.upper.add(place.upper);
        self.width.add(place.width);
        self.carrier.add(place.carrier);
        self.narrowest_hz = self.narrowest_hz.min(place.width.value);
        self.widest_hz = self.widest_hz.max(place.width.value);
    }

    fn errors_hz(&self) -> PlaceErrors {
        let limits = resolution(self.bin_hz);
        let error = |of: &MeanBuilder, limit| of.finish(limit).map_or(0.0, |mean| mean.standard_error);
        PlaceErrors {
            lower_edge: error(&self.lower, limits.occupied_lower_edge_hz),
            upper_edge: error(&self.upper, limits.occupied_upper_edge_hz),
            width: error(&self.width, limits.occupied_bandwidth_99_hz),
            carrier: error(&self.carrier, limits.carrier_offset_hz),
        }
    }
}

impl AnnotationsBuilder {
    pub(super) fn new(resolution_hz: f64) -> Self {
        Self {
            resolution_hz,
            segments: 0,
            chunks: 0,
            busy: 0,
            noise: 0.0,
            snr_at_least: (0.0, 0),
            sums: Vec::new(),
            elsewhere: 0,
            numbers: [MeanBuilder::default(); _],
            warnings: BTreeMap::new(),
        }
    }

    /// Adds the numbers of a segment and of its chunks.
    pub(super) fn add(&mut self, segment: &SegmentFeatures, chunks: &[MeasuredChunk]) {
        self.segments += 1;
        for warning in &segment.quality.warnings {
            *self.warnings.entry(*warning).or_default() += 1;
        }
        for ((_, estimate), builder) in segment.extended.numbers.iter().zip(&mut self.numbers) {
            if let Some(estimate) = estimate {
                builder.add(Value {
                    value: estimate.mean,
                    variance: estimate.standard_error.powi(2),
                });
            }
        }
        if let Some(snr_db) = segment.extended.bounds.and_then(|bounds| bounds.snr_at_least_db) {
            self.snr_at_least.0 += snr_db;
            self.snr_at_least.1 += 1;
        }
        for chunk in chunks {
            let numbers = &chunk.reading.numbers;
            self.chunks += 1;
            self.busy += u64::from(chunk.signal_present);
            // A mean of powers, like the spectrum in which it is drawn.
            if numbers.noise_density_dbfs_hz > SILENCE_DB {
                self.noise += 10.0_f64.powf(numbers.noise_density_dbfs_hz / 10.0);
            }
            if chunk.signal_present && chunk.reading.is_located {
                self.locate(&Place::of(chunk), chunk.reading.bin_hz);
            }
        }
    }

    fn locate(&mut self, place: &Place, bin_hz: f64) {
        let slack_hz = self.resolution_hz;
        let known = self.sums.iter_mut().find(|sums| sums.is_at(place, slack_hz));
        if let Some(sums) = known {
            sums.add(place);
        } else if self.sums.len() < MAX_EMISSIONS {
            let mut sums = Sums::new(bin_hz);
            sums.add(place);
            self.sums.push(sums);
        } else {
            self.elsewhere += 1;
        }
    }

    pub(super) fn finish(self, spectrum: &Spectrum) -> Annotations {
        let chunks = self.chunks as f64;
        let noise_db_hz = (self.noise > 0.0).then(|| 10.0 * (self.noise / chunks).log10());
        let emission = |sums: &Sums| {
            let carrier_hz = sums.carrier.mean();
            let mut emission = Emission {
                chunks: sums.carrier.count as u64,
                lower_edge_hz: sums.lower.mean(),
                upper_edge_hz: sums.upper.mean(),
                errors_hz: sums.errors_hz(),
                narrowest_hz: sums.narrowest_hz,
                widest_hz: sums.widest_hz,
                carrier_hz: Some(carrier_hz),
            };
            if !is_visible(carrier_hz, &emission, noise_db_hz, spectrum) {
                emission.carrier_hz = None;
            }
            emission
        };
        let mut emissions: Vec<_> = self.sums.iter().map(emission).collect();
        emissions.sort_by_key(|emission| std::cmp::Reverse(emission.chunks));
        Annotations {
            segments: self.segments,
            chunks: self.chunks,
            signal_present: self.busy as f64 / chunks.max(1.0),
            noise_db_hz,
            snr_at_least_db: (self.snr_at_least.1 > 0).then(|| self.snr_at_least.0 / self.snr_at_least.1 as f64),
            emissions,
            elsewhere: self.elsewhere,
            numbers: Extended::<f64>::NAMES
                .iter()
                .zip(&self.numbers)
                .filter_map(|(name, builder)| Some((*name, builder.finish(0.0)?)))
                .collect(),
            warnings: self.warnings.into_iter().collect(),
        }
    }
}

/// Whether the carrier is within its occupied band, and the spectrum has a line there. If no line
/// is visible in that band, the carrier counts as visible.
fn is_visible(carrier_hz: f64, emission: &Emission, noise_db_hz: Option<f64>, spectrum: &Spectrum) -> bool {
    let (lower, upper) = (emission.lower_edge_hz, emission.upper_edge_hz);
    let slack = spectrum.resolution_hz;
    if carrier_hz < lower - slack || carrier_hz > upper + slack {
        return false;
    }
    let strongest = |from_hz: f64, to_hz: f64| {
        let bins = spectrum.mean_db.iter().enumerate().filter(|(bin, _)| {
            let hz = spectrum.first_hz + *bin as f64 * spectrum.bin_hz;
            from_hz - slack <= hz && hz <= to_hz + slack
        });
        bins.map(|(_, db)| f64::from(*db)).fold(f64::MIN, f64::max)
    };
    noise_db_hz.is_none_or(|noise| {
        strongest(lower, upper) < noise + VISIBLE_DB || strongest(carrier_hz, carrier_hz) >= noise + INVISIBLE_DB
    })
}
