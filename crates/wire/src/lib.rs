//! Sockets and the threads that serve them: SIP over UDP, TCP and TLS.
//!
//! Bytes and flows go in and out; what they mean is the business of `sip` and `media`. Nothing here knows a call,
//! an agent or a queue.

pub mod datagram;
pub mod sip;
