//! The way of records into the database.

use super::meddle;
use crate::support::{call, piece, record, recording};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{Store, Write, Writer};

/// Longer than any healthy database needs.
const PATIENCE: Duration = Duration::from_secs(60);

type Seen = Arc<Mutex<(Vec<vocab::CallId>, usize)>>;

fn start(store: &Store, seen: &Seen, backlog: Vec<Write>) -> Writer {
    let theirs = seen.clone();
    let acknowledge = move |calls: &[vocab::CallId], pieces: &[(vocab::RecordingId, u32)]| {
        let mut seen = theirs.lock().unwrap();
        seen.0.extend_from_slice(calls);
        seen.1 += pieces.len();
    };
    Writer::start(store.clone(), Box::new(acknowledge), Box::new(move || backlog.clone()))
}

pub async fn what_is_put_is_written_and_acknowledged(url: String) {
    let store = Store::open(&url).await.unwrap();
    let seen = Seen::default();
    let writer = start(&store, &seen, Vec::new());
    let handle = writer.handle();
    for number in 0..450 {
        handle.put(Write::Record(Box::new(record(number))));
        handle.put(Write::Piece(piece(number, 0)));
    }
    drop(handle);
    assert!(writer.finish(PATIENCE).await);
    let mut calls = seen.lock().unwrap().0.clone();
    calls.sort_unstable();
    assert_eq!(calls, (0..450).map(call).collect::<Vec<_>>());
    assert_eq!(seen.lock().unwrap().1, 450);
    assert_eq!(store.record(call(449)).await.unwrap(), Some(record(449)));
    assert_eq!(store.pieces(recording(449)).await.unwrap(), [piece(449, 0)]);
    store.close().await;
}

pub async fn what_found_no_room_is_read_from_the_journal(url: String) {
    let store = Store::open(&url).await.unwrap();
    let seen = Seen::default();
    let writer = start(&store, &seen, vec![Write::Record(Box::new(record(777_777)))]);
    let handle = writer.handle();
    // The task has not run yet: the queue fills up and over.
    let mut put = 0;
    while writer.progress().waiting() < 20_000 {
        handle.put(Write::Piece(piece(0, put)));
        put += 1;
    }
    handle.put(Write::Record(Box::new(record(777_777))));
    drop(handle);
    assert!(writer.finish(PATIENCE).await);
    assert_eq!(store.record(call(777_777)).await.unwrap(), Some(record(777_777)));
    assert_eq!(seen.lock().unwrap().0, [call(777_777)]);
    store.close().await;
}

pub async fn one_bad_item_does_not_hold_the_others_back(url: String) {
    let store = Store::open(&url).await.unwrap();
    let seen = Seen::default();
    let writer = start(&store, &seen, Vec::new());
    let handle = writer.handle();
    // A recording that another release's table would not take stands for whatever a database may refuse.
    meddle(
        &url,
        "CREATE UNIQUE INDEX one_digit_once ON pieces (path(20))".replace("path(20)", index_part(&url)).as_str(),
    )
    .await;
    let mut bad = piece(2, 0);
    bad.path = piece(1, 0).path;
    for write in [Write::Piece(piece(1, 0)), Write::Piece(bad), Write::Piece(piece(3, 0))] {
        handle.put(write);
    }
    let progress = writer.progress();
    drop(handle);
    let given_up = tokio::spawn(async move {
        while progress.given_up() + progress.written() < 3 {
            tokio::task::yield_now().await;
        }
        progress.given_up()
    });
    if url.starts_with("mysql") {
        // ON DUPLICATE KEY UPDATE takes any unique index for the key: it replaces instead of refusing.
        assert!(given_up.await.unwrap() <= 1);
    } else {
        assert_eq!(given_up.await.unwrap(), 1);
        assert_eq!(store.pieces(recording(1)).await.unwrap(), [piece(1, 0)]);
    }
    assert!(writer.finish(PATIENCE).await);
    assert_eq!(store.pieces(recording(3)).await.unwrap(), [piece(3, 0)]);
    store.close().await;
}

/// MariaDB indexes only the beginning of long text.
fn index_part(url: &str) -> &'static str {
    if url.starts_with("mysql") { "path(20)" } else { "path" }
}
