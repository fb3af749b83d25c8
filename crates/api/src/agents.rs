//! Agents: the nouns, and what is asked of them at work.

use crate::{
    body::{Json, Parameters},
    identity::Principal,
    lists::{List, Paging},
    nouns::{Faults, apply, found},
    problem::{Problem, ProblemDocument},
    state::{Shared, Site},
    wording::Code,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{Agent, Deed};
use switch::{Answer, Command};
use utoipa::ToSchema;
use vocab::{AgentId, ExtensionId, QueueId};

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub struct AgentItem {
    /// The agent number.
    #[schema(value_type = String)]
    agent: AgentId,
    #[serde(flatten)]
    body: AgentBody,
}

/// An agent without the number, which stands in the path.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AgentBody {
    /// What screens show.
    name: String,
    /// Queues the agent may serve.
    #[schema(value_type = Vec<String>)]
    queues: Vec<QueueId>,
    /// The extension a log-in proposes.
    #[schema(value_type = Option<String>)]
    extension_default: Option<ExtensionId>,
}

impl From<Agent> for AgentItem {
    fn from(Agent { agent, name, queues, extension_default }: Agent) -> AgentItem {
        AgentItem { agent, body: AgentBody { name, queues, extension_default } }
    }
}

/// All agents.
#[utoipa::path(get, path = "/agents", tag = "agents", params(Paging), responses((status = 200, body = List<AgentItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<AgentItem>>, Problem> {
    let agents = site.store().agents().list(&paging.into()).await?;
    Ok(axum::Json(List::of(agents, AgentItem::from)))
}

/// One agent; agents see themselves.
#[utoipa::path(get, path = "/agents/{agent}", tag = "agents", params(("agent" = String, Path)), responses(
    (status = 200, body = AgentItem), (status = 404, body = ProblemDocument)
))]
pub async fn get(
    State(site): Site,
    principal: Principal,
    Path(agent): Path<String>,
) -> Result<axum::Json<AgentItem>, Problem> {
    principal.may_act_for(&agent)?;
    Ok(axum::Json(found(site.store().agents().get(&agent).await?)?.into()))
}

/// Add or change an agent.
#[utoipa::path(put, path = "/agents/{agent}", tag = "agents", params(("agent" = String, Path)), request_body = AgentBody,
    responses((status = 200, body = AgentItem), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(agent): Path<String>,
    Json(body): Json<AgentBody>,
) -> Result<axum::Json<AgentItem>, Problem> {
    let mut faults = Faults::default();
    faults.key("agent", &agent);
    faults.text("name", &body.name);
    for queue in &body.queues {
        faults.refers(site.store().queues().get(queue.as_str()).await?.is_some(), "queues", "unknown_queue");
    }
    if let Some(extension) = &body.extension_default {
        let found = site.store().extensions().get(extension.as_str()).await?.is_some();
        faults.refers(found, "extension_default", "unknown_extension");
    }
    faults.none()?;
    let AgentBody { name, queues, extension_default } = body;
    let item = Agent { agent: AgentId::new(agent), name, queues, extension_default };
    site.store().agents().put(&principal.actor(), &item).await?;
    apply(&site).await?;
    Ok(axum::Json(item.into()))
}

/// Remove an agent.
#[utoipa::path(delete, path = "/agents/{agent}", tag = "agents", params(("agent" = String, Path)), responses(
    (status = 204), (status = 404, body = ProblemDocument)
))]
pub async fn delete(State(site): Site, principal: Principal, Path(agent): Path<String>) -> Result<StatusCode, Problem> {
    site.store().agents().delete(&principal.actor(), &agent).await?.ok_or(Code::NotFound)?;
    apply(&site).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a state.
///
/// 202 means understood and begun; the new state arrives as a fact. Agents for themselves, leaders for everybody.
#[utoipa::path(post, path = "/agents/{agent}/state", tag = "agents", params(("agent" = String, Path)),
    request_body = crate::schema::AgentRequest,
    responses((status = 202), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub async fn state(
    State(site): Site,
    principal: Principal,
    Path(agent): Path<String>,
    Json(request): Json<acd::AgentRequest>,
) -> Result<StatusCode, Problem> {
    principal.may_act_for(&agent)?;
    let mut faults = Faults::default();
    // A reason is the site's own word, and every screen shows it.
    if let acd::AgentRequest::NotReady { reason } = &request {
        faults.text("reason", reason);
    }
    faults.none()?;
    let after = serde_json::to_string(&request).ok();
    let command = Command::Agent { agent: AgentId::new(agent.as_str()), request };
    ask(&site, &principal, "state", format!("agents/{agent}"), after, command).await
}

/// Answer the call that rings, on the agent's own phone.
#[utoipa::path(post, path = "/agents/{agent}/answer", tag = "agents", params(("agent" = String, Path)), responses(
    (status = 202), (status = 409, body = ProblemDocument), (status = 503, body = ProblemDocument)
))]
pub async fn answer(State(site): Site, principal: Principal, Path(agent): Path<String>) -> Result<StatusCode, Problem> {
    principal.may_act_for(&agent)?;
    let command = Command::Answer { agent: AgentId::new(agent.as_str()) };
    ask(&site, &principal, "answer", format!("agents/{agent}"), None, command).await
}

/// End the agent's part: declines while it rings, hangs up while they talk.
#[utoipa::path(post, path = "/agents/{agent}/hang_up", tag = "agents", params(("agent" = String, Path)), responses(
    (status = 202), (status = 409, body = ProblemDocument), (status = 503, body = ProblemDocument)
))]
pub async fn hang_up(
    State(site): Site,
    principal: Principal,
    Path(agent): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.may_act_for(&agent)?;
    let command = Command::HangUp { agent: AgentId::new(agent.as_str()) };
    ask(&site, &principal, "hang_up", format!("agents/{agent}"), None, command).await
}

/// Hands a command to the exchange and puts its answer on record. The audit comes after: no call waits for the database.
pub(crate) async fn ask(
    site: &Shared,
    principal: &Principal,
    action: &'static str,
    object: String,
    after: Option<String>,
    command: Command,
) -> Result<StatusCode, Problem> {
    let answer = site.state.gateway.submit(command).await;
    let (result, outcome) = match answer {
        Answer::Accepted => ("ok", Ok(StatusCode::ACCEPTED)),
        Answer::Refused(refusal) => {
            let code = Code::Exchange(refusal);
            (crate::wording::words(code).code, Err(Problem::from(code)))
        }
        Answer::Busy => ("busy", Err(Problem::from(Code::Busy).retry_after_s(1))),
    };
    let deed = Deed { action, object, before: None, after, result };
    if let Err(error) = site.store().audit(&principal.actor(), &deed).await {
        // The exchange has acted already; telling the agent "failed" would be untrue.
        tracing::error!(%error, action, "a command could not be audited");
    }
    outcome
}
