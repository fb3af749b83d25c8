//! Takes facts from the exchange without ever keeping it waiting, folds them into the board, and keeps the recent past.

use super::{
    batch::{Batch, Hands, Owners, Told},
    cursor::Cursor,
    view::View,
};
use crate::state::wall;
use report::{AgentLive, Board, CallLive, Changed, Names, Snapshot};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use vocab::{AgentId, CallId, ExtensionId, Fact, FactRecord, Timestamp};

/// Facts wait this long for company (API contract); a fact is on screens within 250 ms (design.md section 7).
const BATCH_INTERVAL: Duration = Duration::from_millis(50);
/// Hand-overs from the exchange that may wait: 50 ms at 1,500 calls/s are about 1,200; the rest is room for a stall.
const INBOX_MAX: usize = 16_384;
/// A batch is closed at this size, so that one message stays well under what a slow reader may owe.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Memory for the past: over a minute at 50 calls/s, so that a reload or a lost radio link resumes.
const PAST_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The past is kept so long after the last reader left. Then nothing is written down until somebody looks again.
const RETURN_MAX: Duration = Duration::from_secs(60);

/// Where an extension's phone is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// Where it can be called.
    pub contact: String,
    /// What it says it is.
    pub user_agent: String,
}

/// Facts and boards for all readers. Cheap to clone.
#[derive(Clone)]
pub struct LiveHub {
    hub: Arc<Hub>,
}

struct Hub {
    inbox: mpsc::Sender<Vec<FactRecord>>,
    outlet: tokio::sync::Mutex<mpsc::Receiver<Vec<FactRecord>>>,
    lost: AtomicU64,
    readers: AtomicUsize,
    epoch: u64,
    shown: Mutex<Shown>,
    /// Number of the newest batch.
    news: watch::Sender<u64>,
}

struct Shown {
    board: Board,
    phones: BTreeMap<ExtensionId, Phone>,
    past: VecDeque<Arc<Batch>>,
    past_bytes: usize,
    newest: u64,
    /// When the last reader left.
    left: Option<Instant>,
}

/// Where a link begins to read.
pub(super) enum Start {
    /// With everything as it is.
    Reset(Box<Snapshot>),
    /// After its cursor; the present picture serves to find what was its own then.
    Resumed,
}

impl LiveHub {
    /// A hub that starts from this board.
    pub fn new(board: Board) -> LiveHub {
        let (inbox, outlet) = mpsc::channel(INBOX_MAX);
        let shown =
            Shown { board, phones: BTreeMap::new(), past: VecDeque::new(), past_bytes: 0, newest: 0, left: None };
        let hub = Hub {
            inbox,
            outlet: tokio::sync::Mutex::new(outlet),
            lost: AtomicU64::new(0),
            readers: AtomicUsize::new(0),
            epoch: u64::from_be_bytes(crate::passwords::random()),
            shown: Mutex::new(shown),
            news: watch::Sender::new(0),
        };
        LiveHub { hub: Arc::new(hub) }
    }

    /// Takes facts over. Never waits: when the readers' side has not kept up they are lost to screens (not to records),
    /// counted and logged.
    pub fn publish(&self, facts: Vec<FactRecord>) {
        if let Err(refused) = self.hub.inbox.try_send(facts) {
            let facts = refused.into_inner().len() as u64;
            let lost = self.hub.lost.fetch_add(facts, Ordering::Relaxed) + facts;
            tracing::error!(facts, lost, "facts did not reach the screens");
        }
    }

    /// Facts that screens never saw.
    pub fn lost(&self) -> u64 {
        self.hub.lost.load(Ordering::Relaxed)
    }

    /// Live links open now.
    pub fn readers(&self) -> usize {
        self.hub.readers.load(Ordering::Relaxed)
    }

    /// Names, agents or queues changed: every reader starts anew.
    pub fn configure(&self, names: Names) {
        let mut shown = self.shown();
        shown.board.configure(names);
        shown.forget_past();
        self.hub.news.send_replace(shown.newest);
    }

