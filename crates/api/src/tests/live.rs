//! The live feed: first picture, resuming, what agents see, and readers that do not keep up.

use super::harness::{Site, facts};
use crate::{identity::COOKIE, serve};
use axum::http::StatusCode;
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};
use vocab::{
    AgentState, AssignmentReason, CallId, Direction, EndState, EndedBy, Fact, OfferEnd, QueueExit, RecordingId,
    RecordingPurpose, Timestamp,
};

/// Far longer than anything here takes; a hang fails instead of stopping the run.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn call(number: u8) -> CallId {
    CallId::new(Timestamp(1_700_000_000_000), [number; 10])
}

fn opened(call: CallId) -> Fact {
    Fact::CallOpened {
        call,
        direction: Direction::Inbound,
        caller: "13800138000".into(),
        called: "4008001000".into(),
        trunk: Some("loopback".into()),
        extension: None,
        source: "127.0.0.1:5060".parse().unwrap(),
    }
}

fn offered(call: CallId, agent: &str) -> Fact {
    let candidate = vocab::Candidate { agent: agent.into(), idle_ms: Some(1), passed_over: None };
    let passed =
        vocab::Candidate { agent: "1002".into(), idle_ms: Some(1), passed_over: Some(vocab::PassedOver::IdleShorter) };
    let reason = AssignmentReason {
        queue: "sales".into(),
        strategy: "longest_idle".into(),
        place: 1,
        waited_ms: 10,
        candidates: vec![candidate, passed],
        others: [("talking".to_owned(), 3)].into(),
    };
    Fact::AgentOffered { call, agent: agent.into(), extension: "8001".into(), reason: Box::new(reason) }
}

fn refused(number: u8) -> Fact {
    Fact::CallRefused {
        call: call(number),
        caller: "13800138000".into(),
        called: "400".into(),
        source: "127.0.0.1:5060".parse().unwrap(),
        status: 404,
        reason: "number_unbound".into(),
    }
}

fn agent_changed(agent: &str, state: AgentState) -> Fact {
    let (agent, extension) = (agent.into(), Some("8001".into()));
    Fact::AgentChanged { agent, extension, queues: vec!["sales".into()], state, pending: None }
}

/// One fact of each type.
pub fn one_of_each() -> Vec<Fact> {
    let (call, agent, recording) = (call(1), || "1001".into(), RecordingId(call(2).0));
    let text = || "x".to_owned();
    vec![
        opened(call),
        refused(3),
        Fact::CallAnswered { call },
        Fact::FlowStarted { call, flow: "welcome".into(), version: 1 },
        Fact::NodeEntered { call, node: "menu".into() },
        Fact::NodeLeft { call, node: "menu".into(), outcome: text() },
        Fact::DigitsCollected { call, node: "menu".into(), digits: "1".into() },
        Fact::Queued { call, queue: "sales".into(), enqueued: Timestamp(1) },
        Fact::Placed { call, queue: "sales".into(), place: 1 },
        Fact::QueueLeft { call, queue: "sales".into(), exit: QueueExit::Answered, waited_ms: 1 },
        offered(call, "1001"),
        Fact::AgentRinging { call, agent: agent() },
        Fact::OfferEnded { call, agent: agent(), end: OfferEnd::Answered },
        Fact::Joined { call, agent: agent(), extension: "8001".into() },
        Fact::Parted { call, agent: agent() },
        Fact::LegLost { call, extension: Some("8001".into()) },
        Fact::ExtensionRinging { call, extension: "8002".into() },
        Fact::ExtensionJoined { call, extension: "8002".into() },
        Fact::RecordingStarted { call, recording, purpose: RecordingPurpose::Conversation },
        Fact::RecordingStopped { call, recording },
        Fact::CallEnded { call, state: EndState::AgentAnswered, by: EndedBy::Caller },
        agent_changed("1001", AgentState::Ready),
        Fact::ExtensionRegistered { extension: "8001".into(), contact: text(), user_agent: text() },
        Fact::ExtensionUnregistered { extension: "8001".into() },
        Fact::AuthenticationRefused { account: text(), source: "127.0.0.1:1".parse().unwrap(), reason: text() },
        Fact::CallFault { call, message: text() },
        Fact::DispatcherRebuilt { epoch: 1, waiting: 0, agents: 0 },
    ]
}

