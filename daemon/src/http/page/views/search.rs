//! Search by session, measurement, station, object, time and kind of error.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::tables::latest;
use super::unavailable;
use crate::http::page::access::Visitor;
use crate::http::page::actions::form::time as given_time;
use crate::http::page::database::reports;
use crate::http::page::format::{count, foreign, time};
use crate::http::page::shell::{Place, View, page, state, wide};
use crate::http::page::state::Page;
use crate::job::error::KINDS;
use crate::sql;
use crate::status::error::StatusError;

/// Results that are shown.
const RESULTS: i32 = 100;
/// Sessions that a search by station or object looks at, the latest first.
const SESSIONS: i32 = 3_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http::page) struct Wanted {
    /// An id, a part of a station's name, or a part of a location.
    q: String,
    kind: String,
    since: String,
    until: String,
}

/// What a search found.
enum Found {
    Sessions(Vec<Value>),
    /// Of so many sessions.
    Measurements(Vec<Value>, Option<i64>),
    /// The view of the only result.
    Elsewhere(String),
    Wrong(String),
}

pub(in crate::http::page) async fn search(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
) -> Response {
    match find(&state, &wanted).await {
        Ok(Found::Elsewhere(path)) => Redirect::to(&path).into_response(),
        Ok(found) => {
            let view = View {
                title: "Search",
                place: Place::Search,
                is_live: false,
                content: content(&wanted, &found),
            };
            page(&visitor, &view)
        }
        Err(error) => unavailable(&visitor, &error),
    }
}

async fn find(state: &Page, wanted: &Wanted) -> Result<Found, StatusError> {
    let (since, until) = match (given_time(&wanted.since), given_time(&wanted.until)) {
        (Ok(since), Ok(until)) => (since, until),
        (Err(wrong), _) | (_, Err(wrong)) => return Ok(Found::Wrong(wrong)),
    };
    let text = wanted.q.trim();
    if let Ok(id) = Uuid::parse_str(text) {
        return by_id(state, id).await;
    }
    let kind = wanted.kind.as_str();
    if !kind.is_empty() {
        let found = reports(&state.queue, sql::PAGE_FAILURES, &[&kind, &since, &until, &RESULTS]).await?;
        return Ok(Found::Measurements(found, None));
    }
    if text.is_empty() {
        let found = reports(&state.queue, sql::PAGE_SESSIONS, &[&since, &until, &RESULTS]).await?;
        return Ok(Found::Sessions(found));
    }
    // A location has a slash or a dot; both are tried with the same words otherwise.
    let is_location = text.contains('/') || text.rsplit_once('.').is_some_and(|(_, end)| end.len() <= 10);
    let (station, object) = if is_location {
        (None, Some(text))
    } else {
        (Some(text), None)
    };
    let mut found = reports(
        &state.queue,
        sql::PAGE_SEARCH,
        &[&since, &until, &station, &object, &SESSIONS, &RESULTS],
    )
    .await?;
    let report = found.pop().unwrap_or_default();
    let found = report["found"].as_array().cloned().unwrap_or_default();
    Ok(Found::Measurements(found, report["sessions"].as_i64()))
}

async fn by_id(state: &Page, id: Uuid) -> Result<Found, StatusError> {
    let found = reports(&state.queue, sql::PAGE_FIND, &[&id]).await?;
    Ok(match found.first() {
        Some(report) if report["session"].is_string() => Found::Elsewhere(format!("/session/{id}")),
        Some(_) => Found::Elsewhere(format!("/measurement/{id}")),
        None => Found::Wrong("No session and no measurement has this id.".to_owned()),
    })
}

fn content(wanted: &Wanted, found: &Found) -> Markup {
    html! {
        h1 { "Search" }
        (form(wanted))
        h2 { "Found" }
        @match found {
            Found::Sessions(sessions) => (latest(sessions)),
            Found::Measurements(rows, sessions) => {
                @if let Some(sessions) = sessions {
                    p.pale { "In the latest " (count(*sessions)) " sessions of this time, and within a day of their start." }
                }
                (measurements(rows))
            },
            Found::Wrong(wrong) => p.notice { (foreign(wrong)) },
            Found::Elsewhere(_) => {},
        }
    }
}

fn form(wanted: &Wanted) -> Markup {
    html! {
        form.card.fields method="get" action="/search" role="search" {
            label.two { "Session, measurement, station or object"
                input type="search" name="q" value=(wanted.q) placeholder="id, part of a name or of a location" maxlength="200"; }
            label { "Kind of error"
                select name="kind" {
                    option value="" { "any" }
                    @for kind in KINDS { option value=(kind) selected[*kind == wanted.kind] { (kind) } }
                }
            }
            label { "Since (UTC)" input type="datetime-local" name="since" value=(wanted.since); }
            label { "Until (UTC)" input type="datetime-local" name="until" value=(wanted.until); }
            div { button { "Search" } }
        }
    }
}

fn measurements(rows: &[Value]) -> Markup {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    html! {
        @if rows.is_empty() { p.pale { "Nothing." } }
        @else {
            (wide("Measurements", &html! {
                table {
                    thead { tr {
                        th scope="col" { "Station" } th scope="col" { "Measured" } th scope="col" { "State" }
                        th scope="col" { "Why" } th scope="col" { "Object" }
                    } }
                    tbody {
                        @for row in rows {
                            tr {
                                th scope="row" { a href={ "/measurement/" (text(row, "measurement_id")) } { (foreign(&text(row, "rx_id"))) } }
                                td.keep { a href={ "/session/" (text(row, "recording_session_id")) } { (time(&text(row, "measured_at"))) } }
                                td { (state(&text(row, "state"))) }
                                td.text { (foreign(&text(row, "reason"))) }
                                td { code { (foreign(&text(row, "iq_data_location"))) } }
                            }
                        }
                    }
                }
            }))
            @if rows.len() >= usize::try_from(RESULTS).unwrap_or(usize::MAX) { p.pale { "The first " (RESULTS) "." } }
        }
    }
}
