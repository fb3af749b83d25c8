//! The nouns: written, read back, refused with the field that is wrong.

use super::harness::{Reply, Site, get, json};
use crate::wording::Language;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use switch::{Answer, Refusal};

fn queue() -> Value {
    json!({ "number": "601", "name_zh": "销售", "name_en": "Sales", "strategy": "longest_idle", "ring_ms": 45000,
        "wrap_up_ms": 10000, "waiting_max": 100, "no_answer_leaves": false, "music": "music" })
}

fn flow() -> Value {
    json!({ "version": 1, "flow": "welcome", "revision": 1, "language": "zh", "start": "answer", "nodes": {
        "answer": { "type": "answer", "links": { "done": "greeting" } },
        "greeting": { "type": "play", "says": [{ "say": "prompt", "name": "welcome" }], "interruptible": true,
            "links": { "done": "bye" } },
        "bye": { "type": "hangup" } } })
}

async fn put(site: &Site, token: &str, path: &str, body: Value) -> Reply {
    site.call(token, Method::PUT, path, Some(body)).await
}

#[tokio::test]
async fn what_is_put_can_be_got_and_the_exchange_is_told() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    let extension = json!({ "display_name": "Phone 8001", "password": "long enough" });
    for (path, body) in [
        ("/queues/sales", queue()),
        ("/extensions/8001", extension),
        ("/agents/1001", json!({ "name": "王芳", "queues": ["sales"], "extension_default": "8001" })),
        ("/numbers/4008001000", json!({ "destination": { "to": "queue", "id": "sales" }, "public": true })),
        ("/trunks/loopback", json!({ "networks": ["127.0.0.0/8"] })),
        ("/flows/welcome", flow()),
    ] {
        let told = site.configured.load(Ordering::Relaxed);
        let reply = put(&site, &token, path, body.clone()).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        assert_eq!(site.configured.load(Ordering::Relaxed), told + 1, "{path}");
        if path.starts_with("/extensions") {
            continue;
        }
        let got = site.call(&token, Method::GET, path, None).await.json();
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(got[field], *value, "{path} {field}");
        }
    }
    let extensions = site.call(&token, Method::GET, "/extensions", None).await;
    assert_eq!(extensions.json()["items"][0]["registered"], false);
    let digests = crate::ha1("8001", "strowger", "long enough");
    let stored = site.state.store.extensions().get("8001").await.unwrap().unwrap();
    assert_eq!((&stored.ha1_md5, &stored.ha1_sha256), (&digests.md5, &digests.sha256));
    for secret in [digests.md5.as_str(), digests.sha256.as_str(), "long enough"] {
        assert!(!extensions.text().contains(secret));
        let audit = site.call(&token, Method::GET, "/audit", None).await.text();
        assert!(!audit.contains(secret));
    }
    let flows = site.call(&token, Method::GET, "/flows", None).await.json();
    assert_eq!((&flows["items"][0]["flow"], &flows["items"][0]["revision"]), (&"welcome".into(), &1.into()));
    let revisions = site.call(&token, Method::GET, "/flows/welcome/revisions", None).await.json();
    assert_eq!(revisions["items"][0]["who"], "admin");
}

#[tokio::test]
async fn an_extension_keeps_its_password_when_only_the_name_changes() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    let reply = put(&site, &token, "/extensions/8001", json!({ "display_name": "Phone" })).await;
    assert_eq!(reply.json()["errors"][0]["code"], "required");
    put(&site, &token, "/extensions/8001", json!({ "display_name": "Phone", "password": "long enough" })).await;
    let before = site.state.store.extensions().get("8001").await.unwrap().unwrap();
    put(&site, &token, "/extensions/8001", json!({ "display_name": "Other" })).await;
    let after = site.state.store.extensions().get("8001").await.unwrap().unwrap();
    assert_eq!((after.ha1_md5, after.display_name.as_str()), (before.ha1_md5, "Other"));
}

#[tokio::test]
async fn wrong_fields_are_named_all_at_once() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    let mut bad = queue();
    (bad["ring_ms"], bad["waiting_max"], bad["name_zh"]) = (json!(1), json!(0), json!(" "));
    for (path, body, faults) in [
        ("/queues/sales", bad, vec!["name_zh:text", "ring_ms:range", "waiting_max:range"]),
        ("/queues/a%20b", queue(), vec!["queue:key"]),
        (
            "/agents/1001",
            json!({ "name": "x", "queues": ["nowhere"], "extension_default": "8001" }),
            vec!["queues:unknown_queue", "extension_default:unknown_extension"],
        ),
        (
            "/numbers/400",
            json!({ "destination": { "to": "flow", "id": "none" }, "public": true }),
            vec!["destination.id:unknown_destination"],
        ),
        ("/trunks/t", json!({ "networks": ["0.0.0.0/0"] }), vec!["networks:network"]),
        (
            "/users/new",
            json!({ "name": "x", "roles": ["agent"], "agent": "9", "password": "short" }),
            vec!["password:password", "agent:unknown_agent"],
        ),
    ] {
        let reply = put(&site, &token, path, body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let document = reply.json();
        let errors = document["errors"].as_array().unwrap();
        let word = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
        let named: Vec<String> =
            errors.iter().map(|error| format!("{}:{}", word(error, "field"), word(error, "code"))).collect();
        assert_eq!(named, faults, "{path}");
    }
    assert_eq!(site.configured.load(Ordering::Relaxed), 0, "nothing was stored");
}

