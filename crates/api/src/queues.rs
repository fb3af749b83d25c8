//! Queues and their rules.

use crate::{
    body::{Json, Parameters},
    identity::Principal,
    lists::{List, Paging},
    nouns::{Faults, apply, found},
    problem::{Problem, ProblemDocument},
    state::Site,
    wording::Code,
};
use acd::Strategy;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::Queue;
use utoipa::ToSchema;
use vocab::{PhoneNumber, QueueId};

/// A phone rings at least this long: people need 3 s to look up.
const RING_MS_MIN: u64 = 3_000;
/// And at most this long; no caller stays longer with one agent who is not there.
const RING_MS_MAX: u64 = 300_000;
/// The longest wrap-up: an hour.
const WRAP_UP_MS_MAX: u64 = 3_600_000;
/// Callers of one queue: the outside lines of the largest site (design.md section 7).
const WAITING_MAX: u64 = 4_000;

/// A queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueItem {
    /// Its name, as flows say it.
    #[schema(value_type = String)]
    queue: QueueId,
    #[serde(flatten)]
    body: QueueBody,
}

/// A queue without its name, which stands in the path.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct QueueBody {
    /// The number that dials it from inside.
    #[schema(value_type = String)]
    number: PhoneNumber,
    /// Shown on Chinese screens.
    name_zh: String,
    /// Shown on English screens.
    name_en: String,
    /// Who takes the next call.
    #[schema(value_type = crate::schema::Strategy)]
    strategy: Strategy,
    /// How long one agent's phone rings, milliseconds.
    ring_ms: u64,
    /// Wrap-up after each conversation, milliseconds; 0 for none.
    wrap_up_ms: u64,
    /// More waiting calls than this are refused.
    waiting_max: u32,
    /// An agent who lets a call ring becomes not ready.
    no_answer_leaves: bool,
    /// The prompt that waiting callers hear, by name.
    music: String,
}

impl From<Queue> for QueueItem {
    fn from(queue: Queue) -> QueueItem {
        let body = QueueBody {
            number: queue.number,
            name_zh: queue.name_zh,
            name_en: queue.name_en,
            strategy: queue.strategy,
            ring_ms: queue.ring_ms,
            wrap_up_ms: queue.wrap_up_ms,
            waiting_max: queue.waiting_max,
            no_answer_leaves: queue.no_answer_leaves,
            music: queue.music,
        };
        QueueItem { queue: queue.queue, body }
    }
}

fn check(queue: &str, body: &QueueBody) -> Result<(), Problem> {
    let mut faults = Faults::default();
    faults.key("queue", queue);
    faults.key("number", body.number.as_str());
    faults.text("name_zh", &body.name_zh);
    faults.text("name_en", &body.name_en);
    faults.within("ring_ms", body.ring_ms, RING_MS_MIN, RING_MS_MAX);
    faults.within("wrap_up_ms", body.wrap_up_ms, 0, WRAP_UP_MS_MAX);
    faults.within("waiting_max", u64::from(body.waiting_max), 1, WAITING_MAX);
    faults.key("music", &body.music);
    faults.none()
}

/// All queues.
#[utoipa::path(get, path = "/queues", tag = "queues", params(Paging), responses((status = 200, body = List<QueueItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<QueueItem>>, Problem> {
    let queues = site.store().queues().list(&paging.into()).await?;
    Ok(axum::Json(List::of(queues, QueueItem::from)))
}

/// One queue.
#[utoipa::path(get, path = "/queues/{queue}", tag = "queues", params(("queue" = String, Path)), responses(
    (status = 200, body = QueueItem), (status = 404, body = ProblemDocument)
))]
pub async fn get(State(site): Site, Path(queue): Path<String>) -> Result<axum::Json<QueueItem>, Problem> {
    Ok(axum::Json(found(site.store().queues().get(&queue).await?)?.into()))
}

/// Add or change a queue.
#[utoipa::path(put, path = "/queues/{queue}", tag = "queues", params(("queue" = String, Path)), request_body = QueueBody,
    responses((status = 200, body = QueueItem), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(queue): Path<String>,
    Json(body): Json<QueueBody>,
) -> Result<axum::Json<QueueItem>, Problem> {
    check(&queue, &body)?;
    let item = Queue {
        queue: QueueId::new(queue),
        number: body.number,
        name_zh: body.name_zh,
        name_en: body.name_en,
        strategy: body.strategy,
        ring_ms: body.ring_ms,
        wrap_up_ms: body.wrap_up_ms,
        waiting_max: body.waiting_max,
        no_answer_leaves: body.no_answer_leaves,
        music: body.music,
    };
    site.store().queues().put(&principal.actor(), &item).await?;
    apply(&site).await?;
    Ok(axum::Json(item.into()))
}

/// Remove a queue that no agent and no number refers to.
#[utoipa::path(delete, path = "/queues/{queue}", tag = "queues", params(("queue" = String, Path)), responses(
    (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)
))]
pub async fn delete(State(site): Site, principal: Principal, Path(queue): Path<String>) -> Result<StatusCode, Problem> {
    let all = site.store().configuration().await?;
    let served = all.agents.iter().any(|agent| agent.queues.iter().any(|served| served.as_str() == queue));
    let dialled = all
        .numbers
        .iter()
        .any(|number| matches!(&number.destination, store::Destination::Queue(target) if target.as_str() == queue));
    if served || dialled {
        return Err(Code::InUse.into());
    }
    site.store().queues().delete(&principal.actor(), &queue).await?.ok_or(Code::NotFound)?;
    apply(&site).await?;
    Ok(StatusCode::NO_CONTENT)
}
