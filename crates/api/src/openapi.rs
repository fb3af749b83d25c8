//! The OpenAPI document: generated from the handlers, checked in, and served.

use crate::{
    identity::COOKIE,
    recordings,
    rights::{self, Ruling, Who},
    router, schema,
};
use axum::{
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Value, json};
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
    components(schemas(schema::LiveMessage, schema::FactRecord, recordings::SoundFormat)),
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
    let mut document = serde_json::to_value(&document).expect("the document is plain data");
    let paths = document["paths"].as_object_mut().expect("there are paths");
    for (path, methods) in paths {
        for (method, operation) in methods.as_object_mut().expect("a path has methods") {
            finish(path, method, operation);
        }
    }
    let mut text = serde_json::to_string_pretty(&document).expect("the document is plain data");
    text.push('\n');
    text
}

/// Adds to an operation what is the same for all: a name of its own, refusals of rights, the media type of problems.
fn finish(path: &str, method: &str, operation: &mut Value) {
    let words = path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty());
    let name = [method].into_iter().chain(words).collect::<Vec<_>>().join("_");
    operation["operationId"] = name.into();
    let who = match rights::ruling(&method.to_uppercase().parse().expect("a method of HTTP"), path) {
        Ruling::May(who) => who,
        Ruling::NoSuchMethod | Ruling::Nobody => Who::Roles(&[]),
    };
    let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    let responses = operation["responses"].as_object_mut().expect("an operation has responses");
    if who != Who::Anybody {
        for status in ["401", "403"] {
            responses.entry(status).or_insert_with(|| json!({ "content": { "application/problem+json": problem } }));
        }
    }
    for (status, response) in responses {
        let code = status.parse::<u16>().ok().and_then(|status| StatusCode::from_u16(status).ok());
        let reason = code.and_then(|code| code.canonical_reason()).unwrap_or_default();
        if response.get("description").and_then(Value::as_str).is_none_or(str::is_empty) {
            response["description"] = reason.into();
        }
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut)
            && content.get("application/json") == Some(&problem)
        {
            content.remove("application/json");
            content.insert("application/problem+json".to_owned(), problem.clone());
        }
    }
    if let Who::Roles(roles) = who {
        operation["x-roles"] = json!(roles);
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "openapi", security(()), responses(
    (status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = String)
))]
pub async fn document() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    ([(header::CONTENT_TYPE, "application/json")], TEXT.get_or_init(openapi).as_str())
}
