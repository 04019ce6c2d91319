//! The application that records: it uses a login with rights only on the application's tables.

use anyhow::{Context, Result};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::environment::DATABASE;
use super::receivers::{Receiver, UploadContent};
use super::timeline::Timeline;
use crate::config::settings::DEFAULT_BUCKET;
use crate::sandbox::objects::{Metadata, Objects};
use crate::sandbox::postgres::Cluster;

/// The application's login, made by `logins.sql`.
const LOGIN: &str = "heimdall_application";
/// Is replaced by the time of the recording in an object's name.
const STARTED: &str = "{started}";

/// A connection of the application.
pub struct Application {
    client: Client,
}

/// A session with what was stored for it.
#[derive(Debug)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Its measurements, in the order of the receivers.
    pub measurements: Vec<Measurement>,
    /// Bytes of all objects.
    pub uploaded_bytes: u64,
}

/// One receiver's measurement.
#[derive(Debug)]
pub struct Measurement {
    /// Its id.
    pub id: Uuid,
    /// Key of its object.
    pub key: String,
}

impl Application {
    /// Logs in.
    ///
    /// # Errors
    /// If the server refuses the connection.
    pub async fn connect(cluster: &Cluster) -> Result<Self> {
        let url = cluster.url_as(LOGIN, DATABASE);
        let (client, connection) = tokio_postgres::connect(&url, NoTls)
            .await
            .context("the application's login")?;
        // Ends with the client.
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// Inserts a session and the receivers' stations and measurements, and stores the recordings.
    /// Takes the content of the uploads out of `receivers`.
    ///
    /// # Errors
    /// If a statement fails or a file cannot be read.
    pub async fn record(
        &self,
        receivers: &mut [Receiver],
        duration_seconds: f64,
        objects: &Objects,
        timeline: &Timeline,
    ) -> Result<Session> {
        let frequency_hz = receivers.first().map_or(0, |receiver| receiver.frequency_hz);
        let statement = include_str!("sql/insert_session.sql");
        let row = self
            .client
            .query_one(statement, &[&frequency_hz, &duration_seconds])
            .await;
        let row = row.context("starting a session")?;
        let (id, day, started): (Uuid, String, String) = (row.get("id"), row.get("day"), row.get("started"));
        let mut session = Session {
            id,
            measurements: Vec::new(),
            uploaded_bytes: 0,
        };
        timeline.name_session(&id.to_string());
        for receiver in receivers {
            let station = self.insert_station(receiver).await?;
            let folder = format!("{day}/{station}/{}", receiver.frequency_hz);
            let key_of = |name: &str| format!("{folder}/{}", name.replace(STARTED, &started));
            for upload in receiver.uploads.drain(..) {
                let (key, metadata) = (key_of(&upload.name), Metadata::new());
                session.uploaded_bytes += match upload.content {
                    UploadContent::Bytes(bytes) => objects.put(DEFAULT_BUCKET, &key, bytes, metadata),
                    UploadContent::File(path) => objects.put_file(DEFAULT_BUCKET, &key, path, metadata)?,
                };
            }
            let key = key_of(&receiver.object_name);
            let statement = include_str!("sql/insert_measurement.sql");
            let row = (self.client)
                .query_one(statement, &[&id, &station, &receiver.frequency_hz, &key])
                .await;
            let measurement = row.context("inserting a measurement")?.get("id");
            timeline.set_name(measurement, &receiver.station);
            session.measurements.push(Measurement { id: measurement, key });
        }
        Ok(session)
    }

    /// Sets the session's status. The application does nothing else for the extraction.
    ///
    /// # Errors
    /// If the statement fails.
    pub async fn complete(&self, session: &Session) -> Result<()> {
        let statement = include_str!("sql/complete_session.sql");
        let updated = self.client.execute(statement, &[&session.id]).await;
        updated.context("completing the session").map(drop)
    }

    async fn insert_station(&self, receiver: &Receiver) -> Result<Uuid> {
        let (latitude, longitude) = receiver.coordinates;
        let statement = include_str!("sql/insert_station.sql");
        let row = (self.client)
            .query_one(statement, &[&receiver.station, &latitude, &longitude])
            .await
            .with_context(|| format!("inserting station {}", receiver.station))?;
        Ok(row.get("id"))
    }
}
