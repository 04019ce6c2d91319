//! The last count of the queue.

use tokio_postgres::{Error, Row};

use crate::metrics::labels::{Source, State};
use crate::metrics::queue_depth::{NotedChanges, QueueDepth};

/// What the queue contained when it was last counted.
#[derive(Debug, Default)]
pub struct Depths {
    /// Non-empty combinations of source and state.
    pub queued: Vec<QueueDepth>,
    /// Changes that no daemon has looked at.
    pub noted: NotedChanges,
    /// Age of the count, seconds.
    pub counted_s_ago: f64,
}

impl Depths {
    /// Reads the answer of `count_queue.sql`. Sources and states that this version does not know are left out.
    pub(super) fn read(rows: &[Row]) -> Result<Self, Error> {
        let mut depths = Self::default();
        for row in rows {
            depths.counted_s_ago = row.try_get::<_, Option<f64>>("counted_s_ago")?.unwrap_or(0.0);
            let (source, state): (Option<&str>, Option<&str>) = (row.try_get("source")?, row.try_get("state")?);
            if source == Some("note") {
                let changes = row.try_get("measurements")?;
                *(if state == Some("failed") {
                    &mut depths.noted.failed
                } else {
                    &mut depths.noted.ready
                }) = changes;
            }
            if let (Some(source), Some(state)) = (source.and_then(Source::named), state.and_then(State::named)) {
                depths.queued.push(QueueDepth {
                    source,
                    state,
                    measurements: row.try_get("measurements")?,
                    oldest_s: row.try_get("oldest_s")?,
                });
            }
        }
        Ok(depths)
    }
}
