//! A site to ask things of.

use crate::{
    Config, Library, LiveHub, State,
    passwords::hash_password,
    router::router,
    visitors::{Visitor, Visitors},
};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use report::{AgentNames, Board, Names, QueueNames};
use serde_json::Value;
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{Actor, Role, Store, User};
use switch::{Answer, Command, Gateway};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;
use vocab::{AgentId, Fact, FactRecord, Timestamp};

/// The exchange's stand-in: keeps what it was asked, and answers as told.
pub struct FakeGateway {
    pub asked: Mutex<Vec<String>>,
    pub answer: Mutex<Answer>,
}

impl Gateway for FakeGateway {
    fn submit(&self, command: Command) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        self.asked.lock().unwrap().push(format!("{command:?}"));
        let answer = *self.answer.lock().unwrap();
        Box::pin(async move { answer })
    }
}

pub struct Site {
    pub router: Router,
    pub state: State,
    pub gateway: Arc<FakeGateway>,
    pub configured: Arc<AtomicU64>,
    pub folder: TempDir,
    /// Held so that live links do not end.
    pub _closing: watch::Sender<bool>,
}

/// All six roles, one user each, named as the role; agents 1001 and 1002 log in as `agent` and `agent2`.
pub const USERS: [(&str, Role, Option<&str>); 7] = [
    ("agent", Role::Agent, Some("1001")),
    ("agent2", Role::Agent, Some("1002")),
    ("supervisor", Role::Supervisor, None),
    ("quality", Role::Quality, None),
    ("admin", Role::Admin, None),
    ("auditor", Role::Auditor, None),
    ("integrator", Role::Integrator, None),
];
pub const PASSWORD: &str = "right horse";

fn password_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_password(PASSWORD))
}

impl Site {
    pub async fn new() -> Site {
        Site::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("site.db").display())).await.unwrap();
        let system = Actor::system();
        for (username, role, agent) in USERS {
            let user = User {
                username: username.into(),
                name: username.into(),
                roles: vec![role],
                agent: agent.map(AgentId::from),
                password_hash: password_hash().into(),
            };
            store.users().put(&system, &user).await.unwrap();
        }
        let recordings_dir = folder.path().join("recordings");
        std::fs::create_dir(&recordings_dir).unwrap();
        let gateway = Arc::new(FakeGateway { asked: Mutex::default(), answer: Mutex::new(Answer::Accepted) });
        let configured = Arc::new(AtomicU64::new(0));
        let count = configured.clone();
        let state = State {
            store,
            gateway: gateway.clone(),
            live: LiveHub::new(board()),
            recordings_dir,
            realm: "strowger".into(),
            timezone: "Asia/Shanghai".into(),
            library: Arc::new(|_| Library { prompts: ["welcome".into()].into(), music: ["music".into()].into() }),
            ready: Arc::new(Vec::new),
            metrics: Arc::new(|| "up 1\n".to_owned()),
            on_configuration_change: Arc::new(move || {
                count.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            }),
        };
        let (_closing, closed) = watch::channel(false);
        let router = router(config, state.clone(), closed);
        Site { router, state, gateway, configured, folder, _closing }
    }

    /// Asks as if over a connection from this address.
    pub async fn ask_from(&self, peer: &str, mut request: Request<Body>) -> Reply {
        let peer: SocketAddr = format!("{peer}:40000").parse().unwrap();
        let visitor: Visitor = Visitors::default().enter(peer).unwrap();
        request.extensions_mut().insert(visitor);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub async fn ask(&self, request: Request<Body>) -> Reply {
        self.ask_from("192.0.2.1", request).await
    }

    pub async fn log_in(&self, username: &str) -> String {
        let body = serde_json::json!({ "username": username, "password": PASSWORD });
        let reply = self.ask(json(Method::POST, "/api/v1/sessions", &body)).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        reply.json()["token"].as_str().unwrap().to_owned()
    }

    /// Asks with a bearer token.
    pub async fn call(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        let body = body.unwrap_or(Value::Null);
        let mut request = json(method, &format!("/api/v1{path}"), &body);
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        self.ask(request).await
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request with a JSON body; null means without one.
pub fn json(method: Method, path: &str, body: &Value) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path).header(header::HOST, "calls.example");
    if body.is_null() {
        return builder.body(Body::empty()).unwrap();
    }
    builder.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

pub fn get(path: &str) -> Request<Body> {
    json(Method::GET, path, &Value::Null)
}

fn board() -> Board {
    let agent = |agent: &str| AgentNames { agent: agent.into(), name: agent.into(), queues: vec!["sales".into()] };
    let queue = |queue: &str| QueueNames {
        queue: queue.into(),
        number: "601".into(),
        name_zh: "销售".into(),
        name_en: "Sales".into(),
        ring_ms: 45_000,
    };
    let names = Names { agents: vec![agent("1001"), agent("1002")], queues: vec![queue("sales"), queue("support")] };
    Board::new(names, Timestamp(0))
}

/// Facts with numbers that count up, all at the same moment.
pub fn facts(first: u64, facts: Vec<Fact>) -> Vec<FactRecord> {
    let numbered = facts.into_iter().zip(first..);
    numbered.map(|(fact, seq)| FactRecord { seq, at: Timestamp(1_700_000_000_000), fact }).collect()
}
