//! `heimdalld session`.

use uuid::Uuid;

use super::{HOSTILE, json, printed, refused, run};
use crate::support::daemon::Daemon;
use crate::support::{Bench, recordings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_shows_each_receiver_and_what_it_waits_for() {
    let bench = Bench::new().await;
    bench.put("a.bin", recordings::tone());
    bench.put("b.bin", b"RIFF".to_vec());
    let session = bench.record(&["a.bin", "b.bin", "gone.bin"]).await;
    let rename = "UPDATE heimdall.websdr_stations SET name = $1::text WHERE name = 'Station 2'";
    bench.sql.execute(rename, &[&HOSTILE]).await.expect("renamed");
    let id = session.id.to_string();
    let (status, text) = printed(&run(&bench, "daemon", &["session", &id]).await);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("does not count as completed") && text.contains("its session"),
        "{text}"
    );

    let daemon = Daemon::start(&bench).await;
    bench.complete(&session).await;
    bench.rows(&session).await;
    daemon.stop().await;
    bench
        .execute(
            "UPDATE heimdall.feature_queue SET state = 'waiting', due_at = now() + interval '22 s', recheck = true,
                 attempt = 1, claim_id = NULL, worker_id = NULL, claimed_at = NULL",
        )
        .await;
    let (status, text) = printed(&run(&bench, "daemon", &["session", &id]).await);
    assert_eq!(status, Some(0));
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    for words in [
        "completed, coverage partial, 3 measurements",
        "145.0000 MHz",
        "Station 1",
        "done",
        "yes",
        "invalid_format",
        "not_found, next try",
        "Station 3: IQ file not found: gone.bin",
        "Zürich \\u{1b}[2J",
    ] {
        assert!(text.contains(words), "'{words}' is not in {text}");
    }
    let report = json(&run(&bench, "daemon", &["session", &id, "--json"]).await);
    assert_eq!(report["receivers"][1]["rx_id"], "Station 3");
    assert_eq!(report["receivers"][2]["rx_id"], HOSTILE);
    assert!(report["receivers"][0]["mean_snr_db"].is_f64());

    let unknown = Uuid::from_u128(7).to_string();
    let (status, text) = refused(&run(&bench, "daemon", &["session", &unknown]).await);
    assert_eq!(status, Some(1));
    assert_eq!(text, format!("heimdalld: there is no session {unknown}\n"));
    let measurement = session.measurements[0].to_string();
    let (status, text) = refused(&run(&bench, "daemon", &["session", &measurement]).await);
    assert_eq!(status, Some(1));
    assert!(
        text.contains(&format!("is a measurement of the session {id}")),
        "{text}"
    );
    let (status, _) = refused(&run(&bench, "daemon", &["session", "seven"]).await);
    assert_eq!(status, Some(64));
}
