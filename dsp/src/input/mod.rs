//! Hints about a recording from outside its samples, and how its bytes are read.

pub(crate) mod consistency;
mod file_name;
mod hints;
mod interpretation;
mod named_rate;
pub mod portapack;
mod sample_rate;
pub mod sidecar;
pub(crate) mod sigmf;

pub use hints::{Hint, Hints, Provenance};
pub use interpretation::Interpretation;
pub use sample_rate::{DEFAULT_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
pub use sigmf::{MAX_SIGMF_BYTES, SIDECAR_SOURCE, Sigmf};
