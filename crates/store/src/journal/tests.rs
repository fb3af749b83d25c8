//! The journal against torn ends, damage, full disks and failing syncs.

use super::*;
use crate::Piece;
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    fs::File,
    os::unix::fs::FileExt,
    sync::atomic::{AtomicU64, AtomicUsize},
};
use tempfile::TempDir;
use vocab::{
    AgentId, AgentState, Direction, EndState, EndedBy, Envelope, Fact, FactRecord, LegId, PhoneNumber, Timestamp,
};

fn call(number: u64) -> CallId {
    CallId(uuid::Uuid::from_u64_pair(0x0198_0000_0000_7000, number))
}

fn fact(seq: u64, fact: Fact) -> Entry {
    Entry::Fact(FactRecord { seq, at: Timestamp(1_000 + i64::try_from(seq).unwrap()), fact })
}

fn opened(seq: u64, number: u64) -> Entry {
    let (caller, called) = (PhoneNumber::from("13800138000"), PhoneNumber::from("4008001000"));
    let source = "127.0.0.1:5070".parse().unwrap();
    let (trunk, extension, direction) = (None, None, Direction::Inbound);
    fact(seq, Fact::CallOpened { call: call(number), direction, caller, called, trunk, extension, source })
}

fn ended(seq: u64, number: u64) -> Entry {
    fact(seq, Fact::CallEnded { call: call(number), state: EndState::InIvr, by: EndedBy::Caller })
}

fn record(number: u64) -> Entry {
    let mut fold = report::Fold::new();
    let (Entry::Fact(opened), Entry::Fact(ended)) = (opened(1, number), ended(2, number)) else { unreachable!() };
    assert!(fold.handle(&opened).is_none());
    Entry::Record(Box::new(fold.handle(&ended).unwrap()))
}

fn agent_ready(seq: u64, agent: &str) -> Entry {
    let extension = Some("8001".into());
    let (queues, state, pending) = (vec!["sales".into()], AgentState::Ready, None);
    fact(seq, Fact::AgentChanged { agent: AgentId::from(agent), extension, queues, state, pending })
}

fn agent_gone(seq: u64, agent: &str) -> Entry {
    let (agent, extension, queues) = (AgentId::from(agent), None, Vec::new());
    fact(seq, Fact::AgentChanged { agent, extension, queues, state: AgentState::LoggedOut, pending: None })
}

fn inviting(number: u64, leg: u64) -> Entry {
    Entry::Inviting { call: call(number), leg: LegId(leg), snapshot: format!("{{\"branch\":{leg}}}") }
}

fn dialog(number: u64, leg: u64) -> Entry {
    Entry::Dialog { call: call(number), leg: LegId(leg), snapshot: format!("{{\"cseq\":{leg}}}") }
}

fn binding(account: &str, contact: &str) -> Entry {
    Entry::Binding { account: account.into(), contact: contact.into(), snapshot: "{\"expires\":60}".into() }
}

fn piece(number: u64) -> Piece {
    Piece {
        recording: RecordingId(call(number).0),
        call: call(number),
        number: 0,
        offset_ms: 0,
        path: "a/b.wav".into(),
        channels: 2,
        codec: "pcmu".into(),
        bytes: None,
    }
}

fn report(number: u64) -> Entry {
    let body = acd::Report::Dequeue { call: call(number), exit: vocab::QueueExit::Abandoned };
    Entry::Report { mono_ms: number, envelope: Envelope { from: "edge-1".into(), epoch: 1, seq: number, body } }
}

/// What a lively minute leaves: something of each kind.
fn minute() -> Vec<Entry> {
    vec![
        Entry::Configuration { revision: 7, seed: 42 },
        binding("8001", "sip:8001@10.0.0.1"),
        agent_ready(0, "1001"),
        opened(1, 1),
        inviting(1, 11),
        dialog(1, 11),
        report(1),
        inviting(1, 12),
        inviting(1, 13),
        opened(2, 2),
        Entry::Piece(piece(1)),
        binding("8002", "sip:8002@10.0.0.2"),
        ended(3, 2),
        record(2),
        Entry::BindingOver { account: "8002".into(), contact: "sip:8002@10.0.0.2".into() },
        Entry::DialogOver { leg: LegId(12) },
        opened(4, 3),
        Entry::PieceClosed { recording: piece(1).recording, number: 0, bytes: 160 },
    ]
}