#[tokio::test]
async fn a_flow_with_a_fault_is_refused_naming_node_and_field_in_the_readers_language() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    let mut bad = flow();
    bad["nodes"]["greeting"]["links"]["done"] = json!("nowhere");
    for (language, tag, node_word) in [("zh-CN", "zh-CN", "节点"), ("en", "en", "node"), ("fr", "en", "node")] {
        let mut request = json(Method::PUT, "/api/v1/flows/welcome", &bad);
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, language.parse().unwrap());
        let reply = site.ask(request).await;
        assert_eq!((reply.status, reply.header("content-language")), (StatusCode::UNPROCESSABLE_ENTITY, tag));
        let error = reply.json()["errors"][0].clone();
        assert_eq!((&error["node"], &error["code"]), (&"greeting".into(), &"link_unknown".into()));
        assert!(error["field"].as_str().unwrap().contains("done"), "{error}");
        assert!(error["message"].as_str().unwrap().contains(node_word), "{error}");
    }
    let mut unreadable = flow();
    unreadable["nodes"]["greeting"]["interruptible"] = json!("yes");
    let reply = put(&site, &token, "/flows/welcome", unreadable).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["errors"][0]["node"]), (422, &"greeting".into()));
    let reply = put(&site, &token, "/flows/other", flow()).await;
    assert_eq!(reply.json()["errors"][0]["code"], "name_differs");
    assert_eq!(site.call(&token, Method::GET, "/flows/welcome", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_the_readers_language() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    for (method, path) in [
        (Method::GET, "/numbers/12345"),
        (Method::DELETE, "/numbers/12345"),
        (Method::GET, "/queues/none"),
        (Method::GET, "/flows/none"),
        (Method::GET, "/flows/none/revisions"),
        (Method::GET, "/records/018bcfe5-6800-7000-8000-000000000001"),
        (Method::GET, "/records/nonsense"),
        (Method::GET, "/calls/nonsense"),
        (Method::GET, "/recordings/..%2F..%2Fetc"),
        (Method::GET, "/nothing"),
        (Method::DELETE, "/users/nobody"),
    ] {
        let reply = site.call(&token, method.clone(), path, None).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")), "{path}");
        assert_eq!(reply.json()["title"], Language::English.pick("未找到", "Not found"));
    }
    assert_eq!(site.call(&token, Method::DELETE, "/audit", None).await.json()["code"], "method_not_allowed");
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    for number in 100..125 {
        let body = json!({ "name": format!("Agent {number}"), "queues": [], "extension_default": null });
        put(&site, &token, &format!("/agents/{number}"), body).await;
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = site.call(&token, Method::GET, &format!("/agents?limit=10{cursor}"), None).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["agent"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (100..125).map(|number| number.to_string()).collect::<Vec<_>>());
    let found = site.call(&token, Method::GET, "/agents?q=Agent%20124", None).await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    for query in ["/records?cursor=nonsense", "/agents?limit=x", "/records?state=unheard_of", "/audit?cursor=x"] {
        let reply = site.call(&token, Method::GET, query, None).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (400, Some("bad_query")), "{query}");
    }
}

#[tokio::test]
async fn what_others_refer_to_is_not_removed() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    put(&site, &token, "/queues/sales", queue()).await;
    put(&site, &token, "/flows/welcome", flow()).await;
    put(&site, &token, "/agents/1001", json!({ "name": "x", "queues": ["sales"], "extension_default": null })).await;
    put(&site, &token, "/numbers/400", json!({ "destination": { "to": "flow", "id": "welcome" }, "public": true }))
        .await;
    for (path, status) in [
        ("/queues/sales", 409),
        ("/flows/welcome", 409),
        ("/numbers/400", 204),
        ("/flows/welcome", 204),
        ("/agents/1001", 204),
        ("/queues/sales", 204),
        ("/users/admin", 409),
        ("/users/quality", 204),
    ] {
        assert_eq!(site.call(&token, Method::DELETE, path, None).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_reason_for_being_not_ready_is_a_word_of_the_sites_own() {
    let site = Site::new().await;
    let token = site.log_in("agent").await;
    for (reason, status) in
        [("dentist", 202), ("看牙医", 202), ("", 422), ("two\nlines", 422), ("x".repeat(251).as_str(), 422)]
    {
        let ask = json!({ "ask": "not_ready", "reason": reason });
        let reply = site.call(&token, Method::POST, "/agents/1001/state", Some(ask)).await;
        assert_eq!(reply.status.as_u16(), status, "{reason}");
        if status == 422 {
            assert_eq!(reply.json()["errors"][0]["field"], "reason");
        }
    }
}

#[tokio::test]
async fn the_exchanges_answer_is_the_answer() {
    let site = Site::new().await;
    let token = site.log_in("agent").await;
    let ask = json!({ "ask": "log_in", "extension": "8001", "queues": [], "ready": true });
    let refused = |refusal| Answer::Refused(Refusal::Agent(refusal));
    for (answer, status, code) in [
        (Answer::Accepted, 202, ""),
        (refused(acd::AgentRefusal::ExtensionTaken), 409, "extension_taken"),
        (refused(acd::AgentRefusal::LoggedInElsewhere), 409, "logged_in_elsewhere"),
        (Answer::Busy, 503, "busy"),
    ] {
        *site.gateway.answer.lock().unwrap() = answer;
        let reply = site.call(&token, Method::POST, "/agents/1001/state", Some(ask.clone())).await;
        assert_eq!(reply.status.as_u16(), status);
        if status != 202 {
            assert_eq!(reply.json()["code"], code);
        }
    }
    let asked = site.gateway.asked.lock().unwrap()[0].clone();
    assert!(asked.contains("1001") && asked.contains("LogIn") && asked.contains("8001"), "{asked}");
    for (answer, path, status, code) in [
        (Answer::Refused(Refusal::NothingRinging), "/agents/1001/answer", 409, "nothing_ringing"),
        (Answer::Refused(Refusal::PhoneCannotAnswer), "/agents/1001/answer", 409, "phone_cannot_answer"),
        (Answer::Refused(Refusal::NoCall), "/agents/1001/hang_up", 409, "no_call"),
    ] {
        *site.gateway.answer.lock().unwrap() = answer;
        let reply = site.call(&token, Method::POST, path, None).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (status, Some(code)));
    }
    *site.gateway.answer.lock().unwrap() = Answer::Refused(Refusal::UnknownCall);
    let token = site.log_in("supervisor").await;
    let path = "/calls/018bcfe5-6800-7000-8000-000000000001/end";
    assert_eq!(site.call(&token, Method::POST, path, None).await.status, StatusCode::NOT_FOUND);
    let entries = site.state.store.audit_entries(&Default::default()).await.unwrap().items;
    let results: Vec<&str> = entries.iter().map(|entry| entry.result.as_str()).collect();
    assert_eq!(results[0], "unknown_call");
    assert!(results.contains(&"extension_taken") && results.contains(&"busy"), "{results:?}");
}

#[tokio::test]
async fn a_change_the_exchange_does_not_take_is_said_to_be_stored_only() {
    let mut site = Site::new().await;
    site.state.on_configuration_change =
        std::sync::Arc::new(|| Box::pin(async { Err("flow welcome does not parse".to_owned()) }));
    let (_closing, closed) = tokio::sync::watch::channel(false);
    site.router = crate::router::router(Default::default(), site.state.clone(), closed);
    let token = site.log_in("admin").await;
    let reply = put(&site, &token, "/queues/sales", queue()).await;
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (503, Some("not_applied")));
    assert!(!reply.text().contains("does not parse"), "what went wrong inside is for the log");
}

#[tokio::test]
async fn probes_answer_without_a_login_and_say_what_is_missing() {
    let mut site = Site::new().await;
    assert_eq!(site.ask(get("/healthz")).await.status, StatusCode::OK);
    assert_eq!(site.ask(get("/readyz")).await.json(), json!({ "ready": true, "reasons": [] }));
    let reply = site.ask(get("/metrics")).await;
    assert_eq!((reply.text().as_str(), reply.header("content-type").starts_with("text/plain")), ("up 1\n", true));
    site.state.ready = std::sync::Arc::new(|| vec!["sip: no socket".to_owned()]);
    let (_closing, closed) = tokio::sync::watch::channel(false);
    site.router = crate::router::router(Default::default(), site.state.clone(), closed);
    site.state.store.close().await;
    let reply = site.ask(get("/readyz")).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.json()["reasons"], json!(["sip: no socket", "store: the database does not answer"]));
}

#[tokio::test]
async fn a_database_that_is_away_is_said_so_and_nothing_panics() {
    let site = Site::new().await;
    let token = site.log_in("admin").await;
    site.state.store.close().await;
    let reply = site.call(&token, Method::GET, "/queues", None).await;
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (503, Some("store_unavailable")));
}
