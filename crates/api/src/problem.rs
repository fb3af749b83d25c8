//! Refusals as problem documents (RFC 9457), in the reader's language.
//!
//! A handler says only what went wrong ([`Problem`]); [`speak`] puts it into words once the request's language is known.
//! The words live in `wording`; this file knows no noun of the site.

use crate::wording::{self, Code, Language};
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::error::Error;
use store::StoreError;
use utoipa::ToSchema;

/// Why a request was not done.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    errors: Vec<FieldProblem>,
    retry_after_s: Option<u64>,
}

/// What is wrong with one field, in both languages until the reader's is known.
#[derive(Clone, Debug)]
pub struct FieldProblem {
    /// Node of a flow, where the document is one.
    pub node: Option<String>,
    /// The field ("ring_ms", "destination.id").
    pub field: String,
    /// A word programs can match on ("unknown_queue").
    pub code: String,
    /// For Chinese readers.
    pub message_zh: String,
    /// For everybody else.
    pub message_en: String,
}

impl FieldProblem {
    /// A fault outside flow documents.
    pub fn new(field: &str, code: &str, message_zh: impl Into<String>, message_en: impl Into<String>) -> Self {
        FieldProblem {
            node: None,
            field: field.to_owned(),
            code: code.to_owned(),
            message_zh: message_zh.into(),
            message_en: message_en.into(),
        }
    }
}

impl Problem {
    /// A refusal that faults several fields.
    pub fn invalid(errors: Vec<FieldProblem>) -> Self {
        Problem { code: Code::Invalid, errors, retry_after_s: None }
    }

    /// Says when asking again makes sense.
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Problem { code, errors: Vec::new(), retry_after_s: None }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Cursor => Code::BadQuery.into(),
            StoreError::Value { field, reason, .. } => Problem::invalid(vec![FieldProblem::new(
                field,
                "value",
                format!("该值无法保存（{reason}）。"),
                format!("The value cannot be stored: {reason}."),
            )]),
            StoreError::Unavailable { .. }
            | StoreError::Statement { .. }
            | StoreError::Newer { .. }
            | StoreError::Url { .. }
            | StoreError::Damaged { .. } => {
                tracing::error!(%error, source = error.source().map(tracing::field::display), "the store failed");
                Problem::from(Code::StoreUnavailable).retry_after_s(1)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The document as sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Identifies the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words, in the reader's language.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What to do about it, in the reader's language.
    detail: &'static str,
    /// The kind as one word for programs.
    code: &'static str,
    /// Seconds after which asking again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldDocument>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FieldProblem)]
pub struct FieldDocument {
    /// Node of a flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// The field.
    field: String,
    /// The fault as one word for programs.
    code: String,
    /// The fault in the reader's language.
    message: String,
}

impl Problem {
    fn document(self, language: Language) -> ProblemDocument {
        let words = wording::words(self.code);
        let field = |problem: FieldProblem| FieldDocument {
            node: problem.node,
            field: problem.field,
            code: problem.code,
            message: language.pick(problem.message_zh, problem.message_en),
        };
        ProblemDocument {
            kind: format!("urn:strowger:problem:{}", words.code),
            title: language.pick(words.title_zh, words.title_en),
            status: words.status.as_u16(),
            detail: language.pick(words.detail_zh, words.detail_en),
            code: words.code,
            retry_after_s: self.retry_after_s,
            errors: self.errors.into_iter().map(field).collect(),
        }
    }
}

/// Middleware: turns a [`Problem`] on its way out, and the framework's bare refusals, into a document.
pub async fn speak(request: Request, next: Next) -> Response {
    let language = Language::asked_by(request.headers());
    let response = next.run(request).await;
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => Problem::from(Code::MethodNotAllowed),
        None => return response,
    };
    let (mut parts, _) = response.into_parts();
    if let Some(seconds) = problem.retry_after_s {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    let text = serde_json::to_vec(&problem.document(language)).expect("a problem document is plain text and numbers");
    Response::from_parts(parts, text.into())
}
