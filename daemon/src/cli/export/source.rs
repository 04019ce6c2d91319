//! What an export reads from the database.

use std::collections::HashMap;

use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream, Statement, Transaction};
use uuid::Uuid;

use super::columns::{Columns, Meaning};
use super::error::ExportError;
use super::files::Format;
use super::folder::Selection;
use crate::cli::database::Session;
use crate::config::credentials::DatabaseUrl;
use crate::postgres::error::DbError;
use crate::sql;

/// A day whose sessions have features.
pub(super) struct Found {
    /// `2026-11-28`.
    pub(super) name: String,
    /// Its sessions that have features.
    pub(super) sessions: u64,
    /// Changes with its samples.
    pub(super) mark: String,
}

/// The database, and what every day needs of it.
pub(super) struct Source {
    session: Session,
    samples: Statement,
    columns: Columns,
    dictionary: Vec<Value>,
    sessions: Option<Vec<Uuid>>,
}

impl Source {
    /// Connects. Reads what the columns mean.
    pub(super) async fn open(url: &DatabaseUrl, sessions: Option<Vec<Uuid>>) -> Result<Self, ExportError> {
        let session = Session::open(url, "heimdalld export").await?;
        session.rows(sql::EXPORT_SETTINGS, &[]).await?;
        let mut meanings = HashMap::new();
        for row in session.rows(sql::EXPORT_COLUMNS, &[]).await? {
            let Value::Object(meaning) = row.try_get::<_, Value>(1)? else {
                continue;
            };
            let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
            let meaning: Meaning = meaning.into_iter().map(|(key, value)| (key, text(value))).collect();
            meanings.insert(row.try_get(0)?, meaning);
        }
        let dictionary = session.rows(sql::STATUS_DICTIONARY, &[]).await?;
        let dictionary: Result<_, _> = dictionary.iter().map(|row| row.try_get(0)).collect();
        let samples = session.prepare(sql::EXPORT_SAMPLES).await?;
        Ok(Self {
            columns: Columns::new(samples.columns(), &meanings)?,
            session,
            samples,
            dictionary: dictionary?,
            sessions,
        })
    }

    /// What a folder must have to be continued.
    pub(super) fn selection(&self, format: Format) -> Selection {
        Selection {
            format,
            sessions: self.sessions.clone(),
            columns: self.columns.names(),
        }
    }

    /// What each number means.
    pub(super) fn dictionary(&self) -> &[Value] {
        &self.dictionary
    }

    /// The sessions that were named.
    pub(super) fn sessions(&self) -> Option<&[Uuid]> {
        self.sessions.as_deref()
    }

    /// The first and the last day.
    pub(super) async fn span(&self, since: Option<&str>, until: Option<&str>) -> Result<(String, String), ExportError> {
        let rows = self.session.rows(sql::EXPORT_SPAN, &[&since, &until]).await?;
        let row = rows.first().ok_or(DbError::NoRow)?;
        let (first, last): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if last < first {
            return Err(ExportError::Usage("--until is not after --since".to_owned()));
        }
        Ok((first, last))
    }

    /// The days from `first` to `last` whose sessions have features.
    pub(super) async fn days(&self, first: &str, last: &str) -> Result<Vec<Found>, ExportError> {
        let rows = self
            .session
            .rows(sql::EXPORT_DAYS, &[&first, &last, &self.sessions])
            .await?;
        rows.iter().map(found).collect()
    }

    /// The receivers of these days.
    pub(super) async fn receivers(&self, first: &str, last: &str) -> Result<Vec<String>, ExportError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&first, &last, &self.sessions];
        receivers(&self.session.rows(sql::EXPORT_RECEIVERS, &parameters).await?)
    }

    /// A view of the database that does not change while a day is read.
    pub(super) async fn snapshot(&mut self) -> Result<Snapshot<'_>, ExportError> {
        Ok(Snapshot {
            transaction: self.session.snapshot().await?,
            samples: &self.samples,
            columns: &self.columns,
            dictionary: &self.dictionary,
            sessions: self.sessions.as_ref(),
        })
    }
}

/// The database as it is at one moment.
pub(super) struct Snapshot<'a> {
    transaction: Transaction<'a>,
    samples: &'a Statement,
    pub(super) columns: &'a Columns,
    pub(super) dictionary: &'a [Value],
    sessions: Option<&'a Vec<Uuid>>,
}

impl Snapshot<'_> {
    /// The day, if it has samples.
    pub(super) async fn day(&self, day: &str) -> Result<Option<Found>, ExportError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&day, &day, &self.sessions];
        let rows = self.transaction.query(sql::EXPORT_DAYS, &parameters).await?;
        rows.first().map(found).transpose()
    }

    /// Its receivers.
    pub(super) async fn receivers(&self, day: &str) -> Result<Vec<String>, ExportError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [&day, &day, &self.sessions];
        receivers(&self.transaction.query(sql::EXPORT_RECEIVERS, &parameters).await?)
    }

    /// Its samples, as the server sends them: it waits while nobody reads.
    pub(super) async fn samples(&self, day: &str) -> Result<RowStream, ExportError> {
        let parameters: [&(dyn ToSql + Sync); 2] = [&day, &self.sessions];
        Ok(self.transaction.query_raw(self.samples, parameters).await?)
    }
}

fn found(row: &Row) -> Result<Found, ExportError> {
    Ok(Found {
        name: row.try_get(0)?,
        sessions: row.try_get::<_, i64>(1)?.unsigned_abs(),
        mark: row.try_get(2)?,
    })
}

fn receivers(rows: &[Row]) -> Result<Vec<String>, ExportError> {
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
