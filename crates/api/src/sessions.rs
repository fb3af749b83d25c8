//! Log-in and log-out.

use crate::{
    body::Json,
    identity::{COOKIE, Principal, own_origin, source},
    passwords::{PASSWORD_BYTES_MAX, new_token, token_hash},
    problem::{Problem, ProblemDocument},
    state::{Shared, Site, wall},
    throttle::Verdict,
    visitors::Visitor,
    wording::Code,
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use store::{Actor, Deed, Role, Session, User};
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;
use vocab::Timestamp;

/// A log-in lasts a long shift; the next one begins with a new log-in.
const SESSION_MS: i64 = 16 * 3600 * 1000;
/// What the audit keeps of a user name that may be anything.
const AUDITED_CHARACTERS_MAX: usize = 64;

/// A log-in.
#[derive(Deserialize, ToSchema)]
pub struct LogIn {
    /// Log-in name.
    username: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// For `Authorization: Bearer`. Browsers ignore it and use the cookie.
    token: String,
    /// When the session ends, Unix milliseconds.
    expires: i64,
    /// Who logged in.
    user: CurrentUser,
}

/// The person or program that is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentUser {
    /// Log-in name.
    username: String,
    /// What screens show.
    name: String,
    /// Rights.
    #[schema(value_type = Vec<crate::schema::Role>)]
    roles: Vec<Role>,
    /// The agent this person is, if one.
    agent: Option<String>,
    /// The site's time zone (IANA name): screens show times in it, and its midnight begins the day.
    timezone: String,
}

impl CurrentUser {
    fn of(user: &User, site: &Shared) -> CurrentUser {
        CurrentUser {
            username: user.username.clone(),
            name: user.name.clone(),
            roles: user.roles.clone(),
            agent: user.agent.as_ref().map(ToString::to_string),
            timezone: site.state.timezone.to_string(),
        }
    }
}

/// Log in.
///
/// A wrong password and an unknown user get the same answer after the same time. Failures slow the next attempts down, and
/// ten of them within ten minutes lock the name at this source.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = LogIn, security(()), responses(
    (status = 201, body = SessionView, description = "Logged in; sets the cookie `strowger_session`"),
    (status = 401, body = ProblemDocument), (status = 429, body = ProblemDocument)
))]
pub async fn log_in(
    State(site): Site,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    Json(asked): Json<LogIn>,
) -> Result<Response, Problem> {
    // Another site must not log a browser in under a name of its choice.
    if headers.contains_key(header::ORIGIN) && !own_origin(&site, &headers) {
        return Err(Code::Origin.into());
    }
    let visitor = visitor.map(|Extension(visitor)| visitor);
    let source = source(visitor.as_ref());
    let user = check(&site, asked, source).await?;
    if let Some(visitor) = visitor {
        visitor.is_known();
    }
    let (token, created) = (new_token(), wall());
    let expires = Timestamp(created.0 + SESSION_MS);
    let session = Session {
        token_hash: token_hash(&token),
        username: user.username.clone(),
        source: source.to_string(),
        created,
        expires,
    };
    site.store().put_session(&session).await?;
    let cookie = cookie(is_secure(&site, &headers), &token, SESSION_MS / 1000);
    let body = SessionView { token, expires: expires.0, user: CurrentUser::of(&user, &site) };
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], axum::Json(body)).into_response())
}

/// Whether somebody who is logged in knows their own password; counted and slowed down like log-ins.
///
/// # Errors
/// [`Code::Locked`] after too many failures, [`Code::Busy`] when many others wait.
pub async fn is_password_of(
    site: &Shared,
    user: &User,
    password: Option<String>,
    source: IpAddr,
) -> Result<bool, Problem> {
    wait(site, &user.username, source).await?;
    let Some(password) = password.filter(|password| password.len() <= PASSWORD_BYTES_MAX) else { return Ok(false) };
    let right = site.passwords.check(password, Some(user.password_hash.clone())).await?;
    if right {
        site.throttle.succeeded(&user.username, source);
    }
    Ok(right)
}

/// Puts an attempt off as long as those before it deserve; says whether its failure locks the door.
pub(crate) async fn wait(site: &Shared, username: &str, source: IpAddr) -> Result<bool, Problem> {
    match site.throttle.begin(username, source, Instant::now()) {
        Verdict::After { delay, locks } => {
            sleep(delay).await;
            Ok(locks)
        }
        Verdict::Locked { retry_after_s } => Err(Problem::from(Code::Locked).retry_after_s(retry_after_s)),
    }
}

/// The user, if the password is theirs. Every refusal takes the same way, whatever its cause.
async fn check(site: &Shared, asked: LogIn, source: IpAddr) -> Result<User, Problem> {
    let LogIn { username, password } = asked;
    let locks = wait(site, &username, source).await?;
    let user = site.store().users().get(&username).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone()).filter(|hash| !hash.is_empty());
    let right = password.len() <= PASSWORD_BYTES_MAX && site.passwords.check(password, hash).await?;
    let (result, user) = match user.filter(|_| right) {
        Some(user) => ("ok", Some(user)),
        None if locks => ("wrong_login_locked", None),
        None => ("wrong_login", None),
    };
    let who = username.chars().take(AUDITED_CHARACTERS_MAX).filter(|character| !character.is_control()).collect();
    let actor = Actor { who, source: source.to_string() };
    let deed = Deed { action: "log_in", object: "sessions".into(), before: None, after: None, result };
    site.store().audit(&actor, &deed).await?;
    let user = user.ok_or(Code::WrongLogin)?;
    site.throttle.succeeded(&username, source);
    Ok(user)
}

/// Who is logged in.
#[utoipa::path(get, path = "/sessions/current", tag = "sessions", responses(
    (status = 200, body = CurrentUser), (status = 401, body = ProblemDocument)
))]
pub async fn current(State(site): Site, principal: Principal) -> axum::Json<CurrentUser> {
    axum::Json(CurrentUser::of(&principal.user, &site))
}

/// Log out.
#[utoipa::path(delete, path = "/sessions/current", tag = "sessions", responses(
    (status = 204, description = "Logged out; the token is worth nothing any more"),
    (status = 401, body = ProblemDocument)
))]
pub async fn log_out(State(site): Site, headers: HeaderMap, principal: Principal) -> Result<Response, Problem> {
    site.store().delete_session(&principal.session.token_hash).await?;
    let deed = Deed { action: "log_out", object: "sessions".into(), before: None, after: None, result: "ok" };
    site.store().audit(&principal.actor(), &deed).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(is_secure(&site, &headers), "", 0))]).into_response())
}

/// Whether the browser speaks TLS: with us, or with a proxy whose origin is one of ours.
fn is_secure(site: &Shared, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    site.config.tls.is_some() || origin.is_some_and(|origin| origin.starts_with("https://"))
}

fn cookie(secure: bool, token: &str, seconds: i64) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).expect("a token is base64url")
}
