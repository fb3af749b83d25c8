//! Reading the journal after a restart: what must be honoured, and what of it was damaged.

use super::{
    FORMAT_VERSION, JournalError,
    entry::{Entry, LineFault, content, is_kind, read_line},
    live::{Live, SegmentNumber},
};
use crate::Piece;
use report::{Fold, Record};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};
use vocab::{Age, AgentId, AgentState, CallId, ExtensionId, Fact, FactRecord, LegId, PendingState, QueueId, Timestamp};

/// What the journal left to honour.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Calls without a record, each with its facts in order.
    pub open_calls: BTreeMap<CallId, Vec<FactRecord>>,
    /// INVITEs not known to be answered, each wanting a CANCEL.
    pub ringing: Vec<RecoveredDialog>,
    /// Dialogs not known to be over, each wanting a BYE.
    pub dialogs: Vec<RecoveredDialog>,
    /// Registrations, as their accounts' contacts had them last.
    pub bindings: Vec<RecoveredBinding>,
    /// Agents who were logged in.
    pub agents: Vec<RecoveredAgent>,
    /// Records the database did not acknowledge; writing them again does no harm.
    pub records: Vec<Record>,
    /// Pieces the database did not acknowledge; `bytes` is none where the process died in them.
    pub pieces: Vec<Piece>,
    /// Number of the next fact.
    pub next_fact_seq: u64,
    /// Time of the last fact: the nearest thing to the moment the process died.
    pub last_at: Option<Timestamp>,
    /// Revision and seed the machines ran with last.
    pub last_configuration: Option<(u64, u64)>,
    /// Whether the process had stopped of its own will.
    pub clean: bool,
    /// Bytes of unfinished lines at the ends of segments: what a power cut or a kill interrupted.
    pub torn_bytes: u64,
    /// Lines that were damaged later.
    pub damaged: Vec<DamagedLine>,
}

/// A dialog to end, or an INVITE to cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredDialog {
    /// Its call.
    pub call: CallId,
    /// Its leg, of the process that died.
    pub leg: LegId,
    /// As its owner exported it.
    pub snapshot: String,
}

/// A registration to take up again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredBinding {
    /// The account.
    pub account: String,
    /// The contact's address.
    pub contact: String,
    /// As the registrar exported it.
    pub snapshot: String,
}

/// An agent as last known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredAgent {
    /// The agent.
    pub agent: AgentId,
    /// Where logged in.
    pub extension: Option<ExtensionId>,
    /// Queues chosen at log-in.
    pub queues: Vec<QueueId>,
    /// The state.
    pub state: AgentState,
    /// What follows.
    pub pending: Option<PendingState>,
    /// Since when.
    pub since: Timestamp,
}

impl RecoveredAgent {
    /// As the dispatcher takes it at `now`. Across a restart only the wall clock knows the age.
    pub fn report(&self, now: Timestamp) -> acd::AgentReport {
        acd::AgentReport {
            agent: self.agent.clone(),
            extension: self.extension.clone(),
            queues: self.queues.clone(),
            state: self.state.clone(),
            age: Age(now.since_ms(self.since)),
            pending: self.pending.clone(),
        }
    }
}

/// A line that was written whole and is not whole any more, or that this release does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedLine {
    /// Segment.
    pub segment: u32,
    /// Line in it, from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: LineFault,
}

impl Recovered {
    /// One record for each open call: its own end if the journal has it, else failed by the crash at the last moment known.
    pub fn close_open_calls(&self) -> Vec<Record> {
        let mut fold = Fold::new();
        let mut records = Vec::new();
        for (call, facts) in &self.open_calls {
            let ended = facts.iter().fold(None, |ended, fact| fold.handle(fact).or(ended));
            let at = self.last_at.or(facts.last().map(|fact| fact.at)).unwrap_or_default();
            records.extend(ended.or_else(|| fold.abandon(*call, at)));
        }
        records
    }
}

/// What reading gives: the fold to go on with, its values, and the segments there are.
pub(super) struct Reading {
    pub(super) live: Live,
    pub(super) recovered: Recovered,
    pub(super) last_segment: SegmentNumber,
}

/// Reads what must be read: the last whole snapshot and all behind it, and before it the records still needed.
pub(super) fn read(folder: &Path) -> Result<Reading, JournalError> {
    let segments = segments(folder)?;
    let mut reader = Reader::default();
    let base = base(&segments)?;
    for (number, path) in &segments {
        match base {
            Some(base) if *number < base.records_from => {}
            Some(base) if *number < base.segment => reader.read_segment(*number, path, Reader::take_record)?,
            Some(_) | None => reader.read_segment(*number, path, Reader::take)?,
        }
    }
    let Reader { live, mut recovered, records, .. } = reader;
    recovered.records = records.into_values().collect();
    recovered.take(&live);
    Ok(Reading { live, recovered, last_segment: segments.keys().next_back().copied().unwrap_or(0) })
}

