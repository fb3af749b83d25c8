//! What keeps the server from starting: one sentence that says what, where and what to do, and nothing of what an earlier
//! life left is touched.

use blackbox::{
    caller::{Caller, End},
    http::Api,
    ports::Ports,
    site::{NUMBER, Site, new_folder, serve, strowger},
};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    process::Command,
};

/// What it said, once it ended by itself with a failure.
fn refused(command: &mut Command) -> String {
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it started: {said}");
    assert!(!said.contains("panicked"), "{said}");
    // Log lines are JSON; what is left is for the operator.
    said.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_said(said: &str, parts: &[&str]) {
    assert_eq!(said.lines().count(), 2, "one sentence and its remedy: {said}");
    assert!(
        parts.iter().chain(&["strowger: ", "\n    remedy: "]).all(|part| said.contains(part)),
        "{parts:?} in\n{said}"
    );
}

#[test]
fn a_port_in_use_is_named_with_what_it_is_for() {
    let (ports, folder) = (Ports::claim(), new_folder());
    let (http, sip) = (ports.take(1), ports.take(1));
    let serve = || serve(&folder, http, sip, ports.media());
    let address = |port| format!("127.0.0.1:{port}");
    {
        let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, http)).expect("the port is free");
        assert_said(&refused(&mut serve()), &["HTTP", &address(http), "ss -lntup"]);
    }
    {
        let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, sip)).expect("the port is free");
        assert_said(&refused(&mut serve()), &["SIP over TCP", &address(sip), "ss -lntup"]);
    }
    let _other = UdpSocket::bind((Ipv4Addr::LOCALHOST, sip)).expect("the port is free");
    assert_said(&refused(&mut serve()), &["SIP over UDP", &address(sip), "ss -lntup"]);
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_folder_or_database_that_cannot_be_used_is_named() {
    let (ports, folder) = (Ports::claim(), new_folder());
    let (http, sip) = (ports.take(1), ports.take(1));
    fs::write(folder.join("file"), "in the way").expect("the test's folder can be written");
    let in_the_way = folder.join("file").display().to_string();

    let mut command = strowger();
    command.args(["serve", "--data", &in_the_way]);
    assert_said(&refused(&mut command), &[&in_the_way, "in the way"]);

    let with = |name: &str, value: &str| {
        let mut command = serve(&folder, http, sip, ports.media());
        command.env(name, value);
        refused(&mut command)
    };
    let below = format!("{in_the_way}/recordings");
    assert_said(&with("STROWGER_RECORDINGS_PATH", &below), &[&below, "in the way"]);
    let sqlite = format!("sqlite:{in_the_way}/site.db");
    assert_said(&with("STROWGER_STORE_URL", &sqlite), &[&sqlite, "[store] url"]);
    let said = with("STROWGER_STORE_URL", "postgres://strowger:secret@127.0.0.1:1/strowger");
    assert_said(&said, &["postgres://strowger@127.0.0.1:1/strowger", "start the database"]);
    assert!(!said.contains("secret"), "{said}");
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_first_goes_on() {
    let mut site = Site::start();
    let (mut caller, call) = Caller::call(&site, NUMBER);
    let ports = Ports::claim();
    let mut second = serve(&site.folder, ports.take(1), ports.take(1), ports.media());
    let data = site.folder.join("data").display().to_string();
    assert_said(&refused(&mut second), &[&data, "in use by another process", "--data"]);
    caller.ear.await_prompt(0, "prompts/zh/welcome.wav");
    caller.hang_up();
    assert!(site.is_running());
    assert_eq!(site.record(&call)["by"], "caller");
}

#[test]
fn a_start_that_fails_after_a_crash_leaves_the_dead_calls_to_the_next() {
    let mut site = Site::start();
    let (mut caller, call) = Caller::call(&site, NUMBER);
    site.live.await_call(0, &call, "call_answered");
    site.kill_9();
    {
        let _other = TcpListener::bind(site.http()).expect("the dead server's port is free");
        let mut command = serve(&site.folder, site.http().port(), site.sip().port(), site.ports.media());
        assert_said(&refused(command.arg("--demo")), &["HTTP", "ss -lntup"]);
    }
    site.start_again();
    assert_eq!(caller.await_end(), End::Dropped, "the caller is told");
    assert_eq!(site.record(&call)["by"], "crash");
    assert_eq!(site.records_of(&caller.number).len(), 1);
}

#[test]
fn the_demo_with_its_known_passwords_listens_nowhere_but_on_loopback() {
    let (ports, folder) = (Ports::claim(), new_folder());
    let (http, sip) = (ports.take(1), ports.take(1));
    let mut command = serve(&folder, http, sip, ports.media());
    command.arg("--demo").env("STROWGER_HTTP_BIND", format!("0.0.0.0:{http}"));
    let said = refused(&mut command);
    assert!(said.starts_with("STROWGER_HTTP_BIND: ") && said.contains("without --demo"), "{said}");
    let nobody = Api { address: (Ipv4Addr::LOCALHOST, http).into(), token: String::new() };
    assert!(nobody.try_ask("GET", "/healthz", &serde_json::Value::Null).is_err(), "nobody listens");
    let _ = fs::remove_dir_all(folder);
}
