//! What machines ask of the process: alive, ready, how it fares.

use crate::state::Site;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// A database that takes longer does not answer: whoever asks gives up after a few seconds, and shall learn why.
const PING_MAX: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn alive() -> Response {
    axum::Json(json!({ "alive": true })).into_response()
}

/// The process can take calls; else why not. The database counts too, though calls would go on without it.
pub async fn ready(State(site): Site) -> Response {
    let mut reasons = (site.state.ready)();
    if !matches!(timeout(PING_MAX, site.store().ping()).await, Ok(Ok(()))) {
        reasons.push("store: the database does not answer".to_owned());
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

/// Prometheus text.
pub async fn metrics(State(site): Site) -> Response {
    let text = (site.state.metrics)();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
