//! Others who hold what the daemons need, for longer than the daemons wait: locks of rows, advisory
//! locks, a slow trigger on the results.

use std::time::Duration;

use tokio_postgres::NoTls;

use super::faults::FaultKind;

/// What the holder does before it idles in its transaction.
fn statement(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::QueueRowsLocked => {
            "SELECT FROM heimdall.feature_queue ORDER BY random() LIMIT 5 FOR UPDATE SKIP LOCKED"
        }
        FaultKind::ResultsLocked => {
            "SELECT FROM heimdall.measurement_features ORDER BY timestamp DESC LIMIT 20 FOR UPDATE SKIP LOCKED"
        }
        // Advisory locks are a key space of everybody's; the daemons must not need them.
        FaultKind::SessionsLocked => {
            "SELECT pg_advisory_xact_lock(hashtextextended(id::text, 0)) FROM heimdall.recording_sessions;
             SELECT pg_advisory_xact_lock(hashtextextended('heimdall.enqueue', 0));
             SELECT FROM heimdall.session_locks WHERE random() < 0.2 FOR UPDATE SKIP LOCKED"
        }
        FaultKind::ApplicationIdles => {
            "UPDATE heimdall.measurements SET iq_data_location = iq_data_location
             WHERE id IN (SELECT id FROM heimdall.measurements ORDER BY created_at DESC LIMIT 20);
             UPDATE heimdall.recording_sessions SET updated_at = now()
             WHERE id IN (SELECT id FROM heimdall.recording_sessions ORDER BY created_at DESC LIMIT 5)"
        }
        other => unreachable!("{other:?} holds nothing"),
    }
}

/// Holds it for this time in a transaction of its own. Another fault may end it earlier.
pub(super) async fn hold(url: String, kind: FaultKind, time: Duration) {
    let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await else {
        return;
    };
    let connection = tokio::spawn(connection);
    let begin = format!("SET lock_timeout = '300ms'; BEGIN; {}", statement(kind));
    if client.batch_execute(&begin).await.is_ok() {
        tokio::time::sleep(time).await;
        drop(client.batch_execute("ROLLBACK").await);
    }
    drop(client);
    drop(connection.await);
}

/// Some rows of results take longer than the daemons wait for a statement.
pub(super) const SLOW_TRIGGER: &str = "
    CREATE OR REPLACE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF random() < 0.3 THEN
            PERFORM pg_sleep(random() * 12);
        END IF;
        RETURN NEW;
    END $$;
    SET lock_timeout = '2s';
    CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON heimdall.measurement_features FOR EACH ROW EXECUTE FUNCTION public.slow();
    RESET lock_timeout";
/// Ends it. It waits for the slow statements, which end within 12 s.
pub(super) const NO_TRIGGER: &str = "DROP TRIGGER IF EXISTS slow ON heimdall.measurement_features";
