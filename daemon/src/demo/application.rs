//! The application's part: what the acquisition service does, as a login that may touch nothing
//! but the application's own tables.

use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::narrator::Narrator;
use super::scene::{Receiver, UploadContent};
use crate::sandbox::error::{Context, Result};
use crate::sandbox::objects::Objects;
use crate::sandbox::postgres::Cluster;

/// The application's login, made by `logins.sql`.
const LOGIN: &str = "heimdall_application";
/// What stands for the time of the recording in an object's name.
const STARTED: &str = "{started}";

/// The application, connected.
pub struct Application {
    client: Client,
}

/// A session with all that was put in for it.
#[derive(Debug)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// Its measurements, in the order of the receivers.
    pub measurements: Vec<Measurement>,
    /// Bytes put into the store.
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
    /// When the server refuses.
    pub async fn connect(cluster: &Cluster, database: &str) -> Result<Self> {
        let url = cluster.url_as(LOGIN, database);
        let (client, connection) = tokio_postgres::connect(&url, NoTls)
            .await
            .context("the application's login")?;
        // Ends with the client.
        tokio::spawn(connection);
        Ok(Self { client })
    }

    /// Enters the receivers and a session, puts the recordings into `bucket`, and enters a measurement for each.
    ///
    /// # Errors
    /// When a statement fails or a file cannot be read.
    pub async fn record(
        &self,
        receivers: &mut [Receiver],
        duration_seconds: f64,
        (objects, bucket): (&Objects, &str),
        narrator: &Narrator,
    ) -> Result<Session> {
        let frequency_hz = receivers.first().map_or(0, |receiver| receiver.frequency_hz);
        let row = self
            .client
            .query_one(
                include_str!("sql/insert_session.sql"),
                &[&frequency_hz, &duration_seconds],
            )
            .await;
        let row = row.context("starting a session")?;
        let (id, day, started): (Uuid, String, String) = (row.get("id"), row.get("day"), row.get("started"));
        let mut session = Session {
            id,
            measurements: Vec::new(),
            uploaded_bytes: 0,
        };
        for receiver in receivers {
            let station = self.enter_station(receiver).await?;
            let folder = format!("{day}/{station}/{}", receiver.frequency_hz);
            let key_of = |name: &str| format!("{folder}/{}", name.replace(STARTED, &started));
            for upload in &mut receiver.uploads {
                let (key, metadata) = (key_of(&upload.name), std::mem::take(&mut upload.metadata));
                session.uploaded_bytes += match &mut upload.content {
                    UploadContent::Bytes(bytes) => objects.put(bucket, &key, std::mem::take(bytes), metadata),
                    UploadContent::File(path) => objects.put_file(bucket, &key, path.clone(), metadata)?,
                };
            }
            let key = key_of(&receiver.object_name);
            let parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
                &[&id, &station, &receiver.frequency_hz, &key];
            let row = self
                .client
                .query_one(include_str!("sql/insert_measurement.sql"), parameters)
                .await;
            let measurement = row.context("entering a measurement")?.get("id");
            narrator.call(measurement, receiver.station.clone());
            session.measurements.push(Measurement { id: measurement, key });
        }
        Ok(session)
    }

    /// Sets the session's status, which is all that the application ever does about features.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn complete(&self, session: &Session) -> Result<()> {
        let updated = self
            .client
            .execute(include_str!("sql/complete_session.sql"), &[&session.id])
            .await;
        updated.context("completing the session").map(drop)
    }

    async fn enter_station(&self, receiver: &Receiver) -> Result<Uuid> {
        let (latitude, longitude) = receiver.coordinates;
        let row = self
            .client
            .query_one(
                include_str!("sql/insert_station.sql"),
                &[&receiver.station, &latitude, &longitude],
            )
            .await;
        Ok(row.context(format!("entering station {}", receiver.station))?.get("id"))
    }
}
