//! What an operator asks: how the whole stands, one session, one measurement. Read from the
//! database, so each daemon and each command gives the same answer.
//!
//! Any login with the rights of a reader, of a daemon or of an administrator may ask. Times are
//! text of ISO 8601, by the clock of the database; ages are seconds. Text from outside (names of
//! stations, locations, errors) is as it is stored: who shows it sanitises it.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use self::error::StatusError;
use self::measurement::{DictionaryEntry, MeasurementReport};
use self::overview::{Backfill, DatabaseReport, Failure, Overview, QueueReport, QueueRow, Throughput};
use self::session::SessionReport;
use self::throughput::{Step, window};
use self::worker::Worker;
use crate::postgres::error::DbError;
use crate::postgres::statement::Parameters;
use crate::queue::Queue;
use crate::sql;

pub mod error;
pub mod measurement;
pub mod overview;
pub mod session;
pub mod throughput;
pub mod worker;

/// The last hour in steps of a minute, the last day in steps of a quarter of an hour.
const HOUR_S: (i32, i32) = (3_600, 60);
const DAY_S: (i32, i32) = (86_400, 900);
/// The day is summed from up to 1,440 rows for each daemon, so it is read less often.
const DAY_AGE: Duration = Duration::from_secs(30);
/// Measurements of a session, and segments of a measurement, that a report has at most.
const MAX_RECEIVERS: i32 = 1_000;
const MAX_SEGMENTS: i32 = 600;

/// Reads reports.
pub struct StatusReader {
    queue: Queue,
    /// The last day, and when it was read.
    day: Mutex<Option<(Instant, Vec<Step>)>>,
}

impl StatusReader {
    /// Reads through this pool.
    #[must_use]
    pub fn new(queue: Queue) -> Self {
        Self {
            queue,
            day: Mutex::default(),
        }
    }

    /// How the whole stands.
    ///
    /// # Errors
    /// When the database cannot be asked, or lacks a part of the schema.
    pub async fn overview(&self) -> Result<Overview, StatusError> {
        self.queue.schema().await?.check().map_err(DbError::from)?;
        let database: DatabaseReport = self
            .one(sql::STATUS_OVERVIEW, &[])
            .await?
            .ok_or(StatusError::NoAnswer)?;
        let counted: Vec<QueueRow> = self.all(sql::STATUS_QUEUE, &[]).await?;
        let minutes = self.steps(HOUR_S).await?;
        let quarters = self.day().await?;
        Ok(Overview {
            database,
            queue: QueueReport::from(counted),
            throughput: Throughput {
                hour: window(&minutes, HOUR_S.0),
                day: window(&quarters, DAY_S.0),
                minutes,
                quarters,
            },
            failures: self.failures().await?,
            workers: self.workers().await?,
            backfills: self.backfills(None).await?,
        })
    }

    /// Failures by kind, the most frequent first.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn failures(&self) -> Result<Vec<Failure>, StatusError> {
        self.all(sql::STATUS_FAILURES, &[]).await
    }

    /// Daemons, with what they have in hand.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn workers(&self) -> Result<Vec<Worker>, StatusError> {
        self.all(sql::STATUS_WORKERS, &[]).await
    }

    /// One backfill; or all that are not at their end, and the last ones that are.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn backfills(&self, id: Option<Uuid>) -> Result<Vec<Backfill>, StatusError> {
        self.all(sql::STATUS_BACKFILLS, &[&id]).await
    }

    /// A session with its receivers; `None` if no session has this id.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn session(&self, id: Uuid) -> Result<Option<SessionReport>, StatusError> {
        self.one(sql::STATUS_SESSION, &[&id, &MAX_RECEIVERS]).await
    }

    /// A measurement; `None` if none has this id.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn measurement(&self, id: Uuid) -> Result<Option<MeasurementReport>, StatusError> {
        self.one(sql::STATUS_MEASUREMENT, &[&id, &MAX_SEGMENTS]).await
    }

    /// What each number means.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn dictionary(&self) -> Result<Vec<DictionaryEntry>, StatusError> {
        self.all(sql::STATUS_DICTIONARY, &[]).await
    }

    async fn day(&self) -> Result<Vec<Step>, StatusError> {
        // Others who ask meanwhile wait for this answer.
        let mut day = self.day.lock().await;
        if let Some((read_at, steps)) = &*day
            && read_at.elapsed() < DAY_AGE
        {
            return Ok(steps.clone());
        }
        let steps = self.steps(DAY_S).await?;
        *day = Some((Instant::now(), steps.clone()));
        Ok(steps)
    }

    async fn steps(&self, (span_s, step_s): (i32, i32)) -> Result<Vec<Step>, StatusError> {
        self.all(sql::STATUS_THROUGHPUT, &[&span_s, &step_s]).await
    }

    async fn one<T: DeserializeOwned>(
        &self,
        statement: &str,
        parameters: Parameters<'_>,
    ) -> Result<Option<T>, StatusError> {
        Ok(self.all(statement, parameters).await?.pop())
    }

    /// The column `report` of all rows.
    async fn all<T: DeserializeOwned>(
        &self,
        statement: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<T>, StatusError> {
        let rows = self.queue.rows(statement, parameters).await?;
        rows.iter()
            .map(|row| {
                let report: Value = row.try_get("report").map_err(DbError::from)?;
                Ok(serde_json::from_value(report)?)
            })
            .collect()
    }
}