/// Gives the board something of everything.
pub async fn fill(site: &Site) {
    let waiting = Fact::Queued { call: call(9), queue: "sales".into(), enqueued: Timestamp(1_700_000_000_000) };
    let ringing = Fact::AgentRinging { call: call(8), agent: "1001".into() };
    let reason = AgentState::NotReady { reason: "lunch".into() };
    let queued = Fact::Queued { call: call(8), queue: "sales".into(), enqueued: Timestamp(1_700_000_000_000) };
    let told = vec![
        opened(call(9)),
        waiting,
        opened(call(8)),
        queued,
        offered(call(8), "1001"),
        ringing,
        refused(7),
        agent_changed("1002", reason),
    ];
    publish_and_wait(site, facts(1, told)).await;
}

async fn publish_and_wait(site: &Site, published: Vec<vocab::FactRecord>) {
    let live = site.state.live.clone();
    let mut listener = live.listen();
    live.publish(published);
    tokio::select! {
        () = live.run() => {}
        changed = listener.news.changed() => changed.unwrap(),
    }
}

struct Served {
    site: Site,
    address: std::net::SocketAddr,
    server: JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
}

async fn served() -> Served {
    let site = Site::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let state = site.state.clone();
    let server = tokio::spawn(async move {
        let stop = async {
            let _ = stopped.await;
        };
        serve(crate::Config::default(), vec![listener], state, stop).await;
    });
    Served { site, address, server, stop }
}

type Socket = WebSocketStream<TcpStream>;

impl Served {
    async fn try_connect(&self, cursor: Option<&str>, header: (&str, String)) -> Result<Socket, Error> {
        let query = cursor.map_or_else(String::new, |cursor| format!("?cursor={cursor}"));
        let mut request = format!("ws://{}/api/v1/live{query}", self.address).into_client_request().unwrap();
        let name: axum::http::HeaderName = header.0.parse().unwrap();
        request.headers_mut().insert(name, header.1.parse().unwrap());
        let stream = TcpStream::connect(self.address).await.unwrap();
        client_async(request, stream).await.map(|(socket, _)| socket)
    }

    async fn connect(&self, token: &str, cursor: Option<&str>) -> Socket {
        self.try_connect(cursor, ("authorization", format!("Bearer {token}"))).await.unwrap()
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.server).await.unwrap().unwrap();
    }
}

/// The next message of this type.
async fn next(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let message = timeout(PATIENCE, socket.next()).await.expect("a message in time").unwrap().unwrap();
        let Message::Text(text) = message else { continue };
        let value: Value = serde_json::from_str(&text).unwrap();
        if value["type"] == kind {
            return value;
        }
    }
}

/// The next message that shows a call: counters of one's queues change without one.
async fn next_with_call(socket: &mut Socket) -> Value {
    loop {
        let told = next(socket, "facts").await;
        if told["changed"]["calls"].as_array().is_some_and(|calls| !calls.is_empty()) {
            return told;
        }
    }
}

