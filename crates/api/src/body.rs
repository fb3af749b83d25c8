//! Bodies of requests: bounded in length and time, and JSON of the right shape.

use crate::{problem::Problem, wording::Code};
use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Longest body, except of flows.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest flow document: 5,000 nodes of some 800 bytes.
const FLOW_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A body has this long to arrive; a flow of 4 MiB does so at 1.1 Mbit/s.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// Middleware: takes the whole body in before anything else is done with the request, so that one that drips in costs
/// a connection and nothing more.
pub async fn bounded(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // The router has taken the base of the interface off.
    let flow = request.uri().path().starts_with("/flows/");
    let bytes_max = if flow { FLOW_BYTES_MAX } else { BODY_BYTES_MAX };
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > bytes_max as u64 {
        return Problem::from(Code::TooLarge).into_response();
    }
    match tokio::time::timeout(BODY_DEADLINE, axum::body::to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(_)) => Problem::from(Code::TooLarge).into_response(),
        Err(_) => Problem::from(Code::TooSlow).into_response(),
    }
}

/// A JSON body. The content type is asked for: a form of another site cannot send it unasked (no preflight).
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Json(value)),
            Err(rejection) => {
                tracing::debug!(%rejection, "a body was not understood");
                Err(Code::Malformed.into())
            }
        }
    }
}

/// Query parameters.
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Parameters(value)).map_err(|_| Code::BadQuery.into())
    }
}

/// An identity out of a path; one that does not parse names nothing.
pub fn parse<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Code::NotFound.into())
}
