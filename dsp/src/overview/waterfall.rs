use crate::decibel::{decibels, power};

/// Largest number of columns: about as many as a picture has pixels.
pub(super) const MAX_COLUMNS: usize = 1024;

/// Largest number of rows: about twice as many as a picture has pixels, so that half of them is
/// still enough. They need 3 MB. When all are used, pairs are joined.
pub(super) const MAX_ROWS: usize = 768;

/// Power densities over time and frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Number of columns.
    pub columns: usize,
    /// Lower edge of the first column, Hz from the centre.
    pub lower_edge_hz: f64,
    /// Width of a column.
    pub column_hz: f64,
    /// Sample at which the first row begins. A spectrum represents the middle half of its samples.
    pub first_row_at: u64,
    /// Samples from one row to the next.
    pub row_samples: u64,
    /// dBFS/Hz, row by row, the lowest frequency first; NaN where nothing was recorded, -300 for
    /// silence.
    pub cells_db: Vec<f32>,
}

impl Waterfall {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.cells_db.len() / self.columns
    }
}

/// Builds the rows of a waterfall.
pub(super) struct Rows {
    columns: usize,
    row_samples: u64,
    cells_db: Vec<f32>,
    /// Spectra in each row.
    spectra: Vec<u64>,
    /// The last row, which is not in `cells_db` yet.
    current: usize,
    sums: Vec<f64>,
    summed: u64,
}

impl Rows {
    pub(super) fn new(columns: usize, row_samples: u64) -> Self {
        Self {
            columns,
            row_samples,
            cells_db: Vec::with_capacity(columns * MAX_ROWS),
            spectra: Vec::with_capacity(MAX_ROWS),
            current: 0,
            sums: vec![0.0; columns],
            summed: 0,
        }
    }

    /// Adds the densities of a spectrum. Positions must not decrease.
    pub(super) fn add(&mut self, position: u64, densities: impl Iterator<Item = f64>) {
        if self.row_of(position) != Some(self.current) {
            self.close();
            self.current = loop {
                match self.row_of(position) {
                    Some(row) => break row,
                    None => self.halve(),
                }
            };
        }
        for (sum, density) in self.sums.iter_mut().zip(densities) {
            *sum += density;
        }
        self.summed += 1;
    }

    fn row_of(&self, position: u64) -> Option<usize> {
        let row = usize::try_from(position / self.row_samples).ok()?;
        (row < MAX_ROWS).then_some(row)
    }

    /// Appends the current row, after empty rows if any are missing.
    fn close(&mut self) {
        if self.summed == 0 {
            return;
        }
        self.spectra.resize(self.current, 0);
        self.cells_db.resize(self.current * self.columns, f32::NAN);
        self.spectra.push(self.summed);
        let mean = |sum: &f64| decibels(*sum / self.summed as f64);
        self.cells_db.extend(self.sums.iter().map(mean));
        self.sums.fill(0.0);
        self.summed = 0;
    }

    fn halve(&mut self) {
        let (columns, rows) = (self.columns, self.spectra.len());
        for row in 0..rows.div_ceil(2) {
            let (first, second) = (2 * row, (2 * row + 1).min(rows - 1));
            let weight = self.spectra[first];
            let weights = (weight, if second > first { self.spectra[second] } else { 0 });
            for column in 0..columns {
                let pair = (
                    self.cells_db[first * columns + column],
                    self.cells_db[second * columns + column],
                );
                self.cells_db[row * columns + column] = mean_db(pair, weights);
            }
            self.spectra[row] = weights.0 + weights.1;
        }
        self.spectra.truncate(rows.div_ceil(2));
        self.cells_db.truncate(rows.div_ceil(2) * columns);
        self.row_samples *= 2;
    }

    pub(super) fn finish(mut self, lower_edge_hz: f64, column_hz: f64, first_row_at: u64) -> Waterfall {
        self.close();
        Waterfall {
            columns: self.columns,
            lower_edge_hz,
            column_hz,
            first_row_at,
            row_samples: self.row_samples,
            cells_db: self.cells_db,
        }
    }
}

/// Weighted mean of two powers. A power with weight 0 is ignored.
fn mean_db(pair: (f32, f32), weights: (u64, u64)) -> f32 {
    match weights {
        (_, 0) => pair.0,
        (0, _) => pair.1,
        (first, second) => {
            let sum = power(pair.0) * first as f64 + power(pair.1) * second as f64;
            decibels(sum / (first + second) as f64)
        }
    }
}
