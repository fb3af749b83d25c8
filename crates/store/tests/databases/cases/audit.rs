//! The audit chain.

use super::meddle;
use crate::support::{actor, agent};
use store::{Actor, AuditQuery, Deed, Page, Store};

pub async fn the_chain_shows_a_changed_and_a_removed_entry(url: String) {
    let store = Store::open(&url).await.unwrap();
    for number in 1..=5 {
        store.agents().put(&actor(), &agent(&format!("100{number}"), "王芳")).await.unwrap();
    }
    assert_eq!(store.audit_break().await.unwrap(), None);
    meddle(&url, "UPDATE audit SET who = 'nobody' WHERE seq = 3").await;
    assert_eq!(store.audit_break().await.unwrap(), Some(3));
    meddle(&url, "UPDATE audit SET who = 'admin' WHERE seq = 3").await;
    assert_eq!(store.audit_break().await.unwrap(), None);
    meddle(&url, "DELETE FROM audit WHERE seq = 2").await;
    assert_eq!(store.audit_break().await.unwrap(), Some(3));
    store.close().await;
}

pub async fn the_audit_is_searched_newest_first(url: String) {
    let store = Store::open(&url).await.unwrap();
    let stranger = Actor { who: format!("{}\0", "x".repeat(400)), source: "203.0.113.9".into() };
    let deed = |action, result| Deed { action, object: "sessions".into(), result, ..Deed::default() };
    store.audit(&actor(), &deed("log_in", "ok")).await.unwrap();
    store.audit(&stranger, &deed("log_in", "wrong_password")).await.unwrap();
    store.audit(&actor(), &deed("play", "ok")).await.unwrap();
    let seqs = |query: AuditQuery| {
        let store = store.clone();
        async move {
            let listed = store.audit_entries(&query).await.unwrap();
            (listed.items.iter().map(|entry| entry.seq).collect::<Vec<_>>(), listed.next_cursor)
        }
    };
    let page = |limit, cursor, q| Page { limit, cursor, q };
    assert_eq!(seqs(AuditQuery::default()).await, (vec![3, 2, 1], None));
    let query = AuditQuery { page: page(Some(2), None, None), ..AuditQuery::default() };
    let (first, cursor) = seqs(query).await;
    assert_eq!(first, [3, 2]);
    let query = AuditQuery { page: page(None, cursor, None), ..AuditQuery::default() };
    assert_eq!(seqs(query).await, (vec![1], None));
    let query = AuditQuery { who: Some("admin".into()), ..AuditQuery::default() };
    assert_eq!(seqs(query).await.0, [3, 1]);
    let query = AuditQuery { page: page(None, None, Some("play".into())), ..AuditQuery::default() };
    assert_eq!(seqs(query).await.0, [3]);
    let entry = store.audit_entries(&AuditQuery::default()).await.unwrap().items.remove(0).at;
    let query = AuditQuery { to: Some(entry), from: Some(vocab::Timestamp(0)), ..AuditQuery::default() };
    assert!(!seqs(query).await.0.contains(&3));
    assert_eq!(store.audit_break().await.unwrap(), None, "a stranger's text was cut before it was hashed");
    store.close().await;
}
