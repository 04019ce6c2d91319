//! Sets of numbers, for a chunk and as statistics for a segment.

mod dictionary;
mod extended;
mod reference;
mod segment;
mod statistics;
mod unknown;

pub use dictionary::dictionary;
pub use extended::Extended;
pub(crate) use extended::{ChunkEstimates, ChunkReading};
pub use reference::Features;
pub use segment::SegmentFeatures;
pub use statistics::Statistics;
pub use unknown::{Bounds, SegmentExtended, Unknown};
pub(crate) use unknown::{EDGE_DOUBT, Presence};
