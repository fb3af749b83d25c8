//! Two phones of this kind talk to each other on the loopback interface: no server between them.

use super::*;
use crate::test_exchange;
use serde_json::Value;
use std::{net::SocketAddr, sync::mpsc};

/// A phone with these arguments.
fn args(text: &str) -> Args {
    let words = std::iter::once("call").chain(text.split(' ').filter(|word| !word.is_empty()));
    Args::try_parse_from(words).expect("good arguments")
}

/// Runs a phone and gives what it told, line by line.
fn run_phone(args: &Args) -> (Exit, Vec<Value>) {
    let mut out = Vec::new();
    let exit = call(args, &mut out, &AtomicBool::new(false)).expect("the phone begins");
    let lines = String::from_utf8(out).expect("text");
    (exit, lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

fn of_kind<'a>(told: &'a [Value], event: &'a str) -> impl Iterator<Item = &'a Value> {
    told.iter().filter(move |line| line["event"] == event)
}

fn tones(told: &[Value]) -> Vec<u64> {
    let last_full = of_kind(told, "heard").last().expect("a second was heard");
    last_full["tones_hz"].as_array().expect("a list").iter().filter_map(Value::as_u64).collect()
}

/// A registrar that says yes, and takes the first phone's calls to the account that registered: just enough of a server
/// for two phones to meet.
fn exchange() -> (SocketAddr, mpsc::Sender<()>, thread::JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let address = socket.local_addr().unwrap();
    let (stop, stopped) = mpsc::channel();
    let relay = thread::spawn(move || {
        let mut phones: Vec<SocketAddr> = Vec::new();
        let mut buffer = [0; 65_535];
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if !phones.contains(&from) {
                phones.push(from);
            }
            if text.starts_with("REGISTER") {
                let answer = text.replacen(text.lines().next().unwrap_or(""), "SIP/2.0 200 OK", 1);
                socket.send_to(answer.as_bytes(), from).unwrap();
            } else if let Some(other) = phones.iter().find(|phone| **phone != from) {
                socket.send_to(text.as_bytes(), *other).unwrap();
            }
        }
    });
    (address, stop, relay)
}

/// One phone registers and answers, the other calls it; gives how both went.
fn talk(caller: &str, agent: &str) -> ((Exit, Vec<Value>), (Exit, Vec<Value>)) {
    let (server, stop, relay) = exchange();
    let agent = args(&format!("--register 8001:x --server {server} --calls 1 --json {agent}"));
    let (registered, wait) = mpsc::channel();
    let done = Arc::new(AtomicBool::new(false));
    let stop_agent = Arc::clone(&done);
    let answering = thread::spawn(move || {
        let mut out = Watched { lines: Vec::new(), registered };
        let exit = call(&agent, &mut out, &stop_agent).expect("the phone begins");
        let lines = String::from_utf8(out.lines).expect("text");
        (exit, lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>())
    });
    wait.recv_timeout(Duration::from_secs(20)).expect("registered");
    let called = run_phone(&args(&format!("sip:8001@{server} --json {caller}")));
    done.store(true, Relaxed);
    let answered = answering.join().expect("no panic");
    drop(stop);
    relay.join().expect("no panic");
    (called, answered)
}

/// Tells when the phone says that it is registered.
struct Watched {
    lines: Vec<u8>,
    registered: mpsc::Sender<()>,
}

impl io::Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines.extend_from_slice(bytes);
        if String::from_utf8_lossy(&self.lines).contains("\"registered\"") {
            let _ = self.registered.send(());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn two_phones_hear_each_others_tones_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("heard.wav");
    let caller = format!("--tone 400 --digits 1,wait0.2,5# --seconds 3.5 --record {}", recording.display());
    let ((exit, caller), (agent_exit, agent)) = talk(&caller, "--answer --tone 600");

    assert_eq!((exit, agent_exit), (Exit::Done, Exit::Done));
    assert_eq!(tones(&caller), [600]);
    assert_eq!(tones(&agent), [400]);
    let digits: String = of_kind(&agent, "digit").filter_map(|line| line["digit"].as_str()).collect();
    assert_eq!(digits, "15#");
    assert_eq!(of_kind(&caller, "ended").next().unwrap()["by"], "phone");
    assert_eq!(of_kind(&agent, "ended").next().unwrap()["by"], "far_end");

    let sound = media::wav::read(&fs::read(&recording).unwrap()).unwrap();
    assert!((16_000..32_000).contains(&sound.len()), "{} samples", sound.len());
    let second = ear::Ear::new().take(sound[8_000..16_000].iter().copied()).unwrap();
    assert_eq!(second.tones_hz, [600]);
}

#[test]
fn a_file_is_played_once_and_then_there_is_silence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("voice.wav");
    let tone = |n: usize| (8_000.0 * (std::f64::consts::TAU * 1_000.0 * n as f64 / 8_000.0).sin()) as i16;
    let samples: Vec<u8> = (0..12_000).flat_map(|n| tone(n).to_le_bytes()).collect();
    let header = media::wav::header(media::wav::Format::Pcm16, 1, samples.len() as u32);
    fs::write(&file, [&header[..], &samples].concat()).unwrap();
    let ((exit, _), (_, agent)) = talk(&format!("--play {} --seconds 3.5", file.display()), "--answer");
    assert_eq!(exit, Exit::Done);
    let heard: Vec<&Value> = of_kind(&agent, "heard").collect();
    assert_eq!(heard[0]["tones_hz"], serde_json::json!([1_000]));
    assert_eq!(heard.last().unwrap()["tones_hz"], serde_json::json!([]));
}

