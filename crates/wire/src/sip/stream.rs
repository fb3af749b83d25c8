//! SIP over TCP and TLS: accepting, connecting, and one task per connection that cuts messages out and writes queued ones.
//!
//! The accept loop never waits for a far end (H7): handshake and first byte are the connection's own business and have
//! a deadline. Never looks into a message.

use super::{
    Config, Inbound, Local, Statistics,
    table::{Queued, Table},
};
use crate::bell::Bell;
use bytes::{Bytes, BytesMut};
use crossbeam_channel::{Sender, TrySendError};
use sip::{Flow, Framed, Framer, Transport};
use socket2::{SockRef, TcpKeepalive};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_rustls::TlsAcceptor;

/// Read at once; a message is rarely longer, and 5,000 idle phones then hold 20 MB.
const READ_BYTES: usize = 4_096;
/// Connections waiting to be accepted: all phones of a site come back at once after a power cut.
const BACKLOG: u32 = 1_024;
/// Rest after a failed accept (no descriptors left), so that it does not take a whole core.
const ACCEPT_PAUSE_MS: u64 = 100;
/// A dead phone is noticed after about this long without traffic.
const KEEPALIVE_S: u64 = 60;
/// Pause between attempts to hand a message to a full exchange; meanwhile this stream is not read, so its far end waits.
const HAND_OVER_PAUSE_MS: u64 = 2;
/// The answer to a phone's keep-alive (RFC 5626 section 4.4.1).
const PONG: &[u8] = b"\r\n";

/// Deadlines of a stream.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// From accepting to the first byte, TLS handshake included.
    pub first_byte: Duration,
    /// From the first byte of a message to its last.
    pub message: Duration,
    /// Without any byte. A phone refreshes an hour's registration after half an hour.
    pub idle: Duration,
    /// For one message to be taken by the far end.
    pub write: Duration,
    /// For a connection to be opened.
    pub connect: Duration,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            message: Duration::from_secs(10),
            idle: Duration::from_secs(3_700),
            write: Duration::from_secs(10),
            connect: Duration::from_secs(5),
        }
    }
}

/// All streams.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) tcp: Option<Local>,
    pub(super) tls: Option<Local>,
    shared: Arc<Shared>,
    runtime: tokio::runtime::Handle,
    accepting: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    to_exchange: Sender<Inbound>,
    bell: Bell,
    statistics: Arc<Statistics>,
    limits: StreamLimits,
}

impl Streams {
    pub(super) fn start(
        config: &Config,
        to_exchange: Sender<Inbound>,
        statistics: Arc<Statistics>,
    ) -> io::Result<Self> {
        let _entered = config.runtime.enter();
        let shared = Arc::new(Shared {
            table: Mutex::default(),
            to_exchange,
            bell: config.bell.clone(),
            statistics,
            limits: config.limits,
        });
        let mut streams = Self { tcp: None, tls: None, shared, runtime: config.runtime.clone(), accepting: Vec::new() };
        if let Some(address) = config.tcp {
            streams.tcp = Some(streams.listen(address, None, config)?);
        }
        if let Some((address, tls)) = &config.tls {
            streams.tls = Some(streams.listen(*address, Some(TlsAcceptor::from(Arc::clone(tls))), config)?);
        }
        Ok(streams)
    }

