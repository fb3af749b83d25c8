//! The system calls that neither `std` nor `socket2` wraps: `recvmmsg` with its control messages, and three socket
//! options. Owns every `unsafe` of the SIP sockets; knows addresses and bytes, never a message.
#![allow(unsafe_code, reason = "recvmmsg and SO_RCVBUFFORCE have no safe wrapper; each use says why it is sound")]

use std::{
    io, mem,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsRawFd, RawFd},
};

/// Datagrams taken per system call: at 1,500 calls a second about 10 ms of traffic, and past 32 the gain is gone.
pub(super) const BATCH: usize = 64;
/// Room for the largest UDP payload; what is not written costs no memory.
const SLOT_BYTES: usize = 65_535;
/// Room for one packet-info (28 bytes in IPv6) and one overflow counter with their headers and padding.
const CONTROL_BYTES: usize = 128;

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// One datagram of a batch.
pub(super) struct Datagram<'a> {
    pub(super) remote: SocketAddr,
    /// The address it was sent to, when the kernel said so.
    pub(super) local: Option<IpAddr>,
    /// The socket's drops since it was opened, when the kernel said so.
    pub(super) dropped: Option<u32>,
    pub(super) payload: &'a [u8],
}

/// Buffers for one `recvmmsg`, kept between calls.
pub(super) struct Receiver {
    payloads: Vec<u8>,
    addresses: Vec<libc::sockaddr_storage>,
    controls: Vec<Control>,
    /// Of the last call: payload length, control length.
    lengths: Vec<(usize, usize)>,
}

impl Receiver {
    pub(super) fn new() -> Self {
        // SAFETY: sockaddr_storage is plain data for which all zeroes is a value (family AF_UNSPEC).
        let address = unsafe { mem::zeroed::<libc::sockaddr_storage>() };
        Self {
            payloads: vec![0; BATCH * SLOT_BYTES],
            addresses: vec![address; BATCH],
            controls: vec![Control([0; CONTROL_BYTES]); BATCH],
            lengths: Vec::with_capacity(BATCH),
        }
    }

    /// Waits for one datagram (as long as the socket's receive timeout) and takes what else is there, up to [`BATCH`].
    pub(super) fn receive(&mut self, socket: &impl AsRawFd) -> io::Result<usize> {
        self.lengths.clear();
        // SAFETY: iovec and mmsghdr are plain data for which all zeroes is a value (null pointers, zero lengths).
        let (mut vectors, mut headers) =
            unsafe { (mem::zeroed::<[libc::iovec; BATCH]>(), mem::zeroed::<[libc::mmsghdr; BATCH]>()) };
        for index in 0..BATCH {
            let slot = &mut self.payloads[index * SLOT_BYTES..][..SLOT_BYTES];
            vectors[index] = libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: SLOT_BYTES };
            let header = &mut headers[index].msg_hdr;
            header.msg_name = (&raw mut self.addresses[index]).cast();
            header.msg_namelen = mem::size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = &raw mut vectors[index];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[index].0.as_mut_ptr().cast();
            header.msg_controllen = CONTROL_BYTES as _;
        }
        // SAFETY: every pointer in `headers` leads to a buffer of the stated length that lives in `self` or on this
        // stack frame until the call returns, and no two headers share one.
        let taken = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_WAITFORONE,
                std::ptr::null_mut(),
            )
        };
        if taken < 0 {
            return Err(io::Error::last_os_error());
        }
        let taken = usize::try_from(taken).unwrap_or(0);
        self.lengths.extend(headers[..taken].iter().map(|h| (h.msg_len as usize, h.msg_hdr.msg_controllen)));
        Ok(taken)
    }

    /// What the last call took, in the order of arrival; datagrams of an unknown address family are left out.
    pub(super) fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.lengths.iter().enumerate().filter_map(|(index, &(length, control_length))| {
            let (local, dropped) = read_control(&self.controls[index], control_length);
            Some(Datagram {
                remote: socket_address(&self.addresses[index])?,
                local,
                dropped,
                payload: &self.payloads[index * SLOT_BYTES..][..length.min(SLOT_BYTES)],
            })
        })
    }
}

fn socket_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in; storage is larger and suitably aligned.
            let v4 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, with sockaddr_in6.
            let v6 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::new(ip.into(), u16::from_be(v6.sin6_port)))
        }
        _ => None,
    }
}

/// Destination address (IP_PKTINFO, IPV6_PKTINFO) and drop counter (SO_RXQ_OVFL). The walk is done on bytes: a control
/// message is a length of one word, level and type of four bytes each, the data, and padding to a word.
fn read_control(control: &Control, length: usize) -> (Option<IpAddr>, Option<u32>) {
    const WORD: usize = mem::size_of::<usize>();
    const HEADER: usize = WORD + 8;
    let (mut local, mut dropped) = (None, None);
    let mut rest = &control.0[..length.min(CONTROL_BYTES)];
    while rest.len() >= HEADER {
        let number = |at: usize| i32::from_ne_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        let mut word = [0; WORD];
        word.copy_from_slice(&rest[..WORD]);
        let whole = usize::from_ne_bytes(word);
        if whole < HEADER || whole > rest.len() {
            break;
        }
        let data = &rest[HEADER..whole];
        match (number(WORD), number(WORD + 4)) {
            // struct in_pktinfo: interface, local address, destination address of the header.
            (libc::IPPROTO_IP, libc::IP_PKTINFO) if data.len() >= 12 => {
                local = Some(Ipv4Addr::new(data[8], data[9], data[10], data[11]).into());
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if data.len() >= 16 => {
                let mut octets = [0; 16];
                octets.copy_from_slice(&data[..16]);
                local = Some(Ipv6Addr::from(octets).into());
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) if data.len() >= 4 => {
                dropped = Some(u32::from_ne_bytes([data[0], data[1], data[2], data[3]]));
            }
            _ => {}
        }
        rest = rest.get(whole.next_multiple_of(WORD)..).unwrap_or(&[]);
    }
    (local, dropped)
}

fn set_option(socket: RawFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: `value` is a live c_int and its size is passed; the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket,
            level,
            name,
            (&raw const value).cast(),
            mem::size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Asks for a receive buffer beyond `rmem_max`; only allowed with CAP_NET_ADMIN.
pub(super) fn force_receive_buffer(socket: &impl AsRawFd, bytes: i32) -> io::Result<()> {
    set_option(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, bytes)
}

/// Makes the kernel tell each datagram's destination address and the socket's drops.
pub(super) fn ask_for_control_messages(socket: &impl AsRawFd, ipv6: bool) -> io::Result<()> {
    let socket = socket.as_raw_fd();
    set_option(socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
    if ipv6 {
        set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
    } else {
        set_option(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
    }
}