    /// Midnight at the site.
    pub fn begin_day(&self, day_start: Timestamp) {
        let mut shown = self.shown();
        let changed = shown.board.begin_day(day_start);
        shown.push(Vec::new(), &changed, Vec::new());
        self.hub.news.send_replace(shown.newest);
    }

    /// A phone that was registered before this process began.
    pub fn phone_registered(&self, extension: ExtensionId, phone: Phone) {
        let mut shown = self.shown();
        shown.board.phone_registered(extension.clone());
        shown.phones.insert(extension, phone);
    }

    /// Folds what is published, until the future is dropped. One at a time.
    pub async fn run(&self) {
        let mut outlet = self.hub.outlet.lock().await;
        let mut published = Vec::new();
        while outlet.recv_many(&mut published, INBOX_MAX).await > 0 {
            tokio::time::sleep(BATCH_INTERVAL).await;
            while let Ok(more) = outlet.try_recv() {
                published.push(more);
            }
            self.fold(published.drain(..).flatten());
        }
    }

    fn fold(&self, facts: impl Iterator<Item = FactRecord>) {
        let mut shown = self.shown();
        if !self.is_read(&shown) {
            for record in facts {
                shown.note_phone(&record.fact);
                shown.board.handle(&record);
            }
            shown.forget_past();
            self.hub.news.send_replace(shown.newest);
            return;
        }
        let mut batch = Open::default();
        for record in facts {
            batch.take(&mut shown, &record);
            if batch.bytes >= BATCH_BYTES_MAX {
                std::mem::take(&mut batch).close(&mut shown);
            }
        }
        if !batch.facts.is_empty() {
            batch.close(&mut shown);
        }
        self.hub.news.send_replace(shown.newest);
    }

    /// Everything as it is now.
    pub fn snapshot(&self) -> Snapshot {
        self.shown().board.snapshot(wall())
    }

    /// A call that is not over.
    pub fn call(&self, call: CallId) -> Option<CallLive> {
        self.shown().board.call(call).cloned()
    }

    /// An agent now.
    pub fn agent(&self, agent: &AgentId) -> Option<AgentLive> {
        self.shown().board.agent(agent, wall())
    }

    /// An extension's phone, if one is registered.
    pub fn phone(&self, extension: &ExtensionId) -> Option<Phone> {
        let shown = self.shown();
        shown.board.is_registered(extension).then(|| {
            let unknown = Phone { contact: String::new(), user_agent: String::new() };
            shown.phones.get(extension).cloned().unwrap_or(unknown)
        })
    }

    /// Begins to read: after the cursor if the past reaches back to it, else anew. Returns where the reader stands.
    pub(super) fn begin(&self, cursor: Option<Cursor>, view: &mut View) -> (u64, Start) {
        let shown = self.shown();
        let now = shown.board.snapshot(wall());
        if let Some(cursor) = cursor.filter(|cursor| cursor.epoch == self.hub.epoch && shown.reaches(cursor.batch)) {
            let since = shown.past.iter().rev().take_while(|batch| batch.number > cursor.batch);
            view.resume(now, since.map(AsRef::as_ref));
            return (cursor.batch, Start::Resumed);
        }
        (shown.newest, Start::Reset(Box::new(view.begin(now))))
    }

    /// Batches after the one seen last; none when they are past already.
    pub(super) fn since(&self, seen: u64) -> Option<Vec<Arc<Batch>>> {
        let shown = self.shown();
        let newer = |batch: &&Arc<Batch>| batch.number > seen;
        let newer = || shown.past.iter().rev().take_while(newer).count();
        shown.reaches(seen).then(|| shown.past.iter().skip(shown.past.len() - newer()).cloned().collect())
    }

    /// The place after a batch.
    pub(crate) fn cursor(&self, batch: u64) -> Cursor {
        Cursor { epoch: self.hub.epoch, batch }
    }

    /// Tells of new batches; counts the reader while it is held.
    pub(crate) fn listen(&self) -> Listener {
        self.hub.readers.fetch_add(1, Ordering::Relaxed);
        Listener { hub: self.hub.clone(), news: self.hub.news.subscribe() }
    }

