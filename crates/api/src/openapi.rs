//! The OpenAPI document: generated from the handlers, checked in, and served.

use crate::{identity::COOKIE, router, schema};
use axum::{http::header, response::IntoResponse};
use std::sync::OnceLock;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Strowger", description = "Call centre: agents, queues, calls, records and live facts.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/api/v1")),
    components(schemas(schema::LiveMessage, schema::FactRecord)),
    security(("bearer" = []), ("cookie" = [])),
    modifiers(&Schemes)
)]
struct Head;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("Token of `POST /sessions`"));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        let cookie = ApiKeyValue::with_description(COOKIE, "Set by `POST /sessions`; writes need this host as Origin");
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The document as text, the same for the same sources.
pub fn openapi() -> String {
    let mut document = Head::openapi();
    document.merge(router::nouns().into_openapi());
    let mut text = document.to_pretty_json().expect("the document is plain data");
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "openapi", security(()), responses(
    (status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = String)
))]
pub async fn document() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    ([(header::CONTENT_TYPE, "application/json")], TEXT.get_or_init(openapi).as_str())
}
