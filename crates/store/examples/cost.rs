//! What promises cost: microseconds of the exchange thread per journal entry, time to read a journal after a restart, and
//! records a second into the database. `cargo run --release -p store --example cost -- sqlite:/tmp/cost.db`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and ends where it cannot go on")]

use report::{Fold, Record};
use std::{
    env,
    time::{Duration, Instant},
};
use store::{
    Store,
    journal::{Entry, Journal, Options},
};
use vocab::{
    AgentId, AssignmentReason, CallId, Candidate, Direction, EndState, EndedBy, Fact, FactRecord, LegId, OfferEnd,
    PhoneNumber, QueueExit, Timestamp,
};

/// A stretch of a machine's work: this many whole queue calls.
const CALLS: u64 = 20_000;
/// Agents looked at for each offer.
const CANDIDATES: usize = 10;

fn main() {
    let folder = tempfile::TempDir::new_in(env::current_dir().unwrap()).unwrap();
    let records = journal(folder.path());
    let url = env::args().nth(1).unwrap_or_else(|| format!("sqlite:{}", folder.path().join("cost.db").display()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(database(&url, &records));
}

fn journal(folder: &std::path::Path) -> Vec<Record> {
    let open = || Journal::open(folder, Options::new(Box::new(|error| panic!("{error}")))).unwrap();
    let (mut journal, _) = open();
    let acknowledger = journal.acknowledger();
    let (mut fold, mut records, mut seq) = (Fold::new(), Vec::new(), 0);
    let (mut busy, mut entries, mut worst) = (Duration::ZERO, 0u32, Vec::new());
    for number in 0..CALLS {
        for batch in batches(number, &mut seq, &mut fold, &mut records) {
            entries += u32::try_from(batch.len()).unwrap();
            let began = Instant::now();
            journal.append(&batch).unwrap();
            let took = began.elapsed();
            busy += took;
            worst.push(took);
        }
        if number % 200 == 199 {
            let calls: Vec<CallId> = records[records.len() - 200..].iter().map(|record| record.call).collect();
            acknowledger.acknowledge(&calls, &[]);
        }
    }
    let began = Instant::now();
    journal.sync().unwrap();
    let sync = began.elapsed();
    worst.sort_unstable();
    let p = |share: usize| worst[worst.len() * share / 1000 - 1];
    let bytes = journal.position().0;
    println!(
        "append: {entries} entries in {} batches, {:?} per entry, batch p50 {:?} p99 {:?} p99.9 {:?} max {:?}, {} bytes per call, last sync {sync:?}",
        worst.len(),
        busy / entries,
        p(500),
        p(990),
        p(999),
        worst[worst.len() - 1],
        bytes / CALLS,
    );
    drop(journal);
    let began = Instant::now();
    let (_journal, recovered) = open();
    let took = began.elapsed();
    println!("reopen: {took:?} after {} MiB, {} records to write again", bytes >> 20, recovered.records.len());
    records
}

async fn database(url: &str, records: &[Record]) {
    let store = Store::open(url).await.unwrap();
    for size in [1, 20, 200] {
        let part = &records[..(size * 100).min(records.len())];
        let began = Instant::now();
        for batch in part.chunks(size) {
            store.put_records(batch).await.unwrap();
        }
        let rate = part.len() as f64 / began.elapsed().as_secs_f64();
        println!("put_records in batches of {size}: {rate:.0} records/s");
    }
    store.close().await;
}

fn call(number: u64) -> CallId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    CallId::new(Timestamp(1_795_262_400_000), random)
}

/// The entries of an answered queue call, as the exchange would hand them over.
fn batches(number: u64, seq: &mut u64, fold: &mut Fold, records: &mut Vec<Record>) -> Vec<Vec<Entry>> {
    let call = call(number);
    let agent = AgentId::new(format!("{}", 1001 + number % 10));
    let queue: vocab::QueueId = "sales".into();
    let candidate = Candidate { agent: agent.clone(), idle_ms: Some(1_000), passed_over: None };
    let candidates = vec![candidate; CANDIDATES];
    let strategy = "longest_idle".into();
    let reason = Box::new(AssignmentReason {
        queue: queue.clone(),
        strategy,
        place: 1,
        waited_ms: 5,
        candidates,
        others: [("talking".to_owned(), 300)].into(),
    });
    let (trunk, extension, direction) = (Some("loopback".into()), None, Direction::Inbound);
    let (caller, called) = (PhoneNumber::new(format!("138{number:08}")), PhoneNumber::from("4008001000"));
    let source = "127.0.0.1:5070".parse().unwrap();
    let facts = [
        Fact::CallOpened { call, direction, caller, called, trunk, extension, source },
        Fact::CallAnswered { call },
        Fact::FlowStarted { call, flow: "welcome".into(), version: 3 },
        Fact::NodeEntered { call, node: "menu".into() },
        Fact::DigitsCollected { call, node: "menu".into(), digits: "1".into() },
        Fact::NodeLeft { call, node: "menu".into(), outcome: "1".into() },
        Fact::NodeEntered { call, node: "queue".into() },
        Fact::Queued { call, queue: queue.clone(), enqueued: Timestamp(0) },
        Fact::AgentOffered { call, agent: agent.clone(), extension: "8001".into(), reason },
        Fact::AgentRinging { call, agent: agent.clone() },
        Fact::OfferEnded { call, agent: agent.clone(), end: OfferEnd::Answered },
        Fact::QueueLeft { call, queue, exit: QueueExit::Answered, waited_ms: 5 },
        Fact::Joined { call, agent: agent.clone(), extension: "8001".into() },
        Fact::Parted { call, agent },
        Fact::CallEnded { call, state: EndState::AgentAnswered, by: EndedBy::Caller },
    ];
    let snapshot = format!("{{\"call_id\":\"{call}\",\"route\":[],\"state\":\"{}\"}}", "x".repeat(400));
    let mut batches = Vec::new();
    for (place, fact) in facts.into_iter().enumerate() {
        *seq += 1;
        let fact = FactRecord { seq: *seq, at: Timestamp(1_795_262_400_000), fact };
        let record = fold.handle(&fact);
        let mut batch = vec![Entry::Fact(fact)];
        if place == 1 || place == 12 {
            batch.push(Entry::Dialog { call, leg: LegId(number * 2 + place as u64 % 2), snapshot: snapshot.clone() });
        }
        if let Some(record) = record {
            batch.push(Entry::DialogOver { leg: LegId(number * 2) });
            batch.push(Entry::DialogOver { leg: LegId(number * 2 + 1) });
            records.push(record.clone());
            batch.push(Entry::Record(Box::new(record)));
        }
        batches.push(batch);
    }
    batches
}
