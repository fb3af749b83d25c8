//! The matrix of roles and endpoints, held against the OpenAPI document and against the door itself.

use super::harness::{Site, USERS};
use crate::rights::{RIGHTS, Ruling, Who, ruling};
use axum::http::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;

fn documented() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |methods: &Value| methods.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let pairs = paths.iter().flat_map(|(path, operations)| {
        methods(operations).into_iter().map(move |method| (path.clone(), method.to_uppercase()))
    });
    pairs.collect()
}

#[test]
fn every_documented_endpoint_has_a_row_and_every_row_an_endpoint() {
    let rows: BTreeSet<_> = RIGHTS.iter().map(|row| (row.path.to_owned(), row.method.to_string())).collect();
    assert_eq!(rows.len(), RIGHTS.len(), "a row twice");
    let document = documented();
    assert_eq!(document.difference(&rows).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "without a row");
    assert_eq!(rows.difference(&document).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not documented");
}

#[tokio::test]
async fn each_role_is_let_in_where_the_matrix_says_and_nowhere_else() {
    let site = Site::new().await;
    let mut refused = 0;
    for (username, role, _) in USERS.into_iter().filter(|(username, ..)| *username != "agent2") {
        let mut token = site.log_in(username).await;
        for (path, method) in documented() {
            // Only the gate is asked about: what lies behind it would change what later rows find.
            let method: Method = method.parse().unwrap();
            let Ruling::May(who) = ruling(&method, &path) else { panic!("{method} {path} has no row") };
            let may = match who {
                Who::Anybody | Who::LoggedIn => true,
                Who::Roles(roles) => roles.contains(&role),
            };
            // Somebody else's agent, nobody's password: what handlers narrow further stays out of the table.
            let concrete = path.replace("{agent}", "1001").replace("{username}", username);
            let concrete = concrete.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            let concrete = concrete.collect::<Vec<_>>().join("/");
            let reply = site.call(&token, method.clone(), &concrete, None).await;
            let let_in = reply.status != StatusCode::FORBIDDEN;
            assert_eq!(let_in, may, "{username}: {method} {path} gave {}", reply.status);
            assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
            refused += usize::from(!let_in);
            if (path.as_str(), &method) == ("/sessions/current", &Method::DELETE) {
                token = site.log_in(username).await;
            }
        }
    }
    assert!(refused > 50, "the table refused only {refused}");
}

#[tokio::test]
async fn without_a_login_only_the_open_endpoints_answer() {
    let site = Site::new().await;
    for (path, method) in documented() {
        let method: Method = method.parse().unwrap();
        let open = ruling(&method, &path) == Ruling::May(Who::Anybody);
        let concrete = path.replace(['{', '}'], "");
        let uri = format!("/api/v1{concrete}");
        let reply = site.ask(super::harness::json(method.clone(), &uri, &Value::Null)).await;
        assert_eq!(reply.status != StatusCode::UNAUTHORIZED, open, "{method} {path} gave {}", reply.status);
    }
}

#[tokio::test]
async fn agents_act_for_themselves_only_and_leaders_for_everybody() {
    let site = Site::new().await;
    for (username, status) in [("agent", 202), ("agent2", 403), ("supervisor", 202), ("admin", 202), ("quality", 403)] {
        let token = site.log_in(username).await;
        for act in ["answer", "hang_up"] {
            let reply = site.call(&token, Method::POST, &format!("/agents/1001/{act}"), None).await;
            assert_eq!(reply.status.as_u16(), status, "{username} {act}");
        }
    }
}
