//! Wakes a thread that naps, at the price of one atomic write while it is awake.
//!
//! Waiting on several channels at once spins and yields before it sleeps; for a thread that is woken thousands of times
//! a second by one message each, that costs more than the messages.

use std::{
    sync::{Arc, OnceLock},
    thread::{self, Thread},
    time::Duration,
};

/// Rung after every hand-over. Clones ring the same thread.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<OnceLock<Thread>>);

impl Bell {
    /// The calling thread is the one that is woken from now on; the first to say so is.
    pub fn answer(&self) {
        self.0.get_or_init(thread::current);
    }

    /// Ends the nap, or the next one if the thread is awake.
    pub fn ring(&self) {
        if let Some(thread) = self.0.get() {
            thread.unpark();
        }
    }

    /// Sleeps until rung, at the longest so long; may end for no reason. To be called after a look at all queues.
    pub fn nap(&self, longest: Duration) {
        thread::park_timeout(longest);
    }
}