fn options() -> Options {
    Options::new(Box::new(|error| panic!("a sync failed: {error}")))
}

/// On a disk that syncs nothing: thousands of openings would wait for the real one.
fn open(folder: &Path) -> (Journal, Recovered) {
    open_with(folder, options())
}

fn open_with(folder: &Path, options: Options) -> (Journal, Recovered) {
    let disk = PoorDisk { room: AtomicU64::new(u64::MAX), ..PoorDisk::default() };
    Journal::open_on(folder, options, Arc::new(PoorFolder(Arc::new(disk)))).unwrap()
}

/// Open calls with the number of their facts; INVITEs and dialogs, bindings, agents, records, pieces; the next fact.
type Summary = (Vec<(CallId, usize)>, [usize; 2], usize, usize, usize, usize, u64);

/// What matters of a recovery, in a form that compares.
fn summary(recovered: &Recovered) -> Summary {
    (
        recovered.open_calls.iter().map(|(call, facts)| (*call, facts.len())).collect(),
        [recovered.ringing.len(), recovered.dialogs.len()],
        recovered.bindings.len(),
        recovered.agents.len(),
        recovered.records.len(),
        recovered.pieces.len(),
        recovered.next_fact_seq,
    )
}

#[test]
fn what_was_appended_is_recovered_after_a_crash() {
    let folder = TempDir::new().unwrap();
    let (mut journal, first) = open(folder.path());
    assert_eq!(summary(&first), summary(&Recovered::default()));
    journal.append(&minute()).unwrap();
    drop(journal);

    let (_journal, recovered) = open(folder.path());
    assert_eq!(summary(&recovered), (vec![(call(1), 1), (call(3), 1)], [1, 1], 1, 1, 1, 1, 5));
    assert_eq!(
        recovered.ringing,
        [RecoveredDialog { call: call(1), leg: LegId(13), snapshot: "{\"branch\":13}".into() }]
    );
    assert_eq!(recovered.dialogs[0].snapshot, "{\"cseq\":11}");
    assert_eq!(recovered.bindings[0].contact, "sip:8001@10.0.0.1");
    assert_eq!(recovered.last_configuration, Some((7, 42)));
    assert_eq!(recovered.last_at, Some(Timestamp(1_004)));
    assert_eq!(recovered.pieces[0].bytes, Some(160));
    assert!(!recovered.clean);
    let report = recovered.agents[0].report(Timestamp(6_000));
    assert_eq!((report.agent.as_str(), report.age), ("1001", vocab::Age(5_000)));
}

#[test]
fn a_crash_gives_each_open_call_one_record_and_a_recorded_end_wins() {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&[opened(1, 1), opened(2, 2), ended(3, 2), opened(4, 3), record(3)]).unwrap();
    drop(journal);
    let (_journal, recovered) = open(folder.path());
    let records = recovered.close_open_calls();
    let told: Vec<_> = records.iter().map(|record| (record.call, record.state, record.by, record.ended)).collect();
    let crashed = (call(1), EndState::Failed, EndedBy::Crash, Timestamp(1_004));
    assert_eq!(told, [crashed, (call(2), EndState::InIvr, EndedBy::Caller, Timestamp(1_003))]);
    assert_eq!(records[0].reason.as_deref(), Some("crash_ivr"));
}

#[test]
fn a_second_crash_finds_what_the_first_left() {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&minute()).unwrap();
    drop(journal);
    let (journal, first) = open(folder.path());
    drop(journal);
    let (mut journal, second) = open(folder.path());
    assert_eq!(summary(&first), summary(&second));
    let over = [11, 13].map(|leg| Entry::DialogOver { leg: LegId(leg) });
    journal.append(&[ended(5, 1), record(1), record(3)]).unwrap();
    journal.append(&over).unwrap();
    drop(journal);
    let (_journal, third) = open(folder.path());
    assert_eq!(summary(&third), (vec![], [0, 0], 1, 1, 3, 1, 6));
}

