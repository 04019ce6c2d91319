//! What the views show.

use super::Site;
use crate::support::{Bench, recordings, wait_for};

/// A name that would be a script, with a mark that turns the text after it.
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\"'";
const SHOWN: &str = "&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_shows_its_receivers_and_a_measurement_shows_everything() {
    let bench = Bench::new().await;
    bench.put("good.bin", recordings::tone());
    let mut broken = recordings::tone();
    broken.truncate(broken.len() - 3);
    bench.put("broken.bin", broken);
    let session = bench.record(&["good.bin", "broken.bin", "missing.bin"]).await;
    let rename = "UPDATE heimdall.websdr_stations SET name = $1 WHERE name = 'Station 2'";
    bench.sql.execute(rename, &[&HOSTILE]).await.expect("renamed");
    let site = Site::start(&bench).await;
    bench.complete(&session).await;
    bench.rows_without_delays(&session).await;
    let [good, broken, missing] = [0, 1, 2].map(|n| format!("/measurement/{}", session.measurements[n]));

    let page = site
        .get("/")
        .await
        .expect(200, &["invalid_format", "not_found", "Latest sessions", "</svg>"])
        .text();
    assert!(page.contains(&format!("/session/{}", session.id)), "{page}");
    let page = site.get(&format!("/session/{}", session.id)).await;
    let strip = format!("{good}/strip.svg");
    let page = page
        .expect(
            200,
            &[
                "Station 1",
                "partial",
                &strip,
                SHOWN,
                "bytes left over",
                "SNR of each second",
            ],
        )
        .text();
    assert!(!page.contains("<script>alert"), "{page}");

    let contents = [
        "Spectrum, waterfall and level",
        "spectral_flatness",
        "iq_data_location",
        "object_etag",
        "How its bytes were read",
    ];
    site.get(&good).await.expect(200, &contents);
    site.get(&broken)
        .await
        .expect(200, &["invalid_format", SHOWN, "Compare error_message"]);
    site.get(&missing)
        .await
        .expect(200, &["not_found", "IQ file not found"]);
    site.get("/measurement/00000000-0000-0000-0000-000000000000")
        .await
        .expect(404, &["no measurement"]);
    site.get("/session/00000000-0000-0000-0000-000000000000")
        .await
        .expect(404, &["no session"]);
    site.get("/session/x").await.expect(400, &[]);
    if cfg!(feature = "plot") {
        pictures(&site, &good, &broken, &missing).await;
    }
    site.daemon.stop().await;
}

/// Pictures of a good recording, of one that is refused, and of one that does not exist.
async fn pictures(site: &Site, good: &str, broken: &str, missing: &str) {
    for measurement in [good, broken] {
        // A busy machine may need longer than a request waits.
        let plot = wait_for("the plot is drawn", || async {
            let plot = site.get(&format!("{measurement}/plot.png")).await;
            (plot.status == 200 && plot.header("content-type") == "image/png").then_some(plot)
        })
        .await;
        assert!(plot.body.starts_with(b"\x89PNG\r\n\x1a\n") && plot.body.len() > 20_000);
        let strip = site.get(&format!("{measurement}/strip.svg")).await;
        strip.expect(200, &["<svg", "data:image/png;base64,", "+6", "spectrum"]);
    }
    let none = site.get(&format!("{missing}/plot.png")).await;
    assert_eq!(none.header("content-type"), "image/svg+xml");
    none.expect(200, &["No picture", "IQ file not found"]);
    site.get("/measurement/00000000-0000-0000-0000-000000000000/plot.png")
        .await
        .expect(404, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_by_id_station_object_time_and_kind() {
    let bench = Bench::new().await;
    bench.put("folder/a.bin", recordings::tone());
    let session = bench.record(&["folder/a.bin", "folder/none.bin"]).await;
    let site = Site::start(&bench).await;
    bench.complete(&session).await;
    bench.rows_without_delays(&session).await;
    for (id, path) in [
        (session.id, format!("/session/{}", session.id)),
        (
            session.measurements[0],
            format!("/measurement/{}", session.measurements[0]),
        ),
    ] {
        let answer = site.get(&format!("/search?q={id}")).await;
        assert_eq!(answer.leads_to(), path);
    }
    let (first, second) = (session.measurements[0].to_string(), session.measurements[1].to_string());
    for (query, found, not_found) in [
        ("q=station%201", &first, Some(&second)),
        ("q=folder%2Fnone", &second, Some(&first)),
        ("q=a.bin&until=2100-01-01T00:00", &first, Some(&second)),
        ("kind=not_found", &second, Some(&first)),
        ("since=2000-01-01T00:00", &session.id.to_string(), None),
    ] {
        let page = site.get(&format!("/search?{query}")).await.expect(200, &[found]).text();
        assert!(
            not_found.is_none_or(|other| !page.contains(other.as_str())),
            "{query}: {page}"
        );
    }
    // Values that pass for a time, and that no database takes.
    for query in [
        "since=2026-11-28T99:99",
        "since=2026-11-28T10:00%2B99",
        "q=a%00b",
        "kind=a%00b",
    ] {
        site.get(&format!("/search?{query}"))
            .await
            .expect(400, &["Not possible"]);
    }
    for query in ["q=station%201&until=2000-01-01T00:00", "kind=too_large", "q=nowhere/x"] {
        site.get(&format!("/search?{query}")).await.expect(200, &["Nothing."]);
    }
    let text = "%3Cscript%3E%E2%80%AE";
    let page = site
        .get(&format!("/search?q={text}&since=soon"))
        .await
        .expect(200, &["is no time such as"])
        .text();
    assert!(!page.contains("<script>"), "{page}");
    site.get("/search?q=00000000-0000-0000-0000-000000000000")
        .await
        .expect(200, &["has this id"]);
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_answers_with_ten_thousand_sessions() {
    let bench = Bench::new().await;
    bench.history(10_000, "none.bin", "completed").await;
    bench.execute("SELECT heimdall.recount_coverage()").await;
    let site = Site::start(&bench).await;
    site.get("/").await.expect(200, &["10\u{202f}000"]);
    site.get("/search").await.expect(200, &["Start", "completed"]);
    site.get("/search?q=none.bin")
        .await
        .expect(200, &["The first 100", "not queued"]);
    site.get("/search?q=nowhere.bin")
        .await
        .expect(200, &["3\u{202f}000 sessions", "Nothing."]);
    let cookie = site.sign_in("Zoë", super::TOKEN).await;
    let plan = "/actions/plan?action=request_backfill&sessions=20";
    site.get_as(&cookie, plan)
        .await
        .expect(200, &["20 measurements of 20 sessions"]);
    // All of them share one answer, so the queue sees one reader.
    let pages = (0..10).map(|_| site.get("/"));
    for page in futures_util::future::join_all(pages).await {
        page.expect(200, &["Overview"]);
    }
    let connections = bench.count_connections("application_name = 'heimdalld page'").await;
    assert!((1..=3).contains(&connections), "{connections}");
    site.daemon.stop().await;
}
