//! What all views have around them, and the parts that several use.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::access::{Rights, Visitor};
use super::actions::Action;
use super::format::foreign;
use super::links::relative;
use crate::sanitize::sanitize;

/// A view with its title.
pub(super) struct View<'a> {
    pub(super) title: &'a str,
    /// The entry of the navigation that it belongs to.
    pub(super) place: Place,
    /// Whether it is read again while somebody looks at it.
    pub(super) is_live: bool,
    pub(super) content: Markup,
}

/// The entries of the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Search,
    Actions,
    SignIn,
    Elsewhere,
}

const ENTRIES: [(Place, &str, &str); 3] = [
    (Place::Overview, "/", "Overview"),
    (Place::Search, "/search", "Search"),
    (Place::Actions, "/actions", "Actions"),
];

/// The whole document.
pub(super) fn page(visitor: &Visitor, view: &View<'_>) -> Response {
    let document = document(visitor, view).into_string();
    Html(relative(&document, &visitor.to_root)).into_response()
}

/// The same with another status.
pub(super) fn page_with(status: StatusCode, visitor: &Visitor, view: &View<'_>) -> Response {
    (status, page(visitor, view)).into_response()
}

fn document(visitor: &Visitor, view: &View<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (sanitize(view.title)) " · heimdalld" }
                link rel="icon" href="/page/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/page/page.css";
                @if view.is_live { script src="/page/page.js" defer {} }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    a.brand href="/" { "heimdalld" }
                    nav aria-label="Views" {
                        @for (place, href, name) in ENTRIES {
                            a href=(href) aria-current=[(place == view.place).then_some("page")] { (name) }
                        }
                    }
                    (who(visitor))
                }
                main #main tabindex="-1" { (view.content) }
                footer {
                    @if view.is_live { p #live role="status" { "Reload the page for newer numbers." } }
                    p { "heimdalld " (env!("CARGO_PKG_VERSION")) " · " a href="/metrics" { "metrics" } " · "
                        a href="/readyz" { "readiness" } }
                }
            }
        }
    }
}

fn who(visitor: &Visitor) -> Markup {
    html! {
        @if visitor.is_signed_in() {
            form.who method="post" action="/sign-out" {
                input type="hidden" name="form" value=(visitor.form_token());
                span { (foreign(&visitor.operator)) @if visitor.rights == Rights::Read { " (reads)" } }
                button.quiet { "Sign out" }
            }
        } @else {
            a.who href="/sign-in" { "Sign in" }
        }
    }
}

/// A page that says what is wrong.
pub(super) fn problem(status: StatusCode, visitor: &Visitor, title: &str, text: &str) -> Response {
    let content = html! {
        h1 { (title) }
        p.problem { (foreign(text)) }
        p { a href="/" { "Overview" } }
    };
    let view = View {
        title,
        place: Place::Elsewhere,
        is_live: false,
        content,
    };
    page_with(status, visitor, &view)
}

/// A table that may be wider than the screen.
pub(super) fn wide(label: &str, table: &Markup) -> Markup {
    html! { div.wide role="region" aria-label={ "Table: " (label) } tabindex="0" { (table) } }
}

/// The word for a state, with a shape and a colour.
pub(super) fn state(word: &str) -> Markup {
    let class = match word {
        "done" | "complete" | "finished" => "good",
        "failed" | "no object" | "no session" | "cancelled" => "bad",
        "partial" | "recheck" | "waiting" | "not queued" | "paused" | "rechecking" => "doubt",
        "ready" | "claimed" | "pending" | "running" | "queued" => "busy",
        _ => "plain",
    };
    let shape = match class {
        "good" => "✓",
        "bad" => "✗",
        "doubt" => "!",
        "busy" => "…",
        _ => "·",
    };
    html! { span.state.(class) { span aria-hidden="true" { (shape) } " " (sanitize(word)) } }
}

/// A part of a whole, as a bar with its text.
pub(super) fn share(part: i64, whole: i64, label: &str) -> Markup {
    html! { progress max=(whole.max(1)) value=(part) aria-label=(label) { (part) " of " (whole) } }
}

/// A button that leads to the plan of an action; nothing for those who may not act.
pub(super) fn button(visitor: &Visitor, can_act: bool, action: &Action) -> Markup {
    html! {
        @if can_act && visitor.rights == Rights::Act {
            form.button method="get" action="/actions/plan" {
                @for (name, value) in action.fields() { input type="hidden" name=(name) value=(value); }
                button { (action.title()) }
            }
        }
    }
}
