use std::collections::BTreeMap;

use crate::{SegmentFeatures, Warning};

/// Noise below this is silence, with no level to mark.
const SILENCE_DB: f64 = -299.0;

/// What the numbers of the segments say of the recording as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// Segments.
    pub segments: u64,
    /// Chunks in them.
    pub chunks: u64,
    /// Share of the chunks with a signal.
    pub signal_present: f64,
    /// Mean power density of the noise within the pass-band, dBFS/Hz; `None` for silence.
    pub noise_db_hz: Option<f64>,
    /// Means over the chunks with a signal; `None` where there is none.
    pub emission: Option<Emission>,
    /// What is wrong, and with how many segments.
    pub warnings: Vec<(Warning, u64)>,
}

/// Where in the band the signal lies, Hz from the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emission {
    /// Lower edge of the band occupied by 99 % of the power.
    pub lower_edge_hz: f64,
    /// Upper edge.
    pub upper_edge_hz: f64,
    /// Carrier.
    pub carrier_hz: f64,
}

/// Gathers [`Marks`].
#[derive(Default)]
pub(super) struct Tally {
    segments: u64,
    chunks: u64,
    busy: f64,
    noise: f64,
    /// Sums over the chunks with a signal.
    lower_edge_hz: f64,
    upper_edge_hz: f64,
    carrier_hz: f64,
    warnings: BTreeMap<Warning, u64>,
}

impl Tally {
    pub(super) fn see(&mut self, segment: &SegmentFeatures) {
        let chunks = segment.num_chunks as f64;
        let busy = segment.signal_present.mean * chunks;
        let extended = &segment.extended;
        self.segments += 1;
        self.chunks += segment.num_chunks as u64;
        self.busy += busy;
        self.lower_edge_hz += busy * extended.occupied_lower_edge_hz.mean;
        self.upper_edge_hz += busy * extended.occupied_upper_edge_hz.mean;
        self.carrier_hz += busy * extended.carrier_offset_hz.mean;
        // A mean of powers, as the spectrum that it is drawn into.
        if extended.noise_density_dbfs_hz.mean > SILENCE_DB {
            self.noise += chunks * 10.0_f64.powf(extended.noise_density_dbfs_hz.mean / 10.0);
        }
        for warning in &segment.quality.warnings {
            *self.warnings.entry(*warning).or_default() += 1;
        }
    }

    pub(super) fn finish(self) -> Marks {
        let chunks = self.chunks as f64;
        Marks {
            segments: self.segments,
            chunks: self.chunks,
            signal_present: self.busy / chunks.max(1.0),
            noise_db_hz: (self.noise > 0.0).then(|| 10.0 * (self.noise / chunks).log10()),
            emission: (self.busy > 0.0).then(|| Emission {
                lower_edge_hz: self.lower_edge_hz / self.busy,
                upper_edge_hz: self.upper_edge_hz / self.busy,
                carrier_hz: self.carrier_hz / self.busy,
            }),
            warnings: self.warnings.into_iter().collect(),
        }
    }
}
