//! How many connections strangers may hold. A connection counts against its address until a request on it has shown a
//! right (a log-in, a valid session). When an address has too many, its oldest stranger makes room for the newest: so
//! one hostile address cannot keep others out, and a whole office behind one address, or a proxy, is not kept out either.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// Connections of one address that have shown no right yet (security.md: 50).
pub const STRANGERS_PER_ADDRESS_MAX: usize = 50;
/// Connections of all strangers together, those on their way out included.
pub const STRANGERS_MAX: usize = 5_000;

/// Counts strangers' connections.
#[derive(Clone, Debug, Default)]
pub struct Visitors(Arc<Mutex<Strangers>>);

#[derive(Debug, Default)]
struct Strangers {
    /// Oldest first.
    staying: BTreeMap<IpAddr, VecDeque<Arc<Notify>>>,
    all: usize,
}

/// A connection as its requests see it.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The other side.
    pub peer: SocketAddr,
    place: Arc<Mutex<Option<Place>>>,
    displaced: Arc<Notify>,
    asked: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Place {
    visitors: Visitors,
    address: IpAddr,
    displaced: Arc<Notify>,
}

impl Visitors {
    /// Lets a connection in as a stranger, unless there are too many of all addresses.
    pub fn enter(&self, peer: SocketAddr) -> Option<Visitor> {
        let mut strangers = self.lock();
        if strangers.all >= STRANGERS_MAX {
            return None;
        }
        strangers.all += 1;
        let (address, displaced) = (peer.ip().to_canonical(), Arc::new(Notify::new()));
        let staying = strangers.staying.entry(address).or_default();
        if staying.len() >= STRANGERS_PER_ADDRESS_MAX
            && let Some(oldest) = staying.pop_front()
        {
            oldest.notify_one();
        }
        staying.push_back(displaced.clone());
        let place = Place { visitors: self.clone(), address, displaced: displaced.clone() };
        Some(Visitor { peer, place: Arc::new(Mutex::new(Some(place))), displaced, asked: Arc::default() })
    }

    /// The data under the lock is whole at every point where it could panic.
    fn lock(&self) -> MutexGuard<'_, Strangers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    /// The connection has shown a right and counts no more.
    pub fn is_known(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A whole request came on the connection.
    pub fn asks(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether one ever did.
    pub fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Resolves, once, when the connection must make room for another of its address.
    pub async fn displaced(&self) {
        self.displaced.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut strangers = self.visitors.lock();
        strangers.all -= 1;
        if let Some(staying) = strangers.staying.get_mut(&self.address) {
            staying.retain(|other| !Arc::ptr_eq(other, &self.displaced));
            if staying.is_empty() {
                strangers.staying.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn must_leave(visitor: &Visitor) -> bool {
        visitor.displaced().now_or_never().is_some()
    }

    #[test]
    fn the_oldest_stranger_of_an_address_makes_room_and_known_ones_stay() {
        let visitors = Visitors::default();
        let peer: SocketAddr = "192.0.2.1:9".parse().unwrap();
        let inside: Vec<Visitor> = (0..STRANGERS_PER_ADDRESS_MAX).map(|_| visitors.enter(peer).unwrap()).collect();
        let elsewhere = visitors.enter("192.0.2.2:9".parse().unwrap()).unwrap();
        inside[0].is_known();
        inside[0].is_known();
        let next = visitors.enter(peer).unwrap();
        assert!(!inside.iter().any(must_leave), "a log-in makes room");
        let newest = visitors.enter(peer).unwrap();
        let leaving: Vec<usize> = (0..inside.len()).filter(|n| must_leave(&inside[*n])).collect();
        assert_eq!(leaving, [1]);
        assert!(![&elsewhere, &next, &newest].into_iter().any(must_leave));
        drop((inside, next, newest, elsewhere));
        let strangers = visitors.lock();
        assert_eq!((strangers.all, strangers.staying.len()), (0, 0));
    }

    #[test]
    fn those_on_their_way_out_count_until_they_are_gone() {
        let visitors = Visitors::default();
        let peer = |n: usize| SocketAddr::from(([192, 0, 2, 1 + u8::try_from(n % 2).unwrap()], 9));
        let mut inside: Vec<Visitor> = (0..STRANGERS_MAX).map(|n| visitors.enter(peer(n)).unwrap()).collect();
        assert!(visitors.enter("192.0.2.3:9".parse().unwrap()).is_none());
        inside.remove(0);
        assert!(visitors.enter("192.0.2.3:9".parse().unwrap()).is_some());
    }
}
