//! Sets of numbers, for a chunk and as statistics for a segment.

mod chunk_estimates;
mod chunk_reading;
mod dictionary;
mod estimate;
mod extended;
mod reference;
mod segment;
mod standard_errors;
mod statistics;
mod uncertainty;
mod unknown;

pub(crate) use chunk_estimates::ChunkEstimates;
pub(crate) use chunk_reading::ChunkReading;
pub use dictionary::dictionary;
pub use estimate::{Estimate, Mean};
pub(crate) use estimate::{MeanBuilder, Value};
pub use extended::Extended;
pub use reference::Features;
pub use segment::SegmentFeatures;
pub use standard_errors::STANDARD_ERRORS;
pub use statistics::Statistics;
pub(crate) use uncertainty::resolution;
pub use unknown::{Bounds, SegmentExtended, Unknown};
pub(crate) use unknown::{EDGE_DOUBT, Presence};
