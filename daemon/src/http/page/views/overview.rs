//! How the whole stands.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::tables::{Buttons, backfills, failures, latest, queue, workers};
use super::unavailable;
use crate::http::page::access::Visitor;
use crate::http::page::actions::Action;
use crate::http::page::chart::throughput;
use crate::http::page::database::reports;
use crate::http::page::format::{ago, bytes, count, decimal, duration, foreign, time};
use crate::http::page::shell::{Place, View, page, share, wide};
use crate::http::page::state::Page;
use crate::sql;
use crate::status::error::StatusError;
use crate::status::overview::Overview;
use crate::status::throughput::Window;

/// Sessions that the overview lists.
const LATEST: i32 = 12;

pub(in crate::http::page) async fn overview(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
) -> Response {
    let read = async {
        let overview = state.overview().await?;
        let none = None::<String>;
        let sessions = reports(&state.queue, sql::PAGE_SESSIONS, &[&none, &none, &LATEST])
            .await
            .map_err(StatusError::from)?;
        Ok::<_, Arc<StatusError>>((overview, sessions))
    };
    match read.await {
        Ok((overview, sessions)) => {
            let buttons = Buttons {
                visitor: &visitor,
                can_act: state.access.can_act(),
            };
            let view = View {
                title: "Overview",
                place: Place::Overview,
                is_live: true,
                content: content(&overview, &sessions, buttons),
            };
            page(&visitor, &view)
        }
        Err(error) => unavailable(&visitor, &error),
    }
}

fn content(overview: &Overview, sessions: &[Value], buttons: Buttons<'_>) -> Markup {
    html! {
        h1 { "Overview" }
        div #now data-live { (troubles(overview, buttons)) (tiles(overview)) }
        section aria-labelledby="throughput-title" {
            h2 #throughput-title { "Throughput and latency" }
            div #throughput data-live { (done(overview)) }
        }
        section aria-labelledby="sessions-title" {
            h2 #sessions-title { "Latest sessions" }
            div #sessions data-live { (latest(sessions)) }
            p { a href="/search" { "Search all sessions and measurements" } }
        }
        section aria-labelledby="queue-title" {
            h2 #queue-title { "Queue" }
            div #queue data-live { (queue(&overview.queue)) }
        }
        section aria-labelledby="daemons-title" {
            h2 #daemons-title { "Daemons" }
            div #daemons data-live { (workers(&overview.workers)) }
        }
        section aria-labelledby="failures-title" {
            h2 #failures-title { "Failures" }
            div #failures data-live { (failures(&overview.failures, buttons)) }
        }
        section aria-labelledby="backfills-title" {
            h2 #backfills-title { "Backfills" }
            div #backfills data-live { (backfills(&overview.backfills, buttons)) }
        }
    }
}

fn troubles(overview: &Overview, buttons: Buttons<'_>) -> Markup {
    let stalled = overview
        .workers
        .iter()
        .flat_map(|worker| worker.stalled.iter().map(move |stall| (worker, stall)));
    html! {
        @if let Some(pause) = &overview.database.pause {
            div.notice {
                "The extraction is paused since " (time(&pause.at)) " by " (foreign(&pause.by)) ": " (foreign(&pause.reason)) ". "
                (buttons.of(&Action::Resume))
            }
        }
        @for (worker, stall) in stalled {
            p.problem {
                strong { (foreign(worker.host.as_deref().unwrap_or("a daemon"))) ": " (foreign(&stall.step)) }
                @if let Some(since) = stall.since.as_str() { " since " (time(since)) }
                @if let Some(id) = &stall.measurement_id { " " a href={ "/measurement/" (id) } { "measurement" } }
                ": " (foreign(&stall.reason))
            }
        }
        @if overview.workers.iter().all(|worker| !worker.is_alive) {
            p.problem { "No daemon is registered: nothing is extracted." }
        }
        @if overview.queue.failed_notes > 0 {
            p.problem { (count(overview.queue.failed_notes)) " changes of the application cannot be read: "
                code { "SELECT * FROM heimdall.change_notes WHERE failure IS NOT NULL" } }
        }
        @if overview.queue.parked > 0 {
            div.problem { (count(overview.queue.parked)) " measurements wait because not even an error can be stored. "
                (buttons.of(&Action::RetryFailed(None))) }
        }
    }
}

fn tiles(overview: &Overview) -> Markup {
    let coverage = &overview.database.coverage;
    let hour = &overview.throughput.hour;
    let sweep = overview.database.sweep.as_ref().and_then(|sweep| sweep.age_s);
    html! {
        ul.tiles {
            li.tile {
                "Sessions with features"
                strong { (decimal(coverage.coverage_percent, 1)) " %" }
                span.small.pale { (count(coverage.recordings_with_features)) " of " (count(coverage.total_recordings)) }
                (share(coverage.recordings_with_features, coverage.total_recordings, "Sessions with features"))
            }
            li.tile {
                "Measurements with features"
                strong { (count(coverage.measurements_with_features)) }
                span.small.pale { (count(coverage.measurements_failed)) " failed, " (count(coverage.measurements_pending)) " outstanding" }
                (share(coverage.measurements_with_features, coverage.total_measurements, "Measurements with features"))
            }
            li.tile {
                "In the queue"
                strong { (count(overview.queue.total)) }
                span.small.pale {
                    @if overview.queue.notes > 0 { (count(overview.queue.notes)) " changes to look at; " }
                    "last sweep " (sweep.map_or_else(|| "never".to_owned(), ago))
                }
            }
            li.tile {
                "Last hour"
                strong { (decimal(hour.per_second, 2)) " /s" }
                span.small.pale { "95 % within " (hour.latency.p95_s.map_or_else(|| "–".to_owned(), duration)) }
            }
        }
    }
}

fn done(overview: &Overview) -> Markup {
    let work = &overview.throughput;
    let now = &overview.database.at;
    html! {
        div.cards.two {
            div.card { h3 { "Last hour" } (throughput(&work.minutes, now, (3_600.0, 60.0), "Last hour")) }
            div.card { h3 { "Last day" } (throughput(&work.quarters, now, (86_400.0, 900.0), "Last day")) }
        }
        (wide("Throughput and latency", &html! {
            table {
                caption { "Latency: from the COMMIT of the completed session to the COMMIT of the row, live recordings only" }
                thead { tr {
                    th scope="col" { "Time" } th.number scope="col" { "With features" } th.number scope="col" { "Failed" }
                    th.number scope="col" { "Retries" } th.number scope="col" { "Per second" } th.number scope="col" { "Read" }
                    th.number scope="col" { "50 %" } th.number scope="col" { "95 %" } th.number scope="col" { "99 %" }
                } }
                tbody { (window("Last hour", &work.hour)) (window("Last day", &work.day)) }
            }
        }))
    }
}

fn window(name: &str, window: &Window) -> Markup {
    let number = |number: u64| count(i64::try_from(number).unwrap_or(i64::MAX));
    let within = |seconds: Option<f64>| seconds.map_or_else(|| "–".to_owned(), duration);
    html! {
        tr {
            th.keep scope="row" { (name) }
            td.number { (number(window.done.extracted)) }
            td.number { (number(window.done.failed)) }
            td.number { (number(window.done.postponed)) }
            td.number { (decimal(window.per_second, 2)) }
            td.number { (bytes(window.done.read_bytes as f64)) }
            td.number { (within(window.latency.p50_s)) }
            td.number { (within(window.latency.p95_s)) }
            td.number { (within(window.latency.p99_s)) }
        }
    }
}
