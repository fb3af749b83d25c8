//! The real binary met from outside: SIPp is the carrier, baresip and linphonec are the agents' phones, HTTP and
//! WebSocket are the desk. Knows the public surface only; nothing here is shared with the server but the reading of WAV.

pub mod caller;
pub mod ear;
pub mod flow;
pub mod http;
pub mod live;
pub mod phone;
pub mod ports;
pub mod process;
pub mod site;
pub mod sound;

use std::time::{Duration, Instant};

/// Two busy cores may be slow; a step that takes longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks at something that tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
///
/// # Panics
/// `what` did not come in time.
pub fn await_some<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {patience:?}");
        std::thread::sleep(LOOK);
    }
}
