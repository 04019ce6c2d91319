//! Actions, through to their effect and their record.

use super::{Site, TOKEN};
use crate::support::{Bench, recordings};

/// The last record: operator, address, action, measurements, and whether it was refused.
async fn last_record(bench: &Bench) -> (String, String, String, Option<i64>, bool) {
    let row = bench
        .row_of(
            "SELECT operator, address, action, measurements, failure IS NOT NULL, database_user
             FROM heimdall.page_actions ORDER BY id DESC LIMIT 1",
            &[],
        )
        .await;
    assert_eq!(row.get::<_, &str>(5), "administrator");
    (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))
}

fn by_zoe(action: &str, measurements: Option<i64>, refused: bool) -> (String, String, String, Option<i64>, bool) {
    (
        "Zoë".to_owned(),
        "127.0.0.1".to_owned(),
        action.to_owned(),
        measurements,
        refused,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_retried_and_the_record_says_who_did_it() {
    let bench = Bench::new().await;
    let session = bench.record(&["late-0.bin", "late-1.bin"]).await;
    let site = Site::start(&bench).await;
    bench.complete(&session).await;
    bench.rows_without_delays(&session).await;
    for key in ["late-0.bin", "late-1.bin"] {
        bench.put(key, recordings::tone());
    }
    let cookie = site.sign_in("Zoë", TOKEN).await;
    let one = session.measurements[0];
    let measurement = format!("/actions/plan?action=retry_measurement&id={one}");
    site.act(&cookie, &measurement).await.expect(303, &[]);
    assert_eq!(last_record(&bench).await, by_zoe("retry_measurement", Some(1), false));
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 1)
        .await;

    let plan = "/actions/plan?action=retry_failed&kind=not_found";
    site.get_as(&cookie, plan)
        .await
        .expect(200, &["1 measurement that failed"]);
    let done = site.act(&cookie, plan).await.expect(303, &[]);
    assert!(done.leads_to().starts_with("/actions?done="));
    assert_eq!(last_record(&bench).await, by_zoe("retry_failed", Some(1), false));
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 2)
        .await;
    site.daemon
        .assert_logged("action on the page action=\"retry_failed\"", 1)
        .await;
    let contents = ["Zoë", "administrator", "retry_failed", "not_found"];
    site.get_as(&cookie, done.leads_to()).await.expect(200, &contents);

    // It has features now. The plan says so, and the database refuses who sends the form anyway.
    let page = site
        .get_as(&cookie, &measurement)
        .await
        .expect(200, &["It is done"])
        .text();
    assert!(!page.contains("id=\"confirm\""), "{page}");
    let fields = super::hidden_fields(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let refused = site.post_with("/actions", &fields, &[("cookie", &cookie)]).await;
    refused.expect(409, &["has features"]);
    assert_eq!(last_record(&bench).await, by_zoe("retry_measurement", None, true));
    site.daemon.stop().await;
}

/// A bench with five sessions of one recording each that were never extracted, a daemon that is paused
/// on the page, and a cookie.
async fn paused(bench: &Bench) -> (Site, String) {
    bench.history(5, "tone.bin", "completed").await;
    bench.execute("SELECT heimdall.recount_coverage()").await;
    let site = Site::start(bench).await;
    let cookie = site.sign_in("Zoë", TOKEN).await;
    let pause = "/actions/plan?action=pause_extraction&reason=the%20store%20moves";
    site.act(&cookie, pause).await.expect(303, &[]);
    assert_eq!(last_record(bench).await, by_zoe("pause_extraction", None, false));
    (site, cookie)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_and_a_backfill_do_what_their_plans_say() {
    let bench = Bench::new().await;
    let (site, cookie) = paused(&bench).await;
    site.get("/").await.expect(200, &["the store moves"]);
    for (plan, status, says) in [
        ("pause_extraction&reason=again", 200, "paused already"),
        ("pause_extraction&reason=", 400, "needs a reason"),
        ("request_backfill&sessions=0", 400, "from 1 to"),
        ("request_backfill&sessions=3&until=soon", 400, "is no time"),
        (
            "request_backfill&sessions=3&until=2000-01-01",
            200,
            "Nothing is missing",
        ),
        ("shut_down", 400, "no such action"),
    ] {
        let answer = site.get_as(&cookie, &format!("/actions/plan?action={plan}")).await;
        answer.expect(status, &[says]);
    }
    let backfill = "/actions/plan?action=request_backfill&sessions=3&since=2000-01-01T00:00";
    let plan = site.get_as(&cookie, backfill).await;
    plan.expect(200, &["3 measurements of 3 sessions"]);
    site.act(&cookie, backfill).await.expect(303, &[]);
    assert_eq!(last_record(&bench).await, by_zoe("request_backfill", Some(3), false));
    assert_eq!(bench.count("heimdall.feature_queue WHERE source = 'backfill'").await, 3);

    let queued = "SELECT measurement_id, recording_session_id, backfill_id FROM heimdall.feature_queue LIMIT 1";
    let row = bench.row_of(queued, &[]).await;
    let [measurement, session, id] = [0, 1, 2].map(|n| row.get::<_, uuid::Uuid>(n));
    for (action, id, measurements) in [
        ("prioritise", session, 1),
        ("cancel_measurement", measurement, 1),
        ("cancel_backfill", id, 2),
    ] {
        let plan = format!("/actions/plan?action={action}&id={id}");
        site.act(&cookie, &plan).await.expect(303, &[]);
        assert_eq!(last_record(&bench).await, by_zoe(action, Some(measurements), false));
    }
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_pause_everything_goes_on_and_what_is_done_is_extracted_again() {
    let bench = Bench::new().await;
    let (site, cookie) = paused(&bench).await;
    bench.put("tone.bin", recordings::tone());
    for action in ["request_backfill&sessions=1", "resume_extraction"] {
        let plan = format!("/actions/plan?action={action}");
        site.act(&cookie, &plan).await.expect(303, &[]);
    }
    assert_eq!(last_record(&bench).await, by_zoe("resume_extraction", None, false));
    bench
        .wait_count("heimdall.measurement_features WHERE NOT extraction_failed", 1)
        .await;
    bench.wait_count("heimdall.feature_queue", 0).await;
    let done = "SELECT measurement_id, recording_session_id FROM heimdall.measurement_features";
    let row = bench.row_of(done, &[]).await;
    let [measurement, session] = [0, 1].map(|n| row.get::<_, uuid::Uuid>(n));
    for (action, id) in [
        ("extract_measurement_again", measurement),
        ("extract_session_again", session),
    ] {
        let plan = format!("/actions/plan?action={action}&id={id}");
        site.act(&cookie, &plan).await.expect(303, &[]);
        assert_eq!(last_record(&bench).await, by_zoe("extract_again", Some(1), false));
        bench.wait_count("heimdall.feature_queue", 0).await;
    }
    site.daemon.stop().await;
}
