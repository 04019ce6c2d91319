use std::collections::BTreeMap;

use super::spectra::Spectrum;
use crate::chunk::measured::MeasuredChunk;
use crate::features::SegmentFeatures;
use crate::warning::Warning;

/// Noise below this is silence, with no level to mark.
const SILENCE_DB: f64 = -299.0;

/// Emissions that are told apart: more marks could not be either.
const MAX_EMISSIONS: usize = 8;

/// What stands so far above the noise is to be seen in the averaged spectrum, and what is nearer to it than the other is not.
const SEEN_DB: f64 = 10.0;
const UNSEEN_DB: f64 = 3.0;

/// What the numbers of the chunks say of the recording as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotations {
    /// Segments.
    pub segments: u64,
    /// Chunks in them.
    pub chunks: u64,
    /// Share of the chunks with a signal.
    pub signal_present: f64,
    /// Mean power density of the noise within the pass-band, dBFS/Hz; `None` for silence.
    pub noise_db_hz: Option<f64>,
    /// What is heard in one chunk or another, the most frequent first; empty where there is no signal. Of two in one chunk there
    /// is one occupied band, as in the rows.
    pub emissions: Vec<Emission>,
    /// Chunks with still others.
    pub elsewhere: u64,
    /// What is wrong, and with how many segments.
    pub warnings: Vec<(Warning, u64)>,
}

/// Where in the band a signal lies, Hz from the centre: means over the chunks in which it is in about the same place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emission {
    /// Chunks with it.
    pub chunks: u64,
    /// Lower edge of the band occupied by 99 % of the power.
    pub lower_edge_hz: f64,
    /// Upper edge.
    pub upper_edge_hz: f64,
    /// Width of that band in any one chunk, at least.
    pub narrowest_hz: f64,
    /// And at most.
    pub widest_hz: f64,
    /// Carrier, or centroid; `None` where the averaged spectrum has nothing at that place, as between two signals at once.
    pub carrier_hz: Option<f64>,
}

/// Gathers [`Annotations`].
pub(super) struct AnnotationsBuilder {
    /// Places nearer to each other than this are the same in the picture.
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

    /// Whether the middle of one lies within the other. Carriers may lie outside: that of two signals at once does.
    fn is_at(&self, place: &Place, slack_hz: f64) -> bool {
        let own = Place {
            lower: self.mean(self.lower_edge_hz),
            upper: self.mean(self.upper_edge_hz),
            carrier: self.mean(self.carrier_hz),
        };
        own.holds(place.middle(), slack_hz) || place.holds(own.middle(), slack_hz)
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

/// Where a signal lies, all in Hz from the centre.
struct Place {
    lower: f64,
    upper: f64,
    carrier: f64,
}

impl Place {
    fn middle(&self) -> f64 {
        0.5 * (self.lower + self.upper)
    }

    fn holds(&self, hz: f64, slack_hz: f64) -> bool {
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

    /// Takes the numbers of a segment, and those of its chunks.
    pub(super) fn add(&mut self, segment: &SegmentFeatures, chunks: &[MeasuredChunk]) {
        self.segments += 1;
        for warning in &segment.quality.warnings {
            *self.warnings.entry(*warning).or_default() += 1;
        }
        for chunk in chunks {
            let numbers = &chunk.extended;
            self.chunks += 1;
            self.busy += u64::from(chunk.signal_present);
            // A mean of powers, as the spectrum that it is drawn into.
            if numbers.noise_density_dbfs_hz > SILENCE_DB {
                self.noise += 10.0_f64.powf(numbers.noise_density_dbfs_hz / 10.0);
            }
            if chunk.signal_present && chunk.is_located {
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
            if !is_seen(carrier_hz, &emission, noise_db_hz, spectrum) {
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

/// Whether a carrier lies within its occupied band and where the spectrum has something, if it has anything in that band.
fn is_seen(carrier_hz: f64, emission: &Emission, noise_db_hz: Option<f64>, spectrum: &Spectrum) -> bool {
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
        strongest(lower, upper) < noise + SEEN_DB || strongest(carrier_hz, carrier_hz) >= noise + UNSEEN_DB
    })
}