#[test]
fn a_clean_stop_is_told_from_a_crash() {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&[opened(1, 1), record(1)]).unwrap();
    journal.stop().unwrap();
    let (mut journal, recovered) = open(folder.path());
    assert!(recovered.clean);
    journal.append(&[report(1)]).unwrap();
    drop(journal);
    assert!(!open(folder.path()).1.clean);
}

#[test]
fn an_invite_is_kept_until_its_leg_is_confirmed_or_over_and_the_newest_counts() {
    let (over, again) = (
        Entry::DialogOver { leg: LegId(1) },
        Entry::Inviting { call: call(1), leg: LegId(1), snapshot: "{\"branch\":\"again\"}".into() },
    );
    let table: [(&[Entry], &[&str], usize); 6] = [
        (&[inviting(1, 1)], &["{\"branch\":1}"], 0),
        (&[inviting(1, 1), again], &["{\"branch\":\"again\"}"], 0),
        (&[inviting(1, 1), dialog(1, 1)], &[], 1),
        (&[dialog(1, 1), inviting(1, 1)], &["{\"branch\":1}"], 0),
        (&[inviting(1, 1), over.clone()], &[], 0),
        (&[inviting(1, 1), dialog(1, 1), over], &[], 0),
    ];
    for (entries, ringing, dialogs) in table {
        let folder = TempDir::new().unwrap();
        let (mut journal, _) = open(folder.path());
        journal.append(entries).unwrap();
        drop(journal);
        let recovered = open(folder.path()).1;
        let kept: Vec<_> = recovered.ringing.iter().map(|kept| kept.snapshot.as_str()).collect();
        assert_eq!((&kept[..], recovered.dialogs.len()), (ringing, dialogs), "{entries:?}");
    }
}

#[test]
fn an_agent_who_logged_out_is_not_logged_in_again() {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&[agent_ready(1, "1001"), agent_ready(2, "1002"), agent_gone(3, "1001")]).unwrap();
    drop(journal);
    let agents = open(folder.path()).1.agents;
    assert_eq!(agents.iter().map(|agent| agent.agent.as_str()).collect::<Vec<_>>(), ["1002"]);
}

#[test]
fn two_processes_cannot_write_one_journal() {
    let folder = TempDir::new().unwrap();
    assert!(!is_in_use(folder.path()));
    let (journal, _) = open(folder.path());
    assert!(matches!(Journal::open(folder.path(), options()), Err(JournalError::InUse { .. })));
    assert!(is_in_use(folder.path()));
    drop(journal);
    assert!(!is_in_use(folder.path()));
    open(folder.path());
}

/// The bytes of the segment that `entries` make, and how many of them are its head.
fn segment(entries: &[Entry]) -> (Vec<u8>, usize) {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    let head = usize::try_from(journal.position().0).unwrap();
    journal.append(entries).unwrap();
    drop(journal);
    (fs::read(folder.path().join("00000001.log")).unwrap(), head)
}

#[test]
fn a_journal_cut_at_any_byte_gives_what_was_whole_before_the_cut() {
    let entries = minute();
    let (bytes, head) = segment(&entries);
    let expected: Vec<_> = (0..=entries.len())
        .map(|count| {
            let folder = TempDir::new().unwrap();
            let (mut journal, _) = open(folder.path());
            journal.append(&entries[..count]).unwrap();
            drop(journal);
            summary(&open(folder.path()).1)
        })
        .collect();
    for cut in 0..=bytes.len() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("00000001.log"), &bytes[..cut]).unwrap();
        let (_journal, recovered) = open(folder.path());
        let whole = bytes[head.min(cut)..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(summary(&recovered), expected[whole], "cut at {cut}");
        assert_eq!(recovered.damaged, [], "cut at {cut}");
        let line_end = bytes[..cut].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        assert_eq!(recovered.torn_bytes, (cut - line_end) as u64);
    }
}

