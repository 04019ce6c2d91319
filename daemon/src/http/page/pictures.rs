//! Pictures of recordings, drawn when somebody looks at them. One at a time, on a thread of its own;
//! a few wait; the last ones are kept. The recordings that are being extracted lose nothing but
//! processor time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use crate::extraction::fragment::{Limits, read_first_part};
use crate::extraction::threads::ExtractorThreads;
use crate::job::claim::Claim;
use crate::job::error::ExtractionError;
use crate::object_store::client::ObjectStore;
use crate::plot;
use crate::plot::input::PlotInput;
use crate::sanitize::sanitize;

/// 40 s of a recording at 200 kHz. A longer one is drawn up to here.
const MAX_BYTES: u64 = 64 << 20;
/// With the wait and the drawing, less than the time of a connection to the page.
const MAX_READING: Duration = Duration::from_secs(6);
/// Requests that wait at the same time. Others are refused.
const MAX_WAITING: usize = 24;
/// A request that waits for longer gets no picture: its connection would end before it is drawn.
const MAX_WAIT: Duration = Duration::from_secs(4);
/// Pictures in memory, up to 200 KB each.
const MAX_KEPT: usize = 64;
/// An object may be uploaded, or replaced.
const KEPT_FOR: Duration = Duration::from_mins(5);
const FAILURE_KEPT_FOR: Duration = Duration::from_secs(20);

/// The pictures of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The whole plot, a PNG file.
    Plot,
    /// The small one, an SVG file.
    Strip,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoPicture {
    /// Too many are being drawn.
    Busy,
    /// The reason.
    Unreadable(String),
}

type Drawn = Result<Bytes, NoPicture>;
type Key = (Uuid, String, Kind);

/// Draws pictures and keeps the last ones.
pub(super) struct Pictures {
    store: Arc<ObjectStore>,
    threads: ExtractorThreads,
    turn: Semaphore,
    places: Semaphore,
    kept: Mutex<VecDeque<Kept>>,
}

struct Kept {
    key: Key,
    drawn: Drawn,
    until: Instant,
}

impl Pictures {
    /// Starts the thread.
    pub(super) fn new(store: Arc<ObjectStore>) -> std::io::Result<Self> {
        Ok(Self {
            store,
            threads: ExtractorThreads::start_in_background("picture")?,
            turn: Semaphore::new(1),
            places: Semaphore::new(MAX_WAITING),
            kept: Mutex::default(),
        })
    }

    /// A picture of a recording, from memory if it is not too old. `recording` has the columns of the
    /// application.
    pub(super) async fn of(&self, recording: &Claim, kind: Kind) -> Drawn {
        let Some(text) = &recording.iq_data_location else {
            return Err(NoPicture::Unreadable("the measurement has no IQ object".to_owned()));
        };
        let key = (recording.lease.measurement_id, text.clone(), kind);
        if let Some(drawn) = self.kept(&key) {
            return drawn;
        }
        let Ok(_place) = self.places.try_acquire() else {
            return Err(NoPicture::Busy);
        };
        // The semaphore is never closed.
        let Ok(_turn) = timeout(MAX_WAIT, self.turn.acquire()).await else {
            return Err(NoPicture::Busy);
        };
        // Another request may have drawn it meanwhile.
        if let Some(drawn) = self.kept(&key) {
            return drawn;
        }
        let drawn = self
            .draw(recording, text, kind)
            .await
            .map_err(|error| NoPicture::Unreadable(sanitize(&error.to_string())));
        self.keep(key, drawn.clone());
        drawn
    }

    async fn draw(&self, recording: &Claim, text: &str, kind: Kind) -> Result<Bytes, ExtractionError> {
        let limits = Limits {
            bytes: MAX_BYTES,
            deadline: Instant::now() + MAX_READING,
        };
        let reading = read_first_part(recording, text, &self.store, &self.threads, limits);
        // A silent store: the deadline is looked at between two pieces only.
        let Ok(first_part) = timeout(MAX_READING * 5 / 4, reading).await else {
            let reason = format!("not read within {MAX_READING:?}");
            return Err(ExtractionError::ObjectUnreadable { reason });
        };
        let first_part = first_part?;
        let mut name = sanitize(&recording.receiver.rx_id);
        if first_part.is_cut {
            name.push_str(", first part");
        }
        self.threads
            .run(move |_| {
                let fragment = first_part.fragment;
                let input = PlotInput {
                    name: &name,
                    overview: &fragment.overview,
                    interpretation: &fragment.interpretation,
                    inconsistencies: &fragment.inconsistencies,
                    centre_hz: fragment.centre_hz,
                };
                let broken = |error: plot::error::PlotError| ExtractionError::Panic {
                    reason: error.to_string(),
                };
                match kind {
                    Kind::Plot => plot::png(input).map(Bytes::from),
                    Kind::Strip => plot::strip(&fragment.overview).map(Bytes::from),
                }
                .map_err(broken)
            })
            .await
    }

    fn kept(&self, key: &Key) -> Option<Drawn> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        kept.retain(|one| one.until > now);
        kept.iter().find(|one| one.key == *key).map(|one| one.drawn.clone())
    }

    fn keep(&self, key: Key, drawn: Drawn) {
        let time = if drawn.is_ok() { KEPT_FOR } else { FAILURE_KEPT_FOR };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept {
            key,
            drawn,
            until: Instant::now() + time,
        });
    }
}
