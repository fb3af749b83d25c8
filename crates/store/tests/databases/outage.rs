//! Records while the database server is away.

use crate::support::{Kind, Server, call, record};
use std::time::Duration;
use store::{Store, Write, Writer, WriterHandle};

/// Longer than a server needs to come back and the writer to notice.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn records_wait_while_postgresql_is_away() {
    records_wait_while_the_server_is_away(Kind::Postgres);
}

#[test]
fn records_wait_while_mariadb_is_away() {
    records_wait_while_the_server_is_away(Kind::Mariadb);
}

fn records_wait_while_the_server_is_away(kind: Kind) {
    let mut server = Server::start(kind);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (store, writer) = runtime.block_on(async {
        let store = Store::open(&server.database().await).await.unwrap();
        let writer = Writer::start(store.clone(), Box::new(|_, _| {}), Box::new(Vec::new));
        put(&writer.handle(), 0..10);
        until(|| writer.progress().written() == 10).await;
        (store, writer)
    });

    server.kill();
    runtime.block_on(async {
        put(&writer.handle(), 10..500);
        until(|| writer.progress().is_failing()).await;
        assert!(store.ping().await.unwrap_err().is_passing());
        assert_eq!((writer.progress().written(), writer.progress().waiting()), (10, 490));
    });

    server.resume();
    runtime.block_on(async {
        until(|| writer.progress().written() == 500).await;
        assert!(!writer.progress().is_failing());
        until(|| writer.progress().waiting() == 0).await;
        assert!(writer.finish(PATIENCE).await);
        assert_eq!(store.record(call(499)).await.unwrap(), Some(record(499)));
        store.close().await;
    });
}

fn put(handle: &WriterHandle, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| handle.put(Write::Record(Box::new(record(number)))));
}

async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time");
}