#[test]
fn a_line_damaged_in_the_middle_is_reported_and_the_rest_is_kept() {
    let (bytes, head) = segment(&minute());
    for at in head..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("00000001.log"), &damaged).unwrap();
        let (_journal, recovered) = open(folder.path());
        let last_line = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        // A damaged newline joins two lines; damage in the last line cannot be told from a torn end.
        let told = recovered.damaged.len() as u64 + u64::from(recovered.torn_bytes > 0);
        assert_eq!(told, 1, "damage at {at}");
        assert_eq!(recovered.torn_bytes > 0, at + 1 >= last_line, "damage at {at}");
    }
}

#[test]
fn zeros_at_the_end_are_a_torn_end() {
    let (mut bytes, _) = segment(&minute());
    bytes.extend_from_slice(&[0; 4096]);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("00000001.log"), &bytes).unwrap();
    let (_journal, recovered) = open(folder.path());
    assert_eq!((recovered.torn_bytes, recovered.damaged.len()), (4096, 0));
    assert_eq!(fs::read(folder.path().join("00000001.log")).unwrap().len(), bytes.len() - 4096);
}

#[test]
fn a_journal_of_a_newer_release_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut line = Vec::new();
    entry::write_line(&mut line, &Entry::Segment { version: FORMAT_VERSION + 1, number: 1 });
    fs::write(folder.path().join("00000001.log"), &line).unwrap();
    assert!(matches!(Journal::open(folder.path(), options()), Err(JournalError::Newer { found: 2, known: 1 })));
}

fn segment_numbers(folder: &Path) -> Vec<u32> {
    recover::segments(folder).unwrap().into_keys().collect()
}

#[test]
fn segments_turn_by_size_and_go_when_the_database_has_their_records() {
    let folder = TempDir::new().unwrap();
    let options = Options { segment_bytes_max: 2_000, segments_kept: 1, ..options() };
    let (mut journal, _) = Journal::open(folder.path(), options).unwrap();
    let acknowledger = journal.acknowledger();
    journal.append(&[opened(1, 1), dialog(1, 1)]).unwrap();
    for number in 100..160 {
        journal.append(&[opened(number, number), ended(number, number), record(number)]).unwrap();
    }
    journal.sync().unwrap();
    let all = segment_numbers(folder.path());
    assert!(all.len() > 5 && all[0] == 1, "{all:?}");
    assert_eq!(journal.unacknowledged(), 60);

    let (records, _) = read_unacknowledged(folder.path()).unwrap();
    assert_eq!(records.len(), 60);
    let calls: Vec<_> = (100..150).map(call).collect();
    acknowledger.acknowledge(&calls, &[]);
    journal.append(&[report(1)]).unwrap();
    // The thread looks at what to remove with the sync after the acknowledgement.
    journal.sync().unwrap();
    journal.append(&[report(2)]).unwrap();
    journal.sync().unwrap();
    assert_eq!(read_unacknowledged(folder.path()).unwrap().0.len(), 10);
    drop(journal);
    let kept = segment_numbers(folder.path());
    assert!(kept[0] > 5, "{kept:?}");
    let (_journal, recovered) = open(folder.path());
    assert_eq!(recovered.records.len(), 10);
    assert_eq!(summary(&recovered).0, [(call(1), 1)], "an old call is carried from segment to segment");
    assert_eq!((recovered.dialogs.len(), recovered.next_fact_seq), (1, 160));
}

#[test]
fn a_snapshot_torn_by_a_crash_leaves_the_older_segments_in_force() {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&minute()).unwrap();
    drop(journal);
    let (journal, expected) = open(folder.path());
    drop(journal);
    let path = folder.path().join("00000002.log");
    let bytes = fs::read(&path).unwrap();
    for cut in 0..bytes.len() {
        fs::write(&path, &bytes[..cut]).unwrap();
        let recovered = recover::read(folder.path()).unwrap().recovered;
        assert_eq!(summary(&recovered), summary(&expected), "cut at {cut}");
    }
}

#[test]
fn a_snapshot_damaged_on_disk_is_passed_over_while_older_segments_tell() {
    let folder = TempDir::new().unwrap();
    let (mut journal, _) = open(folder.path());
    journal.append(&minute()).unwrap();
    drop(journal);
    drop(open(folder.path()));
    let path = folder.path().join("00000002.log");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|bytes| bytes == b"10.0.0.1").unwrap();
    bytes[at] = b'9';
    fs::write(&path, &bytes).unwrap();
    let (_journal, recovered) = open(folder.path());
    assert_eq!((recovered.damaged.len(), recovered.bindings.len()), (1, 1));
    assert_eq!(recovered.bindings[0].contact, "sip:8001@10.0.0.1");
}

