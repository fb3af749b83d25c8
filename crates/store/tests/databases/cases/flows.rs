//! Flows and their revisions.

use crate::support::actor;
use store::{Page, Store};
use vocab::FlowId;

pub async fn each_save_is_a_revision_and_the_same_again_is_none(url: String) {
    let store = Store::open(&url).await.unwrap();
    let welcome = FlowId::from("welcome");
    let large = format!("{{\"text\":\"{}\"}}", "欢迎".repeat(50_000));
    assert_eq!(store.put_flow(&actor(), &welcome, "{\"a\":1}").await.unwrap(), 1);
    assert_eq!(store.put_flow(&actor(), &welcome, &large).await.unwrap(), 2);
    let before = store.revision().await.unwrap();
    assert_eq!(store.put_flow(&actor(), &welcome, &large).await.unwrap(), 2);
    assert_eq!(store.revision().await.unwrap(), before, "nothing changed");

    assert_eq!(store.flow("welcome").await.unwrap().unwrap().document, large);
    assert_eq!(store.flow_at("welcome", 1).await.unwrap().unwrap().document, "{\"a\":1}");
    assert_eq!(store.flow_at("welcome", 3).await.unwrap(), None);
    let heads = store.flows(&Page::default()).await.unwrap().items;
    assert_eq!((heads.len(), heads[0].revision), (1, 2));
    let first = store.flow_revisions("welcome", &Page { limit: Some(1), ..Page::default() }).await.unwrap();
    assert_eq!(first.items[0].revision, 2);
    let second = Page { limit: Some(1), cursor: first.next_cursor, q: None };
    let second = store.flow_revisions("welcome", &second).await.unwrap();
    assert_eq!((second.items[0].revision, second.items[0].who.as_str(), second.next_cursor), (1, "admin", None));
    store.close().await;
}

pub async fn a_removed_flow_keeps_its_revisions(url: String) {
    let store = Store::open(&url).await.unwrap();
    let welcome = FlowId::from("welcome");
    store.put_flow(&actor(), &welcome, "1").await.unwrap();
    assert!(store.delete_flow(&actor(), "welcome").await.unwrap());
    assert!(!store.delete_flow(&actor(), "welcome").await.unwrap());
    assert_eq!(store.flow("welcome").await.unwrap(), None);
    assert_eq!(store.flow_at("welcome", 1).await.unwrap().unwrap().document, "1");
    assert_eq!(store.put_flow(&actor(), &welcome, "1").await.unwrap(), 2, "a record's revision stays unmistakable");
    store.close().await;
}
