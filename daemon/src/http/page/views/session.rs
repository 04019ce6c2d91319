//! A session: its receivers side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use uuid::Uuid;

use super::{nothing, unavailable};
use crate::http::page::access::Visitor;
use crate::http::page::actions::Action;
use crate::http::page::chart::map;
use crate::http::page::database::reports;
use crate::http::page::format::{count, decimal, duration, foreign, frequency, time};
use crate::http::page::shell::{Place, View, button, page, state, wide};
use crate::http::page::state::Page;
use crate::sanitize::sanitize;
use crate::sql;
use crate::status::error::StatusError;
use crate::status::session::{ReceiverReport, SessionReport};

/// Seconds that the table has at most.
const SECONDS: i32 = 60;
/// Pictures that the view has at most. A session of the application has seven receivers.
const PICTURES: usize = 24;

pub(in crate::http::page) async fn session(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<Uuid>,
) -> Response {
    let read = async {
        let report = state.status.session(id).await?;
        let seconds = reports(&state.queue, sql::PAGE_SECONDS, &[&id, &SECONDS]).await?;
        Ok::<_, StatusError>((report, seconds))
    };
    match read.await {
        Ok((Some(report), seconds)) => {
            let title = format!("Session {}", report.session_id);
            let can_act = state.access.can_act();
            let view = View {
                title: &title,
                place: Place::Elsewhere,
                is_live: true,
                content: content(&report, &seconds, &visitor, can_act),
            };
            page(&visitor, &view)
        }
        Ok((None, _)) => nothing(&visitor, "There is no session with this id."),
        Err(error) => unavailable(&visitor, &error),
    }
}

fn content(report: &SessionReport, seconds: &[Value], visitor: &Visitor, can_act: bool) -> Markup {
    let id = report.session_id;
    html! {
        h1 { "Session " span.small.pale { (id) } }
        div #summary data-live { (summary(report)) }
        p {
            (button(visitor, can_act, &Action::Prioritise(id)))
            (button(visitor, can_act, &Action::ExtractSessionAgain(id)))
        }
        section aria-labelledby="receivers-title" {
            h2 #receivers-title { "Receivers" }
            @if report.measurements > i64::try_from(report.receivers.len()).unwrap_or(i64::MAX) {
                p.pale { "The first " (report.receivers.len()) " of " (count(report.measurements)) "." }
            }
            @if report.receivers.is_empty() { p.pale { "It has no measurement." } }
            div.cards {
                @for (index, receiver) in report.receivers.iter().enumerate() { (card(receiver, index < PICTURES)) }
            }
        }
        @if !seconds.is_empty() {
            section aria-labelledby="seconds-title" {
                h2 #seconds-title { "SNR of each second, dB" }
                div #seconds data-live { (table_of_seconds(report, seconds)) }
            }
        }
        @if let Some(map) = map(report) {
            section aria-labelledby="map-title" { h2 #map-title { "Stations" } div.card.map { (map) } }
        }
    }
}

fn summary(report: &SessionReport) -> Markup {
    html! {
        dl.pairs {
            dt { "Status" } dd {
                (foreign(report.status.as_deref().unwrap_or("none")))
                @if let Some(coverage) = &report.coverage { " " (state(coverage)) }
                @if !report.is_completed { " (its features are extracted when it is completed)" }
            }
            @if let Some(start) = &report.started_at { dt { "Start" } dd { (time(start)) } }
            @if let Some(seconds) = report.duration_seconds { dt { "Length" } dd { (duration(seconds)) } }
            @if let Some(hz) = report.frequency_hz { dt { "Frequency" } dd { (frequency(hz)) } }
            dt { "Recordings" } dd { (count(report.measurements)) }
        }
    }
}

fn card(receiver: &ReceiverReport, has_picture: bool) -> Markup {
    let id = receiver.measurement_id;
    let name = receiver.rx_id.as_deref().unwrap_or("no station");
    let signal = match receiver.is_signal_present {
        Some(true) => "signal present",
        Some(false) => "no signal",
        None => "–",
    };
    html! {
        article.card {
            h3 { a href={ "/measurement/" (id) } { (foreign(name)) } }
            @if cfg!(feature = "plot") && has_picture && receiver.iq_data_location.is_some() {
                a href={ "/measurement/" (id) } {
                    img src={ "/measurement/" (id) "/strip.svg" } width="600" height="236" loading="lazy"
                        alt=(sanitize(&format!("Waterfall and spectrum of {name}")));
                }
            }
            div #{ "state-" (id) } data-live {
                p { (state(&receiver.state)) @if let Some(reason) = &receiver.reason { " " span.small { (foreign(reason)) } } }
                @if let Some(seconds) = receiver.next_try_s { p.small { "Next try in " (duration(seconds)) } }
                @if receiver.has_features {
                    p {
                        "SNR " strong { (receiver.mean_snr_db.map_or_else(|| "–".to_owned(), |snr| decimal(snr, 1))) " dB" }
                        ", " (signal) ", confidence " (receiver.confidence.map_or_else(|| "–".to_owned(), |part| decimal(part, 2)))
                    }
                    @for warning in &receiver.warnings { p.small.pale { "! " (foreign(warning)) } }
                }
            }
        }
    }
}

/// Seconds as columns, receivers as rows.
fn table_of_seconds(report: &SessionReport, recordings: &[Value]) -> Markup {
    let of: BTreeMap<&str, BTreeMap<usize, &Value>> = recordings
        .iter()
        .filter_map(|row| Some((row["measurement_id"].as_str()?, by_second(&row["seconds"]))))
        .collect();
    let last = of.values().filter_map(|seconds| seconds.keys().next_back()).max();
    let columns = last
        .map_or(0, |last| last + 1)
        .min(usize::try_from(SECONDS).unwrap_or(0));
    let rows = report.receivers.iter().filter_map(|receiver| {
        let seconds = of.get(receiver.measurement_id.to_string().as_str())?;
        Some((receiver, seconds))
    });
    wide(
        "SNR of each second",
        &html! {
            table.seconds {
                caption { "Green: a signal in most of the second. At most " (SECONDS) " seconds." }
                thead { tr { th scope="col" { "Receiver" } @for second in 0..columns { th.number scope="col" { (second) " s" } } } }
                tbody {
                    @for (receiver, seconds) in rows {
                        tr {
                            th.keep scope="row" { (foreign(receiver.rx_id.as_deref().unwrap_or("no station"))) }
                            @for column in 0..columns { (second(seconds.get(&column).copied())) }
                        }
                    }
                }
            }
        },
    )
}

fn second(numbers: Option<&Value>) -> Markup {
    let snr_db = numbers.and_then(|numbers| numbers["snr_db"].as_f64());
    let presence = numbers.and_then(|numbers| numbers["presence"].as_f64());
    html! {
        td.signal[presence.is_some_and(|part| part > 0.5)] { (snr_db.map_or_else(|| "–".to_owned(), |snr| decimal(snr, 1))) }
    }
}

/// The segments by the second in which they begin.
fn by_second(segments: &Value) -> BTreeMap<usize, &Value> {
    let segments = segments.as_array().into_iter().flatten();
    segments
        .filter_map(|segment| {
            let start_s = segment["start_ms"].as_f64()? / 1000.0;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a cast of a number stops at the ends"
            )]
            Some((start_s.round() as usize, segment))
        })
        .collect()
}