/// A disk that takes so many bytes and then no more, and whose syncs can be made to fail.
#[derive(Default)]
struct PoorDisk {
    room: AtomicU64,
    sync_fails: AtomicBool,
    syncs: AtomicUsize,
    writes: AtomicUsize,
}

struct PoorTape {
    file: File,
    disk: Arc<PoorDisk>,
}

struct PoorFolder(Arc<PoorDisk>);

impl Disk for PoorFolder {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn Tape>> {
        Ok(Arc::new(PoorTape { file: File::create(path)?, disk: self.0.clone() }))
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl Tape for PoorTape {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.writes.fetch_add(1, Ordering::SeqCst);
        let room = usize::try_from(self.disk.room.load(Ordering::SeqCst)).unwrap();
        let count = bytes.len().min(room);
        if count == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all_at(&bytes[..count], offset)?;
        self.disk.room.fetch_sub(count as u64, Ordering::SeqCst);
        Ok(count)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.syncs.fetch_add(1, Ordering::SeqCst);
        if self.disk.sync_fails.load(Ordering::SeqCst) { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }
}

fn open_poor(folder: &Path, disk: &Arc<PoorDisk>, on_fatal: OnFatal) -> Journal {
    open_poor_with(folder, disk, Options { retry_pause: Duration::ZERO, ..Options::new(on_fatal) })
}

fn open_poor_with(folder: &Path, disk: &Arc<PoorDisk>, options: Options) -> Journal {
    disk.room.store(1 << 30, Ordering::SeqCst);
    Journal::open_on(folder, options, Arc::new(PoorFolder(disk.clone()))).unwrap().0
}

#[test]
fn a_full_disk_is_told_and_what_was_held_is_written_when_there_is_room() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(PoorDisk::default());
    let mut journal = open_poor(folder.path(), &disk, Box::new(|_| {}));
    journal.append(&[opened(1, 1)]).unwrap();
    // Room for half a line: the half must not stay.
    disk.room.store(50, Ordering::SeqCst);
    for seq in 2..5 {
        let held = journal.append(&[opened(seq, seq)]).unwrap_err();
        assert!(matches!(held, JournalError::Held { lost: 0, held_bytes: 1.., .. }), "{held:?}");
    }
    disk.room.store(1 << 20, Ordering::SeqCst);
    journal.append(&[opened(5, 5)]).unwrap();
    drop(journal);
    let (_journal, recovered) = open(folder.path());
    assert_eq!(recovered.open_calls.keys().copied().collect::<Vec<_>>(), (1..=5).map(call).collect::<Vec<_>>());
    assert_eq!((recovered.torn_bytes, recovered.damaged.len()), (0, 0));
}

#[test]
fn a_full_disk_is_left_alone_between_tries_and_no_entry_is_needed_to_try_again() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(PoorDisk::default());
    let retry_pause = Duration::from_secs(3_600);
    let mut journal = open_poor_with(folder.path(), &disk, Options { retry_pause, ..options() });
    disk.room.store(0, Ordering::SeqCst);
    let tries = disk.writes.load(Ordering::SeqCst);
    for seq in 0..100 {
        assert!(matches!(journal.append(&[opened(seq, seq)]), Err(JournalError::Held { held_bytes: 1.., .. })));
    }
    assert_eq!(disk.writes.load(Ordering::SeqCst) - tries, 1);
    disk.room.store(1 << 30, Ordering::SeqCst);
    assert!(journal.append(&[]).is_err(), "the pause is not over");
    journal.retry_pause = Duration::ZERO;
    journal.append(&[]).unwrap();
    drop(journal);
    assert_eq!(open(folder.path()).1.open_calls.len(), 100);
}

