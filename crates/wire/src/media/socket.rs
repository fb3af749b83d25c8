//! A leg's pair of sockets.

#![allow(unsafe_code, reason = "the end of a connection has no safe form in the standard library")]

use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::{AsRawFd as _, RawFd},
};

/// Voice's place in the queues of routers: DSCP EF (RFC 4594).
const TRAFFIC_CLASS: u32 = 0xB8;
/// RTCP is not read yet; the least buffer the kernel gives keeps it from holding memory.
const RTCP_BUFFER_BYTES: usize = 1;

/// RTP on an even port and RTCP on the next.
pub(super) struct Pair {
    rtp: UdpSocket,
    _rtcp: UdpSocket,
    /// The socket is connected to it: the kernel keeps strangers out and the way to it at hand.
    far_end: Option<SocketAddr>,
    /// Bound to one address of ours. Connecting a socket of all addresses would settle it on the one the route to the far
    /// end begins with, and deafen it on the one that was described.
    settled: bool,
}

impl Pair {
    pub fn bind(address: IpAddr, port: u16) -> io::Result<Pair> {
        let rtp = bind(SocketAddr::new(address, port))?;
        let rtcp = bind(SocketAddr::new(address, port + 1))?;
        rtcp.set_recv_buffer_size(RTCP_BUFFER_BYTES)?;
        // A network without classes of traffic is no reason to have no sound.
        let _ = if address.is_ipv4() { rtp.set_tos_v4(TRAFFIC_CLASS) } else { rtp.set_tclass_v6(TRAFFIC_CLASS) };
        let settled = !address.is_unspecified();
        Ok(Pair { rtp: rtp.into(), _rtcp: rtcp.into(), far_end: None, settled })
    }

    /// The descriptor to watch.
    pub fn descriptor(&self) -> RawFd {
        self.rtp.as_raw_fd()
    }

    /// Takes the next datagram, if one has come, and its source. One by one: as a rule a single one waits, and for that
    /// a call of `recvmmsg` costs more than `recv`.
    pub fn receive(&self, room: &mut [u8]) -> Option<(usize, SocketAddr)> {
        // A refusal tells of a packet of ours that nobody took; what has come lies behind it. The source is asked for on
        // a connected socket too: a stranger's packet may have come before it was.
        let received = match self.rtp.recv_from(room) {
            Err(error) if is_refusal(&error) => self.rtp.recv_from(room),
            received => received,
        };
        received.ok().map(|(length, source)| (length, SocketAddr::new(source.ip().to_canonical(), source.port())))
    }

    /// Sends a packet, and says whether the kernel took it.
    pub fn send(&self, to: SocketAddr, packet: &[u8]) -> bool {
        let send = || match self.far_end {
            Some(far_end) if far_end == to => self.rtp.send(packet),
            Some(_) | None => self.rtp.send_to(packet, to),
        };
        match send() {
            // It tells of an earlier packet; this one was not tried yet.
            Err(error) if is_refusal(&error) => send().is_ok(),
            sent => sent.is_ok(),
        }
    }

    /// Hears this address only from now on, or everybody again, and says whether it is as asked. What the kernel refuses
    /// can be done without while the leg lasts: the engine itself keeps strangers out as well.
    pub fn lock(&mut self, far_end: Option<SocketAddr>) -> bool {
        if self.settled && self.far_end != far_end {
            self.far_end = match far_end {
                Some(address) => self.rtp.connect(address).ok().map(|()| address),
                None => disconnect(&self.rtp).err().and(self.far_end),
            };
        }
        !self.settled || self.far_end == far_end
    }
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Lets a connected socket hear everybody again. It keeps its port.
fn disconnect(socket: &UdpSocket) -> io::Result<()> {
    // SAFETY: a socket address of all zeroes is valid; its family AF_UNSPEC ends the connection (connect(2)).
    let nobody: libc::sockaddr = unsafe { std::mem::zeroed() };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the descriptor is open, and the address lives through the call and has the length given.
    let result = unsafe { libc::connect(socket.as_raw_fd(), &raw const nobody, length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
