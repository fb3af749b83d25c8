//! The carrier: SIPp dials an inbound number from 127.0.0.1, and hangs up when the test says so.
//!
//! SIPp waits in its scenario for an INFO of the same Call-ID; the test sends that datagram when it is time to hang up.

use crate::{
    PATIENCE,
    ear::{EVENTS, Ear},
    process::Process,
    site::{Site, next_number},
};
use std::{
    fs,
    net::{Ipv4Addr, UdpSocket},
    path::PathBuf,
    process::Command,
};

/// What every caller says.
pub const TONE_HZ: f64 = 400.0;

/// How a call ended, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The caller sent BYE.
    HungUp,
    /// The caller got BYE.
    Dropped,
    /// The INVITE was refused.
    Refused(u16),
}

/// A call from outside.
#[derive(Debug)]
pub struct Caller {
    sipp: Process,
    /// What the caller hears and presses.
    pub ear: Ear,
    /// The caller's number; no other call has it.
    pub number: String,
    call_id: String,
    port: u16,
    trace: PathBuf,
}

impl Caller {
    /// Dials; the call goes on by itself until it is hung up.
    ///
    /// # Panics
    /// SIPp is missing.
    pub fn dial(site: &Site, called: &str) -> Self {
        let (port, sound) = (site.ports.take(1), site.ports.take(1));
        let number = format!("1390000{:04}", next_number());
        let call_id = format!("{number}-{}@carrier", std::process::id());
        let file = |kind: &str| site.folder.join(format!("sipp-{number}.{kind}"));
        fs::write(file("xml"), scenario(&number, called, sound)).expect("the test's folder can be written");
        let ear = Ear::open(sound, TONE_HZ);
        let mut command = Command::new("sipp");
        command.arg(site.sip().to_string()).arg("-sf").arg(file("xml"));
        command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-cid_str", &call_id, "-m", "1", "-nostdin"]);
        command.arg("-trace_msg").arg("-message_file").arg(file("msg"));
        command.arg("-trace_err").arg("-error_file").arg(file("err"));
        let sipp = Process::start(command, &format!("sipp-{number}"), &site.folder);
        let trace = file("msg");
        Self { sipp, ear, number, call_id, port, trace }
    }

    /// Dials and waits until the exchange has taken the call on; the call's id.
    ///
    /// # Panics
    /// The call is not taken on.
    pub fn call(site: &Site, called: &str) -> (Self, String) {
        let mark = site.live.mark();
        let caller = Self::dial(site, called);
        let is_it = |fact: &serde_json::Value| fact["type"] == "call_opened" && fact["caller"] == *caller.number;
        let opened = site.live.await_fact(mark, "call_opened", is_it);
        let call = opened["call"].as_str().expect("a fact about a call names it").to_owned();
        (caller, call)
    }

    /// Dies without a word: no sound, no signalling.
    pub fn die(&mut self) {
        self.ear.hush();
        self.sipp.kill();
    }

    /// How often the exchange asked whether the caller is still there.
    pub fn asked(&self) -> usize {
        let trace = fs::read_to_string(&self.trace).unwrap_or_default();
        trace.lines().filter(|line| line.starts_with("OPTIONS sip:")).count()
    }

    /// Sends BYE and waits for its answer.
    ///
    /// # Panics
    /// The BYE is not answered, or the other side was faster.
    #[track_caller]
    pub fn hang_up(&mut self) {
        let signal = format!(
            "INFO sip:caller@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKtest\r\n\
             From: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:caller@127.0.0.1>;tag=2\r\nCall-ID: {}\r\n\
             CSeq: 9 INFO\r\nContent-Length: 0\r\n\r\n",
            self.call_id
        );
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        socket.send_to(signal.as_bytes(), (Ipv4Addr::LOCALHOST, self.port)).expect("loopback takes it");
        assert_eq!(self.await_end(), End::HungUp);
    }

