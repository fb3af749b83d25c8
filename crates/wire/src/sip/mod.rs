//! SIP's sockets: UDP on a thread of its own, TCP and TLS on the async runtime. Owns sockets, connections and their
//! limits; knows nothing of a message beyond where it ends (`sip::Framer`).

mod stream;
mod table;
mod udp;

pub use stream::StreamLimits;
pub use udp::{UdpSender, granted_receive_buffer};

use crate::bell::Bell;
use bytes::Bytes;
use crossbeam_channel::Sender;
use sip::{Flow, Transport};
use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use stream::Streams;
use udp::Udp;

/// Which sockets to open.
#[derive(Clone, Debug)]
pub struct Config {
    /// Datagrams. Port 0 takes a free one.
    pub udp: Option<SocketAddr>,
    /// Streams.
    pub tcp: Option<SocketAddr>,
    /// Streams under TLS, with their certificate.
    pub tls: Option<(SocketAddr, Arc<rustls::ServerConfig>)>,
    /// Our address as seen from outside, when a NAT stands between. Used towards every far end but loopback.
    pub external_address: Option<IpAddr>,
    /// Limits of the streams.
    pub limits: StreamLimits,
    /// Where the streams live.
    pub runtime: tokio::runtime::Handle,
    /// Rung after each hand-over.
    pub bell: Bell,
}

/// What the sockets hand to the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// Messages in the order of their arrival, each datagram or cut from its stream.
    Messages(Vec<(Flow, Bytes)>),
    /// This stream is gone. A connection that could not be opened is reported with its `connection` 0.
    Closed(Flow),
}

impl Inbound {
    fn messages(&self) -> usize {
        match self {
            Self::Messages(batch) => batch.len(),
            Self::Closed(_) => 0,
        }
    }
}

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Counters since the start, for `doctor` and `/metrics`. Losses are counted, never silent.
        #[derive(Debug, Default)]
        pub struct Statistics { $($(#[$doc])* pub(crate) $name: AtomicU64),+ }

        /// The counters at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct StatisticsSnapshot { $($(#[$doc])* pub $name: u64),+ }

        impl Statistics {
            fn snapshot(&self) -> StatisticsSnapshot {
                StatisticsSnapshot { $($name: self.$name.load(Relaxed)),+ }
            }
        }
    };
}

statistics! {
    /// Receive buffer the kernel granted the UDP socket, bytes; 4,194,304 are asked for.
    receive_buffer_bytes,
    /// Datagrams taken from the socket.
    received,
    /// Datagrams given to the kernel.
    sent,
    /// Datagrams not sent because the socket's send buffer was full.
    send_blocked,
    /// Datagrams the kernel refused to send.
    send_failed,
    /// Errors of the receiving socket.
    receive_failed,
    /// Datagrams dropped because the exchange's queue was full.
    queue_drops,
    /// Datagrams the kernel dropped because the receive buffer was full.
    kernel_drops,
    /// Streams accepted.
    accepted,
    /// Streams refused: too many, or too many from one address.
    refused,
    /// Streams closed for breaking a limit: slow, silent, oversized, or not reading.
    cut_off,
    /// Messages for a stream that is gone or whose queue is full.
    stream_unsent,
}

/// Our address as one socket is seen by a far end.
#[derive(Clone, Copy, Debug)]
struct Local {
    bound: SocketAddr,
    external: Option<IpAddr>,
}

impl Local {
    /// `arrived` is the address a datagram of theirs was sent to, if known.
    fn towards(&self, remote: SocketAddr, arrived: Option<IpAddr>) -> SocketAddr {
        let ip = match self.external {
            Some(external) if !remote.ip().is_loopback() => external,
            _ if !self.bound.ip().is_unspecified() => self.bound.ip(),
            _ => arrived.or_else(|| routed_source(remote)).unwrap_or(self.bound.ip()),
        };
        SocketAddr::new(ip, self.bound.port())
    }

    /// The source that must be named when sending down this flow, if the socket does not settle it.
    fn source_to_ask_for(&self, flow: &Flow) -> Option<IpAddr> {
        let ours = flow.local.ip();
        let settled = !self.bound.ip().is_unspecified() || ours.is_unspecified() || self.external == Some(ours);
        (!settled && ours.is_ipv4() == flow.remote.is_ipv4()).then_some(ours)
    }
}

/// The address the kernel would send from. Connecting a UDP socket looks the route up and sends nothing.
pub fn routed_source(remote: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = if remote.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(remote).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Opens the sockets.
#[derive(Debug)]
pub struct Listener;

impl Listener {
    /// Opens what `config` names; everything received goes into `to_exchange`, whose bound is the exchange's limit.
    ///
    /// # Errors
    /// The address of the socket that could not be opened is in the message.
    pub fn start(config: Config, to_exchange: Sender<Inbound>) -> io::Result<Handle> {
        let statistics = Arc::new(Statistics::default());
        let named = |address: SocketAddr| {
            move |error: io::Error| {
                io::Error::new(error.kind(), format!("cannot listen for SIP over UDP on {address}: {error}"))
            }
        };
        let udp = match config.udp {
            Some(address) => Some(
                Udp::start(address, &config, to_exchange.clone(), Arc::clone(&statistics)).map_err(named(address))?,
            ),
            None => None,
        };
        let streams = Streams::start(&config, to_exchange, Arc::clone(&statistics))?;
        Ok(Handle { udp, streams, statistics })
    }
}

/// The open sockets. Dropping it closes them.
#[derive(Debug)]
pub struct Handle {
    udp: Option<Udp>,
    streams: Streams,
    statistics: Arc<Statistics>,
}

impl Handle {
    /// Sends a message down a flow and never waits: a datagram at once, a stream's message by its queue. A stream flow
    /// with `connection` 0 takes the connection that is open towards that far end, or opens one.
    pub fn send(&self, flow: &Flow, message: Bytes) {
        match flow.transport {
            Transport::Udp => match &self.udp {
                Some(udp) => udp.sender.send(flow, &message),
                None => drop(self.statistics.send_failed.fetch_add(1, Relaxed)),
            },
            Transport::Tcp | Transport::Tls => self.streams.send(flow, message),
            // SIP over WebSocket arrives through the HTTP listener, which holds those connections.
            Transport::Ws | Transport::Wss => drop(self.statistics.stream_unsent.fetch_add(1, Relaxed)),
        }
    }

    /// Where a transport listens.
    pub fn bound(&self, transport: Transport) -> Option<SocketAddr> {
        self.local(transport).map(|local| local.bound)
    }

    /// A flow towards a far end that has not called yet; none when that transport is not configured.
    pub fn flow_to(&self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        let local = self.local(transport)?.towards(remote, None);
        Some(Flow { transport, local, remote, connection: 0 })
    }

    /// The counters now.
    pub fn statistics(&self) -> StatisticsSnapshot {
        self.statistics.snapshot()
    }

    /// For a thread that only sends datagrams.
    pub fn udp_sender(&self) -> Option<UdpSender> {
        self.udp.as_ref().map(|udp| udp.sender.clone())
    }

    fn local(&self, transport: Transport) -> Option<Local> {
        match transport {
            Transport::Udp => self.udp.as_ref().map(|udp| udp.local),
            Transport::Tcp => self.streams.tcp,
            Transport::Tls => self.streams.tls,
            Transport::Ws | Transport::Wss => None,
        }
    }
}

#[cfg(test)]
mod tests;
