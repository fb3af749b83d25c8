//! The log: JSON lines on standard error, written by a thread of its own. A stopped terminal, a pipe that nobody reads or a
//! full disk loses lines, which are counted; it holds up no call and ends no thread.

use crossbeam_channel::{Receiver, Sender, bounded};
use std::{
    io::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Lines that may wait for whoever reads: several seconds of a busy site, 3 MB.
const LINES_MAX: usize = 8_192;
/// A process that stops waits this long for its last lines to be taken.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// Lines wait this long for company: whoever logs would otherwise wake the thread for each.
const GATHER: Duration = Duration::from_millis(10);

static QUEUE: OnceLock<Sender<Item>> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);

enum Item {
    Line(Vec<u8>),
    /// Dropped when all before it is written.
    Mark(Sender<()>),
}

/// Starts the log; `RUST_LOG` chooses the level.
///
/// # Errors
/// No thread can be started.
pub fn start() -> io::Result<()> {
    let (queue, items) = bounded(LINES_MAX);
    std::thread::Builder::new().name("log".into()).spawn(move || write(&items, &mut io::stderr()))?;
    let _ = QUEUE.set(queue);
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // What the subscriber would print about a failed write goes to the same place and panics when that fails too.
    let lines = tracing_subscriber::fmt().json().with_env_filter(filter).log_internal_errors(false);
    lines.with_writer(|| Queued).init();
    // A panic is a line like any other, unless somebody asked for the stack.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "panicked")));
    }
    Ok(())
}

/// Lines that nobody took.
pub fn lost() -> u64 {
    LOST.load(Relaxed)
}

/// Waits until the lines so far are written, or a second.
pub fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    let (mark, written) = bounded(0);
    if queue.send_timeout(Item::Mark(mark), FLUSH_MAX).is_ok() {
        let _ = written.recv_timeout(FLUSH_MAX);
    }
}

fn write(items: &Receiver<Item>, out: &mut impl Write) {
    let mut lines = Lines::default();
    while let Ok(first) = items.recv() {
        if let Item::Line(_) = first {
            std::thread::sleep(GATHER);
        }
        for item in std::iter::once(first).chain(items.try_iter()) {
            match item {
                Item::Line(line) => lines.add(&line),
                Item::Mark(mark) => {
                    lines.write_to(out);
                    drop(mark);
                }
            }
        }
        lines.write_to(out);
    }
}

/// Lines that go out with one call.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    count: u64,
}

impl Lines {
    fn add(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.count += 1;
    }

    /// What nobody takes is lost and counted; there is no second try.
    fn write_to(&mut self, out: &mut impl Write) {
        if out.write_all(&self.text).is_err() {
            LOST.fetch_add(self.count, Relaxed);
        }
        *self = Lines::default();
    }
}

/// Takes one whole line for each write, as the subscriber writes them.
struct Queued;

impl Write for Queued {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let taken = QUEUE.get().is_some_and(|queue| queue.try_send(Item::Line(line.to_vec())).is_ok());
        if !taken {
            LOST.fetch_add(1, Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
