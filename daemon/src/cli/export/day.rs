//! Writes the samples of a day.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

use arrow_schema::SchemaRef;
use futures_util::TryStreamExt as _;
use tokio_postgres::Row;
use tokio_util::sync::CancellationToken;

use super::columns::Rows;
use super::error::ExportError;
use super::files::{Format, SampleFile};
use super::folder::{Day, Folder};
use super::progress::{Done, Progress};
use super::source::{Snapshot, Source};
use super::stop::until_stopped;

/// Rows of a batch: about 5 MB.
const BATCH_ROWS: usize = 8_192;

/// Where the days go. Those who write share it.
pub(super) struct Target {
    pub(super) folder: Folder,
    pub(super) progress: Progress,
    pub(super) done: Done,
}

/// Writes the file of a day, from one moment of the database. A file that is there stays until the
/// new one is complete.
pub(super) async fn write_day(
    source: &mut Source,
    target: &RefCell<Target>,
    day: &str,
    stop: &CancellationToken,
) -> Result<(), ExportError> {
    let snapshot = source.snapshot().await?;
    let Some(found) = until_stopped(stop, snapshot.day(day)).await? else {
        // Its samples were deleted a moment ago.
        let target = &mut *target.borrow_mut();
        target.done.removed += 1;
        return target.folder.remove(day);
    };
    let more = until_stopped(stop, snapshot.receivers(day)).await?;
    let writer = {
        let folder = &mut target.borrow_mut().folder;
        folder.add_receivers(more)?;
        DayWriter {
            path: folder.incomplete(day)?,
            format: folder.format(),
            day,
            receivers: folder.receivers().to_vec(),
        }
    };
    let written = writer.write(&snapshot, stop, target).await;
    let target = &mut *target.borrow_mut();
    match written {
        Ok((rows, bytes)) => {
            let (mark, slots) = (found.mark, writer.receivers.len());
            let as_written = Day {
                mark,
                rows,
                slots,
                bytes,
            };
            target.done.days += 1;
            target.done.rows += rows;
            target.done.bytes += bytes;
            target.folder.put(day, as_written)
        }
        Err(error) => {
            // The error that ended it is the one to tell.
            drop(target.folder.discard(day));
            Err(error)
        }
    }
}

struct DayWriter<'a> {
    path: PathBuf,
    format: Format,
    day: &'a str,
    receivers: Vec<String>,
}

impl DayWriter<'_> {
    /// Returns the number of rows, and of bytes.
    async fn write(
        &self,
        snapshot: &Snapshot<'_>,
        stop: &CancellationToken,
        target: &RefCell<Target>,
    ) -> Result<(u64, u64), ExportError> {
        let schema = self.schema(snapshot);
        let mut file = SampleFile::create(&self.path, self.format, &schema)?;
        let slots: HashMap<&str, usize> = self.receivers.iter().map(String::as_str).zip(0..).collect();
        let mut samples = std::pin::pin!(until_stopped(stop, snapshot.samples(self.day)).await?);
        let mut batch = Rows::new(snapshot.columns, schema);
        let mut second = Second::new(self.receivers.len());
        let (mut rows, mut told) = (0, 0);
        let mut session_ended = |rows: u64| {
            let target = &mut *target.borrow_mut();
            target.progress.advance(self.day, rows - told);
            told = rows;
        };
        while let Some(row) = until_stopped(stop, samples.try_next()).await? {
            let (session, number, receiver) = snapshot.columns.place(&row)?;
            if second.at != Some((session, number)) {
                rows += second.end(&mut batch, &self.receivers)?;
                if batch.len() >= BATCH_ROWS {
                    file.write(&self.path, &batch.finish()?)?;
                }
                if second.at.is_some_and(|(before, _)| before != session) {
                    session_ended(rows);
                }
                second.begin(session, number).ok_or_else(|| self.out_of_order())?;
            }
            let slot = slots.get(receiver).and_then(|slot| second.rows.get_mut(*slot));
            match slot {
                Some(slot) if slot.is_none() => *slot = Some(row),
                _ => return Err(self.out_of_order()),
            }
        }
        rows += second.end(&mut batch, &self.receivers)?;
        if batch.len() > 0 {
            file.write(&self.path, &batch.finish()?)?;
        }
        session_ended(rows);
        Ok((rows, file.finish(&self.path)?))
    }

    fn schema(&self, snapshot: &Snapshot<'_>) -> SchemaRef {
        let json = |value: Result<String, serde_json::Error>| value.unwrap_or_default();
        snapshot.columns.schema(HashMap::from([
            ("day".to_owned(), self.day.to_owned()),
            ("receivers".to_owned(), json(serde_json::to_string(&self.receivers))),
            (
                "dictionary".to_owned(),
                json(serde_json::to_string(snapshot.dictionary)),
            ),
        ]))
    }

    fn out_of_order(&self) -> ExportError {
        ExportError::Order(self.day.to_owned())
    }
}

/// The samples of one second of a session, each in the slot of its receiver.
struct Second {
    at: Option<(i64, i32)>,
    rows: Vec<Option<Row>>,
}

impl Second {
    fn new(slots: usize) -> Self {
        let rows = (0..slots).map(|_| None).collect();
        Self { at: None, rows }
    }

    /// Begins the next one. `None` if it is not later.
    fn begin(&mut self, session: i64, second: i32) -> Option<()> {
        let next = Some((session, second));
        (next > self.at).then(|| self.at = next)
    }

    /// Appends what there is to the batch. Returns the number of rows.
    fn end(&mut self, batch: &mut Rows<'_>, receivers: &[String]) -> Result<u64, ExportError> {
        if self.at.is_none() {
            return Ok(0);
        }
        batch.push(&self.rows, receivers)?;
        self.rows.fill_with(|| None);
        Ok(receivers.len() as u64)
    }
}
