//! What can be done, and what was done.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::unavailable;
use crate::http::page::access::{Rights, Visitor};
use crate::http::page::actions::Action;
use crate::http::page::database::reports;
use crate::http::page::format::{count, foreign, time};
use crate::http::page::shell::{Place, View, button, page, wide};
use crate::http::page::state::Page;
use crate::job::error::KINDS;
use crate::sql;
use crate::status::error::StatusError;

/// Actions that are listed.
const RECORDS: i32 = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::http::page) struct Done {
    /// Number of the action that was done just now.
    done: Option<i64>,
}

pub(in crate::http::page) async fn list(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Query(done): Query<Done>,
) -> Response {
    let read = async {
        let records = reports(&state.queue, sql::PAGE_ACTIONS, &[&RECORDS])
            .await
            .map_err(StatusError::from)?;
        let is_paused = state.overview().await?.database.pause.is_some();
        Ok::<_, Arc<StatusError>>((records, is_paused))
    };
    match read.await {
        Ok((records, is_paused)) => {
            let content = html! {
                h1 { "Actions" }
                @if done.done.is_some() { p.notice role="status" { "Done. It is the first line of the record below." } }
                @if may_act(&state, &visitor) { (offers(&visitor, is_paused)) } @else { (why_not(&state, &visitor)) }
                section aria-labelledby="record-title" { h2 #record-title { "Record" } (record(&records)) }
            };
            let view = View {
                title: "Actions",
                place: Place::Actions,
                is_live: false,
                content,
            };
            page(&visitor, &view)
        }
        Err(error) => unavailable(&visitor, &error),
    }
}

pub(super) fn may_act(state: &Page, visitor: &Visitor) -> bool {
    state.access.can_act() && visitor.rights == Rights::Act
}

fn why_not(state: &Page, visitor: &Visitor) -> Markup {
    html! {
        p.notice {
            @if state.admin.is_none() {
                "This page only reads: the daemon has no HEIMDALL_ADMIN_DATABASE_URL, a login in heimdall_admin."
            } @else if !state.access.can_act() {
                "This page only reads: the daemon has no HEIMDALL_HTTP_TOKEN_FILE."
            } @else if visitor.is_signed_in() {
                "Your token only reads. To act, sign out and sign in with the acting token."
            } @else {
                a href="/sign-in?next=/actions" { "Sign in" } " with the acting token to act."
            }
        }
    }
}

fn offers(visitor: &Visitor, is_paused: bool) -> Markup {
    html! {
        p { "Each button first shows what it will do, and to how many. Actions on one session or one measurement are on its own view." }
        div.cards {
            section.card aria-labelledby="backfill-title" {
                h2 #backfill-title { "Backfill" }
                form.fields method="get" action="/actions/plan" {
                    input type="hidden" name="action" value="request_backfill";
                    label { "Sessions at most" input type="number" name="sessions" min="1" max="100000" value="100" required; }
                    label { "Since (UTC)" input type="datetime-local" name="since"; }
                    label { "Until (UTC)" input type="datetime-local" name="until"; }
                    label.check { input type="checkbox" name="include_failed"; "also those that failed" }
                    div { button { "Plan a backfill" } }
                }
            }
            section.card aria-labelledby="retry-title" {
                h2 #retry-title { "Retry what failed" }
                form.fields method="get" action="/actions/plan" {
                    input type="hidden" name="action" value="retry_failed";
                    label { "Kind of error"
                        select name="kind" { option value="" { "all" } @for kind in KINDS { option value=(kind) { (kind) } } }
                    }
                    div { button { "Plan a retry" } }
                }
            }
            section.card aria-labelledby="pause-title" {
                h2 #pause-title { "Pause" }
                @if is_paused { p { "The extraction is paused." } (button(visitor, true, &Action::Resume)) }
                @else {
                    form.fields method="get" action="/actions/plan" {
                        input type="hidden" name="action" value="pause_extraction";
                        label { "Reason, for those who find it later" input name="reason" required maxlength="200"; }
                        div { button { "Plan a pause" } }
                    }
                }
            }
        }
    }
}

fn record(records: &[Value]) -> Markup {
    let text = |row: &Value, name: &str| foreign(row[name].as_str().unwrap_or_default());
    html! {
        @if records.is_empty() { p.pale { "Nothing was done on this page yet." } }
        @else {
            (wide("Record of actions", &html! {
                table {
                    thead { tr {
                        th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "From" } th scope="col" { "What" }
                        th scope="col" { "With" } th.number scope="col" { "Measurements" } th scope="col" { "Result" }
                    } }
                    tbody {
                        @for row in records {
                            tr {
                                th.keep scope="row" { (time(row["acted_at"].as_str().unwrap_or_default())) }
                                td { (text(row, "operator")) " " span.small.pale { "as " (text(row, "database_user")) } }
                                td { (text(row, "address")) }
                                td { code { (text(row, "action")) } }
                                td { (arguments(&row["arguments"])) }
                                td.number { (row["measurements"].as_i64().map_or_else(|| "–".to_owned(), count)) }
                                td.text { @if row["failure"].is_string() { "refused: " (text(row, "failure")) } @else { "done" } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

pub(super) fn arguments(arguments: &Value) -> Markup {
    let fields = arguments
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null());
    html! {
        @for (name, value) in fields {
            div.small { (foreign(name)) ": " (foreign(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))) }
        }
    }
}