/// Records and pieces that no acknowledgement names, read beside a journal that is being written: for a writer whose
/// queue was too short for a database away long.
pub fn read_unacknowledged(folder: &Path) -> Result<(Vec<Record>, Vec<Piece>), JournalError> {
    let mut records = BTreeMap::new();
    let mut pieces = BTreeMap::new();
    for path in segments(folder)?.values() {
        let failed = |source| JournalError::Io { doing: "read", path: path.clone(), source };
        for line in BufReader::new(fs::File::open(path).map_err(failed)?).split(b'\n') {
            let line = line.map_err(failed)?;
            if !["record", "acknowledged", "piece", "piece_closed"].iter().any(|kind| is_kind(&line, kind)) {
                continue;
            }
            // Damage is reported by the reader of a restart; the last line may be in the middle of being written.
            match read_line(&line) {
                Ok(Entry::Record(record)) => drop(records.insert(record.call, *record)),
                Ok(Entry::Piece(piece)) => drop(pieces.insert((piece.recording, piece.number), piece)),
                Ok(Entry::PieceClosed { recording, number, bytes }) => {
                    if let Some(piece) = pieces.get_mut(&(recording, number)) {
                        piece.bytes = Some(bytes);
                    }
                }
                Ok(Entry::Acknowledged { calls, pieces: done }) => {
                    calls.iter().for_each(|call| drop(records.remove(call)));
                    done.iter().for_each(|piece| drop(pieces.remove(piece)));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok((records.into_values().collect(), pieces.into_values().collect()))
}

/// Where reading begins.
#[derive(Clone, Copy)]
struct Base {
    segment: SegmentNumber,
    records_from: SegmentNumber,
}

/// The newest segment whose snapshot is whole. None in a journal that has no such (only its first segment was begun).
fn base(segments: &BTreeMap<SegmentNumber, PathBuf>) -> Result<Option<Base>, JournalError> {
    for (number, path) in segments.iter().rev() {
        let failed = |source| JournalError::Io { doing: "read", path: path.clone(), source };
        let mut records_from = None;
        for line in BufReader::new(fs::File::open(path).map_err(failed)?).split(b'\n') {
            let line = line.map_err(failed)?;
            if is_kind(&line, "snapshot_end") && content(&line).is_ok() {
                if let Some(records_from) = records_from {
                    return Ok(Some(Base { segment: *number, records_from }));
                }
                break;
            }
            match records_from {
                None if is_kind(&line, "snapshot_begin") => {
                    if let Ok(Entry::SnapshotBegin { records_from: from, .. }) = read_line(&line) {
                        records_from = Some(from);
                    }
                }
                // A damaged line in it: an older snapshot and all that followed it tell more.
                Some(_) if content(&line).is_err() => break,
                None | Some(_) => {}
            }
        }
    }
    Ok(None)
}

/// Segment files by number.
pub(super) fn segments(folder: &Path) -> Result<BTreeMap<SegmentNumber, PathBuf>, JournalError> {
    let failed = |source| JournalError::Io { doing: "list", path: folder.to_owned(), source };
    let mut segments = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let (Some(number), Some("log")) = (number, path.extension().and_then(|extension| extension.to_str())) {
            segments.insert(number, path);
        }
    }
    Ok(segments)
}

#[derive(Default)]
struct Reader {
    live: Live,
    /// What a snapshot has told so far; it takes the place of `live` at its end, not before.
    snapshot: Option<Live>,
    /// A line of that snapshot was damaged.
    spoilt: bool,
    /// `live` holds what older segments told, which is better than a spoilt snapshot.
    begun: bool,
    records: BTreeMap<CallId, Record>,
    recovered: Recovered,
    /// Version of a segment this release cannot read.
    newer: Option<u32>,
}

impl Reader {
    fn read_segment(
        &mut self,
        number: SegmentNumber,
        path: &Path,
        take: fn(&mut Reader, &[u8], SegmentNumber) -> Result<(), LineFault>,
    ) -> Result<(), JournalError> {
        let failed = |doing| move |source| JournalError::Io { doing, path: path.to_owned(), source };
        let bytes = fs::read(path).map_err(failed("read"))?;
        self.snapshot = None;
        let (mut good, mut at, mut line_number) = (0, 0, 0);
        let mut doubtful = Vec::new();
        while let Some(length) = memchr::memchr(b'\n', &bytes[at..]) {
            let line = &bytes[at..=at + length];
            at += length + 1;
            line_number += 1;
            match take(self, line, number) {
                Ok(()) => {
                    // Lines in doubt with a good one behind them are not the torn end of a write.
                    self.recovered.damaged.append(&mut doubtful);
                    good = at;
                }
                Err(fault) => {
                    self.spoilt |= self.snapshot.is_some();
                    doubtful.push(DamagedLine { segment: number, line: line_number, fault });
                }
            }
            if let Some(found) = self.newer {
                return Err(JournalError::Newer { found, known: FORMAT_VERSION });
            }
        }
        if good < bytes.len() {
            self.recovered.torn_bytes += (bytes.len() - good) as u64;
            let file = fs::OpenOptions::new().write(true).open(path).map_err(failed("open"))?;
            file.set_len(good as u64).map_err(failed("truncate"))?;
        }
        Ok(())
    }

    /// A line (newline included) of a segment before the snapshot: of those only records matter.
    fn take_record(&mut self, line: &[u8], segment: SegmentNumber) -> Result<(), LineFault> {
        if is_kind(line, "record") || is_kind(line, "acknowledged") {
            return self.take(line, segment);
        }
        content(&line[..line.len() - 1]).map(drop)
    }

    fn take(&mut self, line: &[u8], segment: SegmentNumber) -> Result<(), LineFault> {
        if is_kind(line, "report") {
            // Inputs are for replay; a restart needs their checksum only.
            self.live.clean = false;
            return content(&line[..line.len() - 1]).map(drop);
        }
        match read_line(&line[..line.len() - 1])? {
            Entry::Segment { version, .. } => {
                if version > FORMAT_VERSION {
                    self.newer = Some(version);
                }
            }
            Entry::SnapshotBegin { next_fact_seq, .. } => {
                self.snapshot = Some(Live { next_fact_seq, ..Live::default() });
            }
            Entry::SnapshotEnd => {
                let spoilt = std::mem::take(&mut self.spoilt) && self.begun;
                self.begun = true;
                if let Some(mut live) = self.snapshot.take().filter(|_| !spoilt) {
                    // Records are not in snapshots: they stay in the segments that hold them.
                    live.records = std::mem::take(&mut self.live.records);
                    live.clean = self.live.clean;
                    self.live = live;
                }
            }
            entry => {
                self.snapshot.as_mut().unwrap_or(&mut self.live).apply(&entry, line, segment);
                self.note(entry);
            }
        }
        Ok(())
    }

    fn note(&mut self, entry: Entry) {
        match entry {
            Entry::Fact(fact) => self.recovered.last_at = self.recovered.last_at.max(Some(fact.at)),
            Entry::Record(record) => drop(self.records.insert(record.call, *record)),
            Entry::Acknowledged { calls, .. } => {
                for call in calls {
                    self.records.remove(&call);
                }
            }
            _ => {}
        }
    }
}

impl Recovered {
    fn take(&mut self, live: &Live) {
        self.next_fact_seq = live.next_fact_seq;
        self.clean = live.clean;
        let kept = live.configuration.iter().chain(live.agents.values()).chain(live.bindings.values());
        let kept = kept.chain(live.calls.values()).chain(live.ringing.values()).chain(live.dialogs.values());
        let kept = kept.chain(live.pieces.values());
        for line in kept.flat_map(|lines| lines.split(|byte| *byte == b'\n')).filter(|line| !line.is_empty()) {
            // They were read once already.
            self.take_entry(read_line(line).expect("a kept line is a good line"));
        }
    }

    fn take_entry(&mut self, entry: Entry) {
        match entry {
            Entry::Fact(FactRecord {
                at,
                fact: Fact::AgentChanged { agent, extension, queues, state, pending },
                ..
            }) => {
                self.agents.push(RecoveredAgent { agent, extension, queues, state, pending, since: at });
            }
            Entry::Fact(fact) => {
                if let Some(call) = fact.fact.call() {
                    self.open_calls.entry(call).or_default().push(fact);
                }
            }
            Entry::Inviting { call, leg, snapshot } => self.ringing.push(RecoveredDialog { call, leg, snapshot }),
            Entry::Dialog { call, leg, snapshot } => self.dialogs.push(RecoveredDialog { call, leg, snapshot }),
            Entry::Binding { account, contact, snapshot } => {
                self.bindings.push(RecoveredBinding { account, contact, snapshot });
            }
            Entry::Piece(piece) => self.pieces.push(piece),
            Entry::PieceClosed { recording, number, bytes } => {
                let mut pieces = self.pieces.iter_mut();
                if let Some(piece) = pieces.find(|piece| (piece.recording, piece.number) == (recording, number)) {
                    piece.bytes = Some(bytes);
                }
            }
            Entry::Configuration { revision, seed } => self.last_configuration = Some((revision, seed)),
            other => unreachable!("not kept: {other:?}"),
        }
    }
}
