//! Sets of numbers, for a chunk and as statistics for a segment.

mod dictionary;
mod estimate;
mod extended;
mod reference;
mod segment;
mod statistics;
mod uncertainty;
mod unknown;

pub use dictionary::dictionary;
pub use estimate::Estimate;
pub use extended::Extended;
pub(crate) use extended::{ChunkEstimates, ChunkReading};
pub use reference::Features;
pub use segment::SegmentFeatures;
pub use statistics::Statistics;
pub(crate) use unknown::Presence;
pub use unknown::{Bounds, SegmentExtended, Unknown};