    fn listen(&mut self, address: SocketAddr, tls: Option<TlsAcceptor>, config: &Config) -> io::Result<Local> {
        let transport = if tls.is_some() { "TLS" } else { "TCP" };
        let listener = listen_on(address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen for SIP over {transport} on {address}: {error}"))
        })?;
        let local = Local { bound: listener.local_addr()?, external: config.external_address };
        let shared = Arc::clone(&self.shared);
        self.accepting.push(self.runtime.spawn(accept(listener, local, tls, shared)));
        Ok(local)
    }

    pub(super) fn send(&self, flow: &Flow, message: Bytes) {
        let mut table = self.shared.table();
        let connection = match flow.connection {
            0 => table.opened_to(flow.transport, flow.remote).or_else(|| self.open(&mut table, flow)),
            number => Some(number),
        };
        let queued = connection.map_or(Queued::Gone, |connection| table.queue(connection, message));
        drop(table);
        match queued {
            Queued::Yes => return,
            // A numbered connection reported its end itself.
            Queued::Gone if flow.connection == 0 => self.report_unopened(*flow),
            Queued::Gone => {}
            Queued::Full => drop(self.shared.statistics.cut_off.fetch_add(1, Relaxed)),
        }
        self.shared.statistics.stream_unsent.fetch_add(1, Relaxed);
    }

    /// No room for one more, or nothing we can open: as if the far end had refused.
    fn report_unopened(&self, flow: Flow) {
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move { shared.deliver(Inbound::Closed(flow)).await });
    }

    /// Begins to connect. Only TCP: whom to trust as a TLS server is configuration that no trunk has yet.
    fn open(&self, table: &mut Table, flow: &Flow) -> Option<u64> {
        if flow.transport != Transport::Tcp {
            return None;
        }
        let (flow, queue) = table.enter(*flow, true)?;
        self.runtime.spawn(connect(flow, queue, Arc::clone(&self.shared)));
        Some(flow.connection)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.accepting.iter().for_each(JoinHandle::abort);
        // Each connection's task ends when its queue does.
        self.shared.table().clear();
    }
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    // A restart must not wait a minute for the old connections' last packets.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, local: Local, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let transport = if tls.is_some() { Transport::Tls } else { Transport::Tcp };
    loop {
        let Ok((stream, remote)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            continue;
        };
        let arrived = stream.local_addr().ok().map(|address| address.ip());
        let flow = Flow { transport, local: local.towards(remote, arrived), remote, connection: 0 };
        let Some((flow, queue)) = shared.table().enter(flow, false) else {
            shared.statistics.refused.fetch_add(1, Relaxed);
            continue;
        };
        shared.statistics.accepted.fetch_add(1, Relaxed);
        tokio::spawn(serve(stream, tls.clone(), flow, queue, Arc::clone(&shared)));
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    flow: Flow,
    queue: mpsc::Receiver<Bytes>,
    shared: Arc<Shared>,
) {
    let waiting = Waiting::First { since: Instant::now() };
    settle(&stream);
    let end = match tls {
        None => converse(stream, flow, queue, waiting, &shared).await,
        Some(acceptor) => match timeout(shared.limits.first_byte, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => converse(stream, flow, queue, waiting, &shared).await,
            Ok(Err(_)) => End::Closed,
            Err(_) => End::CutOff,
        },
    };
    shared.close(flow, end).await;
}

async fn connect(flow: Flow, queue: mpsc::Receiver<Bytes>, shared: Arc<Shared>) {
    match timeout(shared.limits.connect, TcpStream::connect(flow.remote)).await {
        Ok(Ok(stream)) => {
            settle(&stream);
            // The far end may have nothing to say for long, so there is no first-byte deadline.
            let waiting = Waiting::Idle { since: Instant::now() };
            let end = converse(stream, flow, queue, waiting, &shared).await;
            shared.close(flow, end).await;
        }
        Ok(Err(_)) | Err(_) => {
            shared.table().leave(flow.connection);
            shared.statistics.stream_unsent.fetch_add(queue.len() as u64, Relaxed);
            shared.deliver(Inbound::Closed(Flow { connection: 0, ..flow })).await;
        }
    }
}

/// Errors here only cost a little latency or a later notice of a dead phone.
fn settle(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(KEEPALIVE_S))
        .with_interval(Duration::from_secs(KEEPALIVE_S / 4))
        .with_retries(3);
    let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By either side, or the network.
    Closed,
    /// By us: it broke a limit.
    CutOff,
}

