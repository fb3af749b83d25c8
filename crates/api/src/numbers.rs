//! Numbers and what they lead to.

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
use store::{Destination, Number};
use utoipa::ToSchema;
use vocab::PhoneNumber;

/// A number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Number)]
pub struct NumberItem {
    /// As dialled.
    #[schema(value_type = String)]
    number: PhoneNumber,
    #[serde(flatten)]
    body: NumberBody,
}

/// A number without its digits, which stand in the path.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NumberBody {
    /// Where it leads.
    #[schema(value_type = crate::schema::Destination)]
    destination: Destination,
    /// Whether outside callers may reach it.
    public: bool,
}

impl From<Number> for NumberItem {
    fn from(Number { number, destination, public }: Number) -> NumberItem {
        NumberItem { number, body: NumberBody { destination, public } }
    }
}

/// All numbers.
#[utoipa::path(get, path = "/numbers", tag = "numbers", params(Paging),
    responses((status = 200, body = List<NumberItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<NumberItem>>, Problem> {
    let numbers = site.store().numbers().list(&paging.into()).await?;
    Ok(axum::Json(List::of(numbers, NumberItem::from)))
}

/// One number.
#[utoipa::path(get, path = "/numbers/{number}", tag = "numbers", params(("number" = String, Path)), responses(
    (status = 200, body = NumberItem), (status = 404, body = ProblemDocument)
))]
pub async fn get(State(site): Site, Path(number): Path<String>) -> Result<axum::Json<NumberItem>, Problem> {
    Ok(axum::Json(found(site.store().numbers().get(&number).await?)?.into()))
}

async fn leads_somewhere(site: &Shared, destination: &Destination) -> Result<bool, Problem> {
    Ok(match destination {
        Destination::Flow(flow) => site.store().flow(flow.as_str()).await?.is_some(),
        Destination::Queue(queue) => site.store().queues().get(queue.as_str()).await?.is_some(),
        Destination::Extension(extension) => site.store().extensions().get(extension.as_str()).await?.is_some(),
    })
}

/// Bind a number.
#[utoipa::path(put, path = "/numbers/{number}", tag = "numbers", params(("number" = String, Path)),
    request_body = NumberBody,
    responses((status = 200, body = NumberItem), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(number): Path<String>,
    Json(NumberBody { destination, public }): Json<NumberBody>,
) -> Result<axum::Json<NumberItem>, Problem> {
    let mut faults = Faults::default();
    faults.key("number", &number);
    faults.refers(leads_somewhere(&site, &destination).await?, "destination.id", "unknown_destination");
    faults.none()?;
    let item = Number { number: PhoneNumber::new(number), destination, public };
    site.store().numbers().put(&principal.actor(), &item).await?;
    apply(&site).await?;
    Ok(axum::Json(item.into()))
}

/// Unbind a number.
#[utoipa::path(delete, path = "/numbers/{number}", tag = "numbers", params(("number" = String, Path)), responses(
    (status = 204), (status = 404, body = ProblemDocument)
))]
pub async fn delete(
    State(site): Site,
    principal: Principal,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    site.store().numbers().delete(&principal.actor(), &number).await?.ok_or(Code::NotFound)?;
    apply(&site).await?;
    Ok(StatusCode::NO_CONTENT)
}
