//! An action: what it would do now, and doing it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use maud::{Markup, html};
use tokio::time::timeout;
use tracing::error;

use super::actions::{arguments, may_act};
use super::unavailable;
use crate::http::page::access::Visitor;
use crate::http::page::actions::Action;
use crate::http::page::actions::form::{ActionForm, parse};
use crate::http::page::actions::perform::perform;
use crate::http::page::actions::plan::{Plan, plan};
use crate::http::page::format::foreign;
use crate::http::page::shell::{Place, View, page_with, problem};
use crate::http::page::state::Page;

/// An answer to an action waits for so long. The action itself goes on.
const PATIENCE: Duration = Duration::from_secs(11);
const GROWN: &str = "There are more now than you were shown. Nothing was done yet.";

pub(in crate::http::page) async fn confirm(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Query(form): Query<ActionForm>,
) -> Response {
    let action = match allowed(&state, &visitor, &form) {
        Ok(action) => action,
        Err(refusal) => return *refusal,
    };
    match plan(&action, &state.queue, &state.status).await {
        Ok(plan) => confirmation(StatusCode::OK, &action, &plan, &visitor),
        Err(error) => unavailable(&visitor, &error),
    }
}

/// Asks for the confirmation. A conflict: the plan is another one than the person has seen.
fn confirmation(status: StatusCode, action: &Action, plan: &Plan, visitor: &Visitor) -> Response {
    let view = View {
        title: action.title(),
        place: Place::Actions,
        is_live: false,
        content: question(status, action, plan, visitor),
    };
    page_with(status, visitor, &view)
}

fn question(status: StatusCode, action: &Action, plan: &Plan, visitor: &Visitor) -> Markup {
    let arguments_of_it = action.arguments();
    html! {
        h1 { (action.title()) "?" }
        @if status == StatusCode::CONFLICT { p.problem role="alert" { (GROWN) } }
        div.card {
            p { (action.meaning()) }
            dl.pairs {
                dt { "To" } dd { strong { (foreign(&plan.to)) } " now" }
                dt { "By" } dd { code { "heimdall." (action.function()) "()" } (arguments(&arguments_of_it)) }
                dt { "As" } dd { (foreign(&visitor.operator)) " from " (visitor.address) ", stored in the record of actions" }
            }
            @if let Some(obstacle) = &plan.obstacle { p.notice { (foreign(obstacle)) } }
            form.fields method="post" action="/actions" {
                input type="hidden" name="form" value=(visitor.form_token());
                input type="hidden" name="seen" value=(plan.measurements);
                @for (name, value) in action.fields() { input type="hidden" name=(name) value=(value); }
                div {
                    @if plan.obstacle.is_none() { button #confirm { (action.title()) } " " }
                    a href="/actions" { "Back" }
                }
            }
        }
    }
}

/// Does an action that the person has seen the plan of. What was begun is ended and recorded, also
/// when the person closes the window.
pub(in crate::http::page) async fn act(
    State(state): State<Arc<Page>>,
    Extension(visitor): Extension<Visitor>,
    Form(form): Form<ActionForm>,
) -> Response {
    let action = match allowed(&state, &visitor, &form) {
        Ok(action) => action,
        Err(refusal) => return *refusal,
    };
    if !visitor.has_made(&form.form) {
        return problem(
            StatusCode::FORBIDDEN,
            &visitor,
            "Refused",
            "This form is not yours, or too old. Nothing was done.",
        );
    }
    match plan(&action, &state.queue, &state.status).await {
        Ok(plan) if plan.has_grown(form.seen.parse().unwrap_or(0)) => {
            return confirmation(StatusCode::CONFLICT, &action, &plan, &visitor);
        }
        Ok(_) => {}
        Err(error) => return unavailable(&visitor, &error),
    }
    let operator = visitor.clone();
    let acting = tokio::spawn(async move {
        let Some(admin) = &state.admin else {
            return Err("This page only reads.".to_owned());
        };
        let done = perform(&action, admin, &operator).await;
        state.forget_overview().await;
        done
    });
    match timeout(PATIENCE, acting).await {
        Ok(Ok(Ok(id))) => Redirect::to(&format!("/actions?done={id}")).into_response(),
        Ok(Ok(Err(reason))) => problem(StatusCode::CONFLICT, &visitor, "The database refused", &reason),
        Ok(Err(panic)) => {
            error!(%panic, "an action on the page has failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            &visitor,
            "Not done yet",
            "The database has not answered yet. The record of actions will say whether it was done.",
        ),
    }
}

/// The action, or the page that refuses.
fn allowed(state: &Page, visitor: &Visitor, form: &ActionForm) -> Result<Action, Box<Response>> {
    let refuse = |text: &str| Err(Box::new(problem(StatusCode::FORBIDDEN, visitor, "Refused", text)));
    if !may_act(state, visitor) {
        return refuse("An action needs the acting token. Nothing was done.");
    }
    parse(form).map_err(|wrong| Box::new(problem(StatusCode::BAD_REQUEST, visitor, "Not possible", &wrong)))
}
