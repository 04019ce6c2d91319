//! Orders of transactions that only two connections can show. Each test holds one transaction open while another one
//! overtakes it.

use tokio::task::JoinHandle;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::daemon::Daemon;
use crate::support::notifications::listen;
use crate::support::{Bench, Session, connect, recordings, wait_until};

const EXPAND: &str = "SELECT notes, queued, set_aside FROM heimdall.expand_notes()";

/// A completed session of two measurements, which are queued, and time for an expansion to be overtaken.
async fn queued() -> (Bench, Session) {
    let bench = Bench::new().await;
    let session = bench.record(&["v1", "v1"]).await;
    bench.complete(&session).await;
    bench.expand().await;
    bench
        .execute("ALTER FUNCTION heimdall.expand_notes SET lock_timeout = '30s'")
        .await;
    (bench, session)
}

async fn relocate(bench: &Bench, measurement: Uuid, location: Option<&str>) {
    let update = "UPDATE heimdall.measurements SET iq_data_location = $2 WHERE id = $1";
    let updated = bench.sql.execute(update, &[&measurement, &location]).await;
    assert_eq!(updated.expect("updated"), 1);
}

/// A connection that holds the queue row of a measurement.
async fn hold(bench: &Bench, measurement: Uuid) -> Client {
    let (client, _) = connect(&bench.url().await).await;
    client.batch_execute("BEGIN").await.expect("begun");
    let lock = "SELECT FROM heimdall.feature_queue WHERE measurement_id = $1 FOR UPDATE";
    assert_eq!(client.query(lock, &[&measurement]).await.expect("locked").len(), 1);
    client
}

