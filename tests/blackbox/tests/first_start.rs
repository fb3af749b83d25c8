//! A site that is not the demo, on all addresses of the machine: the way of a first installation.

use blackbox::{
    PATIENCE, await_some,
    http::Api,
    ports::Ports,
    process::Process,
    site::{after, new_folder, serve, strowger},
};
use serde_json::{Value, json};
use std::{fs, net::Ipv4Addr};

const NUMBER: &str = "4008009000";
/// A shell's limit that 250 calls would use up, lower still so that it cannot be the hard one.
const FEW_FILES: u64 = 512;

/// Soft and hard limit of a process.
fn open_files(process: u32) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).expect("a process has limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("one is of files");
    line.split_whitespace().skip(3).take(2).map(str::to_owned).collect()
}

#[test]
fn a_fresh_site_prints_a_password_and_its_first_caller_hears_and_is_heard() {
    let (ports, folder) = (Ports::claim(), new_folder());
    let (http, sip) = (ports.take(1), ports.take(1));
    let mut command = serve(&folder, http, sip, ports.media());
    command.env("STROWGER_SIP_UDP", format!("0.0.0.0:{sip}")).env("STROWGER_SIP_TCP", format!("0.0.0.0:{sip}"));
    let server = Process::start(after(&format!("ulimit -Sn {FEW_FILES}"), &command), "strowger", &folder);
    let password = await_some("a password for the first log-in", PATIENCE, || {
        let printed = server.printed();
        let (_, rest) = printed.split_once("admin with password ")?;
        printed.contains("is ready").then(|| rest.split(' ').next().unwrap_or_default().to_owned())
    });
    let address = (Ipv4Addr::LOCALHOST, http).into();
    let admin = await_some("the console listens", PATIENCE, || {
        let nobody = Api { address, token: String::new() };
        nobody.try_ask("GET", "/readyz", &Value::Null).ok().filter(|answer| answer.status == 200)?;
        Some(Api::log_in(address, "admin", &password))
    });
    let limits = open_files(server.id());
    assert_eq!(limits[0], limits[1], "as many files as the machine allows");
    assert_ne!(limits[0], FEW_FILES.to_string());

    admin.put("/api/v1/trunks/carrier", &json!({ "networks": ["127.0.0.0/8"] }));
    let destination = json!({ "to": "flow", "id": "welcome" });
    admin.put(&format!("/api/v1/numbers/{NUMBER}"), &json!({ "destination": destination, "public": true }));
    let mut call = strowger();
    call.args(["call", &format!("sip:{NUMBER}@127.0.0.1:{sip}"), "--digits", "wait2,3", "--seconds", "4", "--json"]);
    let output = call.output().expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    let heard = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let loud =
        |told: &Value| told["event"] == "heard" && told["level_dbfs"].as_f64().is_some_and(|level| level > -40.0);
    assert!(heard.filter(loud).count() >= 2, "the caller hears the greeting: {told}");
    let record = await_some("the record", PATIENCE, || {
        let records = admin.get("/api/v1/records?limit=500");
        records["items"].as_array()?.iter().find(|record| record["called"] == NUMBER).cloned()
    });
    assert_eq!(record["digits"], "3", "the caller is heard: {record}");
    drop(server);
    let _ = fs::remove_dir_all(folder);
}
