//! Who may read and act.

use std::collections::BTreeMap;

use super::{READ_TOKEN, Site, TOKEN};
use crate::support::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_this_host_reads_without_a_token_and_every_answer_is_protected() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let page = site.get("/").await.expect(200, &["<h1>Overview</h1>"]);
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.header(name), value);
    }
    let text = page.text();
    assert!(
        !text.contains("style=") && !text.contains("<script>") && !text.contains("onclick"),
        "{text}"
    );

    // The name of another site that leads here.
    site.get_with("/", &[("host", "evil.example")])
        .await
        .expect(421, &["HEIMDALL_HTTP_HOSTS"]);
    site.get_with("/metrics", &[("host", "evil.example")])
        .await
        .expect(200, &[]);

    // What comes through a proxy, or for another name, needs a token.
    for headers in [
        &[("host", "heimdall.example.org")][..],
        &[("x-forwarded-for", "192.0.2.7")],
        &[("authorization", "Bearer wrong-token-0123456789"), ("via", "1.1 proxy")],
    ] {
        let answer = site.get_with("/search?q=a&kind=b", headers).await;
        assert_eq!(answer.leads_to(), "/sign-in?next=/search%3Fq%3Da%26kind%3Db");
        let picture = "/measurement/00000000-0000-0000-0000-000000000000/plot.png";
        site.get_with(picture, headers).await.expect(401, &["token"]);
        site.get_with("/sign-in", headers).await.expect(200, &["Token"]);
        site.get_with("/page/page.css", headers)
            .await
            .expect(200, &["prefers-color-scheme"]);
    }
    for token in [TOKEN, READ_TOKEN] {
        let bearer = format!("Bearer {token}");
        let headers = [("host", "heimdall.example.org"), ("authorization", bearer.as_str())];
        site.get_with("/", &headers).await.expect(200, &["Overview"]);
    }
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_signs_nobody_in() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let wrong = [("name", "Zoë"), ("token", "wrong-token-0123456789")];
    site.post_with("/sign-in", &wrong, &[])
        .await
        .expect(403, &["no valid token"]);
    let nameless = [("name", " "), ("token", TOKEN)];
    site.post_with("/sign-in", &nameless, &[])
        .await
        .expect(403, &["name is missing"]);
    site.daemon.assert_logged("wrong token on the page", 1).await;
    // Nobody is sent to another host afterwards.
    let away = [("name", "Zoë"), ("token", TOKEN), ("next", "//evil.example")];
    let answer = site.post_with("/sign-in", &away, &[]).await;
    assert_eq!(answer.leads_to(), "/");
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_needs_the_acting_token_and_a_form_of_this_page() {
    let bench = Bench::new().await;
    let site = Site::start(&bench).await;
    let plan = "/actions/plan?action=pause_extraction&reason=test";
    site.get("/actions").await.expect(200, &["Sign in"]);
    site.get(plan).await.expect(403, &["acting token"]);
    let reader = site.sign_in("Reader", READ_TOKEN).await;
    site.get_as(&reader, "/actions")
        .await
        .expect(200, &["only reads", "(reads)"]);
    site.get_as(&reader, plan).await.expect(403, &["acting token"]);

    let cookie = site.sign_in("Zoë", TOKEN).await;
    let page = site
        .get_as(&cookie, plan)
        .await
        .expect(200, &["Zoë", "No daemon claims"])
        .text();
    let fields = super::hidden_fields(&page);
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (with_cookie, here) = (("cookie", cookie.as_str()), site.http.as_str());
    for headers in [
        vec![],
        vec![("cookie", reader.as_str())],
        vec![with_cookie, ("origin", "http://evil.example")],
        vec![with_cookie, ("origin", here), ("sec-fetch-site", "cross-site")],
    ] {
        site.post_with("/actions", &fields, &headers).await.expect(403, &[]);
    }
    let form = fields
        .iter()
        .position(|(name, _)| *name == "form")
        .expect("it has a token");
    let (_, right) = fields[form];
    fields[form].1 = "0123456789abcdef";
    site.post_with("/actions", &fields, &[with_cookie])
        .await
        .expect(403, &["not yours"]);
    let paused = "SELECT paused FROM heimdall.extraction_control";
    assert!(!bench.value::<bool>(paused, &[]).await);
    assert_eq!(bench.count("heimdall.page_actions").await, 0);

    fields[form].1 = right;
    let headers = [with_cookie, ("origin", here), ("sec-fetch-site", "same-origin")];
    site.post_with("/actions", &fields, &headers).await.expect(303, &[]);
    assert!(bench.value::<bool>(paused, &[]).await);

    let signed_out = site
        .post_with("/sign-out", &[("form", right)], &[with_cookie])
        .await
        .expect(303, &[]);
    assert!(signed_out.header("set-cookie").contains("Max-Age=0"));
    site.post_with("/sign-out", &[("form", "")], &[with_cookie])
        .await
        .expect(403, &[]);
    site.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_administrators_login_the_page_only_reads() {
    let bench = Bench::new().await;
    let site = Site::start_with(&bench, &[]).await;
    let cookie = site.sign_in("Zoë", TOKEN).await;
    site.get_as(&cookie, "/actions")
        .await
        .expect(200, &["HEIMDALL_ADMIN_DATABASE_URL"]);
    site.get_as(&cookie, "/actions/plan?action=resume_extraction")
        .await
        .expect(403, &["Nothing was done"]);
    site.post_with("/actions", &[("action", "resume_extraction")], &[("cookie", &cookie)])
        .await
        .expect(403, &["Nothing was done"]);
    site.daemon.stop().await;
}

/// A browser sends the cookies of a host to each of its ports.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_sign_in_at_one_daemon_of_a_host_does_not_sign_out_of_another() {
    let bench = Bench::new().await;
    let (one, other) = (Site::start(&bench).await, Site::start(&bench).await);
    std::fs::write(other.folder.path().join("token"), "another-token-0123456789").expect("written");
    let mut jar = BTreeMap::new();
    let mut keep = |cookie: String| {
        let (name, value) = cookie.split_once('=').expect("a cookie");
        jar.insert(name.to_owned(), value.to_owned());
    };
    keep(one.sign_in("Zoë", TOKEN).await);
    keep(other.sign_in("Ana", "another-token-0123456789").await);
    let both: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let both = both.join("; ");
    one.get_as(&both, "/actions").await.expect(200, &["Zoë"]);
    other.get_as(&both, "/actions").await.expect(200, &["Ana"]);

    // With the same tokens, one cookie serves both.
    let third = Site::start(&bench).await;
    third.get_as(&both, "/actions").await.expect(200, &["Zoë"]);

    // To sign out ends both tokens of this daemon, and nothing else.
    let form = one.get_as(&both, "/").await.expect(200, &[]).text();
    let (_, form) = form.split_once("name=\"form\" value=\"").expect("a form");
    let (form, _) = form.split_once('"').expect("its end");
    let answer = one
        .post_with("/sign-out", &[("form", form)], &[("cookie", &both)])
        .await
        .expect(303, &[]);
    let removed: Vec<&str> = answer.all_headers("set-cookie");
    assert_eq!(removed.len(), 2, "{removed:?}");
    let names = removed.iter().filter_map(|cookie| Some(cookie.split_once("=;")?.0));
    let left: Vec<&String> = jar
        .keys()
        .filter(|name| !names.clone().any(|gone| gone == *name))
        .collect();
    assert_eq!(left.len(), 1, "{removed:?} of {jar:?}");
    for site in [one, other, third] {
        site.daemon.stop().await;
    }
}