/// An expansion on a connection of its own, which waits for a lock when this returns.
async fn waiting_expansion(bench: &Bench) -> JoinHandle<()> {
    let (client, _) = connect(&bench.url().await).await;
    let expanding = tokio::spawn(async move {
        client.query_one(EXPAND, &[]).await.expect("expanded");
    });
    wait_until("the expansion waits for the lock", || async {
        let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        bench.count(waits).await > 0
    })
    .await;
    expanding
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expansion_that_is_overtaken_undoes_nothing() {
    let (bench, session) = queued().await;
    let [locked, other] = session.measurements[..] else {
        panic!("two")
    };
    // The first expansion sees a measurement without an object, and waits for another one's row.
    relocate(&bench, locked, Some("v2")).await;
    relocate(&bench, other, None).await;
    let holder = hold(&bench, locked).await;
    let expanding = waiting_expansion(&bench).await;
    // The second one sees that it has an object again.
    relocate(&bench, other, Some("v3")).await;
    bench.expand().await;
    holder.batch_execute("COMMIT").await.expect("committed");
    expanding.await.expect("expanded");

    // What the first one could not compare is noted again.
    bench.expand().await;
    assert_eq!(bench.count("heimdall.feature_queue WHERE state = 'ready'").await, 2);
    assert_eq!(bench.count("heimdall.change_notes").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_somebody_else_delays_one_note_and_not_the_others() {
    let bench = Bench::new().await;
    let (one, other) = (bench.record(&["a"]).await, bench.record(&["a"]).await);
    bench.complete(&one).await;
    bench.expand().await;
    let holder = hold(&bench, one.measurements[0]).await;
    relocate(&bench, one.measurements[0], Some("b")).await;
    bench.complete(&other).await;
    let expanded = bench.row_of(EXPAND, &[]).await;
    assert_eq!(
        (expanded.get(0), expanded.get(1), expanded.get(2)),
        (2_i64, 1_i64, 0_i64),
        "two notes, one measurement queued, nothing set aside"
    );
    assert_eq!(
        bench
            .count("heimdall.change_notes WHERE due_at > clock_timestamp() AND failure IS NULL")
            .await,
        1
    );
    holder.batch_execute("COMMIT").await.expect("committed");
    wait_until("the other note is expanded five seconds later", || async {
        bench.expand().await;
        bench.count("heimdall.change_notes").await == 0
    })
    .await;
    assert_eq!(bench.count("heimdall.feature_queue WHERE attempt = 0").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_reads_what_was_committed_before_it_got_the_row() {
    let (bench, session) = queued().await;
    let [measurement, _] = session.measurements[..] else {
        panic!("two")
    };
    let register = "INSERT INTO heimdall.worker_heartbeats (host, pid, version, concurrency, lease_ms, schema_version)
                    VALUES ('test', 1, '0', 4, 3600000, 11) RETURNING worker_id";
    let worker: Uuid = bench.value(register, &[]).await;
    relocate(&bench, measurement, Some("v2")).await;
    let claim = "SELECT measurement_id, iq_data_location, source_fingerprint FROM heimdall.claim_measurements($1, 2)";
    let claims = bench.sql.query(claim, &[&worker]).await.expect("claimed");
    for claim in claims {
        let queued = "SELECT source_fingerprint FROM heimdall.feature_queue WHERE measurement_id = $1";
        let id: Uuid = claim.get(0);
        assert_eq!(claim.get::<_, &str>(1), if id == measurement { "v2" } else { "v1" });
        assert_eq!(claim.get::<_, i64>(2), bench.value::<i64>(queued, &[&id]).await);
    }
    // The claim has read the new object already, so it goes on.
    bench.expand().await;
    assert_eq!(bench.count("heimdall.feature_queue WHERE state = 'claimed'").await, 2);
}

/// A statement that queues measurements, held between what it has read and its rows until the advisory lock of the client is
/// released. Returns the number in its column `queued`.
async fn held(bench: &Bench, statement: &'static str) -> (Client, JoinHandle<i64>) {
    bench
        .execute(
            "CREATE FUNCTION held_insert() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF current_setting('test.held', true) = 'on' THEN PERFORM pg_advisory_xact_lock(1); END IF;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER held_insert BEFORE INSERT ON heimdall.feature_queue
                 FOR EACH ROW EXECUTE FUNCTION held_insert()",
        )
        .await;
    let (holder, _) = connect(&bench.url().await).await;
    holder
        .batch_execute("SELECT pg_advisory_lock(1)")
        .await
        .expect("locked");
    let (client, _) = connect(&bench.url().await).await;
    client.batch_execute("SET test.held = on").await.expect("set");
    let queueing = tokio::spawn(async move {
        let row = client.query_one(statement, &[]).await.expect("done");
        row.get::<_, i64>("queued")
    });
    wait_until("the statement is about to queue", || async {
        let waits = "pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
        bench.count(waits).await == 1
    })
    .await;
    (holder, queueing)
}

/// Lets the statement go on, which must queue nothing.
async fn released(bench: &Bench, (holder, queueing): (Client, JoinHandle<i64>)) {
    holder
        .batch_execute("SELECT pg_advisory_unlock(1)")
        .await
        .expect("unlocked");
    assert_eq!(queueing.await.expect("ended"), 0, "queued");
    bench.wait_count("heimdall.change_notes", 0).await;
    // A missing object is looked for again later.
    bench
        .wait_count("heimdall.feature_queue WHERE state <> 'waiting'", 0)
        .await;
}

/// Holds a statement that would queue the measurement of a completed session. Meanwhile a daemon queues it, processes its
/// object and announces the session. Checks that nothing is done twice.
async fn overtaken(statement: &'static str, object: Option<&[u8]>) {
    let bench = Bench::new().await;
    if let Some(bytes) = object {
        bench.put("a.bin", bytes);
    }
    let (listener, mut notifications) = listen(&bench.url().await, &["heimdall_features_ready"]).await;
    let session = bench.record(&["a.bin"]).await;
    bench.complete(&session).await;
    let queueing = held(&bench, statement).await;
    let daemon = Daemon::start(&bench).await;
    assert_eq!(bench.rows(&session).await.len(), 1);
    released(&bench, queueing).await;
    assert_eq!(bench.count("heimdall.feature_queue").await, i64::from(object.is_none()));
    let tries = ["extracted features", "extraction failed"].map(|line| daemon.log_lines(line).len());
    assert_eq!(tries.iter().sum::<usize>(), 1, "{tries:?}");
    daemon.stop().await;
    listener.batch_execute("SELECT 1").await.expect("the listener answers");
    let announced = std::iter::from_fn(|| notifications.try_recv().ok()).count();
    assert_eq!(announced, 1, "announced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_overtaken_by_an_extraction_does_nothing_twice() {
    // It takes one note, that of the measurement; the daemon has that of the session.
    let expansion = "SELECT queued FROM heimdall.expand_notes(1)";
    let backfill = "SELECT measurements_queued AS queued FROM heimdall.request_backfill()";
    for statement in [expansion, backfill] {
        overtaken(statement, Some(&recordings::tone())).await;
        overtaken(statement, Some(b"short")).await;
        overtaken(statement, None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_is_overtaken_by_an_extraction_queues_nothing() {
    let bench = Bench::new().await;
    bench.put("a.bin", b"short");
    let session = bench.record(&["a.bin"]).await;
    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    assert!(bench.rows(&session).await[0].failed);
    bench.put("a.bin", recordings::tone());
    let request = "SELECT measurements_queued AS queued FROM heimdall.retry_failed()";
    let queueing = held(&bench, request).await;
    bench
        .execute(&format!(
            "SELECT heimdall.retry_measurement('{}')",
            session.measurements[0]
        ))
        .await;
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 1)
        .await;
    released(&bench, queueing).await;
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    assert_eq!(daemon.log_lines("extracted features").len(), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_session_is_announced_once_whatever_the_default_isolation_level_is() {
    const SESSIONS: usize = 40;
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    let level = format!(
        "ALTER DATABASE \"{}\" SET default_transaction_isolation = 'repeatable read'",
        bench.database
    );
    bench.execute(&level).await;
    let (listener, mut notifications) = listen(&bench.url().await, &["heimdall_features_ready"]).await;
    let (one, other) = (Daemon::start(&bench).await, Daemon::start(&bench).await);
    for _ in 0..SESSIONS {
        let session = bench.record(&["a.bin", "a.bin", "a.bin"]).await;
        bench.complete(&session).await;
    }
    let rows = i64::try_from(3 * SESSIONS).expect("a few");
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", rows)
        .await;
    // A session whose lock is held is announced by the expansion of a note.
    bench.wait_count("heimdall.change_notes", 0).await;
    one.stop().await;
    other.stop().await;
    // The server sends what has been notified before it answers.
    listener.batch_execute("SELECT 1").await.expect("the listener answers");
    let mut announced = Vec::new();
    while let Ok((_, session)) = notifications.try_recv() {
        announced.push(session);
    }
    announced.sort_unstable();
    let total = announced.len();
    announced.dedup();
    assert_eq!((announced.len(), total), (SESSIONS, SESSIONS));
}