/// What a connection waits for, which decides its deadline.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// Nothing came yet.
    First { since: Instant },
    /// Between messages.
    Idle { since: Instant },
    /// Within a message.
    Rest { since: Instant },
}

impl Waiting {
    fn deadline(self, limits: &StreamLimits) -> Instant {
        match self {
            Self::First { since } => since + limits.first_byte,
            Self::Idle { since } => since + limits.idle,
            Self::Rest { since } => since + limits.message,
        }
    }

    /// After bytes came. Those that completed nothing are the middle of a message, which keeps the moment it began.
    fn next(self, completed: bool, now: Instant) -> Self {
        match (completed, self) {
            (true, _) => Self::Idle { since: now },
            (false, Self::Rest { .. }) => self,
            (false, Self::First { .. } | Self::Idle { .. }) => Self::Rest { since: now },
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    flow: Flow,
    mut queue: mpsc::Receiver<Bytes>,
    mut waiting: Waiting,
    shared: &Shared,
) -> End {
    let mut framer = Framer::new();
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    loop {
        tokio::select! {
            read = stream.read_buf(&mut buffer) => {
                if !matches!(read, Ok(1..)) {
                    return End::Closed;
                }
                framer.push(&buffer);
                let cut = Cut::from(&mut framer, flow);
                let progress = cut.pings > 0 || !cut.messages.is_empty() || is_line_ends(&buffer);
                waiting = waiting.next(progress, Instant::now());
                buffer.clear();
                if !cut.messages.is_empty() && !shared.deliver(Inbound::Messages(cut.messages)).await {
                    return End::Closed;
                }
                for _ in 0..cut.pings {
                    if let Err(end) = write(&mut stream, PONG, shared).await {
                        return end;
                    }
                }
                if cut.lost {
                    return End::CutOff;
                }
            }
            message = queue.recv() => {
                let Some(message) = message else { return End::Closed };
                if let Err(end) = write(&mut stream, &message, shared).await {
                    return end;
                }
            }
            () = tokio::time::sleep_until(waiting.deadline(&shared.limits)) => return End::CutOff,
        }
    }
}

/// What a read completed.
struct Cut {
    messages: Vec<(Flow, Bytes)>,
    pings: usize,
    /// No message can be cut from this stream any more.
    lost: bool,
}

impl Cut {
    fn from(framer: &mut Framer, flow: Flow) -> Self {
        let mut cut = Self { messages: Vec::new(), pings: 0, lost: false };
        loop {
            match framer.take() {
                Ok(Some(Framed::Message(message))) => cut.messages.push((flow, message)),
                Ok(Some(Framed::Ping)) => cut.pings += 1,
                Ok(None) => return cut,
                Err(_) => {
                    cut.lost = true;
                    return cut;
                }
            }
        }
    }
}

/// Old phones keep a connection open with lone line ends.
fn is_line_ends(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, message: &[u8], shared: &Shared) -> Result<(), End> {
    let whole = async {
        stream.write_all(message).await?;
        stream.flush().await
    };
    match timeout(shared.limits.write, whole).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Closed),
        Err(_) => Err(End::CutOff),
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        // The table's methods leave it whole at every point where they could panic.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn close(&self, flow: Flow, end: End) {
        if end == End::CutOff {
            self.statistics.cut_off.fetch_add(1, Relaxed);
        }
        self.table().leave(flow.connection);
        self.deliver(Inbound::Closed(flow)).await;
    }

    /// Waits while the exchange's queue is full; says whether anybody still listens.
    async fn deliver(&self, inbound: Inbound) -> bool {
        let mut inbound = inbound;
        loop {
            match self.to_exchange.try_send(inbound) {
                Ok(()) => {
                    self.bell.ring();
                    return true;
                }
                Err(TrySendError::Disconnected(_)) => return false,
                Err(TrySendError::Full(again)) => inbound = again,
            }
            tokio::time::sleep(Duration::from_millis(HAND_OVER_PAUSE_MS)).await;
        }
    }
}
