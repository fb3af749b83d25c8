//! The system calls on datagram sockets that neither `std` nor `socket2` wraps: `recvmmsg` with its control messages,
//! waiting on several sockets, and a few options. Knows addresses and bytes, never a message.
#![allow(unsafe_code, reason = "these calls have no safe wrapper; each use says why it is sound")]

use std::{
    io, mem,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsRawFd, RawFd},
    time::Duration,
};

/// Datagrams taken per system call: at 1,500 calls a second about 10 ms of traffic, and past 32 the gain is gone.
pub const BATCH: usize = 64;
/// Room for the largest UDP payload; what is not written costs no memory.
pub const PAYLOAD_BYTES_MAX: usize = 65_535;
/// Room for a packet-info (20 bytes in IPv6), an overflow counter and a time stamp with their headers and padding.
const CONTROL_BYTES: usize = 128;
/// Control messages are laid out in words: a length of one word, level and type, the data, and padding to a word.
const WORD_BYTES: usize = mem::size_of::<usize>();
const CONTROL_HEADER_BYTES: usize = WORD_BYTES + 8;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// One datagram of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Its sender.
    pub remote: SocketAddr,
    /// What the kernel said of it.
    pub notes: Notes,
    /// Its bytes, cut at the receiver's room.
    pub payload: &'a [u8],
}

/// What the kernel says of a datagram when it was asked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The address it was sent to ([`ask_for_destination`]).
    pub local: Option<IpAddr>,
    /// The socket's drops since it was opened, once there are any ([`ask_for_drops`]).
    pub dropped: Option<u32>,
    /// When it arrived, since the Unix epoch ([`ask_for_arrival`]).
    pub arrived: Option<Duration>,
}

/// Whether to wait for the first datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// As long as the socket's receive timeout.
    ForOne,
    /// Not at all; `WouldBlock` if there is none.
    No,
}

/// Buffers for one `recvmmsg`, kept between calls.
#[derive(Debug)]
pub struct Receiver {
    room: usize,
    payloads: Vec<u8>,
    addresses: Vec<libc::sockaddr_storage>,
    controls: Vec<Control>,
    /// Of the last call: payload length, control length.
    lengths: Vec<(usize, usize)>,
}

impl Receiver {
    /// With room for payloads of this many bytes; longer ones are cut.
    pub fn new(room: usize) -> Self {
        // SAFETY: sockaddr_storage is plain data for which all zeroes is a value (family AF_UNSPEC).
        let address = unsafe { mem::zeroed::<libc::sockaddr_storage>() };
        Self {
            room,
            payloads: vec![0; BATCH * room],
            addresses: vec![address; BATCH],
            controls: vec![Control([0; CONTROL_BYTES]); BATCH],
            lengths: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what is there, up to [`BATCH`], and says how many.
    ///
    /// # Errors
    /// Those of `recvmmsg`; `WouldBlock` when nothing came in time.
    pub fn receive(&mut self, socket: &impl AsRawFd, wait: Wait) -> io::Result<usize> {
        let flags = match wait {
            Wait::ForOne => libc::MSG_WAITFORONE,
            Wait::No => libc::MSG_DONTWAIT,
        };
        self.lengths.clear();
        // SAFETY: iovec and mmsghdr are plain data for which all zeroes is a value (null pointers, zero lengths).
        let (mut vectors, mut headers) =
            unsafe { (mem::zeroed::<[libc::iovec; BATCH]>(), mem::zeroed::<[libc::mmsghdr; BATCH]>()) };
        for index in 0..BATCH {
            let slot = &mut self.payloads[index * self.room..][..self.room];
            vectors[index] = libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: slot.len() };
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
            libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as libc::c_uint, flags, std::ptr::null_mut())
        };
        if taken < 0 {
            return Err(io::Error::last_os_error());
        }
        let taken = usize::try_from(taken).unwrap_or(0);
        self.lengths.extend(headers[..taken].iter().map(|h| (h.msg_len as usize, h.msg_hdr.msg_controllen)));
        Ok(taken)
    }

