//! Users: people and programs that log in.

use crate::{
    body::{Json, Parameters},
    identity::Principal,
    lists::{List, Paging},
    nouns::{Faults, found},
    passwords::PASSWORD_BYTES_MAX,
    problem::{Problem, ProblemDocument},
    state::Site,
    wording::Code,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{Deed, Role, User};
use utoipa::ToSchema;
use vocab::AgentId;

/// Shorter passwords are guessed (NIST SP 800-63B section 3.1.1.2 says 8 at least).
const PASSWORD_CHARACTERS_MIN: usize = 8;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserItem {
    /// Log-in name.
    username: String,
    /// What screens show.
    name: String,
    /// Rights.
    #[schema(value_type = Vec<crate::schema::Role>)]
    roles: Vec<Role>,
    /// The agent this person is, if one.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
}

/// What can be set.
#[derive(Deserialize, ToSchema)]
pub struct UserBody {
    /// What screens show.
    name: String,
    /// Rights.
    #[schema(value_type = Vec<crate::schema::Role>)]
    roles: Vec<Role>,
    /// The agent this person is, if one.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
    /// New password; absent or null leaves the old one. Never shown again.
    #[schema(format = Password)]
    password: Option<String>,
}

/// A change of password.
#[derive(Deserialize, ToSchema)]
pub struct NewPassword {
    /// The new one.
    #[schema(format = Password)]
    password: String,
    /// The present one; asked of everybody who changes their own.
    #[schema(format = Password)]
    current: Option<String>,
}

impl From<User> for UserItem {
    fn from(User { username, name, roles, agent, .. }: User) -> UserItem {
        UserItem { username, name, roles, agent }
    }
}

fn check_password(faults: &mut Faults, password: &str) {
    let right = password.chars().count() >= PASSWORD_CHARACTERS_MIN && password.len() <= PASSWORD_BYTES_MAX;
    let (zh, en) = ("密码至少 8 个字符。", "The password must have 8 characters or more.");
    faults.unless(right, "password", "password", zh, en);
}

/// All users.
#[utoipa::path(get, path = "/users", tag = "users", params(Paging), responses((status = 200, body = List<UserItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<UserItem>>, Problem> {
    let users = site.store().users().list(&paging.into()).await?;
    Ok(axum::Json(List::of(users, UserItem::from)))
}

/// One user.
#[utoipa::path(get, path = "/users/{username}", tag = "users", params(("username" = String, Path)), responses(
    (status = 200, body = UserItem), (status = 404, body = ProblemDocument)
))]
pub async fn get(State(site): Site, Path(username): Path<String>) -> Result<axum::Json<UserItem>, Problem> {
    Ok(axum::Json(found(site.store().users().get(&username).await?)?.into()))
}

/// Add or change a user. A new password, or other rights, end the user's sessions.
#[utoipa::path(put, path = "/users/{username}", tag = "users", params(("username" = String, Path)),
    request_body = UserBody,
    responses((status = 200, body = UserItem), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(username): Path<String>,
    Json(body): Json<UserBody>,
) -> Result<axum::Json<UserItem>, Problem> {
    let before = site.store().users().get(&username).await?;
    let mut faults = Faults::default();
    faults.key("username", &username);
    faults.text("name", &body.name);
    if let Some(password) = &body.password {
        check_password(&mut faults, password);
    }
    if let Some(agent) = &body.agent {
        faults.refers(site.store().agents().get(agent.as_str()).await?.is_some(), "agent", "unknown_agent");
    }
    faults.none()?;
    let password_hash = match (body.password, &before) {
        (Some(password), _) => site.passwords.hash(password).await?,
        (None, Some(before)) => before.password_hash.clone(),
        // Nobody logs in with an empty hash: the password is set later.
        (None, None) => String::new(),
    };
    let user = User { username, name: body.name, roles: body.roles, agent: body.agent, password_hash };
    site.store().users().put(&principal.actor(), &user).await?;
    let rights = |user: &User| (user.roles.clone(), user.agent.clone(), user.password_hash.clone());
    if before.is_some_and(|before| rights(&before) != rights(&user)) {
        site.store().delete_sessions_of(&user.username).await?;
    }
    Ok(axum::Json(user.into()))
}

/// Remove a user and end their sessions. Nobody removes themselves, so that an administrator stays.
#[utoipa::path(delete, path = "/users/{username}", tag = "users", params(("username" = String, Path)), responses(
    (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)
))]
pub async fn delete(
    State(site): Site,
    principal: Principal,
    Path(username): Path<String>,
) -> Result<StatusCode, Problem> {
    if username == principal.user.username {
        return Err(Code::InUse.into());
    }
    site.store().users().delete(&principal.actor(), &username).await?.ok_or(Code::NotFound)?;
    site.store().delete_sessions_of(&username).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change a password: one's own with the present one, or anybody's as administrator. Ends the user's sessions.
#[utoipa::path(post, path = "/users/{username}/password", tag = "users", params(("username" = String, Path)),
    request_body = NewPassword,
    responses((status = 204), (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn password(
    State(site): Site,
    principal: Principal,
    Path(username): Path<String>,
    Json(asked): Json<NewPassword>,
) -> Result<StatusCode, Problem> {
    let own = username == principal.user.username;
    if !own && !principal.is_any(&[Role::Admin]) {
        return Err(Code::Forbidden.into());
    }
    let mut user = found(site.store().users().get(&username).await?)?;
    let mut faults = Faults::default();
    check_password(&mut faults, &asked.password);
    if own {
        // The throttle of log-ins counts here too, or a stolen session could try passwords at leisure.
        let current = crate::sessions::is_password_of(&site, &user, asked.current, principal.source).await?;
        let (zh, en) = ("当前密码不正确。", "The present password is wrong.");
        faults.unless(current, "current", "wrong_password", zh, en);
    }
    faults.none()?;
    user.password_hash = site.passwords.hash(asked.password).await?;
    site.store().users().put(&principal.actor(), &user).await?;
    site.store().delete_sessions_of(&username).await?;
    let object = format!("users/{username}");
    let deed = Deed { action: "password", object, before: None, after: None, result: "ok" };
    site.store().audit(&principal.actor(), &deed).await?;
    Ok(StatusCode::NO_CONTENT)
}
