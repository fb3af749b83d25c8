//! Records of calls that are over.

use crate::{
    body::{Parameters, parse},
    identity::Principal,
    lists::List,
    problem::{Problem, ProblemDocument},
    recordings::PieceView,
    schema,
    state::{Shared, Site},
    wording::Code,
};
use axum::extract::{Path, State};
use report::Record;
use serde::{Deserialize, Serialize};
use store::{Page, RecordQuery};
use utoipa::IntoParams;
use vocab::{AgentId, CallId, Direction, EndState, QueueId, Timestamp};

/// Which records are wanted; every filter given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct RecordParameters {
    /// At most this many items; 50 when absent, 500 at most.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How the caller's or the called number begins.
    q: Option<String>,
    /// Arrived not before, Unix milliseconds.
    from: Option<i64>,
    /// Arrived before, Unix milliseconds.
    to: Option<i64>,
    /// Exactly this caller.
    caller: Option<String>,
    /// Exactly this number called.
    called: Option<String>,
    /// Exactly this number, as caller or called.
    number: Option<String>,
    /// The agent who talked; agents get their own, whatever they ask.
    agent: Option<String>,
    /// The queue it last waited in.
    queue: Option<String>,
    /// Final state.
    #[param(value_type = Option<schema::EndState>)]
    state: Option<EndState>,
    /// Which way.
    #[param(value_type = Option<schema::Direction>)]
    direction: Option<Direction>,
}

/// A record in full: each of its recordings with its pieces. Shown as `schema::RecordInFull`.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct RecordView(serde_json::Value);

impl RecordView {
    /// Adds the pieces.
    ///
    /// # Errors
    /// What the store says.
    pub async fn of(site: &Shared, record: Record) -> Result<RecordView, Problem> {
        let mut view = serde_json::to_value(&record).expect("a record has text keys and finite numbers only");
        for (index, entry) in record.recordings.iter().enumerate() {
            let pieces = site.store().pieces(entry.recording).await?;
            let pieces: Vec<PieceView> = pieces.iter().map(PieceView::from).collect();
            view["recordings"][index]["pieces"] = serde_json::json!(pieces);
        }
        Ok(RecordView(view))
    }
}

/// Agents see records of calls they talked in.
pub fn may_see_record(principal: &Principal, record: &Record) -> bool {
    principal.may_see_call_of(record.agent.iter())
}

fn query(principal: &Principal, asked: RecordParameters) -> Option<RecordQuery> {
    let agent = match principal.sees_all() {
        true => asked.agent.map(AgentId::new),
        // Somebody without an agent has no records of their own.
        false => Some(principal.user.agent.clone()?),
    };
    Some(RecordQuery {
        page: Page { limit: asked.limit, cursor: asked.cursor, q: asked.q },
        from: asked.from.map(Timestamp),
        to: asked.to.map(Timestamp),
        caller: asked.caller,
        called: asked.called,
        number: asked.number,
        agent,
        queue: asked.queue.map(QueueId::new),
        state: asked.state,
        direction: asked.direction,
    })
}

/// Records, newest first; agents see their own.
#[utoipa::path(get, path = "/records", tag = "records", params(RecordParameters),
    responses((status = 200, body = List<schema::Record>)))]
pub async fn list(
    State(site): Site,
    principal: Principal,
    Parameters(asked): Parameters<RecordParameters>,
) -> Result<axum::Json<List<Record>>, Problem> {
    let Some(query) = query(&principal, asked) else {
        return Ok(axum::Json(List { items: Vec::new(), next_cursor: None }));
    };
    Ok(axum::Json(List::of(site.store().records(&query).await?, |record| record)))
}

/// Records of refused calls, newest first.
#[utoipa::path(get, path = "/records/refused", tag = "records", params(RecordParameters),
    responses((status = 200, body = List<schema::Record>)))]
pub async fn refused(
    State(site): Site,
    principal: Principal,
    Parameters(asked): Parameters<RecordParameters>,
) -> Result<axum::Json<List<Record>>, Problem> {
    list(State(site), principal, Parameters(RecordParameters { state: Some(EndState::Refused), ..asked })).await
}

/// One record.
#[utoipa::path(get, path = "/records/{call}", tag = "records", params(("call" = String, Path)), responses(
    (status = 200, body = schema::RecordInFull), (status = 404, body = ProblemDocument)
))]
pub async fn get(
    State(site): Site,
    principal: Principal,
    Path(call): Path<String>,
) -> Result<axum::Json<RecordView>, Problem> {
    let call: CallId = parse(&call)?;
    let record = site.store().record(call).await?.filter(|record| may_see_record(&principal, record));
    Ok(axum::Json(RecordView::of(&site, record.ok_or(Code::NotFound)?).await?))
}
