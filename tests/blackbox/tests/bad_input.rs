//! What strangers, guessers and clumsy editors send: refused with a reason, bounded, and nobody else notices.

use blackbox::{
    PATIENCE, await_some,
    caller::Caller,
    flow::straight_to_queue,
    http::Api,
    site::{NUMBER, Site, strowger},
};
use serde_json::{Value, json};
use std::{
    io::Write,
    net::{TcpStream, UdpSocket},
    time::{Duration, Instant},
};

const SILENT_CONNECTIONS: usize = 200;
const JUNK_DATAGRAMS: usize = 2_000;
/// A UDP datagram cannot be longer.
const DATAGRAM_BYTES_MAX: usize = 65_507;
/// Exit code of `strowger call` for a registration that was refused.
const NOT_REGISTERED: i32 = 5;

/// Tries to register; how long the refusal took.
fn guess(site: &Site, password: &str) -> Duration {
    let began = Instant::now();
    let account = format!("8003:{password}");
    let mut command = strowger();
    command.args(["call", "--register", &account, "--server", &site.sip().to_string(), "--json"]);
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(NOT_REGISTERED), "{said}");
    assert!(said.contains("401"), "{said}");
    began.elapsed()
}

#[test]
fn a_wrong_sip_password_is_refused_ever_more_slowly_and_on_record() {
    let site = Site::start();
    let delays: Vec<Duration> = (0..4).map(|_| guess(&site, "wrong")).collect();
    assert!(delays[3] >= delays[0] + Duration::from_secs(2), "{delays:?}");
    assert!(delays.is_sorted(), "{delays:?}");
    let refused = |fact: &&Value| fact["type"] == "authentication_refused" && fact["account"] == "8003";
    let facts = site.live.facts();
    assert_eq!(facts.iter().filter(refused).count(), 4);
    assert!(
        facts.iter().filter(refused).all(|fact| fact["source"].as_str().is_some_and(|s| s.starts_with("127.0.0.1:")))
    );
    assert_eq!(site.extension("8003")["registered"], false);
}

#[test]
fn a_wrong_password_of_a_user_is_refused_ever_more_slowly_and_audited() {
    let site = Site::start();
    let nobody = Api { address: site.http(), token: String::new() };
    let attempt = |username: &str| {
        let began = Instant::now();
        let answer = nobody.ask("POST", "/api/v1/sessions", &json!({ "username": username, "password": "wrong" }));
        (answer.expect(401).json(), began.elapsed())
    };
    let tries = [attempt("1000"), attempt("1000"), attempt("1000")];
    assert!(tries[2].1 >= tries[0].1 + Duration::from_secs(1), "{:?}", tries.map(|(_, took)| took));
    assert_eq!(attempt("nobody").0["detail"], tries[0].0["detail"], "an unknown user looks like a known one");
    let audit = site.admin.get("/api/v1/audit?limit=500").to_string();
    assert!(audit.contains("1000") && audit.contains("127.0.0.1"), "{audit}");
    Api::log_in(site.http(), "1001", "demo");
}

#[test]
fn a_flow_with_an_error_is_refused_with_node_and_field() {
    let site = Site::start();
    let refused = |change: fn(&mut Value)| {
        let mut document = straight_to_queue(60_000);
        change(&mut document);
        let answer = site.admin.ask("PUT", "/api/v1/flows/straight", &document).expect(422);
        answer.json()["errors"][0].clone()
    };
    let error = refused(|flow| flow["nodes"]["sales"]["links"]["timeout"] = json!("nowhere"));
    assert_eq!((&error["node"], &error["field"]), (&json!("sales"), &json!("links.timeout")), "{error}");
    let error = refused(|flow| flow["nodes"]["sales"]["queue"] = json!("nothing"));
    assert_eq!((&error["node"], &error["field"]), (&json!("sales"), &json!("queue")), "{error}");
    assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
    let error = refused(|flow| flow["nodes"]["message"]["ms_max"] = json!("long"));
    assert!(error["field"].as_str().is_some_and(|field| field.contains("ms_max")), "{error}");
    let missing = site.admin.ask("GET", "/api/v1/flows/straight", &Value::Null);
    assert_eq!(missing.status, 404, "a refused flow is not kept");
}

/// The same bytes in every run.
fn junk(seed: usize) -> Vec<u8> {
    let mut state = seed as u32;
    let length = 1 + seed * 37 % 1_400;
    let byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(byte).take(length).collect()
}

#[test]
fn binary_oversized_and_half_open_traffic_does_not_disturb_a_call() {
    let mut site = Site::start();
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent: Vec<TcpStream> = (0..SILENT_CONNECTIONS).map(|_| TcpStream::connect(site.sip()).unwrap()).collect();
    let mut half = TcpStream::connect(site.sip()).unwrap();
    half.write_all(b"REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKhalf\r\nContent-Le")
        .unwrap();
    let mut endless = TcpStream::connect(site.sip()).unwrap();

    let (mut caller, call) = Caller::call(&site, NUMBER);
    for seed in 0..JUNK_DATAGRAMS {
        stranger.send_to(&junk(seed), site.sip()).unwrap();
    }
    let mut long = b"INVITE sip:1@127.0.0.1 SIP/2.0\r\nX: ".to_vec();
    long.resize(DATAGRAM_BYTES_MAX, b'x');
    for _ in 0..20 {
        stranger.send_to(&long, site.sip()).unwrap();
    }
    let endless_is_cut_off =
        await_some("a message without end is cut off", PATIENCE, || endless.write_all(&long).err());
    assert!(matches!(
        endless_is_cut_off.kind(),
        std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::ConnectionAborted
    ));

    caller.ear.await_prompt(0, "prompts/zh/welcome.wav");
    caller.ear.press("3");
    site.live.await_call(0, &call, "digits_collected");
    caller.hang_up();
    assert_eq!(site.record(&call)["digits"], "3");
    assert!(site.is_running());
    assert!(!site.log().contains("panicked"), "{}", site.log());
    drop((silent, half));
}
