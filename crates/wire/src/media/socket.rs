//! A leg's pair of sockets, and reading datagrams in batches.

#![allow(unsafe_code, reason = "recvmmsg has no safe form in the standard library")]

use socket2::{Domain, Protocol, Socket, Type};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::fd::{AsRawFd as _, RawFd},
};

/// Voice's place in the queues of routers: DSCP EF (RFC 4594).
const TRAFFIC_CLASS: u32 = 0xB8;
/// RTCP is not read yet; the least buffer the kernel gives keeps it from holding memory.
const RTCP_BUFFER_BYTES: usize = 1;
/// A burst of a packet every 20 ms is one; two come after a slip of the scheduler.
const BATCH: usize = 4;
/// The longest packet of sound on an Ethernet; longer ones are cut and dropped.
const DATAGRAM_BYTES_MAX: usize = 1_600;

/// RTP on an even port and RTCP on the next.
pub(super) struct Pair {
    pub rtp: UdpSocket,
    _rtcp: UdpSocket,
}

impl Pair {
    pub fn bind(address: IpAddr, port: u16) -> io::Result<Pair> {
        let rtp = bind(SocketAddr::new(address, port))?;
        let rtcp = bind(SocketAddr::new(address, port + 1))?;
        rtcp.set_recv_buffer_size(RTCP_BUFFER_BYTES)?;
        // A network without classes of traffic is no reason to have no sound.
        let _ = if address.is_ipv4() { rtp.set_tos_v4(TRAFFIC_CLASS) } else { rtp.set_tclass_v6(TRAFFIC_CLASS) };
        Ok(Pair { rtp: rtp.into(), _rtcp: rtcp.into() })
    }
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Room for a few datagrams with their sources, used again and again.
pub(super) struct Batch {
    datagrams: Box<[[u8; DATAGRAM_BYTES_MAX]; BATCH]>,
    sources: Box<[libc::sockaddr_storage; BATCH]>,
    lengths: [usize; BATCH],
}

impl Batch {
    pub fn new() -> Self {
        // SAFETY: a socket address of all zeroes is valid: it has no family.
        let sources = unsafe { std::mem::zeroed() };
        Batch { datagrams: Box::new([[0; DATAGRAM_BYTES_MAX]; BATCH]), sources: Box::new(sources), lengths: [0; BATCH] }
    }

    /// Reads what has come, without waiting. Fewer than [`Batch::capacity`] means that nothing is left: one call of the
    /// kernel both reads and finds the end.
    pub fn receive(&mut self, socket: RawFd) -> usize {
        let mut pieces: [libc::iovec; BATCH] = std::array::from_fn(|n| libc::iovec {
            iov_base: self.datagrams[n].as_mut_ptr().cast(),
            iov_len: DATAGRAM_BYTES_MAX,
        });
        // SAFETY: a message header of all zeroes is valid and empty.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
        for ((header, piece), source) in headers.iter_mut().zip(&mut pieces).zip(self.sources.iter_mut()) {
            header.msg_hdr.msg_iov = piece;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = (&raw mut *source).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        }
        // SAFETY: each header names one piece of a buffer and one source of ours; all live through the call, and their
        // lengths are those given. No timeout is passed.
        let count = unsafe {
            libc::recvmmsg(
                socket,
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        for (length, header) in self.lengths.iter_mut().zip(&headers[..count]) {
            let cut = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            *length = if cut { 0 } else { header.msg_len as usize };
        }
        count
    }

    pub fn capacity(&self) -> usize {
        BATCH
    }

    /// A datagram of the last batch with its source; `None` when it was cut or came from no address.
    pub fn datagram(&mut self, place: usize) -> Option<(SocketAddr, &mut [u8])> {
        let source = address(&self.sources[place])?;
        let length = self.lengths[place];
        (length > 0).then(|| (source, &mut self.datagrams[place][..length]))
    }
}

fn address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says which of the forms the kernel wrote, and the storage is large enough for each.
            let v4: &libc::sockaddr_in = unsafe { &*(&raw const *storage).cast() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6: &libc::sockaddr_in6 = unsafe { &*(&raw const *storage).cast() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::new(ip.to_canonical(), u16::from_be(v6.sin6_port)))
        }
        _ => None,
    }
}

/// The descriptor to watch.
pub(super) fn descriptor(pair: &Pair) -> RawFd {
    pair.rtp.as_raw_fd()
}
