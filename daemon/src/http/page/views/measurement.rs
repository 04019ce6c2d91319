//! Everything that is known of a measurement.

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
use crate::http::page::format::{ago, bytes, count, decimal, duration, foreign, frequency, time};
use crate::http::page::shell::{Place, View, button, page, state, wide};
use crate::http::page::state::Page;
use crate::sanitize::sanitize;
use crate::status::error::StatusError;
use crate::status::measurement::{DictionaryEntry, MeasurementReport, MeasurementState};

/// Segments whose numbers are shown. The others are in the row.
const SEGMENTS: usize = 60;

pub(in crate::http::page) async fn measurement(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<Uuid>,
) -> Response {
    let read = async {
        let report = state.status.measurement(id).await?;
        Ok::<_, StatusError>((report, state.status.dictionary().await?))
    };
    match read.await {
        Ok((Some(report), dictionary)) => {
            let title = format!("Measurement {id}");
            let view = View {
                title: &title,
                place: Place::Elsewhere,
                is_live: true,
                content: content(&report, &dictionary, &visitor, state.access.can_act()),
            };
            page(&visitor, &view)
        }
        Ok((None, _)) => nothing(&visitor, "There is no measurement with this id."),
        Err(error) => unavailable(&visitor, &error),
    }
}

fn content(report: &MeasurementReport, dictionary: &[DictionaryEntry], visitor: &Visitor, can_act: bool) -> Markup {
    let status = &report.status;
    let id = status.measurement_id;
    let name = status.rx_id.as_deref().unwrap_or("no station");
    html! {
        h1 { (foreign(name)) " " span.small.pale { "measurement " (id) } }
        div #status data-live { (standing(report)) }
        p { @for action in actions(status) { (button(visitor, can_act, &action)) } }
        @if cfg!(feature = "plot") && status.iq_data_location.is_some() && status.recording_session_id.is_some() {
            section aria-labelledby="picture-title" {
                h2 #picture-title { "Spectrum, waterfall and level" }
                figure.plot {
                    img src={ "/measurement/" (id) "/plot.png" } width="1280" height="1160"
                        alt=(sanitize(&format!("Spectrum, waterfall and level of {name}")));
                }
            }
        }
        @if let Some(recording) = &report.recording {
            section aria-labelledby="recording-title" {
                h2 #recording-title { "What the application says" }
                (pairs(recording))
            }
        }
        @if let Some(result) = &report.result {
            section aria-labelledby="result-title" {
                h2 #result-title { "The row" }
                (result_of(result))
            }
        }
        @if !report.segments.is_empty() {
            section aria-labelledby="numbers-title" {
                h2 #numbers-title { "Numbers" }
                (numbers(report, dictionary))
            }
        }
    }
}

/// What can be done with a measurement in this state.
fn actions(status: &MeasurementState) -> Vec<Action> {
    let id = status.measurement_id;
    match status.state.as_str() {
        "done" => vec![Action::ExtractMeasurementAgain(id)],
        "failed" | "not queued" => vec![Action::RetryMeasurement(id)],
        "ready" | "waiting" | "recheck" => vec![Action::RetryMeasurement(id), Action::CancelMeasurement(id)],
        _ => Vec::new(),
    }
}

fn standing(report: &MeasurementReport) -> Markup {
    let status = &report.status;
    let kind = report.kind.as_ref();
    let says = |name: &str| kind.and_then(|kind| kind[name].as_str()).map(str::to_owned);
    html! {
        dl.pairs {
            dt { "State" } dd {
                (state(&status.state)) @if let Some(reason) = &status.reason { " " (foreign(reason)) }
            }
            @if let Some(age) = status.age_s { dt { "Since" } dd { (ago(age)) } }
            dt { "Tries" } dd { (status.attempts) }
            @if let Some(seconds) = status.next_try_s { dt { "Next try" } dd { "in " (duration(seconds)) } }
            @if let Some(worker) = &report.worker {
                dt { "Daemon" } dd { (foreign(worker["host"].as_str().unwrap_or("–"))) ", process " (worker["pid"]) }
            }
            @if let Some(error_kind) = &status.error_kind {
                dt { "Last failure" } dd {
                    a href={ "/search?kind=" (error_kind) } { (foreign(error_kind)) }
                    @if let (Some(meaning), Some(tried), Some(what)) = (says("meaning"), says("tried_again"), says("what_to_do")) {
                        ": " (meaning) " Tried again: " (tried) ". " (what)
                    }
                }
            }
            @if let Some(session) = status.recording_session_id {
                dt { "Session" } dd { a href={ "/session/" (session) } { (session) } }
            }
            @if let Some(at) = &status.measured_at { dt { "Measured" } dd { (time(at)) } }
            dt { "Object" } dd { code { (foreign(status.iq_data_location.as_deref().unwrap_or("none"))) } }
        }
    }
}

