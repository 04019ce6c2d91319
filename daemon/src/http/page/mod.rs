//! The operator's page: what happens, what each session and measurement has, and the actions of an
//! administrator. HTML that the daemon makes from the database, so every daemon shows the same.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, WWW_AUTHENTICATE, X_FRAME_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use tokio::time::timeout;

use self::access::{Rights, Visitor, is_from_this_page};
use self::links::to_root;
use self::shell::problem;
use self::state::Page;
use self::views::{actions as action_views, confirm, measurement, overview, search, session, sign_in};

mod access;
mod actions;
mod assets;
mod chart;
mod database;
mod format;
mod links;
#[cfg(feature = "plot")]
mod pictures;
mod shell;
pub mod state;
mod views;

/// The address of the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// A view that takes longer is given up. Less than the time of its connection, which would end without
/// an answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(14);
/// The fields of the largest form have less.
const MAX_FORM_BYTES: usize = 8 * 1024;
/// Only files of the daemon itself, and no frame around the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_FRAME_OPTIONS, "DENY"),
    // Not no-referrer: a browser then hides the origin of a form from us too.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];
/// What a person needs before the token is given.
const OPEN: [&str; 4] = ["/sign-in", "/page/page.css", "/page/page.js", "/page/icon.svg"];

/// The routes of the page.
pub(super) fn router(page: Arc<Page>) -> Router {
    let router = Router::new()
        .route("/", get(overview::overview))
        .route("/session/{id}", get(session::session))
        .route("/measurement/{id}", get(measurement::measurement))
        .route("/search", get(search::search))
        .route("/actions", get(action_views::list).post(confirm::act))
        .route("/actions/plan", get(confirm::confirm))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/page/page.css", get(assets::style))
        .route("/page/page.js", get(assets::script))
        .route("/page/icon.svg", get(assets::icon));
    #[cfg(feature = "plot")]
    let router = router
        .route("/measurement/{id}/plot.png", get(views::picture::plot))
        .route("/measurement/{id}/strip.svg", get(views::picture::strip));
    router
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn_with_state(Arc::clone(&page), guard))
        .with_state(page)
}

/// Refuses what is not for this page, and adds the headers that protect it.
async fn guard(State(page): State<Arc<Page>>, mut request: Request, next: Next) -> Response {
    let to_root = to_root(request.uri().path());
    let mut response = match admit(&page, &mut request, &to_root) {
        Ok(visitor) => match timeout(LONGEST_ANSWER, next.run(request)).await {
            Ok(response) => response,
            Err(_) => too_long(&visitor),
        },
        Err(refusal) => *refusal,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(location) = headers.get_mut(LOCATION)
        && let Some(relative) = links::relative_location(location, &to_root)
    {
        *location = relative;
    }
    response
}

fn too_long(visitor: &Visitor) -> Response {
    let text = format!("It has not answered within {} s.", LONGEST_ANSWER.as_secs());
    problem(StatusCode::SERVICE_UNAVAILABLE, visitor, "The database is slow", &text)
}

fn admit(page: &Page, request: &mut Request, to_root: &str) -> Result<Visitor, Box<Response>> {
    let headers = request.headers();
    if !page.access.is_for_this_host(headers) {
        let text = "this name is not one of the daemon's: see HEIMDALL_HTTP_HOSTS\n";
        return Err(Box::new((StatusCode::MISDIRECTED_REQUEST, text).into_response()));
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read && !is_from_this_page(headers) {
        let text = "this form comes from another site\n";
        return Err(Box::new((StatusCode::FORBIDDEN, text).into_response()));
    }
    let Some(Peer(peer)) = request.extensions().get().copied() else {
        return Err(Box::new(StatusCode::INTERNAL_SERVER_ERROR.into_response()));
    };
    let visitor = page.access.visitor(peer, request.version(), headers).at(to_root);
    let path = request.uri().path();
    if visitor.rights == Rights::Nothing && !OPEN.contains(&path) {
        let is_view = is_read && !path.contains('.');
        return Err(Box::new(if is_view {
            let asked = request.uri().path_and_query().map_or(path, |asked| asked.as_str());
            Redirect::to(&format!("/sign-in?next={}", links::encoded(asked))).into_response()
        } else {
            let how = [(WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, how, "a token is needed\n").into_response()
        }));
    }
    request.extensions_mut().insert(visitor.clone());
    Ok(visitor)
}
