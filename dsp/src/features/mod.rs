//! Sets of numbers, for a chunk and as statistics for a segment.

mod dictionary;
mod extended;
mod reference;
mod segment;
mod statistics;

pub use dictionary::dictionary;
pub(crate) use extended::ChunkEstimates;
pub use extended::Extended;
pub use reference::Features;
pub use segment::SegmentFeatures;
pub use statistics::Statistics;
