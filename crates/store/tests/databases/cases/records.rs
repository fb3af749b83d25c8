//! Call records and recordings.

use crate::support::{NOON, call, piece, record, recording};
use report::{OFFERS_MAX, PATH_STEPS_MAX};
use store::{Page, RecordQuery, Recording, Store, StoreError};
use vocab::{AgentId, Candidate, Direction, EndState, PassedOver, PhoneNumber, QueueId, RecordingPurpose, Timestamp};

pub async fn a_record_comes_back_as_it_went_in(url: String) {
    let store = Store::open(&url).await.unwrap();
    store.put_records(&[record(1), record(2)]).await.unwrap();
    assert_eq!(store.record(call(1)).await.unwrap(), Some(record(1)));
    assert_eq!(store.record(call(3)).await.unwrap(), None);
    store.put_records(&[]).await.unwrap();
    store.close().await;
}

pub async fn a_record_written_twice_is_one(url: String) {
    let store = Store::open(&url).await.unwrap();
    let mut later = record(1);
    later.digits = "12".into();
    store.put_records(&[record(1), record(1), later.clone()]).await.unwrap();
    assert_eq!(store.records(&RecordQuery::default()).await.unwrap().items, [later]);
    store.put_records(&[record(1)]).await.unwrap();
    assert_eq!(store.records(&RecordQuery::default()).await.unwrap().items, [record(1)]);
    store.close().await;
}

async fn found(store: &Store, query: RecordQuery) -> Vec<u64> {
    let items = store.records(&query).await.unwrap().items;
    items.iter().map(|record| (record.arrived.0 - NOON).unsigned_abs() / 1000).collect()
}

