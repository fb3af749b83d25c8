//! What the machine itself costs, measured beside the server: a bare relay loop and a thread that only wakes up.
//!
//! The loop moves the same packets as a bridge of so many calls and does nothing else with them; a timer thread with
//! nothing to do shows how late this machine wakes anybody. Figures of the server are judged against these two.

use crate::{generator::Sample, process};
use mio::{Events, Interest, Poll, Token, unix::SourceFd};
use std::{
    io,
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Twenty milliseconds of PCMU with its header.
const PACKET_BYTES: usize = 172;
const PACKET_MS: Duration = Duration::from_millis(20);
/// The load that W3 puts on the server: two streams per call.
const STREAMS_PER_CALL: usize = 2;
/// Looks whether it shall stop this often when nothing comes.
const STOP_CHECK: Duration = Duration::from_millis(100);
/// Sockets served per wake-up.
const EVENTS_MAX: usize = 256;
/// Packets leave in this many groups per 20 ms, as the generator's do.
const GROUPS: usize = 20;

/// What the loop used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Floor {
    /// CPU time of the relaying thread per call and second, microseconds.
    pub cpu_us_per_call_s: f64,
    /// Packets relayed.
    pub relayed: u64,
    /// Packets sent to it.
    pub sent: u64,
}

/// Relays this many calls' packets for this long, over one pair of sockets per call as a bridge does.
///
/// # Errors
/// Sockets could not be opened.
pub fn raw_relay(calls: usize, time: Duration) -> io::Result<Floor> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut legs = Vec::new();
    let mut talkers = Vec::new();
    for _ in 0..calls * STREAMS_PER_CALL {
        let (leg, talker) = (bind()?, bind()?);
        leg.connect(talker.local_addr()?)?;
        talker.connect(leg.local_addr()?)?;
        legs.push(leg);
        talkers.push(talker);
    }
    let relay = {
        let stop = Arc::clone(&stop);
        thread::Builder::new().name("raw-relay".into()).spawn(move || relay(&legs, &stop))?
    };
    let began = Instant::now();
    let sent = talk(&talkers, began, time);
    let took = began.elapsed();
    stop.store(true, Relaxed);
    let (cpu, relayed) = relay.join().map_err(|_| io::Error::other("the relay thread panicked"))??;
    let call_seconds = calls as f64 * took.as_secs_f64();
    Ok(Floor { cpu_us_per_call_s: cpu.as_secs_f64() * 1e6 / call_seconds, relayed, sent })
}

fn bind() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A packet that arrives on one leg of a pair leaves by the other.
fn relay(legs: &[UdpSocket], stop: &AtomicBool) -> io::Result<(Duration, u64)> {
    let before = process::thread_cpu()?;
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(EVENTS_MAX);
    for (number, leg) in legs.iter().enumerate() {
        poll.registry().register(&mut SourceFd(&leg.as_raw_fd()), Token(number), Interest::READABLE)?;
    }
    let mut relayed = 0;
    let mut packet = [0; 2 * PACKET_BYTES];
    loop {
        match poll.poll(&mut events, Some(STOP_CHECK)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Only when nothing is left over: every packet sent is to be counted.
        if events.is_empty() && stop.load(Relaxed) {
            break;
        }
        for Token(number) in events.iter().map(mio::event::Event::token) {
            while let Ok(length) = legs[number].recv(&mut packet) {
                relayed += u64::from(legs[number ^ 1].send(&packet[..length]).is_ok());
            }
        }
    }
    Ok((process::thread_cpu()?.saturating_sub(before), relayed))
}

/// Sends for every talker each 20 ms, a twentieth of them each millisecond, and empties what comes back.
fn talk(talkers: &[UdpSocket], began: Instant, time: Duration) -> u64 {
    let packet = [0x80; PACKET_BYTES];
    let mut drained = [0; 2 * PACKET_BYTES];
    let mut sent = 0;
    for group in 0.. {
        let due = PACKET_MS / GROUPS as u32 * group;
        if due >= time {
            break;
        }
        thread::sleep(due.saturating_sub(began.elapsed()));
        for talker in talkers.iter().skip(group as usize % GROUPS).step_by(GROUPS) {
            while talker.recv(&mut drained).is_ok() {}
            sent += u64::from(talker.send(&packet).is_ok());
        }
    }
    sent
}

/// A thread that wakes every 20 ms and notes how late.
#[derive(Debug)]
pub struct IdleTimer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Sample>,
}

impl IdleTimer {
    /// Starts it.
    ///
    /// # Errors
    /// No thread could be made.
    pub fn start() -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let stop = Arc::clone(&stop);
            thread::Builder::new().name("idle-timer".into()).spawn(move || {
                let mut lateness = Sample::default();
                let mut due = Instant::now();
                loop {
                    due += PACKET_MS;
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    lateness.add(due.elapsed());
                    due = due.max(Instant::now() - PACKET_MS);
                    if stop.load(Relaxed) {
                        return lateness;
                    }
                }
            })?
        };
        Ok(Self { stop, thread })
    }

    /// Stops it and gives what it noted.
    pub fn stop(self) -> Sample {
        self.stop.store(true, Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_sent_is_relayed() {
        let floor = raw_relay(4, Duration::from_millis(400)).unwrap();
        assert_eq!((floor.sent, floor.relayed), (8 * 20, 8 * 20));
        assert!(floor.cpu_us_per_call_s > 0.0);
    }

    #[test]
    fn an_idle_timer_notes_each_wake() {
        assert!(IdleTimer::start().unwrap().stop().count() >= 1);
    }
}
