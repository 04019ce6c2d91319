use rustfft::num_complex::Complex32;

use crate::decibel::decibels;

/// Largest number of columns: more than a picture has pixels. When all are used, pairs are joined.
const CAPACITY: usize = 4096;

/// Level of a recording over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Samples in a column.
    pub column_samples: u64,
    /// The columns, from the first sample on. `None` where nothing was recorded.
    pub columns: Vec<Option<Levels>>,
}

/// Instantaneous power `|x|^2` within a column, dBFS, -300 for silence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Power of the weakest sample.
    pub lowest_db: f32,
    /// Mean power.
    pub mean_db: f32,
    /// Power of the strongest sample.
    pub highest_db: f32,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    lowest: f64,
    sum: f64,
    highest: f64,
    samples: u64,
}

const EMPTY: Column = Column {
    lowest: f64::INFINITY,
    sum: 0.0,
    highest: 0.0,
    samples: 0,
};

impl Column {
    fn join(self, other: Self) -> Self {
        Self {
            lowest: self.lowest.min(other.lowest),
            sum: self.sum + other.sum,
            highest: self.highest.max(other.highest),
            samples: self.samples + other.samples,
        }
    }

    fn of(samples: &[Complex32]) -> Self {
        let powers = samples
            .iter()
            .map(|x| f64::from(x.re).powi(2) + f64::from(x.im).powi(2));
        powers.fold(EMPTY, |column, power| {
            column.join(Self {
                lowest: power,
                sum: power,
                highest: power,
                samples: 1,
            })
        })
    }
}

/// Builds a [`Profile`].
pub(super) struct Columns {
    column_samples: u64,
    columns: Vec<Column>,
}

impl Columns {
    pub(super) fn new() -> Self {
        Self {
            column_samples: 1,
            columns: Vec::with_capacity(CAPACITY),
        }
    }

    pub(super) fn add(&mut self, mut position: u64, mut samples: &[Complex32]) {
        while !samples.is_empty() {
            let column = self.column_at(position);
            let room = (column as u64 + 1) * self.column_samples - position;
            let count = usize::try_from(room).map_or(samples.len(), |room| room.min(samples.len()));
            let (now, later) = samples.split_at(count);
            self.columns[column] = self.columns[column].join(Column::of(now));
            position += count as u64;
            samples = later;
        }
    }

    /// The column of a position. Adds columns up to it.
    fn column_at(&mut self, position: u64) -> usize {
        loop {
            match usize::try_from(position / self.column_samples) {
                Ok(column) if column < CAPACITY => {
                    let columns = self.columns.len().max(column + 1);
                    self.columns.resize(columns, EMPTY);
                    return column;
                }
                _ => self.halve(),
            }
        }
    }

    fn halve(&mut self) {
        for column in 0..self.columns.len().div_ceil(2) {
            let second = self.columns.get(2 * column + 1).copied().unwrap_or(EMPTY);
            self.columns[column] = self.columns[2 * column].join(second);
        }
        self.columns.truncate(self.columns.len().div_ceil(2));
        self.column_samples *= 2;
    }

    pub(super) fn finish(self) -> Profile {
        let levels = |column: &Column| {
            (column.samples > 0).then(|| Levels {
                lowest_db: decibels(column.lowest),
                mean_db: decibels(column.sum / column.samples as f64),
                highest_db: decibels(column.highest),
            })
        };
        Profile {
            column_samples: self.column_samples,
            columns: self.columns.iter().map(levels).collect(),
        }
    }
}
