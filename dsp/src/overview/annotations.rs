use std::collections::BTreeMap;

use super::spectra::Spectrum;
use crate::chunk::measured::MeasuredChunk;
use crate::features::SegmentFeatures;
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
    /// Mean power density of the noise within the pass-band, dBFS/Hz; `None` for silence.
    pub noise_db_hz: Option<f64>,
    /// The emissions of single chunks, the most frequent first. Two signals in one chunk have one
    /// occupied band, as in the rows.
    pub emissions: Vec<Emission>,
    /// Chunks with further emissions.
    pub elsewhere: u64,
    /// Warnings, and the number of segments with each.
    pub warnings: Vec<(Warning, u64)>,
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
    /// Smallest width of that band in a chunk.
    pub narrowest_hz: f64,
    /// Largest width.
    pub widest_hz: f64,
    /// Carrier or centroid. `None` if the averaged spectrum has no line there, as between two
    /// simultaneous signals.
    pub carrier_hz: Option<f64>,
}

/// Builds [`Annotations`].
pub(super) struct AnnotationsBuilder {
    /// Resolution of the picture: places closer to each other are the same.
    resolution_hz: f64,
    segments: u64,
    chunks: u64,
    busy: u64,
    noise: f64,
    sums: Vec<Sums>,
    elsewhere: u64,
    warnings: BTreeMap<Warning, u64>,
}

/// Sums over the chunks with an emission.
struct Sums {
    chunks: u64,
    lower_edge_hz: f64,
    upper_edge_hz: f64,
    carrier_hz: f64,
    narrowest_hz: f64,
    widest_hz: f64,
}

impl Sums {
    fn mean(&self, sum: f64) -> f64 {
        sum / self.chunks as f64
    }

    /// Whether the middle of one band is within the other. Carriers may be outside, as that of two
    /// simultaneous signals is.
    fn is_at(&self, place: &Place, slack_hz: f64) -> bool {
        let own = Place {
            lower: self.mean(self.lower_edge_hz),
            upper: self.mean(self.upper_edge_hz),
            carrier: self.mean(self.carrier_hz),
        };
        own.contains(place.middle(), slack_hz) || place.contains(own.middle(), slack_hz)
    }

    fn add(&mut self, place: &Place) {
        self.chunks += 1;
        self.lower_edge_hz += place.lower;
        self.upper_edge_hz += place.upper;
        self.carrier_hz += place.carrier;
        let width_hz = place.upper - place.lower;
        self.narrowest_hz = self.narrowest_hz.min(width_hz);
        self.widest_hz = self.widest_hz.max(width_hz);
    }
}

/// Edges and carrier of a signal, Hz from the centre.
struct Place {
    lower: f64,
    upper: f64,
    carrier: f64,
}

impl Place {
    fn middle(&self) -> f64 {
        0.5 * (self.lower + self.upper)
    }

    fn contains(&self, hz: f64, slack_hz: f64) -> bool {
        self.lower - slack_hz <= hz && hz <= self.upper + slack_hz
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
            sums: Vec::new(),
            elsewhere: 0,
            warnings: BTreeMap::new(),
        }
    }

    /// Adds the numbers of a segment and of its chunks.
    pub(super) fn add(&mut self, segment: &SegmentFeatures, chunks: &[MeasuredChunk]) {
        self.segments += 1;
        for warning in &segment.quality.warnings {
            *self.warnings.entry(*warning).or_default() += 1;
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
                self.locate(&Place {
                    lower: numbers.occupied_lower_edge_hz,
                    upper: numbers.occupied_upper_edge_hz,
                    carrier: numbers.carrier_offset_hz,
                });
            }
        }
    }

    fn locate(&mut self, place: &Place) {
        let slack_hz = self.resolution_hz;
        let known = self.sums.iter_mut().find(|sums| sums.is_at(place, slack_hz));
        if let Some(sums) = known {
            sums.add(place);
        } else if self.sums.len() < MAX_EMISSIONS {
            let mut sums = Sums {
                chunks: 0,
                lower_edge_hz: 0.0,
                upper_edge_hz: 0.0,
                carrier_hz: 0.0,
                narrowest_hz: f64::INFINITY,
                widest_hz: 0.0,
            };
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
            let carrier_hz = sums.mean(sums.carrier_hz);
            let mut emission = Emission {
                chunks: sums.chunks,
                lower_edge_hz: sums.mean(sums.lower_edge_hz),
                upper_edge_hz: sums.mean(sums.upper_edge_hz),
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
            emissions,
            elsewhere: self.elsewhere,
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
