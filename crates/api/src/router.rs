//! All routes, with what every request goes through on its way in and out.

use crate::{
    Config, State, agents, audit, body, calls, console, extensions, flows,
    identity::{self, BASE},
    live, numbers, openapi,
    passwords::Passwords,
    probes,
    problem::{self, Problem},
    queues, recordings, records, security, sessions,
    state::Shared,
    throttle::Throttle,
    trunks, users,
    wording::Code,
};
use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use std::sync::Arc;
use tokio::sync::watch;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The nouns below `/api/v1`.
pub fn nouns() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(sessions::log_in))
        .routes(routes!(sessions::current, sessions::log_out))
        .routes(routes!(agents::list))
        .routes(routes!(agents::get, agents::put, agents::delete))
        .routes(routes!(agents::state))
        .routes(routes!(agents::answer))
        .routes(routes!(agents::hang_up))
        .routes(routes!(extensions::list))
        .routes(routes!(extensions::put, extensions::delete))
        .routes(routes!(queues::list))
        .routes(routes!(queues::get, queues::put, queues::delete))
        .routes(routes!(numbers::list))
        .routes(routes!(numbers::get, numbers::put, numbers::delete))
        .routes(routes!(trunks::list))
        .routes(routes!(trunks::get, trunks::put, trunks::delete))
        .routes(routes!(flows::list))
        .routes(routes!(flows::get, flows::put, flows::delete))
        .routes(routes!(flows::revisions))
        .routes(routes!(calls::list))
        .routes(routes!(calls::get))
        .routes(routes!(calls::end))
        .routes(routes!(records::list))
        .routes(routes!(records::refused))
        .routes(routes!(records::get))
        .routes(routes!(recordings::get))
        .routes(routes!(recordings::audio))
        .routes(routes!(recordings::peaks))
        .routes(routes!(users::list))
        .routes(routes!(users::get, users::put, users::delete))
        .routes(routes!(users::password))
        .routes(routes!(audit::list))
        .routes(routes!(live::live))
        .routes(routes!(openapi::document))
}

/// The whole door.
pub fn router(config: Config, state: State, closed: watch::Receiver<bool>) -> Router {
    with_throttle(config, state, closed, Throttle::default())
}

/// The door with failures counted already.
pub fn with_throttle(config: Config, state: State, closed: watch::Receiver<bool>, throttle: Throttle) -> Router {
    let shared = Arc::new(Shared { config, state, throttle, passwords: Passwords::default(), closed });
    let (nouns, _) = nouns().split_for_parts();
    let nouns = nouns
        // Inside out: the body is read only for those who may send it.
        .route_layer(middleware::from_fn(body::bounded))
        .route_layer(middleware::from_fn_with_state(shared.clone(), identity::authorise))
        .fallback(no_such_noun);
    Router::new()
        .nest(BASE, nouns)
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .fallback(console::serve)
        // Bodies are bounded by `body::bounded`, which knows that flows are longer.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(shared.clone(), security::guard))
        .layer(middleware::from_fn(problem::speak))
        .with_state(shared)
}

async fn no_such_noun() -> Problem {
    Code::NotFound.into()
}
