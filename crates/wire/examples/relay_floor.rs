//! What a bridge costs beside a bare relay loop: CPU time of the relaying thread for the same packets.
//!
//! `cargo run --release -p wire --example relay_floor -- [CALLS] [SECONDS]`
//! prints a line for the bare loop, one for bridges and one for recorded bridges.

#![allow(clippy::print_stdout, reason = "an example tells its result on standard output")]

use media::{Codec, Command, Event, GroupId, Library, RecordingKey, StreamId, rtp, sdp};
use std::{
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};
use wire::{
    media::{Plane, PlaneConfig},
    recording::RecorderConfig,
};

/// Packets leave in so many groups of 20 ms, as those of real phones would.
const GROUPS: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let calls = arguments.next().transpose()?.unwrap_or(200);
    let seconds = arguments.next().transpose()?.unwrap_or(5);
    let time = Duration::from_secs(seconds as u64);
    let floor = bare(calls, time)?;
    println!("bare loop        {floor:7.1} us per call-second");
    for (name, recorded) in [("bridge", false), ("bridge, recorded", true)] {
        let (cost, loss, lateness) = bridged(calls, time, recorded)?;
        println!(
            "{name:16} {cost:7.1} us per call-second, {:.2} x, {loss} lost, ticks late {lateness:?}",
            cost / floor
        );
    }
    Ok(())
}

/// Talkers, each with the address it sends to.
type Talkers = Vec<(UdpSocket, SocketAddr)>;

fn socket() -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Sends everybody's packets in their time; returns how many were sent and how many came back.
fn talk(talkers: &Talkers, time: Duration) -> std::io::Result<(u64, u64)> {
    let (start, mut packet, mut drained) = (Instant::now(), [0xFF; 172], [0; 2_000]);
    let (mut sent, mut came) = (0, 0);
    for group in 0u32.. {
        let due = media::TICK / GROUPS as u32 * group;
        if due >= time {
            break;
        }
        thread::sleep(due.saturating_sub(start.elapsed()));
        let number = group / GROUPS as u32;
        for (talker, (socket, to)) in talkers.iter().enumerate().skip(group as usize % GROUPS).step_by(GROUPS) {
            while socket.recv(&mut drained).is_ok() {
                came += 1;
            }
            let header = packet.first_chunk_mut().ok_or(std::io::ErrorKind::InvalidInput)?;
            rtp::write_header(header, number == 0, 0, number as u16, number * 160, talker as u32);
            sent += u64::from(socket.send_to(&packet, to).is_ok());
        }
    }
    thread::sleep(media::TICK);
    for (socket, _) in talkers {
        while socket.recv(&mut drained).is_ok() {
            came += 1;
        }
    }
    Ok((sent, came))
}

fn bare(calls: usize, time: Duration) -> Result<f64, Box<dyn std::error::Error>> {
    let (mut talkers, mut legs) = (Vec::new(), Vec::new());
    for _ in 0..2 * calls {
        let (talker, leg) = (socket()?, socket()?);
        leg.connect(talker.local_addr()?)?;
        talkers.push((talker, leg.local_addr()?));
        legs.push(leg);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let relay = thread::Builder::new().name("bare".into()).spawn(move || relay(&legs, &flag))?;
    let cpu = cpu_of("bare")?;
    talk(&talkers, time)?;
    let used = cpu_of("bare")? - cpu;
    stop.store(true, Relaxed);
    relay.join().map_err(|_| "the relay panicked")??;
    Ok(used * 1e6 / calls as f64 / time.as_secs_f64())
}

/// epoll, edge-triggered, read until nothing is left, sent on by the other leg of the pair.
fn relay(legs: &[UdpSocket], stop: &AtomicBool) -> std::io::Result<()> {
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(256);
    for (number, leg) in legs.iter().enumerate() {
        let mut source = mio::unix::SourceFd(&leg.as_raw_fd());
        poll.registry().register(&mut source, mio::Token(number), mio::Interest::READABLE)?;
    }
    let mut packet = [0; 2_000];
    while !stop.load(Relaxed) {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for mio::Token(number) in events.iter().map(mio::event::Event::token) {
            while let Ok(length) = legs[number].recv(&mut packet) {
                let _ = legs[number ^ 1].send(&packet[..length]);
            }
        }
    }
    Ok(())
}

fn bridged(calls: usize, time: Duration, recorded: bool) -> Result<(f64, u64, [u64; 10]), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("relay-floor-{}", std::process::id()));
    let recordings = RecorderConfig { directory: directory.clone(), threads: 1, queue_chunks: 10_000 };
    let (tell, events) = crossbeam_channel::unbounded();
    let config = PlaneConfig {
        ports: 20_000..=29_999,
        address: [127, 0, 0, 1].into(),
        described_address: None,
        threads: 1,
        recordings: recorded.then_some(recordings),
    };
    let plane = Plane::start(config, Arc::new(Library::default()), move |event| drop(tell.send(event)), |_| {})?;
    let mut talkers = Vec::new();
    for call in 0..calls as u64 {
        let group = GroupId(call.into());
        let (one, other) = (StreamId(2 * call), StreamId(2 * call + 1));
        for stream in [one, other] {
            let talker = socket()?;
            let port = talker.local_addr()?.port();
            let offer = format!(
                "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
            );
            plane.send(Command::Open { group, stream })?;
            plane.send(Command::Answer { group, stream, offer: offer.into(), codecs: vec![Codec::Pcmu] })?;
            let Event::Described { description, .. } = events.recv()? else { return Err("no description".into()) };
            let there = sdp::parse(&description)?.media[0].port;
            talkers.push((talker, SocketAddr::from(([127, 0, 0, 1], there))));
        }
        plane.send(Command::Bridge { group, one, other })?;
        if recorded {
            let recording = RecordingKey(u128::from(call));
            plane.send(Command::Record { group, recording, left: one, right: Some(other) })?;
        }
    }
    let cpu = cpu_of("media-0")? + cpu_of("recording-")?;
    let (sent, came) = talk(&talkers, time)?;
    let used = cpu_of("media-0")? + cpu_of("recording-")? - cpu;
    let lateness = plane.statistics().lateness;
    drop(plane);
    let _ = std::fs::remove_dir_all(directory);
    Ok((used * 1e6 / calls as f64 / time.as_secs_f64(), sent - came, lateness))
}

/// CPU seconds of this process's threads whose name begins so, from the scheduler's own account in nanoseconds.
fn cpu_of(name: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.starts_with(name) {
            let account = std::fs::read_to_string(task.join("schedstat"))?;
            nanoseconds += account.split(' ').next().unwrap_or("0").parse::<u64>()?;
        }
    }
    Ok(nanoseconds as f64 / 1e9)
}
