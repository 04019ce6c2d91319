//! What nobody plans: locks, closed windows, replaced files, many of everything.

use std::io::Write as _;
use std::net::TcpStream;

use futures_util::future::join_all;

use super::{Site, TOKEN, encoded, hidden_fields};
use crate::support::{Bench, wait_until};

/// A lock that the overview waits for, and nothing else of the page.
const LOCK: &str = "BEGIN; LOCK TABLE heimdall.backfills IN ACCESS EXCLUSIVE MODE";

/// Waits until a connection of the page waits for a lock.
async fn wait_for_waiting(bench: &Bench, application: &str) {
    let waiting = format!("application_name = '{application}' AND wait_event_type = 'Lock'");
    wait_until("the page waits for the lock", || async {
        // A transaction sees the same connections all the time otherwise.
        bench.execute("SELECT pg_stat_clear_snapshot()").await;
        bench.count_connections(&waiting).await > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_wait_for_the_overview_share_its_failure() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    bench.execute(LOCK).await;
    // One after the other they would wait for longer than a connection may.
    for answer in join_all((0..30).map(|_| site.get("/"))).await {
        answer.expect(503, &["The database is slow", "lock timeout"]);
    }
    bench.execute("ROLLBACK").await;
    wait_until("the overview is there again", || async {
        site.get("/").await.status == 200
    })
    .await;
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_answered_survives_slow_clients() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    bench.execute(LOCK).await;
    let address = site.http.strip_prefix("http://").expect("an address");
    let flood = async {
        wait_for_waiting(&bench, "heimdalld page").await;
        let mut slow = Vec::new();
        for _ in 0..300 {
            let mut stream = TcpStream::connect(address).expect("it connects");
            stream
                .write_all(b"GET / HTTP/1.1\r\nHo")
                .expect("the start is accepted");
            slow.push(stream);
        }
        slow
    };
    let (answer, _slow) = tokio::join!(site.get("/"), flood);
    answer.expect(503, &["lock timeout"]);
    bench.execute("ROLLBACK").await;
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_is_recorded_though_the_window_is_closed() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let cookie = site.sign_in("Zoë", TOKEN).await;
    let plan = "/actions/plan?action=pause_extraction&reason=test";
    let page = site.get_as(&cookie, plan).await.text();
    let fields = hidden_fields(&page);
    let fields = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    let body = fields.collect::<Vec<_>>().join("&");
    bench
        .execute("BEGIN; SELECT FROM heimdall.extraction_control FOR UPDATE")
        .await;
    let address = site.http.strip_prefix("http://").expect("an address");
    let mut window = TcpStream::connect(address).expect("it connects");
    let head = format!(
        "POST /actions HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    );
    window.write_all(head.as_bytes()).expect("it reads");
    wait_for_waiting(&bench, "heimdalld page action").await;
    drop(window);
    bench.execute("COMMIT").await;
    // Done, or refused because the lock was held for too long.
    bench
        .wait_count("heimdall.page_actions WHERE action = 'pause_extraction'", 1)
        .await;
    site.daemon.stop().await;
}

/// Marks this many measurements without a row as failed.
async fn fail(bench: &Bench, measurements: i32) {
    let failed =
        "INSERT INTO heimdall.extracted_features (timestamp, measurement_id, receiver_features, overall_confidence,
            num_receivers_detected, extraction_failed, error_kind, error_message)
        SELECT m.created_at, m.id, '{}', 0, 0, true, 'crashed', 'x' FROM heimdall.measurements m
        WHERE NOT EXISTS (SELECT FROM heimdall.extracted_features f WHERE f.measurement_id = m.id) LIMIT $1::integer";
    bench.sql.execute(failed, &[&measurements]).await.expect("they fail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_has_grown_is_shown_again() {
    let bench = Bench::new().await;
    bench.history(40, "none.bin", "completed").await;
    bench.execute("SELECT heimdall.pause_extraction('test')").await;
    let site = Site::start(&bench).await;
    let cookie = site.sign_in("Zoë", TOKEN).await;
    fail(&bench, 3).await;
    let plan = "/actions/plan?action=retry_failed&kind=crashed";
    let page = site.get_as(&cookie, plan).await.expect(200, &["3 measurements"]).text();
    fail(&bench, 30).await;
    let post = async |page: &str| {
        let fields = hidden_fields(page);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        site.post_with("/actions", &fields, &[("cookie", &cookie)]).await
    };
    let again = post(&page).await;
    let again = again
        .expect(409, &["33 measurements", "more now than you were shown"])
        .text();
    assert_eq!(bench.count("heimdall.feature_queue").await, 0);
    // Who confirms that one, gets it; a few more are no other plan.
    fail(&bench, 5).await;
    post(&again).await.expect(303, &[]);
    assert_eq!(bench.count("heimdall.feature_queue").await, 38);
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_operators_at_once_get_both_an_answer_and_a_record() {
    let bench = Bench::new().await;
    bench.history(40, "none.bin", "completed").await;
    bench.execute("SELECT heimdall.pause_extraction('test')").await;
    fail(&bench, 40).await;
    let site = Site::start(&bench).await;
    let cookies = [site.sign_in("Zoë", TOKEN).await, site.sign_in("Yan", TOKEN).await];
    let plan = "/actions/plan?action=retry_failed&kind=crashed";
    let mut forms = Vec::new();
    for cookie in &cookies {
        let page = site.get_as(cookie, plan).await.expect(200, &["40 measurements"]).text();
        forms.push((cookie, hidden_fields(&page)));
    }
    let answers = join_all(forms.iter().map(async |(cookie, fields)| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        site.post_with("/actions", &fields, &[("cookie", cookie)]).await
    }));
    for answer in answers.await {
        assert!([303, 409].contains(&answer.status), "{}", answer.text());
    }
    assert_eq!(bench.count("heimdall.feature_queue").await, 40);
    assert_eq!(bench.count("heimdall.page_actions").await, 2);
    let most = "SELECT sum(measurements)::bigint FROM heimdall.page_actions";
    assert_eq!(bench.value::<Option<i64>>(most, &[]).await, Some(40));
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_three_hundred_receivers_has_all_of_them() {
    let bench = Bench::new().await;
    let session = bench.record(&["none.bin"; 300]).await;
    let site = Site::start(&bench).await;
    let page = site.get(&format!("/session/{}", session.id)).await;
    let page = page.expect(200, &["Station 300"]).text();
    assert_eq!(page.matches("<article").count(), 300);
    if cfg!(feature = "plot") {
        assert_eq!(page.matches("strip.svg").count(), 24);
    }
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_token_ends_what_the_old_one_began() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let cookie = site.sign_in("Zoë", TOKEN).await;
    let plan = "/actions/plan?action=pause_extraction&reason=test";
    let page = site.get_as(&cookie, plan).await.expect(200, &["confirm"]).text();
    let fields = hidden_fields(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let sign_in = async |token: &str| {
        let fields = [("name", "Zoë"), ("token", token)];
        site.post_with("/sign-in", &fields, &[]).await
    };
    for token in ["half of it", "", "another-token-0123456789"] {
        std::fs::write(site.folder.path().join("token"), token).expect("written");
        site.get_as(&cookie, plan).await.expect(403, &["acting token"]);
        site.post_with("/actions", &fields, &[("cookie", &cookie)])
            .await
            .expect(403, &["Nothing was done"]);
        sign_in(TOKEN).await.expect(403, &["no valid token"]);
        if token.len() < 16 {
            sign_in(token).await.expect(403, &["no valid token"]);
        } else {
            assert_eq!(sign_in(token).await.leads_to(), "/");
        }
    }
    assert_eq!(bench.count("heimdall.page_actions").await, 0);
    assert!(!site.daemon.log_lines("less than 16 characters").is_empty());
    site.daemon.stop().await;
}
