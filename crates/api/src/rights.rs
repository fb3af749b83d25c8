//! Who may do what: one row per endpoint. What has no row is refused, and a test holds the rows against the OpenAPI
//! document in both directions.

use axum::http::Method;
use store::Role::{self, Admin, Agent, Auditor, Integrator, Quality, Supervisor};

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody, without a log-in.
    Anybody,
    /// Anybody who is logged in.
    LoggedIn,
    /// Those with one of these roles. Where agents are named, the handler narrows them to themselves.
    Roles(&'static [Role]),
}

/// The row of an endpoint.
#[derive(Clone, Debug)]
pub struct Right {
    /// Method; HEAD counts as GET.
    pub method: Method,
    /// Path as the router has it, below `/api/v1`.
    pub path: &'static str,
    /// Who may.
    pub who: Who,
}

const fn right(method: Method, path: &'static str, who: Who) -> Right {
    Right { method, path, who }
}

/// Reads the configuration that desks and boards show.
const DESKS: Who = Who::Roles(&[Agent, Supervisor, Quality, Admin, Integrator]);
/// Looks after people at work.
const LEADERS: Who = Who::Roles(&[Supervisor, Admin]);
/// Looks at the site from outside the conversation.
const OBSERVERS: Who = Who::Roles(&[Supervisor, Admin, Integrator]);
/// Acts for an agent: agents for themselves only.
const AT_WORK: Who = Who::Roles(&[Agent, Supervisor, Admin, Integrator]);
/// Hears conversations: agents their own only.
const LISTENERS: Who = Who::Roles(&[Agent, Supervisor, Quality, Admin]);
/// Configures.
const ADMINS: Who = Who::Roles(&[Admin]);
/// Checks on those who configure.
const AUDITORS: Who = Who::Roles(&[Admin, Auditor]);

/// The matrix.
pub const RIGHTS: &[Right] = &[
    right(Method::POST, "/sessions", Who::Anybody),
    right(Method::GET, "/sessions/current", Who::LoggedIn),
    right(Method::DELETE, "/sessions/current", Who::LoggedIn),
    right(Method::GET, "/openapi.json", Who::Anybody),
    right(Method::GET, "/live", DESKS),
    right(Method::GET, "/agents", OBSERVERS),
    right(Method::GET, "/agents/{agent}", AT_WORK),
    right(Method::PUT, "/agents/{agent}", ADMINS),
    right(Method::DELETE, "/agents/{agent}", ADMINS),
    right(Method::POST, "/agents/{agent}/state", AT_WORK),
    right(Method::POST, "/agents/{agent}/answer", AT_WORK),
    right(Method::POST, "/agents/{agent}/hang_up", AT_WORK),
    right(Method::GET, "/extensions", OBSERVERS),
    right(Method::PUT, "/extensions/{extension}", ADMINS),
    right(Method::DELETE, "/extensions/{extension}", ADMINS),
    right(Method::GET, "/queues", DESKS),
    right(Method::GET, "/queues/{queue}", DESKS),
    right(Method::PUT, "/queues/{queue}", ADMINS),
    right(Method::DELETE, "/queues/{queue}", ADMINS),
    right(Method::GET, "/numbers", OBSERVERS),
    right(Method::GET, "/numbers/{number}", OBSERVERS),
    right(Method::PUT, "/numbers/{number}", ADMINS),
    right(Method::DELETE, "/numbers/{number}", ADMINS),
    right(Method::GET, "/trunks", ADMINS),
    right(Method::GET, "/trunks/{trunk}", ADMINS),
    right(Method::PUT, "/trunks/{trunk}", ADMINS),
    right(Method::DELETE, "/trunks/{trunk}", ADMINS),
    right(Method::GET, "/flows", LEADERS),
    right(Method::GET, "/flows/{flow}", LEADERS),
    right(Method::PUT, "/flows/{flow}", ADMINS),
    right(Method::DELETE, "/flows/{flow}", ADMINS),
    right(Method::GET, "/flows/{flow}/revisions", LEADERS),
    right(Method::GET, "/calls", DESKS),
    right(Method::GET, "/calls/{call}", DESKS),
    right(Method::POST, "/calls/{call}/end", LEADERS),
    right(Method::GET, "/records", DESKS),
    right(Method::GET, "/records/refused", OBSERVERS),
    right(Method::GET, "/records/{call}", DESKS),
    right(Method::GET, "/recordings/{recording}", LISTENERS),
    right(Method::GET, "/recordings/{recording}/audio", LISTENERS),
    right(Method::GET, "/recordings/{recording}/peaks", LISTENERS),
    right(Method::GET, "/users", AUDITORS),
    right(Method::GET, "/users/{username}", AUDITORS),
    right(Method::PUT, "/users/{username}", ADMINS),
    right(Method::DELETE, "/users/{username}", ADMINS),
    right(Method::POST, "/users/{username}/password", Who::LoggedIn),
    right(Method::GET, "/audit", AUDITORS),
];

/// What the matrix says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// These may.
    May(Who),
    /// The path is there, the method is not.
    NoSuchMethod,
    /// No row.
    Nobody,
}

/// Looks a request up by the path the router matched.
pub fn ruling(method: &Method, path: &str) -> Ruling {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let mut rows = RIGHTS.iter().filter(|row| row.path == path).peekable();
    if rows.peek().is_none() {
        return Ruling::Nobody;
    }
    rows.find(|row| row.method == method).map_or(Ruling::NoSuchMethod, |row| Ruling::May(row.who))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_row_is_nobodys() {
        assert_eq!(ruling(&Method::GET, "/secrets"), Ruling::Nobody);
        assert_eq!(ruling(&Method::DELETE, "/audit"), Ruling::NoSuchMethod);
        assert_eq!(ruling(&Method::HEAD, "/queues"), Ruling::May(DESKS));
    }
}
