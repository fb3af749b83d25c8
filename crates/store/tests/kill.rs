//! A process that writes a journal is killed at any moment; nothing it was promised is lost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use report::Fold;
use std::{
    collections::BTreeSet,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use store::journal::{Entry, Journal, Options, Recovered};
use vocab::{CallId, Direction, EndState, EndedBy, Fact, FactRecord, PhoneNumber, Timestamp};

/// Tells a child of this test its folder.
const FOLDER: &str = "STROWGER_TEST_JOURNAL";
/// Small, so that kills fall into changes of segment too.
const SEGMENT_BYTES_MAX: u64 = 30_000;
const ROUNDS: usize = 15;

fn call(number: u64) -> CallId {
    CallId(uuid::Uuid::from_u64_pair(0x0198_0000_0000_7000, number))
}

fn open(folder: &Path) -> (Journal, Recovered) {
    let mut options = Options::new(Box::new(|error| panic!("a sync failed: {error}")));
    (options.segment_bytes_max, options.segments_kept) = (SEGMENT_BYTES_MAX, 1);
    Journal::open(folder, options).unwrap()
}

fn opened(number: u64) -> FactRecord {
    let fact = Fact::CallOpened {
        call: call(number),
        direction: Direction::Inbound,
        caller: PhoneNumber::from("13800138000"),
        called: PhoneNumber::from("4008001000"),
        trunk: None,
        extension: None,
        source: "127.0.0.1:5070".parse().unwrap(),
    };
    FactRecord { seq: number, at: Timestamp(1), fact }
}

/// Not a test of its own: the process that the test below kills.
#[test]
fn writer_that_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let (mut journal, recovered) = open(Path::new(&folder));
    let acknowledger = journal.acknowledger();
    let mut out = std::io::stdout();
    // Told only after the journal has promised; what the reader sees must be there.
    let mut tell = |what: &str, number: u64| writeln!(out, "\n@{what} {number}").and_then(|()| out.flush()).unwrap();
    let mut needed = 0;
    for number in recovered.next_fact_seq.. {
        journal.append(&[Entry::Fact(opened(number))]).unwrap();
        tell("opened", number);
        if number % 3 > 0 {
            let mut fold = Fold::new();
            let fact = Fact::CallEnded { call: call(number), state: EndState::InIvr, by: EndedBy::Caller };
            fold.handle(&opened(number));
            let record = fold.handle(&FactRecord { seq: number, at: Timestamp(2), fact }).unwrap();
            journal.append(&[Entry::Record(Box::new(record))]).unwrap();
            tell("record", number);
        }
        if number % 50 == 0 {
            let old = needed..number.saturating_sub(20);
            needed = old.end;
            old.clone().for_each(|number| tell("acknowledged", number));
            acknowledger.acknowledge(&old.map(call).collect::<Vec<_>>(), &[]);
        }
    }
}

#[derive(Default)]
struct Promised {
    opened: BTreeSet<u64>,
    records: BTreeSet<u64>,
    acknowledged: BTreeSet<u64>,
}

impl Promised {
    /// Runs a writer and kills it this long after its first promise.
    fn run_and_kill(&mut self, folder: &Path, after: Duration) {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "writer_that_is_killed", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with('@')).unwrap();
        std::thread::park_timeout(after);
        child.kill().unwrap();
        child.wait().unwrap();
        // The last line may be cut.
        let told = lines.map_while(Result::ok).filter(|line| line.starts_with('@')).collect::<Vec<_>>();
        for line in [first].into_iter().chain(told) {
            let Some((what, number)) = line.split_once(' ') else { continue };
            let Ok(number) = number.parse() else { continue };
            match what {
                "@opened" => self.opened.insert(number),
                "@record" => self.records.insert(number),
                "@acknowledged" => self.acknowledged.insert(number),
                _ => false,
            };
        }
    }

    fn check(&self, recovered: &Recovered) {
        assert_eq!(recovered.damaged, []);
        let records: BTreeSet<CallId> = recovered.records.iter().map(|record| record.call).collect();
        for number in self.opened.difference(&self.acknowledged) {
            let is_open = recovered.open_calls.contains_key(&call(*number));
            let has_record = records.contains(&call(*number));
            assert!(is_open || has_record, "call {number} is gone");
            assert!(!(is_open && has_record), "call {number} is open and over");
            if self.records.contains(number) {
                assert!(has_record, "record {number} is gone");
            }
        }
        let last = self.opened.last().unwrap();
        assert!(recovered.next_fact_seq > *last, "fact numbers would repeat");
    }
}

#[test]
fn nothing_promised_is_lost_when_the_process_is_killed() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut runner = TestRunner::deterministic();
    let mut promised = Promised::default();
    for _ in 0..ROUNDS {
        let after = (0u64..15_000).new_tree(&mut runner).unwrap().current();
        promised.run_and_kill(folder.path(), Duration::from_micros(after));
        let (journal, recovered) = open(folder.path());
        promised.check(&recovered);
        drop(journal);
    }
    assert!(promised.records.len() > ROUNDS, "too little was written to mean anything");
}
