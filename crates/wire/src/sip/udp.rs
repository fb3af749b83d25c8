//! SIP over UDP: a thread that empties the socket in batches, and a sender that the exchange thread uses itself.
//!
//! Never parses a message and never waits for the exchange longer than [`HAND_OVER_MS_MAX`]: meanwhile the kernel's
//! buffer holds what comes, and what it cannot hold is counted by it.

use super::{Config, Inbound, Local, Statistics};
use crate::bell::Bell;
use crate::datagram::{self, Wait};
use bytes::{Bytes, BytesMut};
use crossbeam_channel::{SendTimeoutError, Sender};
use sip::{Flow, Transport};
use socket2::{Domain, MsgHdr, Protocol, SockAddr, Socket, Type};
use std::{
    io::{self, ErrorKind, IoSlice},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// With the default 208 KiB, 14–58 % retransmissions were measured at 600–2,000 calls a second (H1).
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;
/// How long a batch waits for room in the exchange's queue before it is dropped and counted. One T1 (500 ms) later the
/// far end sends again anyway; a tenth of it rides out a pause of the exchange without filling the kernel's buffer.
const HAND_OVER_MS_MAX: u64 = 50;
/// How often the thread looks whether it shall stop when nothing arrives.
const STOP_CHECK_MS: u64 = 200;
/// Rest after an error of the socket, so that a lasting one does not take a whole core.
const ERROR_PAUSE_MS: u64 = 10;

/// Sends datagrams from the thread that calls it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UdpSender {
    socket: Arc<Socket>,
    local: Local,
    statistics: Arc<Statistics>,
}

impl UdpSender {
    /// Sends one message without ever waiting. A full socket or an unreachable far end is counted; SIP sends again.
    pub fn send(&self, flow: &Flow, message: &[u8]) {
        match self.send_from(flow, message) {
            Ok(_) => self.statistics.sent.fetch_add(1, Relaxed),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.statistics.send_blocked.fetch_add(1, Relaxed),
            Err(_) => self.statistics.send_failed.fetch_add(1, Relaxed),
        };
    }

    /// From the address that the far end sent to: a socket on every address of a machine with several would otherwise
    /// answer from whichever the route prefers, and a NAT or a careful phone drops that.
    fn send_from(&self, flow: &Flow, message: &[u8]) -> io::Result<usize> {
        let to = SockAddr::from(flow.remote);
        if let Some(source) = self.local.source_to_ask_for(flow) {
            let (slice, control) = ([IoSlice::new(message)], datagram::source_control(source));
            let header = MsgHdr::new().with_addr(&to).with_buffers(&slice).with_control(&control);
            match self.socket.sendmsg(&header, libc::MSG_DONTWAIT) {
                // Not our address any more: a registration from before a change of address, answered as well as can be.
                Err(error) if is_foreign_source(&error) => {}
                done => return done,
            }
        }
        self.socket.send_to_with_flags(message, &to, libc::MSG_DONTWAIT)
    }
}

fn is_foreign_source(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::EADDRNOTAVAIL | libc::ENETUNREACH | libc::ENODEV))
}

/// The bound socket with its receiving thread.
#[derive(Debug)]
pub(super) struct Udp {
    pub(super) sender: UdpSender,
    pub(super) local: Local,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Udp {
    pub(super) fn start(
        address: SocketAddr,
        config: &Config,
        to_exchange: Sender<Inbound>,
        statistics: Arc<Statistics>,
    ) -> io::Result<Self> {
        let socket = Arc::new(bind(address)?);
        let granted = datagram::enlarge_receive_buffer(&socket, RECEIVE_BUFFER_BYTES)?;
        statistics.receive_buffer_bytes.store(granted as u64, Relaxed);
        let bound = socket.local_addr()?.as_socket().ok_or(ErrorKind::AddrNotAvailable)?;
        let local = Local { bound, external: config.external_address };
        let stop = Arc::new(AtomicBool::new(false));
        let receiver = ReceiveThread {
            socket: Arc::clone(&socket),
            local,
            to_exchange,
            bell: config.bell.clone(),
            statistics: Arc::clone(&statistics),
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new().name("sip-udp".into()).spawn(move || receiver.run())?;
        Ok(Self { sender: UdpSender { socket, local, statistics }, local, stop, thread: Some(thread) })
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic over there was already reported by its own message.
            let _ = thread.join();
        }
    }
}

/// The receive buffer that this process would get for SIP, bytes; for `doctor`.
///
/// # Errors
/// Those of the socket.
pub fn granted_receive_buffer() -> io::Result<usize> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    datagram::enlarge_receive_buffer(&socket, RECEIVE_BUFFER_BYTES)
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_read_timeout(Some(Duration::from_millis(STOP_CHECK_MS)))?;
    datagram::ask_for_destination(&socket, address.is_ipv6())?;
    datagram::ask_for_drops(&socket)?;
    Ok(socket)
}

struct ReceiveThread {
    socket: Arc<Socket>,
    local: Local,
    to_exchange: Sender<Inbound>,
    bell: Bell,
    statistics: Arc<Statistics>,
    stop: Arc<AtomicBool>,
}

impl ReceiveThread {
    fn run(self) {
        let mut receiver = datagram::Receiver::new(datagram::PAYLOAD_BYTES_MAX);
        while !self.stop.load(Relaxed) {
            match receiver.receive(&self.socket, Wait::ForOne) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
                Err(_) => {
                    self.statistics.receive_failed.fetch_add(1, Relaxed);
                    thread::sleep(Duration::from_millis(ERROR_PAUSE_MS));
                    continue;
                }
            }
            let batch = self.collect(&receiver);
            if !batch.is_empty() && !self.hand_over(batch) {
                return;
            }
        }
    }

    /// One allocation for the bytes of the whole batch; each message is a slice of it.
    fn collect(&self, receiver: &datagram::Receiver) -> Vec<(Flow, Bytes)> {
        let total = receiver.datagrams().map(|d| d.payload.len()).sum();
        let mut together = BytesMut::with_capacity(total);
        receiver.datagrams().for_each(|d| together.extend_from_slice(d.payload));
        let mut together = together.freeze();
        let batch: Vec<_> = receiver
            .datagrams()
            .map(|datagram| {
                if let Some(dropped) = datagram.notes.dropped {
                    self.statistics.kernel_drops.store(u64::from(dropped), Relaxed);
                }
                let local = self.local.towards(datagram.remote, datagram.notes.local);
                let flow = Flow { transport: Transport::Udp, local, remote: datagram.remote, connection: 0 };
                (flow, together.split_to(datagram.payload.len()))
            })
            .collect();
        self.statistics.received.fetch_add(batch.len() as u64, Relaxed);
        batch
    }

    /// Says whether anybody still listens.
    fn hand_over(&self, batch: Vec<(Flow, Bytes)>) -> bool {
        let patience = Duration::from_millis(HAND_OVER_MS_MAX);
        match self.to_exchange.send_timeout(Inbound::Messages(batch), patience) {
            Ok(()) => {
                self.bell.ring();
                true
            }
            Err(SendTimeoutError::Timeout(refused)) => {
                self.statistics.queue_drops.fetch_add(refused.messages() as u64, Relaxed);
                true
            }
            Err(SendTimeoutError::Disconnected(_)) => false,
        }
    }
}
