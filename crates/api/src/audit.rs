//! Who did what.

use crate::{body::Parameters, lists::List, problem::Problem, state::Site};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::{AuditEntry, AuditQuery, Page};
use utoipa::{IntoParams, ToSchema};
use vocab::Timestamp;

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParameters {
    /// At most this many items; 50 when absent, 500 at most.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Text that who, action or object contains.
    q: Option<String>,
    /// Only this person's deeds.
    who: Option<String>,
    /// Not before, Unix milliseconds.
    from: Option<i64>,
    /// Before, Unix milliseconds.
    to: Option<i64>,
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditItem {
    /// Counts up by one; a gap means tampering.
    seq: u64,
    /// When, Unix milliseconds.
    at: i64,
    /// Who; for log-ins that failed, the name they gave.
    who: String,
    /// From where.
    source: String,
    /// The verb ("put", "log_in", "play").
    action: String,
    /// To what ("queues/sales").
    object: String,
    /// What it was, where something changed.
    #[schema(value_type = Option<Object>)]
    before: Option<serde_json::Value>,
    /// What it became.
    #[schema(value_type = Option<Object>)]
    after: Option<serde_json::Value>,
    /// `ok`, or why not.
    result: String,
}

impl From<AuditEntry> for AuditItem {
    fn from(entry: AuditEntry) -> AuditItem {
        let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        AuditItem {
            seq: entry.seq,
            at: entry.at.0,
            who: entry.who,
            source: entry.source,
            action: entry.action,
            object: entry.object,
            before: json(entry.before),
            after: json(entry.after),
            result: entry.result,
        }
    }
}

/// Entries, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditParameters),
    responses((status = 200, body = List<AuditItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(asked): Parameters<AuditParameters>,
) -> Result<axum::Json<List<AuditItem>>, Problem> {
    let query = AuditQuery {
        page: Page { limit: asked.limit, cursor: asked.cursor, q: asked.q },
        who: asked.who,
        from: asked.from.map(Timestamp),
        to: asked.to.map(Timestamp),
    };
    let entries = site.store().audit_entries(&query).await?;
    Ok(axum::Json(List::of(entries, AuditItem::from)))
}
