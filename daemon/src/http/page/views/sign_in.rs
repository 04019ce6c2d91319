//! Signing in and out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use maud::html;
use serde::Deserialize;
use tracing::{info, warn};

use crate::http::page::access::Visitor;
use crate::http::page::format::foreign;
use crate::http::page::shell::{Place, View, page_with, problem};
use crate::http::page::state::Page;

/// A wrong token is answered after this.
const WRONG_TOKEN_PAUSE: Duration = Duration::from_millis(500);

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::http::page) struct Next {
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::http::page) struct SignIn {
    name: String,
    token: String,
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::http::page) struct SignOut {
    form: String,
}

pub(in crate::http::page) async fn show(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Query(next): Query<Next>,
) -> Response {
    form(&state, &visitor, &next.next, None)
}

pub(in crate::http::page) async fn sign_in(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    Form(given): Form<SignIn>,
) -> Response {
    if given.name.trim().is_empty() {
        return form(&state, &visitor, &given.next, Some("Your name is missing."));
    }
    let Some((cookie, rights)) = state.access.sign_in(&given.name, given.token.trim(), &headers) else {
        let faults = state.access.faults();
        warn!(address = %visitor.address, ?faults, "wrong token on the page");
        tokio::time::sleep(WRONG_TOKEN_PAUSE).await;
        return form(&state, &visitor, &given.next, Some("This is no valid token."));
    };
    info!(address = %visitor.address, operator = crate::sanitize::sanitize(&given.name), ?rights, "signed in on the page");
    let next = if is_path(&given.next) { &given.next } else { "/" };
    ([(SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

pub(in crate::http::page) async fn sign_out(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Form(given): Form<SignOut>,
) -> Response {
    if !visitor.has_made(&given.form) {
        return problem(
            StatusCode::FORBIDDEN,
            &visitor,
            "Refused",
            "This form is not yours, or too old.",
        );
    }
    let cookies = state.access.sign_out().into_iter();
    let removed = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)).collect::<Vec<_>>());
    (removed, Redirect::to("/")).into_response()
}

/// Whether it is a path of this page, and of no other host.
fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//") && !text.contains(['\\', '\r', '\n', '\t'])
}

fn form(state: &Page, visitor: &Visitor, next: &str, wrong: Option<&str>) -> Response {
    let content = html! {
        h1 { "Sign in" }
        @if let Some(wrong) = wrong { p.problem role="alert" { (foreign(wrong)) } }
        @if state.access.has_tokens() {
            form.card.fields method="post" action="/sign-in" {
                input type="hidden" name="next" value=(next);
                label { "Your name, for the record of actions" input name="name" autocomplete="username" required maxlength="60"; }
                label { "Token" input type="password" name="token" autocomplete="current-password" required maxlength="500"; }
                div { button { "Sign in" } }
            }
            p.pale { "One token reads, another one acts too. They are in the files HEIMDALL_HTTP_READ_TOKEN_FILE and HEIMDALL_HTTP_TOKEN_FILE of the daemon." }
        } @else {
            p.notice { "This daemon has no token. From its own host the page can be read at a loopback address; for everything else set HEIMDALL_HTTP_TOKEN_FILE." }
        }
    };
    let view = View {
        title: "Sign in",
        place: Place::SignIn,
        is_live: false,
        content,
    };
    let status = if wrong.is_some() {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    page_with(status, visitor, &view)
}

#[cfg(test)]
mod tests {
    use super::is_path;

    #[test]
    fn only_a_path_of_this_page_comes_next() {
        assert!(is_path("/session/1?a=b"));
        for other in [
            "",
            "session",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\n",
        ] {
            assert!(!is_path(other), "{other}");
        }
    }
}