fn numbers(message: &Value) -> Vec<u64> {
    message["facts"].as_array().unwrap().iter().map(|fact| fact["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_first_link_gets_everything_then_facts_with_what_they_changed_then_heartbeats() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let mut socket = served.connect(&token, None).await;
    let reset = next(&mut socket, "reset").await;
    assert_eq!(reset["snapshot"]["agents"].as_array().unwrap().len(), 2);
    served.site.state.live.publish(facts(1, vec![opened(call(1)), refused(2)]));
    let told = next(&mut socket, "facts").await;
    assert_eq!(numbers(&told), [1, 2]);
    assert_eq!(told["facts"][0]["type"], "call_opened");
    assert_eq!(told["changed"]["calls"][0]["caller"], "13800138000");
    assert_eq!(told["changed"]["refused"][0]["reason"], "number_unbound");
    let ended = Fact::CallEnded { call: call(1), state: EndState::InIvr, by: EndedBy::Caller };
    served.site.state.live.publish(facts(3, vec![ended]));
    let told = next(&mut socket, "facts").await;
    assert_eq!(told["changed"]["calls_over"][0], call(1).to_string());
    let heartbeat = next(&mut socket, "heartbeat").await;
    assert_eq!(heartbeat["cursor"], told["cursor"]);
    drop(socket);
    served.stop().await;
}

#[tokio::test]
async fn a_link_resumes_after_its_cursor_without_losing_or_doubling_a_fact() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let mut socket = served.connect(&token, None).await;
    let mut watching = served.connect(&token, None).await;
    let (mut cursor, mut seen) = (next(&mut socket, "reset").await["cursor"].clone(), Vec::new());
    for round in 0..5 {
        served.site.state.live.publish(facts(round * 2 + 1, vec![opened(call(round as u8)), refused(50)]));
        // A second link sees when the facts are out; the first is cut now and then.
        while numbers(&next(&mut watching, "facts").await).last() != Some(&(round * 2 + 2)) {}
        if round % 2 == 0 {
            let mut again = served.connect(&token, cursor.as_str()).await;
            while seen.last() != Some(&(round * 2 + 2)) {
                let told = next(&mut again, "facts").await;
                seen.extend(numbers(&told));
                cursor = told["cursor"].clone();
            }
        }
    }
    assert_eq!(seen, (1..=10).collect::<Vec<u64>>());
    served.stop().await;
}

#[tokio::test]
async fn a_cursor_of_another_life_or_nonsense_gets_a_reset() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let other = crate::LiveHub::new(report::Board::new(Default::default(), Timestamp(0)));
    for cursor in [other.cursor(0).text().as_str(), "nonsense", ""] {
        let mut socket = served.connect(&token, Some(cursor)).await;
        let first = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap().into_text().unwrap();
        assert!(first.starts_with(r#"{"type":"reset""#), "{first}");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_new_configuration_resets_every_reader() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let mut socket = served.connect(&token, None).await;
    let first = next(&mut socket, "reset").await;
    served.site.state.live.configure(Default::default());
    let second = next(&mut socket, "reset").await;
    assert_eq!(second["snapshot"]["agents"], serde_json::json!([]));
    assert_ne!(first["cursor"], second["cursor"]);
    let mut late = served.connect(&token, first["cursor"].as_str()).await;
    next(&mut late, "reset").await;
    served.stop().await;
}

#[tokio::test]
async fn an_agent_sees_their_own_calls_and_nobody_elses() {
    let served = served().await;
    let (own, other) = (served.site.log_in("agent").await, served.site.log_in("agent2").await);
    let (mut own, mut other) = (served.connect(&own, None).await, served.connect(&other, None).await);
    let reset = next(&mut own, "reset").await;
    assert_eq!(reset["snapshot"]["agents"].as_array().unwrap().len(), 1);
    assert_eq!(reset["snapshot"]["agents"][0]["agent"], "1001");
    assert_eq!(reset["snapshot"]["queues"].as_array().unwrap().len(), 1);
    let cursor = next(&mut other, "reset").await["cursor"].clone();
    let live = &served.site.state.live;
    live.publish(facts(1, vec![opened(call(1)), opened(call(2)), refused(3)]));
    live.publish(facts(4, vec![offered(call(1), "1001"), agent_changed("1001", AgentState::Ready)]));
    let told = next(&mut own, "facts").await;
    assert!(told["facts"].as_array().unwrap().iter().all(|fact| fact["call"] != call(2).to_string()));
    assert_eq!(told["changed"]["calls"][0]["call"], call(1).to_string());
    assert_eq!(told["changed"]["calls"].as_array().unwrap().len(), 1);
    assert_eq!(told["changed"]["refused"], serde_json::json!([]));
    let (call, agent) = (call(1), "1001".into());
    live.publish(facts(6, vec![Fact::OfferEnded { call, agent, end: OfferEnd::NoAnswer }, offered(call, "1002")]));
    let told = next(&mut own, "facts").await;
    assert_eq!(told["changed"]["calls_over"][0], call.to_string());
    assert_eq!(told["changed"]["calls"], serde_json::json!([]));
    let told = next_with_call(&mut other).await;
    assert_eq!(told["changed"]["calls"][0]["offered"]["agent"], "1002");
    // Resuming from before all that tells the same.
    let token = served.site.log_in("agent2").await;
    let mut again = served.connect(&token, cursor.as_str()).await;
    assert_eq!(next_with_call(&mut again).await["changed"]["calls"], told["changed"]["calls"]);
    served.stop().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_off_and_the_others_do_not_notice() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let mut good = served.connect(&token, None).await;
    next(&mut good, "reset").await;
    let mut slow = served.connect(&token, None).await;
    next(&mut slow, "reset").await;
    let live = served.site.state.live.clone();
    assert_eq!(live.readers(), 2);
    // More than the buffers of both sockets hold.
    let big = || Fact::CallFault { call: call(1), message: "x".repeat(100_000) };
    let mut seq = 0;
    while live.readers() == 2 {
        assert!(seq < 1000, "100 MB and still not cut off");
        live.publish(facts(seq + 1, vec![big(), big()]));
        seq += 2;
        while numbers(&next(&mut good, "facts").await).last() != Some(&seq) {}
    }
    let ending = async {
        loop {
            match slow.next().await {
                Some(Ok(Message::Close(frame))) => break frame.map(|frame| frame.code),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break None,
            }
        }
    };
    assert_eq!(timeout(PATIENCE, ending).await.unwrap(), Some(CloseCode::Again));
    live.publish(facts(seq + 1, vec![refused(1)]));
    assert_eq!(numbers(&next(&mut good, "facts").await), [seq + 1]);
    drop(good);
    served.stop().await;
}

#[tokio::test]
async fn a_websocket_by_cookie_needs_the_origin_of_this_host() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let refused = served.try_connect(None, ("cookie", format!("{COOKIE}={token}"))).await;
    let Err(Error::Http(response)) = refused else { panic!("let in without Origin") };
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    for (origin, let_in) in [
        (format!("http://{}", served.address), true),
        ("http://evil.example".to_owned(), false),
        ("null".to_owned(), false),
    ] {
        let mut request = format!("ws://{}/api/v1/live", served.address).into_client_request().unwrap();
        request.headers_mut().insert("cookie", format!("{COOKIE}={token}").parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let stream = TcpStream::connect(served.address).await.unwrap();
        assert_eq!(client_async(request, stream).await.is_ok(), let_in, "{origin}");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_stopping_server_says_goodbye() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let mut socket = served.connect(&token, None).await;
    next(&mut socket, "reset").await;
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                let _ = socket.close(None).await;
                return frame.map(|frame| frame.code);
            }
        }
        None
    };
    let (code, ()) = tokio::join!(reading, served.stop());
    assert_eq!(code, Some(CloseCode::Away));
}

#[tokio::test]
async fn what_readers_send_is_bounded() {
    let served = served().await;
    let token = served.site.log_in("supervisor").await;
    let mut socket = served.connect(&token, None).await;
    next(&mut socket, "reset").await;
    let _ = socket.send(Message::text("x".repeat(100_000))).await;
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    timeout(PATIENCE, ended).await.expect("the link ends");
    served.stop().await;
}

#[test]
fn the_exchange_is_never_kept_waiting_and_losses_are_counted() {
    let live = crate::LiveHub::new(report::Board::new(Default::default(), Timestamp(0)));
    for seq in 0..20_000 {
        live.publish(facts(seq, vec![refused(1)]));
    }
    assert_eq!(live.lost(), 20_000 - 16_384);
}
