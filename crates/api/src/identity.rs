//! Who asks: the log-in behind a request, whether a browser was tricked into sending it, and whether the role may.

use crate::{
    passwords::token_hash,
    problem::Problem,
    rights::{self, Ruling, Who},
    state::{Shared, wall},
    visitors::Visitor,
    wording::Code,
};
use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};
use store::{Actor, Role, Session, User};
use vocab::AgentId;

/// The browser's cookie.
pub const COOKIE: &str = "strowger_session";
/// Where the interface lives; the matrix names paths below it.
pub const BASE: &str = "/api/v1";

/// Who asks, and with which session.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The person or program.
    pub user: User,
    /// Their session.
    pub session: Session,
    /// From where.
    pub source: IpAddr,
}

impl Principal {
    /// For the audit.
    pub fn actor(&self) -> Actor {
        Actor { who: self.user.username.clone(), source: self.source.to_string() }
    }

    /// Whether one of the roles is theirs.
    pub fn is_any(&self, roles: &[Role]) -> bool {
        self.user.roles.iter().any(|role| roles.contains(role))
    }

    /// Whether others' calls, agents and records are their business; an agent sees but their own.
    pub fn sees_all(&self) -> bool {
        self.is_any(&[Role::Supervisor, Role::Admin, Role::Quality, Role::Integrator])
    }

    /// Whether they may act for this agent.
    ///
    /// # Errors
    /// [`Code::Forbidden`] when it is somebody else and they lead nobody.
    pub fn may_act_for(&self, agent: &str) -> Result<(), Code> {
        let own = self.user.agent.as_ref().is_some_and(|own| own.as_str() == agent);
        let leads = self.is_any(&[Role::Supervisor, Role::Admin, Role::Integrator]);
        if own || leads { Ok(()) } else { Err(Code::Forbidden) }
    }

    /// Whether a call with these agents may be seen.
    pub fn may_see_call_of<'a>(&self, mut agents: impl Iterator<Item = &'a AgentId>) -> bool {
        self.sees_all() || self.user.agent.as_ref().is_some_and(|own| agents.any(|agent| agent == own))
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Principal>().cloned().ok_or_else(|| Code::Unauthenticated.into())
    }
}

/// Middleware of every matched route: lets through only whom the matrix names.
pub async fn authorise(
    State(site): State<Arc<Shared>>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let path = path.as_str().strip_prefix(BASE).unwrap_or_default();
    match admit(&site, path, request.method(), request.headers(), request.extensions().get()).await {
        Ok(Some(principal)) => {
            request.extensions_mut().insert(principal);
        }
        Ok(None) => {}
        Err(problem) => return problem.into_response(),
    }
    next.run(request).await
}

async fn admit(
    site: &Shared,
    path: &str,
    method: &Method,
    headers: &HeaderMap,
    visitor: Option<&Visitor>,
) -> Result<Option<Principal>, Problem> {
    let who = match rights::ruling(method, path) {
        Ruling::May(who) => who,
        Ruling::NoSuchMethod => return Err(Code::MethodNotAllowed.into()),
        Ruling::Nobody => return Err(Code::Forbidden.into()),
    };
    if who == Who::Anybody {
        return Ok(None);
    }
    let credential = Credential::of(headers).ok_or(Code::Unauthenticated)?;
    let token = match credential {
        Credential::Bearer(token) => token,
        Credential::Cookie(token) => {
            let changes = !matches!(*method, Method::GET | Method::HEAD);
            if (changes || headers.contains_key(header::UPGRADE)) && !own_origin(site, headers) {
                return Err(Code::Origin.into());
            }
            token
        }
    };
    let principal = principal(site, token, visitor).await?.ok_or(Code::Unauthenticated)?;
    if let Some(visitor) = visitor {
        visitor.is_known();
    }
    match who {
        Who::Anybody | Who::LoggedIn => Ok(Some(principal)),
        Who::Roles(roles) if principal.is_any(roles) => Ok(Some(principal)),
        Who::Roles(_) => Err(Code::Forbidden.into()),
    }
}

/// The person behind a token; none when the session is over or the person is gone.
async fn principal(site: &Shared, token: &str, visitor: Option<&Visitor>) -> Result<Option<Principal>, Problem> {
    let Some(session) = site.store().session(&token_hash(token), wall()).await? else { return Ok(None) };
    let user = site.store().users().get(&session.username).await?;
    Ok(user.map(|user| Principal { user, session, source: source(visitor) }))
}

/// Whether a session still stands; live links ask again now and then.
pub async fn still_valid(site: &Shared, principal: &Principal) -> Result<bool, store::StoreError> {
    let Some(session) = site.store().session(&principal.session.token_hash, wall()).await? else { return Ok(false) };
    let user = site.store().users().get(&session.username).await?;
    Ok(user.is_some_and(|user| user.roles == principal.user.roles && user.agent == principal.user.agent))
}

/// The address a request came from; a request without a connection (in tests) came from nowhere.
pub fn source(visitor: Option<&Visitor>) -> IpAddr {
    visitor.map_or(IpAddr::from([0, 0, 0, 0]), |visitor| visitor.peer.ip().to_canonical())
}

/// How a request says who it is. A bearer token wins: no browser adds one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credential<'a> {
    Bearer(&'a str),
    Cookie(&'a str),
}

impl Credential<'_> {
    fn of(headers: &HeaderMap) -> Option<Credential<'_>> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            return scheme.eq_ignore_ascii_case("bearer").then(|| Credential::Bearer(token.trim()));
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| Credential::Cookie(token))
    }
}

/// Whether the browser says that a page of ours sent the request: its `Origin` is this very host, or one of the
/// configured ones. A browser sends `Origin` with every write and WebSocket; without it, it is no browser of ours.
pub fn own_origin(site: &Shared, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    let Ok(origin) = origin.to_str() else { return false };
    if site.config.public_origins.iter().any(|own| own.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let (scheme, default_port) = if site.config.tls.is_some() { ("https://", ":443") } else { ("http://", ":80") };
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Some(named) = origin.strip_prefix(scheme) else { return false };
    let bare = |authority: &str| authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase();
    !named.is_empty() && bare(named) == bare(host)
}
