//! Transitions by the application and administrators, with their own SQL.

use uuid::Uuid;

use super::{System, measurement_id, session_id};
use crate::stress::model::state::SESSIONS;
use crate::stress::model::transition::Transition;

impl System {
    pub(super) async fn user_transition(&mut self, transition: &Transition) {
        match transition {
            Transition::Complete(sessions) => {
                let ids: Vec<Uuid> = sessions.iter().map(|&s| session_id(s)).collect();
                let complete = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = ANY ($1)";
                self.execute(complete, &[&ids]).await;
            }
            Transition::CompleteWithoutTriggers(s) => {
                self.execute("SET session_replication_role = replica", &[]).await;
                let complete = "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = $1";
                self.execute(complete, &[&session_id(*s)]).await;
                self.execute("RESET session_replication_role", &[]).await;
                self.unnoticed.set(true);
            }
            Transition::Reopen(s) => {
                let reopen = "UPDATE heimdall.recording_sessions SET status = 'recording' WHERE id = $1";
                self.execute(reopen, &[&session_id(*s)]).await;
            }
            Transition::DeleteSession(s) => {
                let delete = "DELETE FROM heimdall.recording_sessions WHERE id = $1";
                assert_eq!(self.execute(delete, &[&session_id(*s)]).await, 1);
            }
            Transition::InsertSession(s, completed) => {
                self.insert_session(*s, if *completed { "completed" } else { "recording" })
                    .await;
            }
            Transition::InsertMeasurement(m, object) => self.insert_measurement(*m, *object).await,
            Transition::DeleteMeasurement(m) => {
                let delete = "DELETE FROM heimdall.measurements WHERE id = $1";
                assert_eq!(self.execute(delete, &[&measurement_id(*m)]).await, 1);
            }
            Transition::PutObject(m) => {
                let put = "UPDATE heimdall.measurements SET iq_data_location = coalesce(iq_data_location, 'at/last') || '.2' WHERE id = $1";
                self.execute(put, &[&measurement_id(*m)]).await;
            }
            Transition::RemoveObject(m) => {
                let remove = "UPDATE heimdall.measurements SET iq_data_location = NULL WHERE id = $1";
                self.execute(remove, &[&measurement_id(*m)]).await;
            }
            Transition::MoveMeasurement(m, s) => {
                let rename = "UPDATE heimdall.measurements SET recording_session_id = $2 WHERE id = $1";
                self.execute(rename, &[&measurement_id(*m), &session_id(*s)]).await;
            }
            Transition::TruncateMeasurements => {
                self.execute("TRUNCATE heimdall.measurements", &[]).await;
                self.unnoticed.set(true);
            }
            by_administrator => self.administrator_transition(by_administrator).await,
        }
    }

    async fn administrator_transition(&mut self, transition: &Transition) {
        match transition {
            Transition::Backfill { sessions, failed_too } => {
                let request = "SELECT backfill_id FROM heimdall.request_backfill(1, $1::int, $2::bool)";
                let sessions = i32::try_from(*sessions).expect("a handful");
                let row = self
                    .sql
                    .query_one(request, &[&sessions, failed_too])
                    .await
                    .expect("requested");
                self.backfills.push(row.get(0));
            }
            Transition::Cancel(b) => {
                let cancel = "SELECT heimdall.cancel_backfill($1)";
                self.execute(cancel, &[&self.backfills[*b]]).await;
            }
            Transition::Retry(kind) => {
                self.execute("SELECT heimdall.retry_failed($1::text)", &[kind]).await;
            }
            Transition::Pause => {
                self.execute("SELECT heimdall.pause_extraction('model')", &[]).await;
            }
            Transition::Resume => {
                self.execute("SELECT heimdall.resume_extraction()", &[]).await;
            }
            other => unreachable!("{other:?} is a transition by daemons"),
        }
    }

    pub(super) async fn insert_session(&self, s: usize, status: &str) {
        let insert = "INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
                      VALUES ($1, $2::text, 145000000, 1, timestamptz '2026-01-01 00:00Z' + $3::float8 * interval '1 hour')";
        self.execute(insert, &[&session_id(s), &status, &(s as f64)]).await;
    }

    pub(super) async fn insert_measurement(&self, m: usize, object: bool) {
        let insert = "INSERT INTO heimdall.measurements (id, recording_session_id, iq_data_location, created_at)
                      VALUES ($1, $2, CASE WHEN $3::bool THEN 'first.bin' END, timestamptz '2026-01-02 00:00Z' + $4::float8 * interval '1 hour')";
        self.execute(
            insert,
            &[&measurement_id(m), &session_id(m % SESSIONS), &object, &(m as f64)],
        )
        .await;
    }
}