    /// What the last call took, in the order of arrival; datagrams of an unknown address family are left out.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.lengths.iter().enumerate().filter_map(|(index, &(length, control_length))| {
            Some(Datagram {
                remote: socket_address(&self.addresses[index])?,
                notes: read_control(&self.controls[index], control_length),
                payload: &self.payloads[index * self.room..][..length.min(self.room)],
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

fn read_control(control: &Control, length: usize) -> Notes {
    let mut notes = Notes::default();
    let mut rest = &control.0[..length.min(CONTROL_BYTES)];
    while rest.len() >= CONTROL_HEADER_BYTES {
        let whole = read_word(rest);
        if whole < CONTROL_HEADER_BYTES || whole > rest.len() {
            break;
        }
        let (level, kind) = (read_int(&rest[WORD_BYTES..]), read_int(&rest[WORD_BYTES + 4..]));
        note(&mut notes, level, kind, &rest[CONTROL_HEADER_BYTES..whole]);
        rest = rest.get(whole.next_multiple_of(WORD_BYTES)..).unwrap_or(&[]);
    }
    notes
}

fn note(notes: &mut Notes, level: i32, kind: i32, data: &[u8]) {
    match (level, kind) {
        // struct in_pktinfo: interface, local address, destination address of the header.
        (libc::IPPROTO_IP, libc::IP_PKTINFO) if data.len() >= 12 => {
            notes.local = Some(Ipv4Addr::new(data[8], data[9], data[10], data[11]).into());
        }
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if data.len() >= 16 => {
            let mut octets = [0; 16];
            octets.copy_from_slice(&data[..16]);
            notes.local = Some(Ipv6Addr::from(octets).into());
        }
        (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) if data.len() >= 4 => {
            notes.dropped = Some(read_int(data).cast_unsigned());
        }
        (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS) if data.len() >= mem::size_of::<libc::timespec>() => {
            let (seconds, rest) = data.split_at(data.len() / 2);
            notes.arrived = Some(Duration::new(read_word(seconds) as u64, read_word(rest) as u32));
        }
        _ => {}
    }
}

fn read_word(bytes: &[u8]) -> usize {
    let mut word = [0; mem::size_of::<usize>()];
    word.copy_from_slice(&bytes[..mem::size_of::<usize>()]);
    usize::from_ne_bytes(word)
}

fn read_int(bytes: &[u8]) -> i32 {
    i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The control message that names the source of a datagram to send (struct in_pktinfo, struct in6_pktinfo).
pub fn source_control(source: IpAddr) -> Vec<u8> {
    let (level, kind, data) = match source {
        // Interface (any), source, and a destination that is not read.
        IpAddr::V4(v4) => (libc::IPPROTO_IP, libc::IP_PKTINFO, [&[0; 4][..], &v4.octets(), &[0; 4]].concat()),
        // Source, then interface (any).
        IpAddr::V6(v6) => (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, [&v6.octets()[..], &[0; 4]].concat()),
    };
    let whole = CONTROL_HEADER_BYTES + data.len();
    let mut control = whole.to_ne_bytes().to_vec();
    control.extend_from_slice(&level.to_ne_bytes());
    control.extend_from_slice(&kind.to_ne_bytes());
    control.extend_from_slice(&data);
    control.resize(whole.next_multiple_of(WORD_BYTES), 0);
    control
}

/// Waits until one of the sockets has something to read, or the time is over.
///
/// # Errors
/// Those of `ppoll`, `Interrupted` among them.
pub fn wait_readable<const N: usize>(sockets: [&dyn AsRawFd; N], patience: Duration) -> io::Result<()> {
    let mut polled = sockets.map(|socket| libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 });
    let seconds = patience.as_secs().try_into().unwrap_or(libc::time_t::MAX);
    let patience = libc::timespec { tv_sec: seconds, tv_nsec: patience.subsec_nanos().into() };
    // SAFETY: `polled` is an array of N pollfd and `patience` a timespec, both alive until the call returns; a null
    // signal mask leaves the mask as it is.
    let result = unsafe { libc::ppoll(polled.as_mut_ptr(), N as libc::nfds_t, &raw const patience, std::ptr::null()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
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

/// Asks for a receive buffer of this many bytes, beyond `rmem_max` where we may (CAP_NET_ADMIN), and returns what was
/// granted. Linux answers with twice that number, to account for its own bookkeeping.
///
/// # Errors
/// Those of the socket options.
pub fn enlarge_receive_buffer(socket: &socket2::Socket, bytes: usize) -> io::Result<usize> {
    let asked = i32::try_from(bytes).unwrap_or(i32::MAX);
    if set_option(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, asked).is_err() {
        socket.set_recv_buffer_size(bytes)?;
    }
    Ok(socket.recv_buffer_size()? / 2)
}

/// Makes the kernel tell each datagram's destination address.
///
/// # Errors
/// Those of the socket option.
pub fn ask_for_destination(socket: &impl AsRawFd, ipv6: bool) -> io::Result<()> {
    let (level, name) =
        if ipv6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) } else { (libc::IPPROTO_IP, libc::IP_PKTINFO) };
    set_option(socket.as_raw_fd(), level, name, 1)
}

/// Makes the kernel tell how many datagrams the socket has dropped.
///
/// # Errors
/// Those of the socket option.
pub fn ask_for_drops(socket: &impl AsRawFd) -> io::Result<()> {
    set_option(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)
}

/// Makes the kernel tell when each datagram arrived.
///
/// # Errors
/// Those of the socket option.
pub fn ask_for_arrival(socket: &impl AsRawFd) -> io::Result<()> {
    set_option(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::UdpSocket, time::SystemTime};

    #[test]
    fn a_datagram_comes_with_its_destination_and_its_time() {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        ask_for_destination(&socket, false).unwrap();
        ask_for_drops(&socket).unwrap();
        ask_for_arrival(&socket).unwrap();
        let before = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let port = socket.local_addr().unwrap().port();
        socket.send_to(b"hello", SocketAddr::from(([127, 0, 0, 3], port))).unwrap();
        wait_readable([&socket], Duration::from_secs(20)).unwrap();
        let mut receiver = Receiver::new(4);
        assert_eq!(receiver.receive(&socket, Wait::No).unwrap(), 1);
        let datagram = receiver.datagrams().next().unwrap();
        assert_eq!(datagram.payload, b"hell", "cut at the room given");
        assert_eq!(datagram.notes.local, Some([127, 0, 0, 3].into()));
        let age = datagram.notes.arrived.unwrap().saturating_sub(before);
        assert!(age < Duration::from_secs(20), "{age:?}");
        assert_eq!(receiver.receive(&socket, Wait::No).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
