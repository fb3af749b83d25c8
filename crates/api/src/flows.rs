//! Flows: IVR documents with all their revisions. A document with a fault is refused, naming node and field.

use crate::{
    body::Parameters,
    identity::Principal,
    lists::{List, Paging},
    nouns::{Faults, apply},
    problem::{FieldProblem, Problem, ProblemDocument},
    state::{Library, Shared, Site},
    wording::Code,
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::{FlowHead, FlowRevision};
use utoipa::{IntoParams, ToSchema};
use vocab::FlowId;

/// A flow in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Flow)]
pub struct FlowItem {
    /// Its name.
    flow: String,
    /// Newest revision, from 1.
    revision: u32,
    /// When that was saved, Unix milliseconds.
    updated: i64,
}

/// A revision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowRevision)]
pub struct RevisionItem {
    /// Its number, from 1.
    revision: u32,
    /// When it was saved, Unix milliseconds.
    saved: i64,
    /// Who saved it.
    who: String,
}

/// What saving made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Saved {
    /// The revision that holds the document; the same as before when nothing changed.
    revision: u32,
}

/// Which revision.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FlowParameters {
    /// The newest when absent.
    revision: Option<u32>,
}

/// All flows.
#[utoipa::path(get, path = "/flows", tag = "flows", params(Paging), responses((status = 200, body = List<FlowItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<FlowItem>>, Problem> {
    let flows = site.store().flows(&paging.into()).await?;
    let show = |FlowHead { flow, revision, updated }| FlowItem { flow: flow.to_string(), revision, updated: updated.0 };
    Ok(axum::Json(List::of(flows, show)))
}

/// A flow's document.
#[utoipa::path(get, path = "/flows/{flow}", tag = "flows", params(("flow" = String, Path), FlowParameters), responses(
    (status = 200, body = Object, description = "The document as it was saved"), (status = 404, body = ProblemDocument)
))]
pub async fn get(
    State(site): Site,
    Path(flow): Path<String>,
    Parameters(asked): Parameters<FlowParameters>,
) -> Result<Response, Problem> {
    let found = match asked.revision {
        Some(revision) => site.store().flow_at(&flow, revision).await?,
        None => site.store().flow(&flow).await?,
    };
    let document = found.ok_or(Code::NotFound)?.document;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

/// Save a flow's document as its next revision. Calls in progress finish on theirs.
#[utoipa::path(put, path = "/flows/{flow}", tag = "flows", params(("flow" = String, Path)), request_body = Object,
    responses((status = 200, body = Saved), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(flow): Path<String>,
    document: String,
) -> Result<axum::Json<Saved>, Problem> {
    let mut faults = Faults::default();
    faults.key("flow", &flow);
    faults.extend(faults_of(&site, &flow, &document).await?);
    faults.none()?;
    let revision = site.store().put_flow(&principal.actor(), &FlowId::new(flow), &document).await?;
    apply(&site).await?;
    Ok(axum::Json(Saved { revision }))
}

/// Remove a flow that no number leads to. Its revisions stay for the records that name them.
#[utoipa::path(delete, path = "/flows/{flow}", tag = "flows", params(("flow" = String, Path)), responses(
    (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)
))]
pub async fn delete(State(site): Site, principal: Principal, Path(flow): Path<String>) -> Result<StatusCode, Problem> {
    let all = site.store().configuration().await?;
    let dialled = all
        .numbers
        .iter()
        .any(|number| matches!(&number.destination, store::Destination::Flow(target) if target.as_str() == flow));
    if dialled {
        return Err(Code::InUse.into());
    }
    if !site.store().delete_flow(&principal.actor(), &flow).await? {
        return Err(Code::NotFound.into());
    }
    apply(&site).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A flow's revisions, newest first.
#[utoipa::path(get, path = "/flows/{flow}/revisions", tag = "flows", params(("flow" = String, Path), Paging),
    responses((status = 200, body = List<RevisionItem>), (status = 404, body = ProblemDocument)))]
pub async fn revisions(
    State(site): Site,
    Path(flow): Path<String>,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<RevisionItem>>, Problem> {
    site.store().flow(&flow).await?.ok_or(Code::NotFound)?;
    let revisions = site.store().flow_revisions(&flow, &paging.into()).await?;
    let show = |FlowRevision { revision, saved, who }| RevisionItem { revision, saved: saved.0, who };
    Ok(axum::Json(List::of(revisions, show)))
}

/// What is wrong with a document at this site; warnings are the editor's to show.
async fn faults_of(site: &Shared, name: &str, document: &str) -> Result<Vec<FieldProblem>, Problem> {
    let flow = match flow::Flow::parse(document) {
        Ok(flow) => flow,
        Err(problems) => return Ok(problems.iter().map(field_problem).collect()),
    };
    let all = site.store().configuration().await?;
    let Library { prompts, music } = (site.state.library)(&flow.language);
    let known = flow::Site {
        queues: all.queues.into_iter().map(|queue| queue.queue).collect(),
        prompts,
        music,
        extensions: all.extensions.into_iter().map(|extension| extension.extension).collect(),
    };
    let problems = flow::check(&flow, &known);
    let errors = problems.iter().filter(|problem| problem.severity == flow::Severity::Error);
    let mut faults: Vec<FieldProblem> = errors.map(field_problem).collect();
    if flow.flow.as_str() != name {
        let (zh, en) = ("文档中的名称与地址中的不同。", "The name in the document differs from that in the address.");
        faults.push(FieldProblem::new("flow", "name_differs", zh, en));
    }
    Ok(faults)
}

fn field_problem(problem: &flow::Problem) -> FieldProblem {
    let code = serde_json::to_value(problem.code).ok();
    FieldProblem {
        node: problem.node.as_ref().map(ToString::to_string),
        field: problem.field.clone(),
        code: code.and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default(),
        message_zh: problem.text(flow::Language::Zh),
        message_en: problem.text(flow::Language::En),
    }
}
