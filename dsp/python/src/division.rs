//! How a recording is divided, as Python's arguments say it.

use heimdall_dsp::Grid;
use pyo3::prelude::*;

/// Milliseconds or samples of a chunk, and chunks of a segment.
#[derive(Debug, Clone, Copy, FromPyObject)]
pub(crate) struct Division {
    #[pyo3(item(0))]
    chunk_ms: f64,
    #[pyo3(item(1))]
    chunk_samples: Option<usize>,
    #[pyo3(item(2))]
    num_chunks: usize,
}

impl Division {
    pub(crate) fn grid(self) -> Grid {
        match self.chunk_samples {
            Some(samples) => Grid::of_samples(samples, self.num_chunks),
            None => Grid::of_ms(self.chunk_ms, self.num_chunks),
        }
    }
}
