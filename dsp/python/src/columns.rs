//! The columns of a table of segments: one for each number, or for each statistic of it.

use std::sync::LazyLock;

use heimdall_dsp::{Estimate, Quality, SegmentFeatures, Statistics, dictionary};

/// Statistics of a number, in the order of their columns.
const STATISTICS: [&str; 4] = ["mean", "std", "min", "max"];

/// The bounds of numbers that are not known, with their units.
const BOUNDS: [(&str, &str); 2] = [("noise_density_at_most_dbfs_hz", "dBFS/Hz"), ("snr_at_least_db", "dB")];

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// `rssi_dbm_mean`, as in the view `heimdall.feature_samples`.
    pub name: String,
    /// The number: a name of the dictionary, or of a bound.
    pub number: &'static str,
    /// The set of the number: `segment`, `reference`, `extended`, `bounds` or `quality`.
    pub set: &'static str,
    /// `mean`, `std`, `min`, `max` or `standard_error`; empty for a number without statistics.
    pub statistic: &'static str,
    /// Unit; `1` for a ratio or a count.
    pub unit: &'static str,
}

/// All columns, in the order of [`push_row`].
pub(crate) fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(of_dictionary);
    &COLUMNS
}

fn of_dictionary() -> Vec<Column> {
    let mut columns = Vec::new();
    for entry in dictionary() {
        let statistics: &[&'static str] = match entry.set.name() {
            "reference" => &STATISTICS,
            "extended" if entry.name != "detection_rate" => &["mean", "std", "min", "max", "standard_error"],
            _ => &[""],
        };
        // The bounds stand after the extended numbers.
        if entry.set.name() == "quality" && !columns.iter().any(|column: &Column| column.set == "bounds") {
            columns.extend(BOUNDS.map(|(number, unit)| column(number, "bounds", "", unit)));
        }
        let of_entry = |statistic: &&'static str| column(entry.name, entry.set.name(), statistic, entry.unit);
        columns.extend(statistics.iter().map(of_entry));
    }
    columns
}

fn column(number: &'static str, set: &'static str, statistic: &'static str, unit: &'static str) -> Column {
    let name = match statistic {
        "" => number.to_owned(),
        _ => format!("{number}_{statistic}"),
    };
    Column {
        name,
        number,
        set,
        statistic,
        unit,
    }
}

/// Appends the numbers of a segment. NaN stands for a number that is not known: no number is NaN
/// otherwise.
pub(crate) fn push_row(segment: &SegmentFeatures, row: &mut Vec<f64>) {
    row.extend([
        segment.segment_index as f64,
        segment.segment_start_ms,
        segment.num_chunks as f64,
        f64::from(u8::from(segment.signal_present)),
    ]);
    for (_, Statistics { mean, std, min, max }) in segment.features.iter() {
        row.extend([mean, std, min, max]);
    }
    row.push(segment.extended.detection_rate);
    for (_, estimate) in segment.extended.numbers.iter() {
        row.extend(estimate.as_ref().map_or([f64::NAN; 5], |estimate: &Estimate| {
            let error = estimate.written_standard_error();
            [estimate.mean, estimate.std, estimate.min, estimate.max, error]
        }));
    }
    row.extend(segment.extended.bounds.map_or([f64::NAN; 2], |bounds| {
        [
            bounds.noise_density_at_most_dbfs_hz,
            bounds.snr_at_least_db.unwrap_or(f64::NAN),
        ]
    }));
    push_quality(&segment.quality, row);
}

fn push_quality(quality: &Quality, row: &mut Vec<f64>) {
    let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
    row.extend([
        quality.clipped_fraction,
        known(quality.codes_used.map(|codes| codes as f64)),
        quality.dc_offset_dbfs,
        quality.dc_spike_db,
        known(quality.iq_gain_imbalance_db),
        known(quality.iq_phase_error_deg),
        quality.impulses_per_second,
        known(quality.impulse_level_db),
        quality.longest_identical_run_ms,
        quality.zero_fraction,
        quality.lost_samples as f64,
    ]);
}
