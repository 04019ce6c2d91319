//! The views. Each has its request, and the HTML of what it found.

use axum::http::StatusCode;
use axum::response::Response;
use tracing::debug;

use super::access::Visitor;
use super::shell::problem;
use crate::status::error::StatusError;

pub(super) mod actions;
pub(super) mod confirm;
pub(super) mod measurement;
pub(super) mod overview;
#[cfg(feature = "plot")]
pub(super) mod picture;
pub(super) mod search;
pub(super) mod session;
pub(super) mod sign_in;
mod tables;

/// The page of a request whose answer cannot be read.
fn unavailable(visitor: &Visitor, error: &StatusError) -> Response {
    debug!(%error, "the page cannot be read");
    let (status, title) = match error {
        // The statement is right, so it is a value of the request.
        error if error.is_of_value() => (StatusCode::BAD_REQUEST, "Not possible"),
        StatusError::Database(error) if error.is_blocked() => (StatusCode::SERVICE_UNAVAILABLE, "The database is slow"),
        StatusError::Database(error) if error.is_outage() => {
            (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer")
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "The database refuses"),
    };
    problem(status, visitor, title, &error.to_string())
}

/// The page for an id that does not exist.
fn nothing(visitor: &Visitor, what: &str) -> Response {
    problem(StatusCode::NOT_FOUND, visitor, "Not found", what)
}
