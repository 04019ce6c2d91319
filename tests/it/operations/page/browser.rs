//! The page in a real Chromium: every view, light and dark, wide and narrow; the keyboard; an action.

use serde_json::Value;

use super::{Site, TOKEN};
use crate::support::webdriver::Browser;
use crate::support::{Bench, recordings, wait_until};

/// Returns a line for each fault of a view. The rules are those of WCAG 2.2 that a program can check.
pub(super) const CHECKS: &str = include_str!("checks.js");

/// A bench with a session of a good, a broken and a missing recording, and the paths of all views.
async fn views(bench: &Bench) -> Vec<String> {
    bench.put("good.bin", recordings::tone());
    bench.put("broken.bin", &recordings::tone()[..9_005]);
    let session = bench.record(&["good.bin", "broken.bin", "missing.bin"]).await;
    let hostile = "UPDATE heimdall.websdr_stations SET latitude = 44, name = $1 WHERE name = 'Station 2'";
    let name = "<script>document.title = 'x'</script>\u{202e}<img src=x onerror=alert(1)>";
    bench.sql.execute(hostile, &[&name]).await.expect("renamed");
    let long = "UPDATE heimdall.websdr_stations SET name = repeat('\u{5d0}Ж', 250) WHERE name = 'Station 1'";
    bench.execute(long).await;
    bench.complete(&session).await;
    bench.rows_without_delays(&session).await;
    let views = [
        "/",
        "/search",
        "/search?kind=not_found",
        "/search?q=station",
        "/actions",
        "/sign-in",
    ];
    let measurements = session.measurements.iter().map(|id| format!("/measurement/{id}"));
    let plan = "/actions/plan?action=pause_extraction&reason=test";
    let mut views: Vec<String> = views.map(str::to_owned).into_iter().chain(measurements).collect();
    views.extend([format!("/session/{}", session.id), plan.to_owned()]);
    views
}

pub(super) async fn sign_in(browser: &Browser, base: &str) {
    browser.open(&format!("{base}/sign-in?next=/actions")).await;
    browser.type_into("input[name=name]", "Zoë").await;
    browser.type_into("input[name=token]", TOKEN).await;
    browser.click("main button").await;
    wait_until("she is signed in", || async {
        browser.text().await.contains("Sign out")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_is_without_fault_in_a_browser() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let views = views(&bench).await;
    for (width, is_dark) in [(1280, false), (390, true)] {
        let browser = Browser::start(width, is_dark).await;
        sign_in(&browser, &site.http).await;
        for view in &views {
            browser.open(&format!("{}{view}", site.http)).await;
            let faults = browser.run(CHECKS).await;
            assert_eq!(
                faults,
                Value::Array(Vec::new()),
                "{view}, {width} pixels, dark: {is_dark}"
            );
            assert_eq!(browser.console().await, Vec::<String>::new(), "{view}");
        }
    }
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_pauses_the_extraction_and_sees_it_without_reloading() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let browser = Browser::start(1280, false).await;
    sign_in(&browser, &site.http).await;
    browser.type_into("input[name=reason]", "the store moves").await;
    browser.click("section[aria-labelledby=pause-title] button").await;
    wait_until("the plan is shown", || async {
        browser.text().await.contains("No daemon claims")
    })
    .await;
    assert_eq!(bench.count("heimdall.page_actions").await, 0);
    browser.click("#confirm").await;
    wait_until("it is done", || async {
        browser.text().await.contains("It is the first line of the record")
    })
    .await;
    assert!(
        bench
            .value::<bool>("SELECT paused FROM heimdall.extraction_control", &[])
            .await
    );
    let recorded = "heimdall.page_actions WHERE operator = 'Zoë' AND action = 'pause_extraction' AND failure IS NULL";
    assert_eq!(bench.count(recorded).await, 1);

    browser.open(&site.http).await;
    assert!(browser.text().await.contains("the store moves"));
    bench.execute("SELECT heimdall.resume_extraction()").await;
    wait_until("the view is read again", || async {
        !browser.text().await.contains("the store moves")
    })
    .await;
    assert!(browser.text().await.contains("Live"));
    assert_eq!(browser.console().await, Vec::<String>::new());
    site.daemon.stop().await;
}