#[test]
fn what_was_given_up_while_the_disk_was_full_lives_on_in_the_next_snapshot() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(PoorDisk::default());
    let mut journal = open_poor(folder.path(), &disk, Box::new(|_| {}));
    disk.room.store(0, Ordering::SeqCst);
    let batch: Vec<_> = (0..10_000).map(|number| opened(number, number)).collect();
    let mut lost = 0;
    while lost == 0 {
        let Err(JournalError::Held { lost: now, .. }) = journal.append(&batch) else { panic!("no error") };
        lost = now;
    }
    disk.room.store(1 << 30, Ordering::SeqCst);
    journal.append(&[agent_ready(10_000, "1001")]).unwrap();
    drop(journal);
    let (_journal, recovered) = open(folder.path());
    assert_eq!((recovered.open_calls.len(), recovered.agents.len()), (10_000, 1));
}

#[test]
fn a_failed_sync_is_told_once_and_ends_all_writing() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(PoorDisk::default());
    let told = Arc::new(AtomicUsize::new(0));
    let teller = told.clone();
    let on_fatal = Box::new(move |_: &io::Error| _ = teller.fetch_add(1, Ordering::SeqCst));
    let mut journal = open_poor(folder.path(), &disk, on_fatal);
    journal.append(&[opened(1, 1)]).unwrap();
    journal.sync().unwrap();
    disk.sync_fails.store(true, Ordering::SeqCst);
    journal.append(&[opened(2, 2)]).unwrap();
    assert!(matches!(journal.sync(), Err(JournalError::Fatal)));
    disk.sync_fails.store(false, Ordering::SeqCst);
    assert!(matches!(journal.append(&[opened(3, 3)]), Err(JournalError::Fatal)));
    drop(journal);
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

#[test]
fn many_appends_share_a_sync() {
    let folder = TempDir::new().unwrap();
    let disk = Arc::new(PoorDisk::default());
    let mut journal = open_poor(folder.path(), &disk, Box::new(|_| {}));
    for number in 0..10_000 {
        journal.append(&[report(number)]).unwrap();
    }
    journal.sync().unwrap();
    let (written, synced) = journal.position();
    assert_eq!(written, synced);
    assert!(disk.syncs.load(Ordering::SeqCst) < 1_000, "{:?}", disk.syncs);
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (0u64..13, 0u64..6, any::<u32>()).prop_map(|(kind, number, seq)| {
        let seq = u64::from(seq);
        match kind {
            0 | 1 => opened(seq, number),
            2 => ended(seq, number),
            3 => record(number),
            4 => dialog(number, number),
            5 => Entry::DialogOver { leg: LegId(number) },
            6 => binding("8001", &number.to_string()),
            7 => Entry::BindingOver { account: "8001".into(), contact: number.to_string() },
            8 => agent_ready(seq, &number.to_string()),
            9 => agent_gone(seq, &number.to_string()),
            10 => Entry::Piece(piece(number)),
            11 => inviting(number, number),
            _ => Entry::Acknowledged { calls: vec![call(number)], pieces: vec![(piece(number).recording, 0)] },
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wherever segments turn and processes restart, the same things live.
    #[test]
    fn segments_and_restarts_change_nothing(
        batches in prop::collection::vec(prop::collection::vec(any_entry(), 0..8), 0..12),
        segment_bytes_max in 1u64..3_000,
        restarts in prop::collection::btree_set(0usize..12, 0..3),
    ) {
        let run = |segment_bytes_max: u64, restarts: &BTreeSet<usize>| {
            let folder = TempDir::new().unwrap();
            let open = || {
                open_with(folder.path(), Options { segment_bytes_max, segments_kept: 0, ..options() })
            };
            let mut journal = open().0;
            for (index, batch) in batches.iter().enumerate() {
                if restarts.contains(&index) {
                    drop(journal);
                    journal = open().0;
                }
                journal.append(batch).unwrap();
            }
            drop(journal);
            open().1
        };
        let plain = run(u64::MAX, &BTreeSet::new());
        let turned = run(segment_bytes_max, &restarts);
        prop_assert_eq!(summary(&plain), summary(&turned));
        prop_assert_eq!(plain.open_calls, turned.open_calls);
        prop_assert_eq!(plain.damaged.len() + turned.damaged.len(), 0);
    }
}
