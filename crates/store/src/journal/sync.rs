//! The thread that makes written lines last: one fdatasync for all lines of a few milliseconds, away from the exchange.

use super::{
    live::SegmentNumber,
    tape::{Disk, Tape},
};
use std::{
    collections::VecDeque,
    fs, io,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Called once when a sync fails. The kernel drops what it could not write and reports it only once, so nothing
/// that follows can be trusted: the process should stop loudly and restart.
pub type OnFatal = Box<dyn Fn(&io::Error) + Send + Sync>;

/// All lines last within so long (design.md section 2): the most that a power cut may lose.
const PROMISE: Duration = Duration::from_millis(20);
/// Lines gather at least so long before a sync, on a disk that hardly keeps the promise; and on a fast one so long at
/// the most, as the timer and the thread's turn come late too.
const GATHER_MIN: Duration = Duration::from_millis(2);
const GATHER_MAX: Duration = Duration::from_millis(12);

pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    wanted: Mutex<Wanted>,
    wake: Condvar,
    synced: AtomicU64,
    synced_wake: Condvar,
    failed: AtomicBool,
}

struct Wanted {
    /// Files with lines in them, oldest first; the last is the one being written.
    tapes: VecDeque<Arc<dyn Tape>>,
    folder_changed: bool,
    /// Segments below this can go once everything written so far lasts.
    retire_below: SegmentNumber,
    /// Lines up to here (counted over all files) have been written.
    written: u64,
    /// Lines were written since the last sync began.
    dirty: bool,
    /// Somebody waits: no gathering.
    hurry: bool,
    stop: bool,
}

impl Syncer {
    pub(super) fn start(folder: PathBuf, disk: Arc<dyn Disk>, on_fatal: OnFatal) -> io::Result<Syncer> {
        let shared = Arc::new(Shared {
            wanted: Mutex::new(Wanted {
                tapes: VecDeque::new(),
                folder_changed: false,
                retire_below: 0,
                written: 0,
                dirty: false,
                hurry: false,
                stop: false,
            }),
            wake: Condvar::new(),
            synced: AtomicU64::new(0),
            synced_wake: Condvar::new(),
            failed: AtomicBool::new(false),
        });
        let theirs = shared.clone();
        let run = move || theirs.run(&folder, &*disk, &on_fatal);
        let thread = std::thread::Builder::new().name("journal-sync".into()).spawn(run)?;
        Ok(Syncer { shared, thread: Some(thread) })
    }

    /// A new file takes the lines from here on.
    pub(super) fn turn_to(&self, tape: Arc<dyn Tape>) {
        let mut wanted = self.shared.lock();
        wanted.tapes.push_back(tape);
        wanted.folder_changed = true;
    }

    /// Lines up to here (counted over all files) have been written.
    pub(super) fn written(&self, position: u64) {
        let mut wanted = self.shared.lock();
        wanted.written = position;
        // A thread that gathers or syncs looks again by itself: most appends wake nobody.
        if !std::mem::replace(&mut wanted.dirty, true) {
            self.shared.wake.notify_one();
        }
    }

    /// Segments below this are not needed.
    pub(super) fn retire_below(&self, segment: SegmentNumber) {
        self.shared.lock().retire_below = segment;
    }

    /// How far everything lasts.
    pub(super) fn synced(&self) -> u64 {
        self.shared.synced.load(Ordering::Acquire)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }

    /// Waits until everything up to `position` lasts; false when it never will.
    pub(super) fn wait(&self, position: u64) -> bool {
        let mut wanted = self.shared.lock();
        wanted.hurry = true;
        self.shared.wake.notify_one();
        while self.synced() < position && !self.has_failed() {
            wanted = self.shared.synced_wake.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        !self.has_failed()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the panic hook already.
            drop(thread.join());
        }
    }
}

impl Shared {
    /// The data under the lock is counters and handles, sound after any panic.
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, folder: &std::path::Path, disk: &dyn Disk, on_fatal: &OnFatal) {
        let mut retired = 0;
        let mut gather = GATHER_MIN;
        loop {
            let stopping = self.gather(gather);
            let began = Instant::now();
            let (tapes, folder_changed, retire_below, written) = {
                let mut wanted = self.lock();
                let tapes: Vec<_> = wanted.tapes.iter().cloned().collect();
                // All but the last are full: after this sync they need none.
                let full = wanted.tapes.len().saturating_sub(1);
                wanted.tapes.drain(..full);
                wanted.hurry = false;
                wanted.dirty = false;
                (tapes, std::mem::take(&mut wanted.folder_changed), wanted.retire_below, wanted.written)
            };
            let result = tapes.iter().try_for_each(|tape| tape.sync());
            let result = result.and_then(|()| if folder_changed { disk.sync_folder(folder) } else { Ok(()) });
            // The next sync may take twice as long.
            gather = PROMISE.saturating_sub(began.elapsed() * 2).clamp(GATHER_MIN, GATHER_MAX);
            if let Err(error) = result {
                tracing::error!(%error, "journal cannot be synced; nothing written from here on is safe");
                {
                    let _wanted = self.lock();
                    self.failed.store(true, Ordering::Release);
                    self.synced_wake.notify_all();
                }
                on_fatal(&error);
                return;
            }
            {
                // Under the lock, so that a waiter does not miss it between its look and its sleep.
                let _wanted = self.lock();
                self.synced.store(written, Ordering::Release);
                self.synced_wake.notify_all();
            }
            if retire_below > retired {
                retire(folder, retire_below);
                retired = retire_below;
            }
            if stopping {
                return;
            }
        }
    }

    /// Sleeps until there is something to sync, then so long for more to come. True when it is the last time.
    fn gather(&self, time: Duration) -> bool {
        let mut wanted = self.lock();
        while !wanted.dirty && !wanted.hurry && !wanted.stop {
            wanted = self.wake.wait(wanted).unwrap_or_else(PoisonError::into_inner);
        }
        if !wanted.hurry && !wanted.stop {
            let waited = self.wake.wait_timeout_while(wanted, time, |wanted| !wanted.hurry && !wanted.stop);
            wanted = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        wanted.stop
    }
}

/// Removes segments nobody needs. A failure costs only space and is tried again with the next.
fn retire(folder: &std::path::Path, below: SegmentNumber) {
    let Ok(segments) = super::recover::segments(folder) else { return };
    for (number, path) in segments {
        if number < below
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::warn!(%error, segment = number, "journal segment not removed");
        }
    }
}
