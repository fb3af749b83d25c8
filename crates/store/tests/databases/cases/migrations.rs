//! Opening databases of other ages.

use super::meddle;
use crate::support::{actor, agent};
use store::{Page, Store, StoreError};

pub async fn opening_again_changes_nothing(url: String) {
    let store = Store::open(&url).await.unwrap();
    store.agents().put(&actor(), &agent("1001", "王芳")).await.unwrap();
    store.close().await;
    let store = Store::open(&url).await.unwrap();
    assert_eq!(store.agents().list(&Page::default()).await.unwrap().items, [agent("1001", "王芳")]);
    assert_eq!(store.revision().await.unwrap(), 1);
    store.ping().await.unwrap();
    store.close().await;
}

pub async fn tables_of_a_newer_release_are_refused(url: String) {
    Store::open(&url).await.unwrap().close().await;
    meddle(&url, "INSERT INTO schema_versions (version, name, applied) VALUES (99, 'of tomorrow', 0)").await;
    let refused = Store::open(&url).await.map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 99, .. }), "{refused:?}");
    assert!(refused.to_string().contains("newer release"), "the operator is told what to do");
}

pub async fn two_processes_may_open_an_empty_database_at_once(url: String) {
    let (one, other) = tokio::join!(Store::open(&url), Store::open(&url));
    let (one, other) = (one.unwrap(), other.unwrap());
    one.agents().put(&actor(), &agent("1001", "x")).await.unwrap();
    assert!(other.agents().get("1001").await.unwrap().is_some());
    one.close().await;
    other.close().await;
}
