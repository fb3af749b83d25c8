//! Calls: those that live, and where one that is over is found.

use crate::{
    agents::ask,
    body::parse,
    identity::Principal,
    problem::{Problem, ProblemDocument},
    records::{RecordView, may_see_record},
    schema,
    state::Site,
    wording::Code,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use report::CallLive;
use serde::Serialize;
use switch::Command;
use utoipa::ToSchema;
use vocab::CallId;

/// Live calls. There is no next page: all are in memory.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveCalls {
    /// Oldest first.
    #[schema(value_type = Vec<schema::CallLive>)]
    items: Vec<CallLive>,
    /// Always null.
    next_cursor: Option<String>,
}

/// A call, live or over: exactly one of the two.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallView {
    /// As it is now.
    #[schema(value_type = Option<schema::CallLive>)]
    live: Option<CallLive>,
    /// As it was.
    #[schema(value_type = Option<schema::RecordInFull>)]
    record: Option<RecordView>,
}

fn may_see(principal: &Principal, call: &CallLive) -> bool {
    principal.may_see_call_of(call.agent.iter().chain(call.offered.iter().map(|offered| &offered.agent)))
}

/// Calls going on now; agents see their own.
#[utoipa::path(get, path = "/calls", tag = "calls", responses((status = 200, body = LiveCalls)))]
pub async fn list(State(site): Site, principal: Principal) -> axum::Json<LiveCalls> {
    let mut items = site.state.live.snapshot().calls;
    items.retain(|call| may_see(&principal, call));
    axum::Json(LiveCalls { items, next_cursor: None })
}

/// One call, live or over.
#[utoipa::path(get, path = "/calls/{call}", tag = "calls", params(("call" = String, Path)), responses(
    (status = 200, body = CallView), (status = 404, body = ProblemDocument)
))]
pub async fn get(
    State(site): Site,
    principal: Principal,
    Path(call): Path<String>,
) -> Result<axum::Json<CallView>, Problem> {
    let call: CallId = parse(&call)?;
    if let Some(live) = site.state.live.call(call).filter(|live| may_see(&principal, live)) {
        return Ok(axum::Json(CallView { live: Some(live), record: None }));
    }
    let record = site.store().record(call).await?.filter(|record| may_see_record(&principal, record));
    let record = RecordView::of(&site, record.ok_or(Code::NotFound)?).await?;
    Ok(axum::Json(CallView { live: None, record: Some(record) }))
}

/// End a whole call.
#[utoipa::path(post, path = "/calls/{call}/end", tag = "calls", params(("call" = String, Path)), responses(
    (status = 202), (status = 404, body = ProblemDocument), (status = 503, body = ProblemDocument)
))]
pub async fn end(State(site): Site, principal: Principal, Path(call): Path<String>) -> Result<StatusCode, Problem> {
    let call: CallId = parse(&call)?;
    ask(&site, &principal, "end", format!("calls/{call}"), None, Command::EndCall { call }).await
}
