//! Sockets and threads: what carries SIP and RTP, and what writes recordings. It moves bytes and keeps clocks; what the
//! bytes mean is decided in `sip` and `media`, what happens next in `switch`.

pub mod bell;
pub mod datagram;
pub mod files;
pub mod media;
pub mod recording;
pub mod sip;