    /// Waits for the end of the call.
    ///
    /// # Panics
    /// It does not end, or not by the rules.
    #[track_caller]
    pub fn await_end(&mut self) -> End {
        let status = self.sipp.wait(PATIENCE);
        let trace = fs::read_to_string(&self.trace).unwrap_or_default();
        let refused = trace.lines().find_map(|line| {
            let status: u16 = line.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?;
            (status >= 400).then_some(status)
        });
        assert!(status.success(), "SIPp saw something unexpected ({status}):\n{trace}");
        // SIPp traces what it received after a line that says so.
        let received = trace.split("message received").skip(1).map(|rest| rest.split("\n-----").next().unwrap_or(rest));
        let dropped = received.into_iter().any(|message| message.contains("\nBYE sip:"));
        match refused {
            Some(status) => End::Refused(status),
            None if dropped => End::Dropped,
            None => End::HungUp,
        }
    }
}

/// Any refusal ends the scenario well: which one it was is for the test to judge.
fn refusals() -> String {
    let one = |status| format!("  <recv response=\"{status}\" optional=\"true\" next=\"3\"/>\n");
    [400, 401, 403, 404, 407, 408, 480, 486, 487, 488, 500, 503].into_iter().map(one).collect()
}

fn scenario(number: &str, called: &str, sound: u16) -> String {
    let refusals = refusals();
    let head = |method: &str, to: &str, sequence: u32, uri: &str| {
        format!(
            "{method} {uri} SIP/2.0\n\
             Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n\
             Max-Forwards: 70\n\
             From: \"{number}\" <sip:{number}@[local_ip]:[local_port]>;tag={number}\n\
             To: {to}\n\
             Call-ID: [call_id]\n\
             CSeq: {sequence} {method}\n\
             Contact: <sip:{number}@[local_ip]:[local_port]>"
        )
    };
    let dialled = format!("<sip:{called}@[remote_ip]:[remote_port]>");
    let uri = format!("sip:{called}@[remote_ip]:[remote_port]");
    let invite = head("INVITE", &dialled, 1, &uri);
    let ack = head("ACK", "[$to]", 1, "[$contact]");
    let refused_ack = format!(
        "ACK {uri} SIP/2.0\n[last_Via:]\nMax-Forwards: 70\n[last_From:]\n[last_To:]\nCall-ID: [call_id]\nCSeq: 1 ACK\n\
         Content-Length: 0"
    );
    let bye = head("BYE", "[$to]", 2, "[$contact]");
    let ok = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0";
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="caller">
  <send retrans="500"><![CDATA[
{invite}
Allow: INVITE, ACK, BYE, CANCEL
Content-Type: application/sdp
Content-Length: [len]

v=0
o=carrier 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[local_ip_type] [local_ip]
t=0 0
m=audio {sound} RTP/AVP 8 {EVENTS}
a=rtpmap:8 PCMA/8000
a=rtpmap:{EVENTS} telephone-event/8000
a=fmtp:{EVENTS} 0-15
a=ptime:20
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
{refusals}
  <recv response="200" rrs="true"><action>
    <ereg regexp="[^ ].*" search_in="hdr" header="To:" assign_to="to"/>
    <ereg regexp="sip:[^>]*" search_in="hdr" header="Contact:" assign_to="contact"/>
  </action></recv>
  <send><![CDATA[
{ack}
Content-Length: 0
]]></send>
  <label id="4"/>
  <recv request="BYE" optional="true" next="1"/>
  <recv request="OPTIONS" optional="true" next="5"/>
  <recv request="INFO"/>
  <send retrans="500"><![CDATA[
{bye}
Content-Length: 0
]]></send>
  <recv response="200" next="2"/>
  <label id="1"/>
  <send next="2"><![CDATA[
{ok}
]]></send>
  <label id="5"/>
  <send next="4"><![CDATA[
{ok}
]]></send>
  <label id="3"/>
  <send><![CDATA[
{refused_ack}
]]></send>
  <label id="2"/>
</scenario>
"#
    )
}
