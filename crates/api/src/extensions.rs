//! Extensions: phone accounts, and whether a phone is there. Passwords come in and go no further than their digests.

use crate::{
    body::{Json, Parameters},
    digest::ha1,
    identity::Principal,
    lists::{List, Paging},
    nouns::{Faults, apply},
    problem::{Problem, ProblemDocument},
    state::{Shared, Site},
    wording::Code,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::Extension;
use utoipa::ToSchema;
use vocab::ExtensionId;

/// Shorter passwords of phones are guessed by the scanners of every day.
const PASSWORD_CHARACTERS_MIN: usize = 8;
/// Longer ones some phones cannot hold.
const PASSWORD_CHARACTERS_MAX: usize = 64;

/// A phone account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extension)]
pub struct ExtensionItem {
    /// Its number, also its SIP user name.
    #[schema(value_type = String)]
    extension: ExtensionId,
    /// What screens show.
    display_name: String,
    /// Whether a phone is registered.
    registered: bool,
    /// Where that phone is.
    contact: Option<String>,
    /// What it says it is.
    user_agent: Option<String>,
}

/// What can be set.
#[derive(Deserialize, ToSchema)]
pub struct ExtensionBody {
    /// What screens show.
    display_name: String,
    /// New password of the phone; absent or null leaves the old one. Never shown again.
    #[schema(format = Password)]
    password: Option<String>,
}

fn show(site: &Shared, stored: Extension) -> ExtensionItem {
    let phone = site.state.live.phone(&stored.extension);
    let said = |text: String| (!text.is_empty()).then_some(text);
    ExtensionItem {
        extension: stored.extension,
        display_name: stored.display_name,
        registered: phone.is_some(),
        contact: phone.clone().and_then(|phone| said(phone.contact)),
        user_agent: phone.and_then(|phone| said(phone.user_agent)),
    }
}

/// All extensions.
#[utoipa::path(get, path = "/extensions", tag = "extensions", params(Paging),
    responses((status = 200, body = List<ExtensionItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<ExtensionItem>>, Problem> {
    let extensions = site.store().extensions().list(&paging.into()).await?;
    Ok(axum::Json(List::of(extensions, |extension| show(&site, extension))))
}

/// Add or change an extension.
#[utoipa::path(put, path = "/extensions/{extension}", tag = "extensions", params(("extension" = String, Path)),
    request_body = ExtensionBody,
    responses((status = 200, body = ExtensionItem), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(extension): Path<String>,
    Json(body): Json<ExtensionBody>,
) -> Result<axum::Json<ExtensionItem>, Problem> {
    let before = site.store().extensions().get(&extension).await?;
    let mut faults = Faults::default();
    faults.key("extension", &extension);
    faults.text("display_name", &body.display_name);
    if let Some(password) = &body.password {
        let right = (PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&password.chars().count());
        let (zh, en) = ("密码须为 8 到 64 个字符。", "The password must have 8 to 64 characters.");
        faults.unless(right, "password", "password", zh, en);
    }
    let (zh, en) = ("新分机必须设置密码。", "A new extension needs a password.");
    faults.unless(before.is_some() || body.password.is_some(), "password", "required", zh, en);
    faults.none()?;
    let (ha1_md5, ha1_sha256) = match (body.password, before) {
        (Some(password), _) => {
            let digests = ha1(&extension, &site.state.realm, &password);
            (digests.md5, digests.sha256)
        }
        (None, Some(before)) => (before.ha1_md5, before.ha1_sha256),
        (None, None) => unreachable!("refused above"),
    };
    let extension = ExtensionId::new(extension);
    let item = Extension { extension, display_name: body.display_name, ha1_md5, ha1_sha256 };
    site.store().extensions().put(&principal.actor(), &item).await?;
    apply(&site).await?;
    Ok(axum::Json(show(&site, item)))
}

/// Remove an extension.
#[utoipa::path(delete, path = "/extensions/{extension}", tag = "extensions", params(("extension" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(
    State(site): Site,
    principal: Principal,
    Path(extension): Path<String>,
) -> Result<StatusCode, Problem> {
    site.store().extensions().delete(&principal.actor(), &extension).await?.ok_or(Code::NotFound)?;
    apply(&site).await?;
    Ok(StatusCode::NO_CONTENT)
}
