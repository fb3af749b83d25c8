//! What every answer carries for the browser's sake, and whom the demo site answers.

use crate::{problem::Problem, state::Shared, wording::Code};
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};

/// Scripts and data come from this host only. Styles may be inline: the component library writes them at run time.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "microphone=(self), camera=(), geolocation=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];
/// Half a year; short enough to go back to plain HTTP after a mistake.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=15552000";

/// Middleware of every answer.
pub async fn guard(State(site): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let own = !site.config.demo || is_loopback_host(&request);
    let private = request.uri().path().starts_with(crate::identity::BASE);
    let mut response = if own { next.run(request).await } else { Problem::from(Code::Origin).into_response() };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if site.config.tls.is_some() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT_SECURITY));
    }
    if private && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The demo's passwords are known to everybody, so a page of another site that resolves its name to loopback (DNS
/// rebinding) must not reach it: only names that mean this machine are answered.
fn is_loopback_host(request: &Request) -> bool {
    let Some(host) = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn only_names_of_this_machine_reach_the_demo() {
        for (host, reaches) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("127.9.9.9:80", true),
            ("[::1]:8080", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("192.0.2.1:8080", false),
            ("", false),
        ] {
            let request = Request::builder().header(header::HOST, host).body(Body::empty()).unwrap();
            assert_eq!(is_loopback_host(&request), reaches, "{host}");
        }
        assert!(!is_loopback_host(&Request::builder().body(Body::empty()).unwrap()));
    }
}