pub async fn each_filter_finds_its_records(url: String) {
    let store = Store::open(&url).await.unwrap();
    let mut records: Vec<_> = (0..10).map(record).collect();
    records[3].state = EndState::QueueAbandoned;
    records[4].direction = Direction::Internal;
    records[5].called = PhoneNumber::from("601");
    records[6].agent = None;
    store.put_records(&records).await.unwrap();
    let query = RecordQuery::default;
    let at = |second: i64| Some(Timestamp(NOON + second * 1000));
    assert_eq!(found(&store, query()).await, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(found(&store, RecordQuery { from: at(7), ..query() }).await, [9, 8, 7]);
    assert_eq!(found(&store, RecordQuery { to: at(2), ..query() }).await, [1, 0]);
    assert_eq!(found(&store, RecordQuery { caller: Some("13800130002".into()), ..query() }).await, [2]);
    assert_eq!(found(&store, RecordQuery { called: Some("601".into()), ..query() }).await, [5]);
    assert_eq!(found(&store, RecordQuery { agent: Some(AgentId::from("1001")), ..query() }).await, [0]);
    assert_eq!(found(&store, RecordQuery { queue: Some(QueueId::from("sales")), ..query() }).await, [8, 6, 4, 2, 0]);
    assert_eq!(found(&store, RecordQuery { state: Some(EndState::QueueAbandoned), ..query() }).await, [3]);
    assert_eq!(found(&store, RecordQuery { direction: Some(Direction::Internal), ..query() }).await, [4]);
    let both = RecordQuery { queue: Some(QueueId::from("sales")), from: at(5), to: at(8), ..query() };
    assert_eq!(found(&store, both).await, [6]);
    store.close().await;
}

pub async fn a_number_is_found_as_caller_and_as_called(url: String) {
    let store = Store::open(&url).await.unwrap();
    let mut records: Vec<_> = (0..6).map(record).collect();
    records[1].called = PhoneNumber::from("13800130004");
    records[2].caller = PhoneNumber::from("8001");
    records[2].called = PhoneNumber::from("8001");
    store.put_records(&records).await.unwrap();
    let by = |number: &str| RecordQuery { number: Some(number.into()), ..RecordQuery::default() };
    assert_eq!(found(&store, by("13800130004")).await, [4, 1]);
    assert_eq!(found(&store, by("8001")).await, [2], "both sides, one record");
    let q = |q: &str, limit, cursor| RecordQuery {
        page: Page { q: Some(q.into()), limit, cursor },
        ..RecordQuery::default()
    };
    assert_eq!(found(&store, q("1380013", None, None)).await, [5, 4, 3, 1, 0]);
    assert_eq!(found(&store, q("400", None, None)).await, [5, 4, 3, 0]);
    assert_eq!(found(&store, q("%", None, None)).await, Vec::<u64>::new());
    let first = store.records(&q("1380013", Some(3), None)).await.unwrap();
    assert_eq!(found(&store, q("1380013", Some(3), first.next_cursor)).await, [1, 0]);
    store.close().await;
}

pub async fn pages_of_records_of_one_moment_leave_none_out(url: String) {
    let store = Store::open(&url).await.unwrap();
    let mut records: Vec<_> = (0..25).map(record).collect();
    for record in &mut records {
        record.arrived = Timestamp(NOON);
    }
    store.put_records(&records).await.unwrap();
    let (mut calls, mut cursor) = (Vec::new(), None);
    loop {
        let page = Page { limit: Some(10), cursor, q: None };
        let listed = store.records(&RecordQuery { page, ..RecordQuery::default() }).await.unwrap();
        calls.extend(listed.items.iter().map(|record| record.call));
        cursor = listed.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let mut expected: Vec<_> = (0..25).map(call).collect();
    expected.reverse();
    assert_eq!(calls, expected);
    for cursor in ["", "x", "1.x", "x.y", "."] {
        let page = Page { cursor: Some(cursor.into()), ..Page::default() };
        let refused = store.records(&RecordQuery { page, ..RecordQuery::default() }).await;
        assert!(matches!(refused, Err(StoreError::Cursor)), "{cursor:?}");
    }
    store.close().await;
}

pub async fn a_record_of_the_largest_size_is_kept(url: String) {
    let store = Store::open(&url).await.unwrap();
    let mut record = record(1);
    let candidate =
        Candidate { agent: AgentId::from("1010"), idle_ms: Some(1), passed_over: Some(PassedOver::IdleShorter) };
    record.offers[0].reason.candidates = vec![candidate; 20];
    record.offers = vec![record.offers[0].clone(); OFFERS_MAX];
    record.path = vec![record.path[0].clone(); PATH_STEPS_MAX];
    record.caller = PhoneNumber::new(format!("{}\0'\"\\", "9".repeat(500)));
    store.put_records(std::slice::from_ref(&record)).await.unwrap();
    assert_eq!(store.record(call(1)).await.unwrap(), Some(record));
    store.close().await;
}

pub async fn recordings_and_pieces_follow_their_call(url: String) {
    let store = Store::open(&url).await.unwrap();
    let begun = Recording {
        recording: recording(1),
        call: call(1),
        purpose: RecordingPurpose::Conversation,
        started: record(1).recordings[0].started,
        stopped: None,
    };
    store.put_recording(&begun).await.unwrap();
    let mut first = piece(1, 0);
    store.put_pieces(&[piece(1, 1), first.clone()]).await.unwrap();
    assert_eq!(store.recordings_of(call(1)).await.unwrap(), [begun]);
    assert_eq!(store.pieces(recording(1)).await.unwrap(), [first.clone(), piece(1, 1)]);
    first.bytes = Some(480_000);
    store.put_records_and_pieces(&[record(1)], &[first.clone()]).await.unwrap();
    assert_eq!(store.recording(recording(1)).await.unwrap().unwrap().stopped, record(1).recordings[0].stopped);
    assert_eq!(store.pieces(recording(1)).await.unwrap()[0], first);
    assert_eq!(store.recording(recording(2)).await.unwrap(), None);
    store.close().await;
}
