//! Which connections are open, from where, and the queue of each. Knows numbers and addresses, no sockets.

use bytes::Bytes;
use sip::{Flow, Transport};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};
use tokio::sync::mpsc;

/// An office behind one address may have this many phones on streams; a single attacker gets no more.
pub(super) const CONNECTIONS_PER_ADDRESS_MAX: usize = 512;
/// 2,048 agents' phones, as many again while they reconnect, and trunks; each costs a descriptor of the 20,000 usual.
pub(super) const CONNECTIONS_MAX: usize = 5_000;
/// Messages waiting for one connection; a dialog sends a handful at once, so more means that the far end does not read.
pub(super) const QUEUE_MESSAGES_MAX: usize = 128;

#[derive(Debug)]
struct Entry {
    flow: Flow,
    queue: mpsc::Sender<Bytes>,
    /// We opened it: `connection` 0 towards that address means this one.
    opened_by_us: bool,
}

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Table {
    last: u64,
    entries: BTreeMap<u64, Entry>,
    opened: BTreeMap<(Transport, SocketAddr), u64>,
    per_address: BTreeMap<IpAddr, usize>,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Queued {
    Yes,
    /// No such connection.
    Gone,
    /// It does not read; the connection is removed.
    Full,
}

impl Table {
    /// Enters a connection, if the limits allow one more, and returns its flow with its number, and its queue.
    pub(super) fn enter(&mut self, flow: Flow, opened_by_us: bool) -> Option<(Flow, mpsc::Receiver<Bytes>)> {
        let from_there = self.per_address.get(&flow.remote.ip()).copied().unwrap_or(0);
        let crowd = !opened_by_us && from_there >= CONNECTIONS_PER_ADDRESS_MAX;
        if crowd || self.entries.len() >= CONNECTIONS_MAX {
            return None;
        }
        self.last += 1;
        let flow = Flow { connection: self.last, ..flow };
        let (queue, receiver) = mpsc::channel(QUEUE_MESSAGES_MAX);
        *self.per_address.entry(flow.remote.ip()).or_default() += 1;
        if opened_by_us {
            self.opened.insert((flow.transport, flow.remote), self.last);
        }
        self.entries.insert(self.last, Entry { flow, queue, opened_by_us });
        Some((flow, receiver))
    }

    /// The connection we opened towards that far end.
    pub(super) fn opened_to(&self, transport: Transport, remote: SocketAddr) -> Option<u64> {
        self.opened.get(&(transport, remote)).copied()
    }

    pub(super) fn queue(&mut self, connection: u64, message: Bytes) -> Queued {
        let Some(entry) = self.entries.get(&connection) else { return Queued::Gone };
        match entry.queue.try_send(message) {
            Ok(()) => Queued::Yes,
            Err(mpsc::error::TrySendError::Closed(_)) => Queued::Gone,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.leave(connection);
                Queued::Full
            }
        }
    }

    /// Forgets a connection; its task ends once its queue is empty.
    pub(super) fn leave(&mut self, connection: u64) {
        let Some(entry) = self.entries.remove(&connection) else { return };
        let address = entry.flow.remote.ip();
        if let Some(count) = self.per_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
        if entry.opened_by_us {
            self.opened.remove(&(entry.flow.transport, entry.flow.remote));
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self { last: self.last, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(address: [u8; 4], port: u16) -> Flow {
        let local = ([127, 0, 0, 1], 5060).into();
        Flow { transport: Transport::Tcp, local, remote: (address, port).into(), connection: 0 }
    }

    #[test]
    fn one_address_cannot_take_all_connections() {
        let mut table = Table::default();
        let mut held = Vec::new();
        for port in 0..CONNECTIONS_PER_ADDRESS_MAX {
            held.push(table.enter(flow([10, 0, 0, 1], port as u16), false).expect("within the limit"));
        }
        assert!(table.enter(flow([10, 0, 0, 1], 60_000), false).is_none());
        let other = table.enter(flow([10, 0, 0, 2], 1), false);
        assert!(other.is_some(), "another address still gets in");
        table.leave(held[0].0.connection);
        assert!(table.enter(flow([10, 0, 0, 1], 60_000), false).is_some(), "a closed one makes room");
    }

    #[test]
    fn all_addresses_together_are_limited() {
        let mut table = Table::default();
        let mut held = Vec::new();
        for number in 0..CONNECTIONS_MAX {
            let [_, _, high, low] = (number as u32).to_be_bytes();
            held.push(table.enter(flow([10, 1, high, low], 1), false).expect("within the limit"));
        }
        assert!(table.enter(flow([10, 2, 0, 1], 1), false).is_none());
    }

    #[test]
    fn a_far_end_that_does_not_read_is_dropped() {
        let mut table = Table::default();
        let (flow, _queue) = table.enter(flow([10, 0, 0, 1], 1), true).expect("room");
        for _ in 0..QUEUE_MESSAGES_MAX {
            assert_eq!(table.queue(flow.connection, Bytes::from_static(b"x")), Queued::Yes);
        }
        assert_eq!(table.queue(flow.connection, Bytes::from_static(b"x")), Queued::Full);
        assert_eq!(table.queue(flow.connection, Bytes::from_static(b"x")), Queued::Gone);
        assert_eq!(table.opened_to(Transport::Tcp, flow.remote), None, "the next message opens a new one");
    }
}
