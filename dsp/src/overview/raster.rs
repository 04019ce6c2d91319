use std::ops::Range;

use super::Overview;
use super::envelope::{Levels, Profile};
use super::waterfall::Waterfall;
use crate::decibel::{decibels, power};
use crate::estimators::order_statistic;

/// Range of the colours in decibels. With less, the scatter of noise dominates the picture; with
/// more, too few colours remain for the signals.
const NARROWEST_DB: f64 = 20.0;
const WIDEST_DB: f64 = 80.0;

/// The colours begin this far below the mean of the noise. One in eight cells of a single spectrum
/// is lower. Averages scatter less.
const UNDER_NOISE_DB: f64 = 9.0;

/// Cells that are enough for a quantile of 0.999.
const ENOUGH_CELLS: usize = 1 << 16;

/// Cells below this are silence.
const SILENCE_DB: f32 = -299.0;

impl Waterfall {
    /// Pixels of a picture of the whole band (the lowest frequency first) and of a recording of
    /// `samples` samples (the start first), row by row: mean powers of the cells in each pixel,
    /// dBFS/Hz, NaN where nothing was recorded.
    pub fn raster(&self, samples: u64, width: usize, height: usize) -> impl Iterator<Item = f32> {
        let first = self.first_row_at as f64;
        let scale = self.columns as f64 / width as f64;
        let at = move |y: usize| (samples as f64 * y as f64 / height as f64 - first) / self.row_samples as f64;
        (0..height).flat_map(move |y| {
            // No spectrum is centred on the ends of the recording. There the first and the last one
            // are used.
            let rows = covered(at(y), at(y + 1), self.rows());
            (0..width).map(move |x| {
                let columns = covered(x as f64 * scale, (x + 1) as f64 * scale, self.columns);
                self.mean(rows.clone(), columns)
            })
        })
    }

    fn mean(&self, rows: Range<usize>, columns: Range<usize>) -> f32 {
        let cells = rows.flat_map(|row| &self.cells_db[row * self.columns..][columns.clone()]);
        let mut recorded = cells.filter(|cell| !cell.is_nan());
        let Some(first) = recorded.next() else {
            return f32::NAN;
        };
        let Some(second) = recorded.next() else {
            return *first;
        };
        let (sum, count) = recorded.fold((power(*first) + power(*second), 2.0), |(sum, count), cell| {
            (sum + power(*cell), count + 1.0)
        });
        decibels(sum / count)
    }
}

impl Profile {
    /// Levels of each pixel of a recording of `samples` samples, `None` where nothing was recorded.
    #[must_use]
    pub fn raster(&self, samples: u64, width: usize) -> Vec<Option<Levels>> {
        if self.columns.is_empty() {
            return vec![None; width];
        }
        let scale = samples as f64 / self.column_samples as f64 / width as f64;
        let join = |x: usize| {
            let columns = covered(x as f64 * scale, (x + 1) as f64 * scale, self.columns.len());
            let recorded: Vec<_> = self.columns[columns].iter().flatten().collect();
            let first = recorded.first()?;
            let mean = recorded.iter().map(|levels| power(levels.mean_db)).sum::<f64>() / recorded.len() as f64;
            Some(recorded.iter().fold(
                Levels {
                    mean_db: decibels(mean),
                    ..**first
                },
                |all, levels| Levels {
                    lowest_db: all.lowest_db.min(levels.lowest_db),
                    highest_db: all.highest_db.max(levels.highest_db),
                    ..all
                },
            ))
        };
        (0..width).map(join).collect()
    }
}

/// The cells whose middle is within the range, or the cell that contains the middle of the range.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "limited to the number of cells"
)]
fn covered(from: f64, to: f64, cells: usize) -> Range<usize> {
    if cells == 0 {
        return 0..0;
    }
    let last = cells as f64 - 1.0;
    let first = (from + 0.5).floor().clamp(0.0, last);
    let end = (to + 0.5).floor().clamp(0.0, last + 1.0);
    if first < end {
        return first as usize..end as usize;
    }
    let middle = (0.5 * (from + to)).floor().clamp(0.0, last) as usize;
    middle..middle + 1
}

impl Overview {
    /// Densities at the two ends of the colour scale, dBFS/Hz: from slightly below the noise to the
    /// strongest density that is not rare. Silence, the empty edges of a filter and single strong
    /// lines do not determine it.
    #[must_use]
    pub fn colour_range_db(&self) -> (f64, f64) {
        let all = &self.waterfall.cells_db;
        // An odd step visits all columns.
        let some = all.iter().step_by((all.len() / ENOUGH_CELLS) | 1);
        let mut cells: Vec<f32> = some.copied().filter(|cell| *cell > SILENCE_DB).collect();
        if cells.is_empty() {
            return (-300.0, -300.0 + NARROWEST_DB);
        }
        let strongest = self.spectrum.mean_db.iter().copied().fold(f32::MIN, f32::max);
        let mut quantile = |part: f64| {
            let place = order_statistic::share(cells.len(), part) - 1;
            f64::from(*cells.select_nth_unstable_by(place, f32::total_cmp).1)
        };
        let highest = quantile(0.999).max(f64::from(strongest));
        let common = quantile(0.98);
        let noise = self.annotations.noise_db_hz.unwrap_or(-300.0) - UNDER_NOISE_DB;
        let lowest = quantile(0.05).max(noise).min(highest);
        if highest - lowest < NARROWEST_DB {
            let missing = NARROWEST_DB - (highest - lowest);
            return (lowest - 0.25 * missing, highest + 0.75 * missing);
        }
        if highest - lowest <= WIDEST_DB {
            return (lowest, highest);
        }
        if common - lowest <= WIDEST_DB {
            return (lowest, lowest + WIDEST_DB);
        }
        (highest - WIDEST_DB, highest)
    }
}
