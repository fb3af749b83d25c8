//! Ports for one site and its phones, so that tests run beside each other: a block of numbers below those that the kernel
//! hands out by itself, claimed by listening on its first.

use std::net::{Ipv4Addr, TcpListener};

/// Below the kernel's own range (32768 and up), above what services use.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;
/// One for the claim, 99 for HTTP, SIP and the phones, 200 for the sound of the server.
const BLOCK: u16 = 300;
const MEDIA_FROM: u16 = 100;

/// A claimed block; free again when dropped.
#[derive(Debug)]
pub struct Ports {
    claim: TcpListener,
    next: std::cell::Cell<u16>,
}

impl Ports {
    /// Claims a block that nobody has.
    ///
    /// # Panics
    /// All are taken.
    pub fn claim() -> Self {
        let blocks = (LAST - FIRST) / BLOCK;
        // Processes start their search at different places, so that they rarely meet.
        let start = (std::process::id() % u32::from(blocks)) as u16;
        let claim = (0..blocks)
            .map(|n| FIRST + (start + n) % blocks * BLOCK)
            .find_map(|base| TcpListener::bind((Ipv4Addr::LOCALHOST, base)).ok())
            .expect("all blocks of ports are taken");
        Self { claim, next: std::cell::Cell::new(1) }
    }

    fn base(&self) -> u16 {
        self.claim.local_addr().expect("a listener has an address").port()
    }

    /// `count` ports in a row, for UDP and TCP, handed out once.
    ///
    /// # Panics
    /// The block is used up.
    pub fn take(&self, count: u16) -> u16 {
        let first = self.next.get();
        assert!(first + count <= MEDIA_FROM, "one test needs more ports than a block has");
        self.next.set(first + count);
        self.base() + first
    }

    /// First and last port for the sound of the server.
    pub fn media(&self) -> (u16, u16) {
        (self.base() + MEDIA_FROM, self.base() + BLOCK - 1)
    }
}