/// The columns that have a value, each in words where there are some.
fn pairs(object: &Value) -> Markup {
    let fields = object.as_object().into_iter().flatten();
    html! {
        dl.pairs {
            @for (name, value) in fields.filter(|(_, value)| !value.is_null()) {
                dt { (foreign(name)) }
                dd { (field(name, value)) }
            }
        }
    }
}

fn field(name: &str, value: &Value) -> Markup {
    html! {
        @match (value, value.as_f64()) {
            (Value::String(text), _) => (foreign(text)),
            (_, Some(number)) if name.ends_with("_hz") || name.ends_with("sample_rate") => (frequency(number)),
            (_, Some(number)) if name.ends_with("bytes") => (bytes(number)),
            (Value::Number(number), Some(value)) if number.is_f64() => (significant(value)),
            (Value::Number(number), _) => (number),
            (Value::Bool(true), _) => "yes",
            (Value::Bool(false), _) => "no",
            (Value::Array(items), _) if items.iter().all(Value::is_string) => {
                @for item in items { div { (foreign(item.as_str().unwrap_or_default())) } }
                @if items.is_empty() { "none" }
            },
            (other, _) => code { (foreign(&other.to_string())) },
        }
    }
}

/// The row without its numbers: how its bytes were read, and on whose word.
fn result_of(result: &Value) -> Markup {
    let metadata = &result["extraction_metadata"];
    let mut row = result.clone();
    if let Some(fields) = row.as_object_mut() {
        for shown_elsewhere in ["extraction_metadata", "measurement_id", "recording_session_id", "rx_id"] {
            fields.remove(shown_elsewhere);
        }
    }
    html! {
        (pairs(&row))
        @if metadata.as_object().is_some_and(|metadata| !metadata.is_empty()) {
            h3 { "How its bytes were read, and on whose word" }
            (pairs(metadata))
        }
    }
}

/// A row for each number, with the mean of all shown segments and the numbers of the first one.
fn numbers(report: &MeasurementReport, dictionary: &[DictionaryEntry]) -> Markup {
    let shown = &report.segments[..report.segments.len().min(SEGMENTS)];
    html! {
        @if let Some(quality) = report.segments.first().map(|segment| &segment["quality"]).filter(|quality| quality.is_object()) {
            h3 { "Quality of the first second" }
            (pairs(quality))
        }
        (wide("Numbers of the recording", &html! {
            table {
                caption {
                    "Mean over the first " (count(i64::try_from(shown.len()).unwrap_or(0))) " of "
                    (count(report.total_segments)) " seconds; smallest and largest value of a chunk in them"
                }
                thead { tr {
                    th scope="col" { "Number" } th.number scope="col" { "Mean" } th.number scope="col" { "Min" }
                    th.number scope="col" { "Max" } th scope="col" { "Unit" } th scope="col" { "Definition" }
                } }
                tbody { @for entry in dictionary { (number_row(entry, shown)) } }
            }
        }))
    }
}

fn number_row(entry: &DictionaryEntry, segments: &[Value]) -> Markup {
    let values: Vec<&Value> = segments
        .iter()
        .filter_map(|segment| find(segment, &entry.name))
        .collect();
    let of = |name: &str| -> Vec<f64> { values.iter().filter_map(|value| value[name].as_f64()).collect() };
    let (means, lowest, highest) = (of("mean"), of("min"), of("max"));
    if means.is_empty() {
        return html! {};
    }
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    html! {
        tr {
            th scope="row" { code { (foreign(&entry.name)) } }
            td.number { (significant(mean)) }
            td.number { (significant(lowest.iter().copied().fold(f64::INFINITY, f64::min))) }
            td.number { (significant(highest.iter().copied().fold(f64::NEG_INFINITY, f64::max))) }
            td.keep { (foreign(&entry.unit)) }
            td.text { (foreign(&entry.definition)) }
        }
    }
}

/// A number of the segment, in whichever of its sets.
fn find<'a>(segment: &'a Value, name: &str) -> Option<&'a Value> {
    segment.get(name).or_else(|| segment["extended"].get(name))
}

/// Four digits or so.
fn significant(number: f64) -> String {
    match number.abs() {
        n if !n.is_finite() => "–".to_owned(),
        n if n >= 1000.0 => decimal(number, 0),
        n if n >= 100.0 => decimal(number, 1),
        n if n >= 1.0 => decimal(number, 2),
        0.0 => "0".to_owned(),
        n if n >= 1e-3 => decimal(number, 4),
        _ => format!("{number:.2e}"),
    }
}