    fn is_read(&self, shown: &Shown) -> bool {
        self.readers() > 0 || shown.left.is_some_and(|left| left.elapsed() < RETURN_MAX)
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.hub.shown()
    }
}

impl Hub {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader's ear.
pub(crate) struct Listener {
    hub: Arc<Hub>,
    /// Changes with each batch.
    pub(crate) news: watch::Receiver<u64>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Noted first, so that a fold between the two still takes the reader for one.
        self.hub.shown().left = Some(Instant::now());
        self.hub.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A batch in the making.
#[derive(Default)]
struct Open {
    facts: Vec<Told>,
    changed: Changed,
    before: BTreeMap<CallId, Owners>,
    bytes: usize,
}

impl Open {
    fn take(&mut self, shown: &mut Shown, record: &FactRecord) {
        if let Some(call) = record.fact.call() {
            self.before.entry(call).or_insert_with(|| Owners::of(shown.board.call(call)));
        }
        shown.note_phone(&record.fact);
        self.changed.merge(shown.board.handle(record));
        let told = Told::new(record);
        self.bytes += told.json.len();
        self.facts.push(told);
    }

    fn close(self, shown: &mut Shown) {
        let hands = self.before.into_iter();
        let hands = hands.map(|(call, before)| Hands { call, before, after: Owners::of(shown.board.call(call)) });
        let hands = hands.collect();
        shown.push(self.facts, &self.changed, hands);
    }
}

impl Shown {
    fn push(&mut self, facts: Vec<Told>, changed: &Changed, hands: Vec<Hands>) {
        self.newest += 1;
        let changes = self.board.changes(changed, wall());
        let batch = Arc::new(Batch::new(self.newest, facts, changes, hands));
        self.past_bytes += batch.bytes();
        self.past.push_back(batch);
        while self.past_bytes > PAST_BYTES_MAX {
            let Some(oldest) = self.past.pop_front() else { break };
            self.past_bytes -= oldest.bytes();
        }
    }

    /// Numbers are used up, so that no cursor given out so far resumes.
    fn forget_past(&mut self) {
        self.past.clear();
        self.past_bytes = 0;
        self.newest += 2;
    }

    /// Whether every batch after this one is still here.
    fn reaches(&self, batch: u64) -> bool {
        let oldest = self.past.front().map_or(self.newest + 1, |batch| batch.number);
        batch <= self.newest && batch + 1 >= oldest
    }

    fn note_phone(&mut self, fact: &Fact) {
        match fact {
            Fact::ExtensionRegistered { extension, contact, user_agent } => {
                let phone = Phone { contact: contact.clone(), user_agent: user_agent.clone() };
                self.phones.insert(extension.clone(), phone);
            }
            Fact::ExtensionUnregistered { extension } => {
                self.phones.remove(extension);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(seq: u64) -> impl Iterator<Item = FactRecord> {
        let extension = ExtensionId::from("601");
        let fact =
            Fact::ExtensionRegistered { extension, contact: "sip:601@192.0.2.1".into(), user_agent: "desk".into() };
        std::iter::once(FactRecord { seq, at: Timestamp(0), fact })
    }

    #[test]
    fn nothing_is_written_down_while_nobody_reads_and_a_cursor_from_before_does_not_resume() {
        let hub = LiveHub::new(Board::new(Names::default(), Timestamp(0)));
        let before = hub.shown().newest;
        hub.fold(registered(1));
        assert!(hub.phone(&"601".into()).is_some(), "the board goes on");
        assert!(hub.shown().past.is_empty());
        assert!(hub.since(before).is_none(), "a reader of then begins anew");
        let reader = hub.listen();
        let begun = hub.shown().newest;
        hub.fold(registered(2));
        drop(reader);
        hub.fold(registered(3));
        assert_eq!(hub.since(begun).map(|batches| batches.len()), Some(2), "one who comes back at once misses nothing");
    }
}
