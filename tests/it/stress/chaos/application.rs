//! The recording application: it inserts sessions all the time, also during faults.

use std::time::Duration;

use fastrand::Rng;
use heimdall_daemon::sandbox::objects::{Metadata, Objects};
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::{Client, Error, NoTls};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::draw_weighted;
use super::objects::{self, LATE};
use crate::support::{BUCKET, Bench, recordings};

/// Most measurements of a session.
const MOST_MEASUREMENTS: usize = 5;
/// Longest pause between two sessions.
const LONGEST_PAUSE_MS: u64 = 250;
/// Longest time between a measurement and its late object.
const LATEST_MS: u64 = 3_000;
/// Time-out of the application's statements.
const STATEMENT_LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Application {
    stop: CancellationToken,
    running: JoinHandle<u32>,
}

impl Application {
    pub(super) async fn start(bench: &Bench, seed: u64) -> Self {
        bench
            .execute("INSERT INTO heimdall.websdr_stations (name, latitude, longitude) VALUES ('Torino', 45.04, 7.67)")
            .await;
        let stop = CancellationToken::new();
        let recorder = Recorder {
            url: bench.url().await,
            objects: bench.store.objects().clone(),
            rng: Rng::with_seed(!seed),
            late: 0,
            uploads: JoinSet::new(),
        };
        let running = tokio::spawn(recorder.run(stop.clone()));
        Self { stop, running }
    }

    /// Stops after the last late object is uploaded. Returns the number of sessions inserted.
    pub(super) async fn stop(self) -> u32 {
        self.stop.cancel();
        self.running.await.expect("the application does not panic")
    }
}

struct Recorder {
    url: String,
    objects: Objects,
    rng: Rng,
    late: u32,
    uploads: JoinSet<()>,
}

impl Recorder {
    async fn run(mut self, stop: CancellationToken) -> u32 {
        let (mut client, mut sessions) = (None, 0);
        while !stop.is_cancelled() {
            let inserted = tokio::time::timeout(STATEMENT_LIMIT, self.insert_session(&mut client)).await;
            match inserted {
                Ok(Ok(())) => sessions += 1,
                // The server is unavailable, or a fault has ended the connection.
                _ => client = None,
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(10..LONGEST_PAUSE_MS))).await;
        }
        while self.uploads.join_next().await.is_some() {}
        sessions
    }

    /// Inserts a session. What was committed before an error stays.
    async fn insert_session(&mut self, connection: &mut Option<Client>) -> Result<(), Error> {
        if connection.is_none() {
            let (client, driver) = tokio_postgres::connect(&self.url, NoTls).await?;
            tokio::spawn(driver);
            *connection = Some(client);
        }
        let Some(client) = connection else { return Ok(()) };
        let id = Uuid::from_u128(self.rng.u128(..));
        let locations = self.locations();
        // One in ten has no triggers: the sweep or a backfill must find it.
        let unseen = self.rng.u32(..10) == 0;
        let transaction = client.transaction().await?;
        if unseen {
            transaction
                .batch_execute("SET LOCAL session_replication_role = replica")
                .await?;
        }
        let session = "INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds)
                       VALUES ($1, $2, 145000000, 1)";
        let status = if unseen { "completed" } else { "recording" };
        transaction.execute(session, &[&id, &status]).await?;
        let (last, first) = locations.split_last().expect("at least one");
        let after = !unseen && self.rng.u32(..5) == 0;
        for location in if after { first } else { &locations } {
            transaction
                .execute(MEASUREMENT, &[location, &id, &recordings::SAMPLE_RATE_HZ])
                .await?;
        }
        transaction.commit().await?;
        if !unseen {
            let complete = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = $1";
            client.execute(complete, &[&id]).await?;
        }
        if after {
            client
                .execute(MEASUREMENT, &[last, &id, &recordings::SAMPLE_RATE_HZ])
                .await?;
        }
        Ok(())
    }

    fn locations(&mut self) -> Vec<String> {
        let classes = objects::classes();
        (0..self.rng.usize(1..=MOST_MEASUREMENTS))
            .map(|_| {
                let weights = classes.iter().map(|class| class.weight);
                match classes[draw_weighted(&mut self.rng, weights)].location {
                    LATE => self.late_location(),
                    location => location.to_owned(),
                }
            })
            .collect()
    }

    /// A new key whose object is uploaded later.
    fn late_location(&mut self) -> String {
        self.late += 1;
        let key = format!("{LATE}{}", self.late);
        let (objects, appears) = (self.objects.clone(), key.clone());
        let delay = Duration::from_millis(self.rng.u64(..LATEST_MS));
        self.uploads.spawn(async move {
            tokio::time::sleep(delay).await;
            objects.put(BUCKET, &appears, objects::late_object(), Metadata::new());
        });
        key
    }
}

const MEASUREMENT: &str = "INSERT INTO heimdall.measurements
    (websdr_station_id, frequency_hz, iq_data_location, recording_session_id, iq_sample_rate)
    SELECT id, 145000000, $1, $2, $3::float8 FROM heimdall.websdr_stations LIMIT 1";