#[test]
fn a_call_nobody_answers_is_given_up() {
    let ((exit, caller), (agent_exit, agent)) = talk("--ring-seconds 0.3", "--answer --answer-after 60000");
    assert_eq!(exit, Exit::NoAnswer);
    assert_eq!(of_kind(&caller, "ringing").count(), 1);
    assert_eq!(of_kind(&agent, "invited").count(), 1);
    assert_eq!(agent_exit, Exit::Done, "stopped by the test, not by an error");
}

#[test]
fn a_phone_registers_with_its_password_and_hears_its_own_echo() {
    let server = test_exchange::exchange();
    let words = format!("sip:echo@{0} --register 8001:demo-8001 --tone 1000 --seconds 2.5 --json", server.address);
    let (exit, told) = run_phone(&args(&words));
    assert_eq!(exit, Exit::Done);
    assert_eq!(of_kind(&told, "registered").count(), 1);
    assert_eq!(tones(&told), [1_000]);
}

#[test]
fn each_failure_has_its_exit() {
    let server = test_exchange::exchange();
    for (words, expected) in [
        ("sip:busy@HOST", Exit::Refused),
        ("sip:nobody@HOST --ring-seconds 0.1", Exit::NoAnswer),
        ("sip:answer@HOST --seconds 0.1", Exit::Deaf),
        ("--register 8001:wrong --server HOST", Exit::NotRegistered),
    ] {
        let words = format!("{} --json", words.replace("HOST", &server.address.to_string()));
        assert_eq!(run_phone(&args(&words)).0, expected, "{words}");
    }
}

#[test]
fn bad_arguments_are_explained() {
    for (text, part) in [
        ("", "<URI>"),
        ("sip:1@127.0.0.1 --digits 1x", "no key"),
        ("--register 8001", "EXTENSION:PASSWORD"),
        ("sip:1@127.0.0.1 --tone 400 --play a.wav", "cannot be used with"),
    ] {
        let words = std::iter::once("call").chain(text.split(' ').filter(|word| !word.is_empty()));
        let error = Args::try_parse_from(words).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn the_host_of_a_uri_is_found() {
    for (uri, host) in [
        ("sip:600@127.0.0.1", "127.0.0.1"),
        ("sip:600@10.0.0.1:5070;transport=udp", "10.0.0.1:5070"),
        ("600@pbx", "pbx"),
        ("sip:pbx:5080", "pbx:5080"),
    ] {
        assert_eq!(host_of(uri), host);
    }
}

#[test]
fn a_password_is_not_shown() {
    assert!(!format!("{:?}", args("--register 8001:secret")).contains("secret"));
}
