//! The tables of the overview.

use maud::{Markup, html};
use serde_json::Value;

use crate::http::page::access::Visitor;
use crate::http::page::actions::Action;
use crate::http::page::format::{ago, count, decimal, duration, foreign, frequency, time};
use crate::http::page::shell::{button, share, state, wide};
use crate::status::overview::{Backfill, Failure, QueueReport};
use crate::status::worker::Worker;

/// For whom actions are shown.
#[derive(Clone, Copy)]
pub(super) struct Buttons<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) can_act: bool,
}

impl Buttons<'_> {
    pub(super) fn of(self, action: &Action) -> Markup {
        button(self.visitor, self.can_act, action)
    }
}

/// A table of sessions, as `page_sessions.sql` reports them.
pub(super) fn latest(sessions: &[Value]) -> Markup {
    let number = |session: &Value, name: &str| session[name].as_i64().map_or_else(|| "–".to_owned(), count);
    html! {
        @if sessions.is_empty() { p.pale { "There is no session." } }
        @else {
            (wide("Sessions", &html! {
                table {
                    thead { tr {
                        th scope="col" { "Start" } th scope="col" { "Status" } th.number scope="col" { "Frequency" }
                        th.number scope="col" { "Recordings" } th.number scope="col" { "With features" }
                        th.number scope="col" { "Failed" } th.number scope="col" { "Outstanding" }
                    } }
                    tbody {
                        @for session in sessions {
                            tr {
                                th.keep scope="row" {
                                    a href={ "/session/" (session["session_id"].as_str().unwrap_or_default()) } {
                                        (time(session["started_at"].as_str().unwrap_or_default()))
                                    }
                                }
                                td { (foreign(session["status"].as_str().unwrap_or("none"))) }
                                td.number { @if let Some(hz) = session["frequency_hz"].as_f64() { (frequency(hz)) } @else { "–" } }
                                td.number { (number(session, "total")) }
                                td.number { (number(session, "with_features")) }
                                td.number { (number(session, "failed")) }
                                td.number { (number(session, "pending")) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

pub(super) fn queue(queue: &QueueReport) -> Markup {
    html! {
        @if queue.counts.is_empty() { p.pale { "The queue is empty." } }
        @else {
            (wide("Queue by source and state", &html! {
                table {
                    caption { "Counted " (ago(queue.counted_s_ago)) }
                    thead { tr {
                        th scope="col" { "Source" } th scope="col" { "State" } th.number scope="col" { "Measurements" }
                        th.number scope="col" { "Oldest" }
                    } }
                    tbody {
                        @for row in &queue.counts {
                            tr {
                                th scope="row" { (row.source) }
                                td { (state(&row.state)) }
                                td.number { (count(row.measurements)) }
                                td.number { (duration(row.oldest_s)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

pub(super) fn workers(workers: &[Worker]) -> Markup {
    html! {
        (wide("Daemons", &html! {
            table {
                thead { tr {
                    th scope="col" { "Host" } th.number scope="col" { "Process" } th scope="col" { "Version" }
                    th.number scope="col" { "Up" } th.number scope="col" { "Heartbeat" } th.number scope="col" { "In flight" }
                    th scope="col" { "In hand" }
                } }
                tbody {
                    @for worker in workers {
                        tr {
                            th scope="row" {
                                @if worker.is_alive { (foreign(worker.host.as_deref().unwrap_or_default())) } @else { "lost daemon" }
                            }
                            td.number { @if let Some(pid) = worker.pid { (pid) } @else { "–" } }
                            td { (foreign(worker.version.as_deref().unwrap_or("–"))) }
                            td.number { (worker.up_s.map_or_else(|| "–".to_owned(), duration)) }
                            td.number { (worker.heartbeat_s_ago.map_or_else(|| "–".to_owned(), ago)) }
                            td.number { (count(worker.claimed)) @if let Some(most) = worker.concurrency { " of " (most) } }
                            td {
                                @for held in &worker.in_hand {
                                    div.keep {
                                        a href={ "/measurement/" (held.measurement_id) } { (foreign(held.rx_id.as_deref().unwrap_or("measurement"))) }
                                        " " span.pale { (held.source) ", " (duration(held.age_s)) }
                                    }
                                }
                                @if worker.in_hand.is_empty() { span.pale { "nothing" } }
                            }
                        }
                    }
                }
            }
        }))
    }
}

pub(super) fn failures(failures: &[Failure], buttons: Buttons<'_>) -> Markup {
    html! {
        @if failures.is_empty() { p.pale { "Nothing has failed." } }
        @for failure in failures {
            @let kind = failure.error_kind.as_deref();
            article.card.failure {
                h3 {
                    @if let Some(kind) = kind { a href={ "/search?kind=" (kind) } { (kind) } } @else { "earlier service" }
                    span { (count(failure.failures)) " failed" }
                    span.pale { "last " (ago(failure.last_s_ago)) }
                }
                p { (failure.meaning) " Tried again: " (failure.tried_again) ". " (failure.what_to_do) }
                @if let (Some(id), Some(message)) = (failure.example_measurement_id, &failure.example_message) {
                    p.small.pale { a href={ "/measurement/" (id) } { "The last one" } ": " (foreign(message)) }
                }
                @if kind.is_some() { (buttons.of(&Action::RetryFailed(kind.map(str::to_owned)))) }
            }
        }
    }
}

pub(super) fn backfills(backfills: &[Backfill], buttons: Buttons<'_>) -> Markup {
    html! {
        @if backfills.is_empty() { p.pale { "There was no backfill." } }
        @else {
            (wide("Backfills", &html! {
                table {
                    thead { tr {
                        th scope="col" { "Requested" } th scope="col" { "By" } th scope="col" { "State" }
                        th scope="col" { "Progress" } th.number scope="col" { "Failed" } th.number scope="col" { "Per second" }
                        th.number scope="col" { "Left" } th scope="col" { span.pale { "Action" } }
                    } }
                    tbody {
                        @for backfill in backfills {
                            tr {
                                th.keep scope="row" { (time(&backfill.requested_at)) }
                                td { (foreign(&backfill.requested_by)) }
                                td { (state(&backfill.state)) }
                                td.keep {
                                    (decimal(backfill.percent, 1)) " % of " (count(backfill.total))
                                    (share(backfill.done + backfill.failed, backfill.total, "Progress"))
                                }
                                td.number { (count(backfill.failed)) }
                                td.number { (decimal(backfill.rate_per_second, 2)) }
                                td.number { @match backfill.left_s { Some(left) if !backfill.has_ended() => (duration(left)), _ => "–" } }
                                td { @if !backfill.has_ended() { (buttons.of(&Action::CancelBackfill(backfill.backfill_id))) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}
