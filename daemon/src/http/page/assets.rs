//! The files that belong to every view. They are compiled in; nothing comes from elsewhere.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// A new version of the daemon may have other files.
const CACHING: &str = "private, max-age=300";

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("assets/page.css"))
}

pub(super) async fn script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("assets/page.js"))
}

pub(super) async fn icon() -> Response {
    asset("image/svg+xml", include_str!("assets/icon.svg"))
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (CACHE_CONTROL, HeaderValue::from_static(CACHING)),
    ];
    (headers, text).into_response()
}
