//! How many connections strangers may hold. A connection counts against its address until a request on it has shown a
//! right (a log-in, a valid session): so one hostile address cannot keep others out, and a whole office behind one
//! address, or a proxy, is not kept out either.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

/// Connections of one address that have shown no right yet (security.md: 50).
pub const STRANGERS_PER_ADDRESS_MAX: usize = 50;
/// Connections of all strangers together.
pub const STRANGERS_MAX: usize = 5_000;

/// Counts strangers' connections.
#[derive(Clone, Debug, Default)]
pub struct Visitors {
    strangers: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// A connection as its requests see it.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The other side.
    pub peer: SocketAddr,
    place: Arc<Mutex<Option<Place>>>,
}

#[derive(Debug)]
struct Place {
    strangers: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Visitors {
    /// Lets a connection in as a stranger, unless there are too many.
    pub fn enter(&self, peer: SocketAddr) -> Option<Visitor> {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let address = peer.ip().to_canonical();
        if strangers.values().sum::<usize>() >= STRANGERS_MAX {
            return None;
        }
        let count = strangers.entry(address).or_default();
        if *count >= STRANGERS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        let place = Place { strangers: self.strangers.clone(), address };
        Some(Visitor { peer, place: Arc::new(Mutex::new(Some(place))) })
    }
}

impl Visitor {
    /// The connection has shown a right and counts no more.
    pub fn is_known(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = strangers.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                strangers.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_of_one_address_are_bounded_and_known_ones_do_not_count() {
        let visitors = Visitors::default();
        let peer: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let mut inside: Vec<Visitor> = (0..STRANGERS_PER_ADDRESS_MAX).map(|_| visitors.enter(peer).unwrap()).collect();
        assert!(visitors.enter(peer).is_none());
        assert!(visitors.enter("192.0.2.2:9".parse().unwrap()).is_some());
        inside[0].is_known();
        inside[0].is_known();
        let next = visitors.enter(peer).unwrap();
        assert!(visitors.enter(peer).is_none());
        inside.truncate(1);
        drop(next);
        drop(inside);
        assert!(visitors.strangers.lock().unwrap().is_empty());
    }
}
