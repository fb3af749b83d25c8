//! Logging in and out, and what a browser may be tricked into.

use super::harness::{PASSWORD, Reply, Site, get, json};
use crate::{
    Config,
    sessions::wait,
    state::Shared,
    throttle::{FAILURES_MAX, Throttle},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;
use std::{net::IpAddr, time::Duration};
use tokio::time::Instant;

async fn try_log_in(site: &Site, peer: &str, username: &str, password: &str) -> Reply {
    let body = json!({ "username": username, "password": password });
    site.ask_from(peer, json(Method::POST, "/api/v1/sessions", &body)).await
}

#[tokio::test]
async fn a_login_gives_a_token_and_a_cookie_and_both_say_who_one_is_until_the_logout() {
    let site = Site::new().await;
    let reply = try_log_in(&site, "192.0.2.1", "agent", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(
        reply.json()["user"],
        json!({ "username": "agent", "name": "agent", "roles": ["agent"], "agent": "1001", "timezone": "Asia/Shanghai" })
    );
    let token = reply.json()["token"].as_str().unwrap().to_owned();
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with(&format!("strowger_session={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=")));
    assert!(!cookie.contains("Secure"), "plain HTTP");
    let by_cookie = || {
        let mut request = get("/api/v1/sessions/current");
        request.headers_mut().insert(header::COOKIE, format!("a=b; strowger_session={token}; c=d").parse().unwrap());
        request
    };
    assert_eq!(site.ask(by_cookie()).await.json()["agent"], "1001");
    assert_eq!(site.call(&token, Method::GET, "/sessions/current", None).await.status, StatusCode::OK);
    let reply = site.call(&token, Method::DELETE, "/sessions/current", None).await;
    assert_eq!((reply.status, reply.header("set-cookie").contains("Max-Age=0")), (StatusCode::NO_CONTENT, true));
    assert_eq!(site.ask(by_cookie()).await.status, StatusCode::UNAUTHORIZED);
    let entries = site.state.store.audit_entries(&Default::default()).await.unwrap().items;
    let log_ins: Vec<_> = entries.iter().filter(|entry| entry.object == "sessions").collect();
    assert_eq!(log_ins.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["log_out", "log_in"]);
    assert_eq!((log_ins[0].who.as_str(), log_ins[0].source.as_str()), ("agent", "192.0.2.1"));
}

#[tokio::test]
async fn the_token_is_nowhere_in_the_database() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    for file in std::fs::read_dir(site.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    let (_closing, closed) = tokio::sync::watch::channel(false);
    let router = crate::router::router(Config::default(), site.state.clone(), closed);
    let again = Site { router, ..site };
    assert_eq!(again.call(&token, Method::GET, "/users", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer_in_about_the_same_time() {
    let site = Site::new().await;
    let mut times = [Vec::new(), Vec::new()];
    let mut texts = Vec::new();
    // Each attempt from another address, so that no delay is in the figures.
    for round in 0..10_u8 {
        for (which, username) in ["admin", "nobody"].into_iter().enumerate() {
            let began = std::time::Instant::now();
            let reply = try_log_in(&site, &format!("198.51.100.{}", round * 2 + which as u8), username, "wrong").await;
            times[which].push(began.elapsed());
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
            texts.push(reply.text());
        }
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    // The fastest of each: what the work itself takes, whatever else the machine was doing. Without the work done in
    // vain for unknown names the two differ by a factor of more than ten.
    let [known, unknown] = times.map(|times| times.iter().min().unwrap().as_secs_f64());
    assert!((0.4..2.5).contains(&(known / unknown)), "known {known} s, unknown {unknown} s");
}

#[tokio::test]
async fn failures_slow_the_next_attempt_down() {
    let site = Site::new().await;
    let (_closing, closed) = tokio::sync::watch::channel(false);
    let shared = Shared {
        config: Config::default(),
        state: site.state.clone(),
        throttle: Throttle::default(),
        passwords: Default::default(),
        closed,
    };
    tokio::time::pause();
    for seconds in [0, 1, 2, 4, 8, 16, 30, 30] {
        let began = Instant::now();
        wait(&shared, "agent", IpAddr::from([192, 0, 2, 9])).await.unwrap();
        assert_eq!(began.elapsed().as_secs(), seconds);
        assert!(began.elapsed() < Duration::from_secs(seconds) + Duration::from_millis(10));
    }
}

#[tokio::test]
async fn ten_failures_lock_the_name_at_this_source_even_for_the_right_password() {
    let throttle = Throttle::default();
    let source: IpAddr = "192.0.2.7".parse().unwrap();
    for _ in 0..FAILURES_MAX {
        throttle.begin("agent", source, Instant::now());
    }
    let site = Site::new().await;
    let (_closing, closed) = tokio::sync::watch::channel(false);
    let router = crate::router::with_throttle(Config::default(), site.state.clone(), closed, throttle);
    let site = Site { router, ..site };
    let reply = try_log_in(&site, "192.0.2.7", "agent", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.json()["code"], "locked");
    let left: u64 = reply.header("retry-after").parse().unwrap();
    assert!((590..=600).contains(&left));
    assert_eq!(reply.json()["retry_after_s"], left);
    assert_eq!(try_log_in(&site, "192.0.2.8", "agent", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn failures_are_audited_with_name_and_source() {
    let site = Site::new().await;
    try_log_in(&site, "203.0.113.5", "mallory\n", "guess").await;
    let entries = site.state.store.audit_entries(&Default::default()).await.unwrap().items;
    let entry = &entries[0];
    assert_eq!(
        (entry.who.as_str(), entry.source.as_str(), entry.action.as_str(), entry.result.as_str()),
        ("mallory", "203.0.113.5", "log_in", "wrong_login")
    );
}

fn write_with(cookie: Option<&str>, bearer: Option<&str>, origin: Option<&str>) -> Request<Body> {
    let mut request = json(Method::DELETE, "/api/v1/numbers/nothing", &serde_json::Value::Null);
    let headers = request.headers_mut();
    if let Some(token) = cookie {
        headers.insert(header::COOKIE, format!("strowger_session={token}").parse().unwrap());
    }
    if let Some(token) = bearer {
        headers.insert(header::AUTHORIZATION, format!("bearer {token}").parse().unwrap());
    }
    if let Some(origin) = origin {
        headers.insert(header::ORIGIN, origin.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_cookie_writes_only_with_the_origin_of_this_host() {
    let config = Config { public_origins: vec!["https://calls.example.com/".into()], ..Config::default() };
    let site = Site::with(config).await;
    let token = site.log_in("admin").await;
    let token = token.as_str();
    // Reaching the handler shows as 404: there is no such number.
    for (cookie, bearer, origin, status) in [
        (Some(token), None, Some("http://calls.example"), 404),
        (Some(token), None, Some("http://CALLS.example:80"), 404),
        (Some(token), None, Some("https://calls.example.com"), 404),
        (Some(token), None, Some("https://calls.example"), 403),
        (Some(token), None, Some("http://calls.example:8080"), 403),
        (Some(token), None, Some("http://evil.example"), 403),
        (Some(token), None, Some("http://calls.example.evil.example"), 403),
        (Some(token), None, Some("null"), 403),
        (Some(token), None, Some(""), 403),
        (Some(token), None, None, 403),
        (Some(token), Some(token), Some("http://evil.example"), 404),
        (None, Some(token), Some("http://evil.example"), 404),
        (None, Some(token), None, 404),
        (None, Some("forged"), None, 401),
        (Some("forged"), None, Some("http://calls.example"), 401),
        (None, None, Some("http://calls.example"), 401),
    ] {
        let reply = site.ask(write_with(cookie, bearer, origin)).await;
        let case = (cookie.is_some(), bearer.is_some(), origin);
        assert_eq!(reply.status.as_u16(), status, "{case:?}");
        if status == 403 {
            assert_eq!(reply.json()["code"], "origin", "{case:?}");
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_with_tls_the_cookie_is_for_tls_only() {
    let config = Config { public_origins: vec!["https://calls.example.com".into()], ..Config::default() };
    let site = Site::with(config).await;
    let body = json!({ "username": "agent", "password": PASSWORD });
    for (origin, secure) in [("https://calls.example.com", true), ("http://calls.example", false)] {
        let mut request = json(Method::POST, "/api/v1/sessions", &body);
        request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        let reply = site.ask(request).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        assert_eq!(reply.header("set-cookie").ends_with("; Secure"), secure, "{origin}");
    }
}

#[tokio::test]
async fn another_site_cannot_log_a_browser_in() {
    let site = Site::new().await;
    let body = json!({ "username": "agent", "password": PASSWORD });
    let mut request = json(Method::POST, "/api/v1/sessions", &body);
    request.headers_mut().insert(header::ORIGIN, "http://evil.example".parse().unwrap());
    assert_eq!(site.ask(request).await.json()["code"], "origin");
    let mut form = json(Method::POST, "/api/v1/sessions", &body);
    form.headers_mut().insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    assert_eq!(site.ask(form).await.json()["code"], "malformed");
}

#[tokio::test]
async fn the_demo_answers_to_loopback_names_only() {
    let site = Site::with(Config { demo: true, ..Config::default() }).await;
    assert_eq!(site.ask(get("/healthz")).await.status, StatusCode::FORBIDDEN);
    let mut request = get("/healthz");
    request.headers_mut().insert(header::HOST, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(site.ask(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_changed_password_ends_the_sessions_and_one_needs_the_old_one_to_change_ones_own() {
    let site = Site::new().await;
    let token = site.log_in("agent").await;
    let path = "/users/agent/password";
    let change = |current: &str| Some(json!({ "password": "new password", "current": current }));
    let reply = site.call(&token, Method::POST, path, change("wrong")).await;
    assert_eq!(reply.json()["errors"][0]["code"], "wrong_password");
    let reply = site.call(&token, Method::POST, "/users/admin/password", change(PASSWORD)).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let admin = site.log_in("admin").await;
    let reply = site.call(&admin, Method::POST, path, Some(json!({ "password": "new password" }))).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(&token, Method::GET, "/sessions/current", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(try_log_in(&site, "192.0.2.3", "agent", "new password").await.status, StatusCode::CREATED);
}
