//! The operator's page: what happens, what each session and measurement has, and the actions of an
//! administrator. HTML that the daemon makes from the database, so every daemon shows the same.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, WWW_AUTHENTICATE, X_FRAME_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use self::access::{Rights, is_from_this_page};
use self::state::Page;
use self::views::{actions as action_views, measurement, overview, search, session, sign_in};

mod access;
mod actions;
mod assets;
mod chart;
mod database;
mod format;
#[cfg(feature = "plot")]
mod pictures;
mod shell;
pub mod state;
mod views;

/// The address of the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

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
        .route("/actions", get(action_views::list).post(action_views::act))
        .route("/actions/plan", get(action_views::confirm))
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
    let mut response = match admit(&page, &mut request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => *refusal,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn admit(page: &Page, request: &mut Request) -> Result<(), Box<Response>> {
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
    let visitor = page.access.visitor(peer, headers);
    let path = request.uri().path();
    if visitor.rights == Rights::Nothing && !OPEN.contains(&path) {
        let is_view = is_read && !path.contains('.');
        return Err(Box::new(if is_view {
            Redirect::to(&format!("/sign-in?next={path}")).into_response()
        } else {
            let how = [(WWW_AUTHENTICATE, "Bearer")];
            (StatusCode::UNAUTHORIZED, how, "a token is needed\n").into_response()
        }));
    }
    request.extensions_mut().insert(visitor);
    Ok(())
}
